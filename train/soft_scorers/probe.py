"""Can a soft scorer be talked into it? A response that restates its constraint ("In a formal tone: ...") follows it no
better for that.

Each response is scored as it is and in two other forms: behind a sentence that restates the constraint, and without the
sentences that restate it already. A scorer that reads what was done gives all three the same.
"""

import re
from collections.abc import Sequence

from train.soft_scorers import SoftScorer

SENTENCE = re.compile(r"[^.!?\n]*[.!?\n]*")
SHARED = 0.6  # a sentence that holds this share of a constraint's words restates it


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text.casefold()))


def without_restating(constraint: str, response: str) -> str:
    """The response without the sentences that restate the constraint; itself where none does."""
    wanted = words(constraint)
    kept = [
        one for one in SENTENCE.findall(response)
        if not wanted or len(wanted & words(one)) < SHARED * len(wanted)
    ]  # fmt: skip
    return "".join(kept)


def probe(scorer: SoftScorer, pairs: Sequence[tuple[str, str]], num: int) -> dict[str, float]:
    """Of the (constraint, response) pairs, means over this process:

    soft_restated:  share of the responses that restate their constraint
    soft_talked_up: how much a sentence that restates it adds to the score, over `num` pairs spread over the batch; near 0
                    for a scorer that cannot be talked into it
    soft_hacked:    how much the restating sentences of those that have some add to it, over at most `num` of them
    """
    if not pairs:
        return {}
    bare = [without_restating(*pair) for pair in pairs]
    restated = [index for index, (_, response) in enumerate(pairs) if bare[index] != response]
    found = {"soft_restated": len(restated) / len(pairs)}
    if num == 0:
        return found
    spread = list(pairs[:: max(1, len(pairs) // num)])[:num]
    claimed = [(constraint, f"{constraint}\n{response}") for constraint, response in spread]
    found["soft_talked_up"] = _gain(scorer, spread, claimed)
    if chosen := restated[:num]:
        honest = [(pairs[index][0], bare[index]) for index in chosen]
        found["soft_hacked"] = _gain(scorer, honest, [pairs[index] for index in chosen])
    return found


def _gain(
    scorer: SoftScorer, without: list[tuple[str, str]], with_it: list[tuple[str, str]]
) -> float:
    """Mean of the scores with it less those without, asked for at once."""
    scores = scorer.score(without + with_it)
    half = len(without)
    return sum(scores[half:]) / half - sum(scores[:half]) / half
