"""The `official` verdicts of MathIF's and IFEval's kinds, on the examples of our specification, which were produced by
running the reference code; and what `repaired` says to the same responses."""

import pytest

from data.constraints.base import check_all, from_spec
from data.constraints.loose import other_texts, strict_and_loose
from data.mirror import json_lines
from tests.support import SHARED, needs_punkt, needs_shared

CAPITALS = "THE ANSWER IS {} BECAUSE WE ADD THE TWO NUMBERS TOGETHER."
SPANISH = r"La respuesta es \boxed{42} porque sumamos los dos números."
WORDS = "length_constraint_checkers:number_words"
BULLETS = ("detectable_format:number_bullet_lists", "num_bullets")
STARS = ("detectable_format:number_highlighted_sections", "num_highlights")
PLACES = ("detectable_content:number_placeholders", "num_placeholders")
PARAGRAPHS = ("length_constraints:number_paragraphs", "num_paragraphs")
SECTIONS = ("detectable_format:multiple_sections", "num_sections")
END = {"end_phrase": "Any other questions?"}


def nth(num, index, word):
    return {"num_paragraphs": num, "nth_paragraph": index, "first_word": word}


CASES = [
    (WORDS, {"num_words": 4, "relation": "less than"}, r"\frac{1}{2}", True, True),
    (WORDS, {"num_words": 3, "relation": "at least"}, r"\frac{1}{2}", True, False),
    (WORDS, {"num_words": 4, "relation": "less than"}, "don't x_1", True, True),
    ("length_constraints:number_words", {"num_words": 3, "relation": "at least"}, "U.S.A.", True, False),
    ("keywords:existence", {"keywords": ["now"]}, "I know it.", True, False),
    ("keywords:existence", {"keywords": ["align"]}, r"\begin{align}x=1\end{align}", True, False),
    ("keywords:existence", {"keywords": ["("]}, "a ( b", False, True),  # no regular expression: the reference raises
    ("keywords:frequency", {"keyword": "aa", "frequency": 2, "relation": "at least"}, "aaa", False, False),
    ("keywords:frequency", {"keyword": "a.c", "frequency": 1, "relation": "at least"}, "abc", True, False),
    ("keywords:forbidden_words", {"forbidden_words": ["number"]}, "numbers", True, True),
    ("keywords:forbidden_words", {"forbidden_words": ["number"]}, "Number_1", True, False),
    ("keywords:forbidden_words", {"forbidden_words": ["number"]}, "a number-line", False, False),
    ("keywords:forbidden_words", {"forbidden_words": ["align"]}, r"\begin{align}x\end{align}", False, True),
    ("keywords:forbidden_words", {"forbidden_words": ["bar"]}, r"\bar{x}", False, True),
    ("language:response_language", {"language": "es"}, "$42$", True, False),
    ("language:response_language", {"language": "es"}, "12345 !!! 67", True, False),
    ("language:response_language", {"language": "es"}, r"\boxed{42}", False, False),
    ("language:response_language", {"language": "es"}, SPANISH, True, True),
    ("language:response_language", {"language": "en"}, "ok", False, False),
    ("change_case:english_capital", {}, CAPITALS.format(r"\BOXED{42}"), True, True),
    ("change_case:english_capital", {}, CAPITALS.format(r"\boxed{42}"), False, True),
    ("change_case:english_capital", {}, "42", False, False),
    ("change_case:english_capital", {}, r"$\boxed{42}$", False, False),
    ("change_case:english_capital", {}, "A", False, False),
    ("change_case:english_capital", {}, "ME@X.ORG", True, False),
    ("change_case:english_lowercase", {}, CAPITALS.format(r"\boxed{42}").lower(), True, True),
    ("change_case:english_lowercase", {}, CAPITALS.format("$A$").lower().replace("$a$", "$A$"), False, True),
    ("punctuation:no_comma", {}, "1,000", False, False),
    ("punctuation:no_comma", {}, r"a\,b", False, True),
    ("punctuation:no_comma", {}, "1{,}000", False, True),
    ("punctuation:no_comma", {}, "a，b", True, False),
    ("startend:end_checker", END, 'Well. "any OTHER questions?"', True, True),
    ("startend:end_checker", END, '"Any other questions? "', False, True),
    ("startend:end_checker", END, "**Any other questions?**", False, True),
    ("startend:end_checker", END, "Any other questions?.", False, False),
    ("startend:end_checker", END, "many other questions?", True, False),
    ("startend:quotation", {}, '"', False, False),
    ("startend:quotation", {}, '""', True, False),
    ("startend:quotation", {}, '"a" and "b"', True, False),
    ("startend:quotation", {}, "“a”", False, True),
    ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "  WHAT IS 2+2? 4", True, True),
    ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, '"What is 2+2? 4"', False, False),
    ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "What is 2+2?", True, False),
    ("combination:repeat_prompt", {"prompt_to_repeat": "What is 2+2?"}, "What is\n2+2? 4", False, True),
    ("keywords:letter_frequency", {"letter": "#", "let_frequency": 1, "let_relation": "at least"}, "a # b", True, True),
    ("keywords:letter_frequency", {"letter": "a", "let_frequency": 2, "let_relation": "less than"}, "A bc", True, True),
    ("keywords:letter_frequency", {"letter": "a", "let_frequency": 2, "let_relation": "less than"}, "A a", False, False),
    ("length_constraints:nth_paragraph_first_word", nth(2, 1, "hello"), "\n\nhello a\n\nb", False, True),
    ("length_constraints:nth_paragraph_first_word", nth(2, 2, "b"), "a\n\n\n\nb", False, True),
    ("length_constraints:nth_paragraph_first_word", nth(2, 2, "b"), "a\n\n\nb", True, True),
    ("length_constraints:nth_paragraph_first_word", nth(1, 1, "b"), "**b** c", False, True),
    ("length_constraints:nth_paragraph_first_word", nth(1, 1, "b"), "'\"b c", True, True),
    ("length_constraints:nth_paragraph_first_word", nth(1, 1, "b"), "\"'b c", False, True),
    ("length_constraints:nth_paragraph_first_word", nth(1, 1, "b"), "b: c", False, True),
    ("length_constraints:nth_paragraph_first_word", nth(2, 1, "b"), "b c", False, False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "stop.s.", True, False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "a\nP.P.S. x", True, False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "a\nPS: x", False, False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "a\nb\n**P.S.** more", True, True),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "a\nb\nP.P.S more", True, True),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "a\nP.S. more\n\nb\nc\nd", True, False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "a\n\nP.S. more\nb\nc\nd", True, True),
    ("keywords:existence", {"keywords": ["now"]}, "$now$", True, False),
    ("keywords:existence", {"keywords": ["now"]}, r"$\text{now}$", True, True),
    ("keywords:forbidden_words", {"forbidden_words": ["now"]}, "$now$", False, False),
    ("language:response_language", {"language": "es"}, "```\nLa respuesta es la suma de los dos.\n```\n42", True, False),
    (WORDS, {"num_words": 4, "relation": "less than"}, r"so \begin{align*}a &= b + c\end{align*} it", False, True),
    ("detectable_format:constrained_response", {}, "Well: My answer is no. Or", True, True),
    ("detectable_format:constrained_response", {}, "my answer is no.", False, False),
    ("detectable_format:json_format", {}, "1", True, False),
    ("detectable_format:json_format", {}, "NaN", True, False),
    ("detectable_format:json_format", {}, '{"a": NaN}', True, False),
    ("detectable_format:json_format", {}, 'Here: {"a":1}', False, False),
    ("detectable_format:json_format", {}, '```json\n{"a":1}\n```', True, True),
    ("detectable_format:json_format", {}, '```javascript\n{"a":1}\n```', False, True),
    ("detectable_format:json_format", {}, "``````", False, False),
    ("detectable_format:title", {}, "x <<t>> y", True, True),
    ("detectable_format:title", {}, "<< >>", False, False),
    ("detectable_format:title", {}, "<<<>>>", False, False),
    ("detectable_format:title", {}, "1<<2 and 8>>1", True, True),  # no markup tells these two apart
    ("detectable_format:title", {}, "<<->>", True, False),
    ("combination:two_responses", {}, "a*******b", True, False),
    ("combination:two_responses", {}, "a******A", True, False),
    ("combination:two_responses", {}, "a****** a", False, False),
    ("combination:two_responses", {}, "a******b******c", False, False),
    ("combination:two_responses", {}, "a************b", False, False),
    ("combination:two_responses", {}, "a\n******\nb", True, True),
]  # fmt: skip
COUNTED = [
    (BULLETS, 1, "* a\n** b", True, True),
    (BULLETS, 1, "*\nx", True, False),
    (BULLETS, 1, "*", False, False),
    (BULLETS, 2, "* \n* a", True, False),
    (BULLETS, 1, "---", True, False),
    (BULLETS, 1, "-b", True, False),
    (BULLETS, 1, "-5 + x", True, False),
    (BULLETS, 1, "• a", False, True),
    (BULLETS, 1, "\n\n* a", True, True),
    (STARS, 1, "**bold**", True, True),
    (STARS, 2, "**bold**", False, False),
    (STARS, 2, "***x***", True, False),
    (STARS, 2, "* **a**", True, False),
    (STARS, 1, "3*4*5", True, False),
    (STARS, 2, "*a* b *c*", True, True),
    (STARS, 3, "*a* b *c*", False, False),
    (STARS, 1, "* item with *", True, False),
    (STARS, 1, "* a\n* b", False, False),
    (STARS, 1, "****", False, False),
    (PLACES, 1, "[]", True, False),
    (PLACES, 1, "[a](b)", True, False),
    (PLACES, 1, "[a\nb]", False, False),
    (PLACES, 2, "[a] [b]", True, True),
    (PLACES, 3, "[a] [b]", False, False),
    (PARAGRAPHS, 2, "a\n***\nb\n***", True, True),
    (PARAGRAPHS, 2, "a\n\n***\n\n***\n\nb", False, False),
    (PARAGRAPHS, 2, "a****b", True, False),
    (PARAGRAPHS, 3, "a ***bold*** b", True, False),
    (PARAGRAPHS, 1, "a ***bold*** b", False, True),
    (PARAGRAPHS, 2, "a\n* * *\nb", False, True),
]


@pytest.mark.parametrize("name, kwargs, response, official, repaired", CASES)
def test_verdicts(name, kwargs, response, official, repaired):
    constraints = (from_spec(name, kwargs, "test"),)
    assert check_all(constraints, response, "official") == [official]
    assert check_all(constraints, response, "repaired") == [repaired]


@pytest.mark.parametrize("kind, count, response, official, repaired", COUNTED)
def test_counts(kind, count, response, official, repaired):
    test_verdicts(kind[0], {kind[1]: count}, response, official, repaired)


@pytest.mark.parametrize(
    "response, official", [("In Section3 and SubSection 4", True), ("Section: 1 Section  1", False)]
)
def test_sections(response, official):
    kwargs = {"num_sections": 2, "section_spliter": "Section"}
    test_verdicts(SECTIONS[0], kwargs, response, official, False)


@needs_punkt
@pytest.mark.parametrize(
    "response, count",
    [("Hello there. Dr. Smith left.", 2), ("1. one\n2. two", 1), ("no stop\nhere", 1)],
)
def test_sentences_are_punkts(response, count):
    kind = "length_constraints:number_sentences"
    for relation, bound, met in (
        ("at least", count, True),
        ("at least", count + 1, False),
        ("less than", count + 1, True),
    ):
        test_verdicts(kind, {"num_sentences": bound, "relation": relation}, response, met, met)


@needs_punkt
@pytest.mark.parametrize(
    "response, official, repaired",
    [
        ("I see AB = 2AC.", 3, 1),  # I, AB, 2AC
        ("A=3 and P_1; U.S.A. is BIG.", 4, 1),
        ("WON'T", 2, 1),
        (r"\BOXED{42} here", 1, 0),
    ],
)
def test_capital_words_are_treebank_tokens(response, official, repaired):
    kind = "change_case:capital_word_frequency"
    for scorer, count in (("official", official), ("repaired", repaired)):
        for bound in (1, 2, 3, 4, 5):
            kwargs = {"capital_frequency": bound, "capital_relation": "at least"}
            met = check_all((from_spec(kind, kwargs, "test"),), response, scorer)
            assert met == [count >= bound], (scorer, bound)


def test_deep_json_is_no_json():
    json_format = (from_spec("detectable_format:json_format", {}, "test"),)
    assert check_all(json_format, "[" * 100_000, "official") == [False]


@needs_shared
@pytest.mark.parametrize(
    "file, num_slots", [("ifeval/input_data.jsonl", 834), ("ifbench/IFBench_test.jsonl", 344)]
)
def test_every_published_row_builds(file, num_slots):
    """The numbers of slots are the benchmarks' own (specification, sections 2 and 3)."""
    built = [
        from_spec(name, kwargs, where)
        for where, row in json_lines(SHARED / file)
        for name, kwargs in zip(row["instruction_id_list"], row["kwargs"], strict=True)
    ]
    assert len(built) == num_slots


@pytest.mark.parametrize(
    "name, kwargs, mathif, ifeval",
    [
        ("keywords:existence", {"keywords": ["a", "b"]}, """Include keywords "['a', 'b']" in the response.""",
         "Include keywords ['a', 'b'] in the response."),
        ("keywords:forbidden_words", {"forbidden_words": ["a"]}, """Do not include keywords "['a']" in the response.""",
         "Do not include keywords ['a'] in the response."),
        ("keywords:frequency", {"keyword": "a", "frequency": 2, "relation": "at least"},
         'In your response, the word "a" should appear at least 2 times.',
         "In your response, the word a should appear at least 2 times."),
        ("language:response_language", {"language": "th"},
         "Your answer should be in Thai language, no other language is allowed. ",
         "Your ENTIRE response should be in Thai language, no other language is allowed."),
        ("startend:quotation", {}, "Wrap your entire response with double quotation marks. ",
         "Wrap your entire response with double quotation marks."),
        ("startend:end_checker", END,
         'Finish your response with this exact phrase "Any other questions?". No other words should follow this phrase.',
         "Finish your response with this exact phrase Any other questions?. No other words should follow this phrase."),
        ("punctuation:no_comma", {}, "In your entire response, refrain from the use of any commas.",
         "In your entire response, refrain from the use of any commas."),
    ],
)  # fmt: skip
def test_mathif_and_ifeval_word_the_same_kinds_in_two_ways(name, kwargs, mathif, ifeval):
    constraint = from_spec(name, kwargs, "test")
    assert (constraint.describe(), constraint.describe_ifeval()) == (mathif, ifeval)


def test_loose_forgives_a_first_line_a_last_line_and_stars():
    no_comma = (from_spec("punctuation:no_comma", {}, "test"),)
    for response, loose in (("Sure, here:\n42", True), ("42\nBye, now", True), ("a,\n42\nb,", True),
                            ("4,2", False), ("a\n4,2\nb", False)):  # fmt: skip
        assert strict_and_loose(no_comma, response, "official") == ([False], [loose])
    # Every star goes, so what is wrapped in stars ends with the phrase.
    end = (from_spec("startend:end_checker", END, "test"),)
    assert strict_and_loose(end, "**Any other questions?**", "official") == ([False], [True])


def test_loose_texts_are_the_references_seven():
    # A response that starts with a blank line is among its own variants, stripped.
    assert list(other_texts("\na*\nb")) == ["a*\nb", "a*", "\na\nb", "a\nb", "a"]
    assert list(other_texts("one line")) == []
    assert list(other_texts("*one* line")) == ["one line"]


@pytest.mark.parametrize("scorer", ["official", "repaired"])
@pytest.mark.parametrize("response", ["", " \n ", "x" * 200_001])
def test_blank_and_endless_responses_meet_nothing(scorer, response):
    no_comma = (from_spec("punctuation:no_comma", {}, "test"),)
    assert strict_and_loose(no_comma, response, scorer) == ([False], [False])
