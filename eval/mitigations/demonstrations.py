"""Demonstrations for in-context learning: requests, reasoning that names each constraint and checks it, and replies.

Written by us, not collected from a model; of kinds that may be trained on (data/constraints/split.py), so that what is held
out stays so. Each is checked by our verifiers when it is used (eval/mitigations/few_shot.py).
"""

from itertools import islice
from typing import Any, Literal, NamedTuple

from data.answers import grade_all
from data.constraints.base import Constraint, check_all, from_spec
from data.constraints.split import TRAIN
from data.example import completion
from data.prompt import plain
from data.response import split
from data.sources.tiny import Tiny

Source = Literal["simple", "complex", "tiny"]
SEED = 0


class Demonstration(NamedTuple):
    """reply: reasoning and response, as a model writes them; answer: None where there is none to be right"""

    prompt: str
    reply: str
    constraints: tuple[Constraint, ...]
    answer: str | None = None


class _Written(NamedTuple):
    request: str
    constraints: tuple[tuple[str, dict[str, Any]], ...]
    reasoning: str
    response: str


WORDS = "length_constraint_checkers:number_words"
BULLETS = "detectable_format:number_bullet_lists"
HIGHLIGHTS = "detectable_format:number_highlighted_sections"
SECTIONS = "detectable_format:multiple_sections"
EXISTENCE, FREQUENCY = "keywords:existence", "keywords:frequency"
CAPITALS, CAPITAL_WORDS = "change_case:english_capital", "change_case:capital_word_frequency"
END = "startend:end_checker"

SIMPLE = (
    _Written(
        "Explain why leaves change colour in autumn.",
        ((BULLETS, {"num_bullets": 3}),),
        "The request: why leaves change colour. One requirement: exactly 3 bullet points, in markdown. I have four points in mind: "
        "less light, the green pigment breaks down, yellow pigments were there all along, red ones are made anew. Four would be one "
        "too many, so I put the first two together. Check: three lines start with an asterisk, and no other line does.",
        "* Days get shorter, and the tree stops renewing its green pigment, which breaks down.\n"
        "* Yellow and orange pigments, which were there all summer, become visible.\n"
        "* Some trees make red pigments from the sugar that is left in the leaf.",
    ),
    _Written(
        "Recommend a first houseplant to a friend.",
        ((END, {"end_phrase": "Is there anything else I can help with?"}),),
        "The request: one plant for a beginner. One requirement: the reply ends with the exact phrase \"Is there anything else I can "
        "help with?\" and nothing after it. A greeting at the end would break it, so the phrase comes last. Check: the last "
        "characters are that question.",
        "Take a snake plant: it forgives dark corners and forgotten watering, and once every two or three weeks is enough. "
        "Is there anything else I can help with?",
    ),
    _Written(
        "Write a notice that the lift in our building is out of order until Friday.",
        ((CAPITALS, {}),),
        "The request: a notice about the lift. One requirement: all in English capital letters. That holds for every word, the day "
        "too: FRIDAY, not Friday. Check: no small letter anywhere.",
        "PLEASE NOTE: THE LIFT IS OUT OF ORDER UNTIL FRIDAY. PLEASE USE THE STAIRS. WE APOLOGISE FOR THE TROUBLE.",
    ),
    _Written(
        "Describe a thunderstorm to a child.",
        ((FREQUENCY, {"keyword": "cloud", "frequency": 2, "relation": "at least"}),
         (WORDS, {"num_words": 40, "relation": "less than"})),
        "The request: a thunderstorm, for a child. Two requirements. The word cloud at least 2 times: I say it in the first and in "
        "the last sentence; clouds alone would not be the word itself. Fewer than 40 words: my three sentences have about thirty. "
        "Check: cloud, cloud; about thirty words.",
        "High in a dark cloud, tiny bits of ice rub together until a spark jumps: that is lightning. Thunder is the noise it makes. "
        "Then the cloud rains itself empty.",
    ),
)  # fmt: skip
COMPLEX = (
    _Written(
        "Compare tea and coffee as a morning drink.",
        ((SECTIONS, {"num_sections": 2, "section_spliter": "Section"}), (HIGHLIGHTS, {"num_highlights": 2}),
         (EXISTENCE, {"keywords": ["caffeine", "warm"]})),
        "The request: compare two drinks. Requirements: 2 sections, marked Section 1 and Section 2; at least 2 highlighted parts, "
        "like *this*; the words caffeine and warm. Plan: tea in the first section, coffee in the second, one highlight in each. "
        "Check: two markers and no third; *gentle* and *strong* are highlighted; caffeine and warm both appear.",
        "Section 1\nTea is the *gentle* choice: it is warm, light, and its caffeine works slowly.\n"
        "Section 2\nCoffee is the *strong* choice: it wakes you at once, and wears off sooner.",
    ),
    _Written(
        "Give tips for a job interview.",
        ((BULLETS, {"num_bullets": 4}), (CAPITAL_WORDS, {"capital_frequency": 3, "capital_relation": "at least"}),
         (END, {"end_phrase": "Good luck!"})),
        "The request: interview tips. Requirements: exactly 4 bullet points; at least 3 words in all capitals; the reply ends with "
        "Good luck! The end must come after the list, on a line that is no bullet. Check: four lines with an asterisk; BEFORE, "
        "LISTEN and ONE are in capitals; the last words are Good luck!",
        "* Read about the company BEFORE you go.\n* Prepare two stories about your work.\n* LISTEN to the whole question.\n"
        "* Bring ONE question of your own.\n\nGood luck!",
    ),
    _Written(
        "Summarise what a budget is good for.",
        ((WORDS, {"num_words": 30, "relation": "at least"}), (WORDS, {"num_words": 60, "relation": "less than"}),
         (EXISTENCE, {"keywords": ["plan", "surprise"]}), (HIGHLIGHTS, {"num_highlights": 1})),
        "The request: the use of a budget. Requirements: at least 30 words and less than 60; the words plan and surprise; at least 1 "
        "highlighted part. Two sentences of about twenty words each stay within both bounds. Check: about forty words; plan and "
        "surprise are there; *before* is highlighted.",
        "A budget is a plan for your money: it shows what comes in, what goes out, and what is left *before* you spend it. Whoever "
        "has one can save a little each month, so that a broken boiler is only a surprise and no disaster.",
    ),
)  # fmt: skip


def demonstrations(source: Source, count: int) -> list[Demonstration]:
    """The first `count`. Raises ValueError where there are fewer, or one of them is not what it says."""
    if source == "tiny":
        rows = Tiny(count, steps=(1, 2, 3), num_constraints=(1, 2)).load(SEED)
        found = [Demonstration(e.prompt, e.completion or "", e.constraints, e.answer) for e in rows]
    else:
        written = SIMPLE if source == "simple" else COMPLEX
        if count > len(written):
            raise ValueError(
                f"num_demonstrations: found {count}; {source} has {len(written)}, expected at most that many"
            )
        found = [_built(one) for one in islice(written, count)]
    for number, one in enumerate(found):
        require_right(one, f"demonstration {number} of {source}")
    return found


def require_right(one: Demonstration, where: str) -> None:
    """Raises ValueError for a kind that is held out, and for a reply that breaks a constraint or has another answer."""
    held_out = [c.name for c in one.constraints if c.name not in TRAIN]
    if held_out:
        raise ValueError(
            f"{where}: found {held_out[0]}; expected kinds of TRAIN (data/constraints/split.py)"
        )
    read = split(one.reply)
    for constraint, met in zip(
        one.constraints, check_all(one.constraints, read.response), strict=True
    ):
        if not met:
            raise ValueError(
                f"{where}: its reply breaks {constraint.name}; expected one that meets it"
            )
    if not read.reasoning:
        raise ValueError(f"{where}: found no reasoning; expected some")
    if one.answer is not None:
        (verdict,) = grade_all([(one.answer, read.response)])
        if not verdict.correct:
            raise ValueError(f"{where}: found answer {verdict.extracted}; expected {one.answer}")


def _built(one: _Written) -> Demonstration:
    constraints = tuple(
        from_spec(name, arguments, one.request) for name, arguments in one.constraints
    )
    return Demonstration(
        plain(one.request, constraints), completion(one.reasoning, one.response), constraints
    )
