"""Each checker: one that passes, one that fails, the boundary, the empty response, and responses meant to
cheat it.

Expected verdicts are from our specification of the repaired semantics (its R-rules and examples), worked out
by hand.
"""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.compose import MATHIF_SPACE, TINY_SPACE, compose, conflicts
from data.constraints.base import CONSTRAINTS, Unsatisfiable, check_all, dumps, from_spec, loads
from data.constraints.split import HELD_OUT, KINDS, TRAIN, UNSEEN
from data.tiny.problems import draw
from data.tiny.solution import material

WORDS = "length_constraint_checkers:number_words"
BULLETS = "detectable_format:number_bullet_lists"
HIGHLIGHTS = "detectable_format:number_highlighted_sections"
SECTIONS = "detectable_format:multiple_sections"
LONG = "we add the two numbers together and this is the total"


def verdict(name, response, **kwargs):
    return check_all((from_spec(name, kwargs, "test"),), response)[0]


@pytest.mark.parametrize(
    "name, kwargs, response, expected",
    [
        (WORDS, {"num_words": 4, "relation": "less than"}, "one two three", True),
        (WORDS, {"num_words": 4, "relation": "less than"}, "one two three four", False),
        (WORDS, {"num_words": 3, "relation": "at least"}, "don't well-known x", True),
        (WORDS, {"num_words": 3, "relation": "at least"}, r"\boxed{\frac{1}{2}}", False),  # one word, not three
        (WORDS, {"num_words": 3, "relation": "less than"}, "", False),
        ("keywords:existence", {"keywords": ["now", "value"]}, "Now, the value.", True),
        ("keywords:existence", {"keywords": ["now", "value"]}, "I know the value.", False),  # substring
        ("keywords:existence", {"keywords": ["align"]}, r"\begin{align}x=1\end{align}", False),
        ("keywords:existence", {"keywords": ["a.c"]}, "abc", False),  # no regular expression
        ("keywords:frequency", {"keyword": "note", "frequency": 2, "relation": "at least"}, "Note: note", True),
        ("keywords:frequency", {"keyword": "note", "frequency": 2, "relation": "at least"}, "note denote", False),
        ("keywords:frequency", {"keyword": "note", "frequency": 1, "relation": "less than"}, "none", True),
        ("keywords:frequency", {"keyword": "note", "frequency": 1, "relation": "less than"}, "*note*", False),
        ("keywords:forbidden_words", {"forbidden_words": ["bar"]}, r"$\bar{x}$ bars", True),
        ("keywords:forbidden_words", {"forbidden_words": ["bar"]}, "the Bar_1", False),
        ("language:response_language", {"language": "es"}, "$42$", False),
        ("language:response_language", {"language": "es"},
         r"La respuesta es \boxed{42} porque sumamos los dos números.", True),
        ("language:response_language", {"language": "th"}, "คำตอบคือ 42", True),
        ("language:response_language", {"language": "en"}, "ok", False),
        (BULLETS, {"num_bullets": 2}, "Facts:\n* one\n* two", True),
        (BULLETS, {"num_bullets": 2}, "* one\n* two\n* three", False),
        (BULLETS, {"num_bullets": 1}, "---", False),
        (BULLETS, {"num_bullets": 1}, "-5 + 3 is -2", False),
        (BULLETS, {"num_bullets": 1}, "```\n* code\n```", False),
        (BULLETS, {"num_bullets": 1}, "**bold**", False),
        (BULLETS, {"num_bullets": 1}, "- \n", False),
        (HIGHLIGHTS, {"num_highlights": 1}, "**bold**", True),
        (HIGHLIGHTS, {"num_highlights": 2}, "***x***", False),
        (HIGHLIGHTS, {"num_highlights": 1}, "3*4*5", False),
        (HIGHLIGHTS, {"num_highlights": 1}, "* item with *", False),
        (HIGHLIGHTS, {"num_highlights": 2}, "*a* b *c*", True),
        (HIGHLIGHTS, {"num_highlights": 1}, "$a*b*c$", False),
        (SECTIONS, {"num_sections": 2, "section_spliter": "Section"}, "Section 1\na\nSection 2\nb", True),
        (SECTIONS, {"num_sections": 1, "section_spliter": "Section"}, "Section 1\na\nSection 2\nb", False),
        (SECTIONS, {"num_sections": 2, "section_spliter": "Section"}, "Section 1\nSection 2\nb", False),
        (SECTIONS, {"num_sections": 2, "section_spliter": "Section"}, "In Section3 and SubSection 4", False),
        (SECTIONS, {"num_sections": 1, "section_spliter": "SECTION"}, "Section 1\na", False),
        ("change_case:english_capital", {}, LONG.upper() + r" \boxed{42}", True),
        ("change_case:english_capital", {}, LONG + r" \boxed{42}", False),
        ("change_case:english_capital", {}, r"\boxed{42}", False),
        ("change_case:english_lowercase", {}, LONG + " $ABC$", True),
        ("change_case:english_lowercase", {}, LONG.capitalize(), False),
        ("change_case:capital_word_frequency", {"capital_frequency": 1, "capital_relation": "at least"}, "so BIG", True),
        ("change_case:capital_word_frequency", {"capital_frequency": 1, "capital_relation": "at least"},
         "I see A=3, 2AC and $ABC$.", False),
        ("change_case:capital_word_frequency", {"capital_frequency": 2, "capital_relation": "less than"}, "BIG BAD", False),
        ("punctuation:no_comma", {}, r"1{,}000 and a\,b", True),
        ("punctuation:no_comma", {}, "a，b", False),
        ("startend:end_checker", {"end_phrase": "Any other questions?"}, "42. any OTHER questions?", True),
        ("startend:end_checker", {"end_phrase": "Any other questions?"}, '"42. **Any other questions?**"', True),
        ("startend:end_checker", {"end_phrase": "Any other questions?"}, "Any other questions? No.", False),
        ("startend:end_checker", {"end_phrase": "Any other questions?"}, "many other questions?", False),
        ("startend:quotation", {}, '"it is 42"', True),
        ("startend:quotation", {}, "“it is 42”", True),
        ("startend:quotation", {}, '"a" and "b"', False),
        ("startend:quotation", {}, '""', False),
        ("startend:quotation", {}, '"', False),
        ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "WHAT is  2+2? It is 4.", True),
        ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "What is 2+2?", False),
        ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "Well: What is 2+2? 4", False),
    ],
)  # fmt: skip
def test_verdicts(name, kwargs, response, expected):
    assert verdict(name, response, **kwargs) is expected


def examples():
    """One instance of every registered constraint."""
    rng = random.Random(0)
    return [CONSTRAINTS[name].sample(rng, MATHIF_SPACE, "What is 2+2?") for name in CONSTRAINTS]


def test_the_fifteen_kinds_of_mathif_are_there():
    assert len(list(CONSTRAINTS)) == 15


@pytest.mark.parametrize("constraint", examples(), ids=lambda c: c.name)
@settings(max_examples=60)
@given(text=st.text(alphabet=st.sampled_from(list("aA1 *-\n\"'`$\\{}[]().,_#éЖ中")), max_size=80))
def test_checkers_are_total(constraint, text):
    assert check_all((constraint,), text)[0] in (True, False)


@pytest.mark.parametrize("constraint", examples(), ids=lambda c: c.name)
def test_a_blank_response_meets_nothing(constraint):
    assert check_all((constraint,), " \n ") == [False]


@pytest.mark.parametrize("constraint", examples(), ids=lambda c: c.name)
@pytest.mark.parametrize(
    "unit", ["\n", "*", "* ", "$", r"\boxed{", r"\[", "`", '"', " ", "a*", "Section 1 "], ids=repr
)
def test_checkers_are_linear(constraint, unit):
    """100,000 characters; the reference needs 23 s and more for 100,000 newlines in its bullet pattern."""
    text = "x" + unit * (100_000 // len(unit)) + "x"
    started = time.monotonic()
    constraint.check(text)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("constraint", examples(), ids=lambda c: c.name)
def test_specs_survive_a_dataset_row(constraint):
    assert loads(dumps((constraint,))) == (constraint,)


@pytest.mark.parametrize(
    "name, kwargs, said",
    [
        ("keywords:existance", {}, "Did you mean 'keywords:existence'"),
        (WORDS, {"num_words": 3}, "missing key 'relation'"),
        (WORDS, {"num_words": 3, "relation": "at most"}, "at most"),
        (WORDS, {"num_words": 3, "relation": "at least", "n": 1}, "unknown key 'n'"),
        ("language:response_language", {"language": "klingon"}, "klingon"),
    ],
)
def test_a_bad_argument_names_the_row(name, kwargs, said):
    with pytest.raises(ValueError, match=r"rows\.jsonl:7") as error:
        from_spec(name, kwargs, "rows.jsonl:7")
    assert said in str(error.value)


def test_no_kind_is_in_two_tiers():
    assert len(set(TRAIN) | set(HELD_OUT) | set(UNSEEN)) == len(TRAIN) + len(HELD_OUT) + len(UNSEEN)
    assert set(KINDS["base"]) == set(TRAIN) | set(HELD_OUT)


def test_every_sampled_set_has_a_witness_that_passes_and_answers():
    rng = random.Random(3)
    kinds = TRAIN + HELD_OUT + UNSEEN
    for index in range(3000):
        problem = draw(rng, 1 + index % 6, "train")
        composed = compose(
            material(problem.question, problem.equations, rng), index % 4, kinds, TINY_SPACE, rng
        )
        assert all(check_all(composed.constraints, composed.witness))
        assert rf"\boxed{{{problem.answer}}}" in composed.witness
        assert not conflicts(composed.constraints, problem.question)


def test_conflicting_sets_are_refused():
    rng = random.Random(0)
    problem = draw(rng, 2, "train")
    facts = material(problem.question, problem.equations, rng)
    pair = ("change_case:english_capital", "change_case:english_lowercase")
    with pytest.raises(Unsatisfiable):
        compose(facts, 2, pair, TINY_SPACE, rng)
