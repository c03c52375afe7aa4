"""Which constraint kinds there are in each benchmark, and which may be trained on. Declared once; `compose` enforces it
and a test checks the recipes.

Three tiers, so that "generalises" has a meaning at two levels:
- TRAIN: seen by the base model and by every regime that trains on constraints;
- HELD_OUT: seen by the base model only. A regime that keeps or improves them has generalised (the
  IFBench set-up);
- UNSEEN: in no training data at all.
"""

from typing import Literal

from data.constraints.base import CONSTRAINTS

Benchmark = Literal["mathif", "ifeval", "ifbench", "iftrain"]
Tier = Literal["train", "held_out", "unseen", "base", "soft", "hard"]

TRAIN = (
    "length_constraint_checkers:number_words",
    "keywords:existence",
    "keywords:frequency",
    "detectable_format:number_bullet_lists",
    "detectable_format:number_highlighted_sections",
    "detectable_format:multiple_sections",
    "change_case:english_capital",
    "change_case:capital_word_frequency",
    "startend:end_checker",
    "combination:repeat_prompt",
)
HELD_OUT = (
    "keywords:forbidden_words",
    "change_case:english_lowercase",
    "startend:quotation",
)
UNSEEN = ("punctuation:no_comma",)
# Of TRAIN: those that play the tiny world's soft constraints, whose checker no reward sees (docs/ssrl.md), and the others.
SOFT = (
    "keywords:existence",
    "detectable_format:number_highlighted_sections",
    "detectable_format:multiple_sections",
    "change_case:english_capital",
    "startend:end_checker",
)
HARD = tuple(name for name in TRAIN if name not in SOFT)

# The benchmarks' own kinds; IFBench's are held out by its authors, IFTrain's were made to train for it.
MATHIF = (*TRAIN, *HELD_OUT, *UNSEEN, "language:response_language")
IFEVAL = (
    "length_constraints:number_words",
    *(name for name in MATHIF if not name.startswith("length_constraint_checkers")),
    "keywords:letter_frequency",
    "length_constraints:number_sentences",
    "length_constraints:number_paragraphs",
    "length_constraints:nth_paragraph_first_word",
    "detectable_content:number_placeholders",
    "detectable_content:postscript",
    "detectable_format:constrained_response",
    "detectable_format:json_format",
    "detectable_format:title",
    "combination:two_responses",
)

KINDS: dict[Tier, tuple[str, ...]] = {
    "train": TRAIN, "held_out": HELD_OUT, "unseen": UNSEEN, "base": TRAIN + HELD_OUT, "soft": SOFT, "hard": HARD,
}  # fmt: skip


def require_counts(num_constraints: tuple[int, ...], tier: Tier) -> None:
    """Raises ValueError unless there are counts, and `tier` has as many kinds as each."""
    most = len(KINDS[tier])
    if not num_constraints or not all(0 <= k <= most for k in num_constraints):
        raise ValueError(
            f"num_constraints: found {list(num_constraints)}; expected numbers from 0 to {most}"
        )


def kinds_of(benchmark: Benchmark) -> frozenset[str]:
    """The ids that rows of `benchmark` may carry: `mathif`, `ifeval`, `ifbench` or `iftrain` (whose rows mix IFEval's
    kinds with their own)."""
    if benchmark == "mathif":
        return frozenset(MATHIF)
    if benchmark == "ifeval":
        return frozenset(IFEVAL)
    module = f"data.constraints.{benchmark}_"
    own = {name for name in CONSTRAINTS if CONSTRAINTS[name].__module__.startswith(module)}
    return frozenset(own | set(IFEVAL) if benchmark == "iftrain" else own)
