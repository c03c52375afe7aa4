"""Which kinds are never asked for together, whatever their arguments: IFEval's own table where its kinds need it
(instructions_registry, INSTRUCTION_CONFLICTS), and what no layout can hold at once.

Conflicts that depend on the arguments are each constraint's own (`Constraint.conflict`). MathIF carries IFEval's table
and does not use it, so its kinds are combined freely with each other here too.
"""

from data.constraints.split import MATHIF

_LANGUAGE = "language:response_language"
_PARAGRAPHS = "length_constraints:number_paragraphs"
_NTH = "length_constraints:nth_paragraph_first_word"
_SECTIONS = "detectable_format:multiple_sections"
_WORDS = ("keywords:existence", "keywords:forbidden_words")

# These rule the whole response; what stands on the right goes with them.
_ALONE = {
    "detectable_format:constrained_response": (),
    "detectable_format:json_format": _WORDS,
    "combination:two_responses": (
        *_WORDS, _LANGUAGE, "detectable_format:title", "punctuation:no_comma"),
}  # fmt: skip
_PAIRS = {
    _LANGUAGE: (
        *_WORDS, _SECTIONS, "keywords:frequency", "startend:end_checker",
        "change_case:english_capital", "change_case:english_lowercase",
        # ours: punkt's sentences are English, and many scripts have no capitals
        "length_constraints:number_sentences", "change_case:capital_word_frequency"),
    _PARAGRAPHS: (_NTH, _SECTIONS, "length_constraints:number_sentences"),
    _NTH: (_SECTIONS, "detectable_format:number_bullet_lists"),
    "startend:quotation": ("detectable_format:title",),
}  # fmt: skip
_REPEATS = "combination:repeat_prompt"
_WITH_REPETITION = ("keywords:existence", "detectable_format:title", "punctuation:no_comma")


def never_combined(first: str, second: str) -> bool:
    """Whether the two kinds exclude each other; symmetric."""
    for name, other in ((first, second), (second, first)):
        if name in _ALONE and other not in _ALONE[name]:
            return True
        if other in _PAIRS.get(name, ()):
            return True
        if name == _REPEATS and other not in MATHIF and other not in _WITH_REPETITION:
            return True
    return False
