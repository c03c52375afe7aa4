"""How fast training questions are compared with benchmarks, and how many edited copies the rule finds.

    TETHER_DATA=<mirror folder> python scripts/bench/decontaminate.py

Speed, in CPU seconds, against 8,000 questions: all sets in the mirror, and the first of GSM8K's training problems up to that
number. 40,000 problems of shuffled sentences of the other training problems; 100,000 prompts of 100 words drawn from all
texts, and two sentences of IFEval, as IF data repeat the sentences that word a constraint.

Recall and precision of n and share: of every question in the mirror, copies with a share of their words exchanged for other
words of the benchmarks, and how many are found; and which questions of the benchmarks are said to be another one's copy.
"""

import random
import time
from collections.abc import Iterator

from data.decontaminate import Decontaminator
from data.decontaminate.overlap import Overlap
from data.decontaminate.words import words
from data.held_out import QUESTION_SETS, Question
from data.mirror import Unavailable
from data.sources.gsm8k import GSM8K
from recipes.cli import described
from recipes.schema import Decontaminate

NUM_QUESTIONS, NUM_PROBLEMS, NUM_PROMPTS = 8_000, 40_000, 100_000
EDITS = (0.02, 0.05, 0.1, 0.15, 0.2)
RULES = ((8, 0.5), (13, 0.5), (13, 0.0), (8, 0.3), (8, 0.8), (6, 0.5), (10, 0.5))


def question_sets() -> dict[str, list[Question]]:
    found = {}
    for name in QUESTION_SETS:
        try:
            found[name] = list(QUESTION_SETS[name]().questions())
        except Unavailable:
            print(f"not in the mirror: {name}")
    return found


def sentences(texts: list[str]) -> list[str]:
    return [part for text in texts for part in text.split(". ") if part]


def problems(texts: list[str], rng: random.Random) -> Iterator[str]:
    parts = sentences(texts)
    for _ in range(NUM_PROBLEMS):
        yield ". ".join(rng.choices(parts, k=rng.choice(texts).count(". ") + 1))


def prompts(texts: list[str], vocabulary: list[str], rng: random.Random) -> Iterator[str]:
    parts = sentences(texts)
    for _ in range(NUM_PROMPTS):
        yield ". ".join([" ".join(rng.choices(vocabulary, k=100)), *rng.choices(parts, k=2)])


def speed(sets: dict[str, list[Question]], train: list[str], rng: random.Random) -> None:
    missing = NUM_QUESTIONS - sum(map(len, sets.values()))
    ifeval = [question.text for question in sets["ifeval"]]
    vocabulary = " ".join(train + ifeval).split()
    corpora = {
        "problems": list(problems(train[missing:], rng)),
        "prompts": list(prompts(ifeval, vocabulary, rng)),
    }
    fillers = [Question(str(number), text) for number, text in enumerate(train[:missing])]
    default = Decontaminate()
    started = time.process_time()
    overlap = Overlap(sets | {"filler": fillers}, default.ngram, default.share)
    print(f"index of {NUM_QUESTIONS:,} questions: {time.process_time() - started:.1f} s")
    for name, rows in corpora.items():
        started = time.process_time()
        overlap.find(rows)
        seconds = time.process_time() - started
        num = sum(len(text.split()) for text in rows)
        print(f"{len(rows):,} {name} of {num / len(rows):.0f} words: {seconds:.1f} s")


def edited(text: str, rate: float, vocabulary: list[str], rng: random.Random) -> str:
    return " ".join(rng.choice(vocabulary) if rng.random() < rate else word for word in words(text))


def rules(sets: dict[str, list[Question]]) -> None:
    """How many edited copies each rule finds. Edits spare no word, so at a rate of 10 % half of all runs of 8 are cut."""
    asked = {f"{name}/{q.id}": q.text for name, found in sets.items() for q in found}
    vocabulary = [word for text in asked.values() for word in words(text)]
    every = {"all": [Question(key, text) for key, text in asked.items()]}
    print(
        "\nn   share  found at a rate of",
        *(f"{rate:6.0%}" for rate in EDITS),
        "  taken for another",
    )
    for ngram, share in RULES:
        overlap = Overlap(every, ngram, share)
        found = []
        for rate in EDITS:
            rng = random.Random(0)
            copies = [edited(text, rate, vocabulary, rng) for text in asked.values()]
            found.append(sum(bool(matches) for matches in overlap.find(copies)) / len(copies))
        cells = *(f"{rate:6.1%}" for rate in found), f"{others(sets, ngram, share):8}"
        print(f"{ngram:2}  {share:4.0%}  {'':18}", *cells)


def others(sets: dict[str, list[Question]], ngram: int, share: float) -> int:
    """Questions of one set that hold one of another set without being equal to any."""
    count = 0
    for name, asked in sets.items():
        rest = {other: found for other, found in sets.items() if other != name}
        matches = Overlap(rest, ngram, share).find(question.text for question in asked)
        count += sum(bool(found) and all(m.how == "ngram" for m in found) for found in matches)
    return count


def gsm8k(train: list[str]) -> None:
    print("\nGSM8K's training split:")
    for ngram, share in RULES:
        decontaminator = Decontaminator(Decontaminate(ngram=ngram, share=share), "bench")
        decontaminator.screen("gsm8k", [str(number) for number in range(len(train))], train)
        report = decontaminator.report
        print(
            f"n {ngram:2}, share {share:4.0%}: {len(report.removed):4}",
            report.sources[0].benchmarks,
        )


def main() -> None:
    described(__doc__).parse_args()
    sets = question_sets()
    train = [row.values["question"] for row in GSM8K().rows()]
    speed(sets, train, random.Random(0))
    rules(sets)
    gsm8k(train)


if __name__ == "__main__":
    main()
