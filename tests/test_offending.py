"""Where a response breaks a constraint: places worked out by hand, and what holds of them for every kind."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.compose import MATHIF_SPACE
from data.constraints.base import CONSTRAINTS, check_all, from_spec
from data.constraints.split import IFEVAL, MATHIF
from data.constraints.text import prose
from tests.support import needs_punkt

BULLETS = "detectable_format:number_bullet_lists"
SECTIONS = "detectable_format:multiple_sections"
WORDS = "length_constraint_checkers:number_words"
CAPITALS = "change_case:capital_word_frequency"
LOWER, UPPER = "change_case:english_lowercase", "change_case:english_capital"
SENTENCE = "we add the two numbers together and this is the total"


def marked(name, response, **kwargs):
    """The offending texts."""
    constraint = from_spec(name, kwargs, "test")
    return [response[start:end] for start, end in constraint.offending(response)]


@pytest.mark.parametrize(
    "name, kwargs, response, expected",
    [
        ("punctuation:no_comma", {}, r"a, b\, c {,} d，e", [",", "，"]),
        ("keywords:forbidden_words", {"forbidden_words": ["bar", "sum"]}, r"The Bar \bar{x} bars; a SUM_1.", ["Bar", "SUM"]),
        ("keywords:forbidden_words", {"forbidden_words": ["now"]}, r"$x \text{ for now }$", ["now"]),
        ("keywords:frequency", {"keyword": "note", "frequency": 2, "relation": "less than"}, "Note note denote NOTE",
         ["note", "NOTE"]),
        ("keywords:frequency", {"keyword": "note", "frequency": 2, "relation": "at least"}, "one note", []),
        ("keywords:existence", {"keywords": ["note"]}, "nothing", []),
        ("keywords:letter_frequency", {"letter": "e", "let_frequency": 2, "let_relation": "less than"}, "E, the bee",
         ["e", "ee"]),
        (WORDS, {"num_words": 3, "relation": "less than"}, r"one $a + b$ - three four.", ["three four."]),
        (WORDS, {"num_words": 9, "relation": "at least"}, "one two", []),
        (BULLETS, {"num_bullets": 1}, "Facts:\n* one\n```\n* code\n```\n  - two\n---\n* three", ["  - two", "* three"]),
        (BULLETS, {"num_bullets": 2}, "* one", []),
        (SECTIONS, {"num_sections": 2, "section_spliter": "Section"}, "Section 1\na\nSection 3\nb\nSection 3\nc",
         ["Section 3", "Section 3"]),
        (SECTIONS, {"num_sections": 2, "section_spliter": "Section"}, "Section 1\n\nSection 2\nb", ["Section 1"]),
        (CAPITALS, {"capital_frequency": 2, "capital_relation": "less than"}, r"BIG I 2AC $ABC$ BAD \boxed{NO} WOLF",
         ["BAD", "WOLF"]),
        (LOWER, {}, SENTENCE + r" So it Is $ABC$ and \Gamma", ["So", "Is"]),
        (UPPER, {}, SENTENCE.upper() + r" so \boxed{x} IT IS", ["so"]),
        ("startend:quotation", {}, 'it is "42"', ["i"]),
        ("startend:quotation", {}, "it is 42.", ["i", "."]),
        ("startend:quotation", {}, '"a" and "b"', ['"', '"']),
        ("startend:end_checker", {"end_phrase": "Any other questions?"}, "So 42. any other questions? No, thanks.\n",
         ["No, thanks."]),
        ("startend:end_checker", {"end_phrase": "The end."}, "The answer is 42 and nothing else", ["nothing else"]),
        ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2? Say it."}, "What was 2+2?  4", ["was"]),
        ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "What is 2+2?", []),
        ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb\n* * *\nc", ["* * *"]),
        ("length_constraints:nth_paragraph_first_word",
         {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "so"}, "It is\n\nNow then", ["Now"]),
        ("detectable_format:json_format", {}, '{"a": 1,\n b: 2}\nrest', ["b: 2}"]),
        ("detectable_format:json_format", {}, 'Here: {"a": 1}', ["Here: "]),
        ("combination:two_responses", {}, "a ****** b ****** c", ["******"]),
        ("punctuation:punctuation_dot", {}, "3.14 is it.", [".", "."]),
        ("punctuation:punctuation_exclamation", {}, "5! is 120", ["!"]),
        ("keywords:exclude_word_harder", {"keyword": "sum"}, "A Sum, a summer", ["Sum"]),
        ("count:lowercase_counting", {"N": 2}, "one two Three four", ["four"]),
        ("first_word:first_word_answer", {"first_word": "so"}, "Well, so", ["Well,"]),
        ("last_word:last_word_answer", {"last_word": "end"}, "this is it", ["it"]),
        ("format:no_whitespace", {}, "a  b\nc", ["  ", "\n"]),
    ],
)  # fmt: skip
def test_places(name, kwargs, response, expected):
    assert not check_all((from_spec(name, kwargs, "test"),), response)[0]
    assert marked(name, response, **kwargs) == expected


@needs_punkt
def test_sentences_over_the_limit():
    kwargs = {"num_sentences": 2, "relation": "less than"}
    found = marked("length_constraints:number_sentences", "Dr. One did. Two! Three?", **kwargs)
    assert found == ["Two!", "Three?"]


def examples():
    rng = random.Random(0)
    kinds = sorted(
        {*MATHIF, *IFEVAL}
        | {n for n in CONSTRAINTS if n.startswith(("punctuation:", "first_word", "last_word"))}
    )
    question = "How many pens does Zoë have?"
    skipped = {"length_constraints:number_sentences"}  # needs punkt; has its own test
    return [
        CONSTRAINTS[name].sample(rng, MATHIF_SPACE, question)
        for name in kinds
        if name not in skipped
        for _ in range(2)
    ]


PIECES = [
    "the", "NOW", "sum", ",", "，", "*", "\n", "\n\n", "* one", "- two", "Section 1", "SECTION 2", '"', "“", "$x,y$",
    r"\boxed{42}", r"\bar{a}", r"$a \text{ now }$", "```", "***", "******", "[x]", "{", "}", "Any other questions?", "😀",
    "é", "How many pens does Zoë have?", "P.S.", "value", "step", "$", "ẞ", "İ",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.text(max_size=60)


@settings(max_examples=60, deadline=None)
@given(response=TEXTS)
@pytest.mark.parametrize("constraint", examples(), ids=lambda c: c.name)
def test_places_lie_in_the_response_and_there_are_none_where_it_is_met(constraint, response):
    found = constraint.offending(response)
    ends = [position for span in found for position in span]
    assert all(0 <= start < end <= len(response) for start, end in found)
    assert ends == sorted(ends), "in order and apart"
    if check_all((constraint,), response)[0]:
        assert found == []
    assert constraint.offending("") == [] == constraint.offending(" \n")


@settings(max_examples=200, deadline=None)
@given(response=TEXTS)
def test_without_its_commas_a_response_has_none(response):
    """What is marked is what has to go."""
    constraint = from_spec("punctuation:no_comma", {}, "test")
    spans = constraint.offending(response)
    kept = list(response)
    for start, end in spans:
        kept[start:end] = " " * (end - start)
    text = "".join(kept)
    if spans and prose(text).strip():
        assert "," not in text.replace(r"\,", "").replace("{,}", "") and "，" not in text


def test_every_kind_of_mathif_that_forbids_something_says_where():
    silent = {
        "keywords:existence", "detectable_format:number_highlighted_sections", "language:response_language",
    }  # fmt: skip
    base = CONSTRAINTS["keywords:existence"].places
    assert {name for name in MATHIF if CONSTRAINTS[name].places is base} == silent
