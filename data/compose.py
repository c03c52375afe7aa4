"""Attach k compatible constraints to a problem, in MathIF's wording, with a proof that a response
can meet them all."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data.constraints.base import CONSTRAINTS, Constraint, Space, Unsatisfiable
from data.constraints.conflict import never_combined
from data.constraints.draft import Material, witness

# The 54 distinct keywords of MathIF's generator.
MATHIF_KEYWORDS = tuple(
    [
        "align",
        "number",
        "find",
        "therefore",
        "equation",
        "answer",
        "must",
        "now",
        "same",
        "imply",
        "because",
        "solution",
        "since",
        "where",
        "choose",
        "between",
        "length",
        "side",
        "follow",
        "case",
        "when",
        "value",
        "point",
        "total",
        "denote",
        "see",
        "equal",
        "possible",
        "problem",
        "draw",
        "formula",
        "expression",
        "given",
        "adjacent",
        "note",
        "function",
        "above",
        "win",
        "than",
        "maximum",
        "root",
        "bar",
        "yield",
        "condition",
        "theorem",
        "respectively",
        "valid",
        "simply",
        "similar",
        "strategy",
        "furthermore",
        "question",
        "configuration",
        "identical",
    ]
)
# The keywords that ordinary responses of the tiny world use, so that requiring or forbidding them
# has bite, and its lengths. Its texts are 5 to 40 words; MathIF's range of 128 to 1024 words is
# for models that write pages.
TINY_SPACE = Space(
    keywords=tuple(
        [
            "number",
            "find",
            "therefore",
            "answer",
            "must",
            "now",
            "same",
            "because",
            "solution",
            "since",
            "choose",
            "follow",
            "when",
            "value",
            "point",
            "total",
            "possible",
            "problem",
            "draw",
            "given",
            "note",
            "above",
            "than",
            "valid",
            "simply",
            "question",
            "clear",
            "step",
        ]
    ),
    at_least_words=(12, 28),
    less_than_words=(6, 14),
    capital_words=(1, 5),
)
MATHIF_SPACE = Space(keywords=MATHIF_KEYWORDS)


@dataclass(frozen=True)
class Composed:
    constraints: tuple[Constraint, ...]
    witness: str  # a response that meets them all and gives the answer


def conflicts(constraints: tuple[Constraint, ...], question: str) -> list[str]:
    """Reasons why the set cannot be met, by the conflict rules that the constraints declare; empty
    when none applies."""
    found: list[str] = []
    for i, first in enumerate(constraints):
        for second in constraints[i + 1 :]:
            reason = first.conflict(second, question) or second.conflict(first, question)
            if reason or never_combined(first.name, second.name):
                reason = reason or "never combined"
                found.append(f"{first.name} + {second.name}: {reason}")
    return found


def compose(
    material: Material,
    num_constraints: int,
    kinds: tuple[str, ...],
    space: Space,
    rng: random.Random,
    tries: int = 50,
) -> Composed:
    """`num_constraints` different kinds out of `kinds`, with a witness.

    Raises Unsatisfiable when `tries` sampled sets all conflict or get no witness.
    """
    return compose_drawn(material, lambda: rng.sample(kinds, num_constraints), space, rng, tries)


def compose_drawn(
    material: Material,
    draw: Callable[[], Sequence[str]],
    space: Space,
    rng: random.Random,
    tries: int = 50,
) -> Composed:
    """`compose` for kinds that are drawn otherwise, in the order that they are drawn in."""
    names: Sequence[str] = ()
    for _ in range(tries):
        names = draw()
        chosen = tuple(CONSTRAINTS[name].sample(rng, space, material.question) for name in names)  # type: ignore[attr-defined]
        if conflicts(chosen, material.question):
            continue
        try:
            return Composed(chosen, witness(chosen, material, rng))
        except Unsatisfiable:
            continue
    raise Unsatisfiable(
        f"no set such as {', '.join(names)} fits the problem {material.question[:80]!r}: {tries} were drawn"
    )
