"""Which constraint kinds may be trained on. Declared once; `compose` enforces it and a test checks
the recipes.

Three tiers, so that "generalises" has a meaning at two levels:
- TRAIN: seen by the base model and by every regime that trains on constraints;
- HELD_OUT: seen by the base model only. A regime that keeps or improves them has generalised (the
  IFBench set-up);
- UNSEEN: in no training data at all.
"""

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

KINDS = {"train": TRAIN, "held_out": HELD_OUT, "unseen": UNSEEN, "base": TRAIN + HELD_OUT}


def require_counts(num_constraints: tuple[int, ...], tier: str) -> None:
    """Raises ValueError unless there are counts, and `tier` has as many kinds as each."""
    most = len(KINDS[tier])
    if not num_constraints or not all(0 <= k <= most for k in num_constraints):
        raise ValueError(
            f"num_constraints: found {list(num_constraints)}; expected numbers from 0 to {most}"
        )
