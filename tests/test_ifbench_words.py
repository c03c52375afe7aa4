"""IFBench's count, ratio and words kinds: both verdicts on the specification's worked examples, and on a pass, a
failure, a boundary and a cheat of each kind, worked out by hand."""

import random

import nltk
import pytest

from data.constraints.base import CONSTRAINTS, Space, check_all, from_spec
from data.constraints.nlp import nltk_data
from recipes.errors import UserError
from tests.support import needs_punkt

pytestmark = needs_punkt

KEYWORDS = {
    "keyword1": "cat",
    "keyword2": "dog",
    "keyword3": "sun",
    "keyword4": "red",
    "keyword5": "sky",
}
RANGE = {"min_words": 2, "max_words": 3}
MAT = "the cat sat on the mat today"
# Of its 25 character trigrams 14 are in MAT; of its 6 word trigrams 2.
BIG_MAT = "the cat sat on a big red mat"
DISTINCT = "".join(chr(0x4E00 + k) for k in range(102))  # 100 character trigrams
PALINDROMES = "Level, radar! civic kayak rotor refer madam tenet solos stats"


def keywords_text(one="cat", red="red red red red red", sky="sky sky sky sky sky sky sky"):
    return f"{one} dog dog sun sun sun {red} {sky}"


COUNT = [
    ("count:word_count_range", RANGE, "one two", True, True),
    ("count:word_count_range", RANGE, "one two three", True, True),
    ("count:word_count_range", RANGE, "one", False, False),
    ("count:word_count_range", RANGE, "one two three four", False, False),
    ("count:word_count_range", RANGE, "don't", True, True),  # two words
    ("count:word_count_range", RANGE, r"\frac{1}{2}", True, True),  # three
    ("count:word_count_range", RANGE, "___ ___", True, False),
    ("count:word_count_range", {"min_words": 0, "max_words": 1}, "one", True, True),
    ("count:unique_word_count", {"N": 3}, "a b c", True, True),
    ("count:unique_word_count", {"N": 3}, "Dog, dog! (cat) bird", True, True),
    ("count:unique_word_count", {"N": 3}, "a b A a. 'b'", False, False),
    ("count:unique_word_count", {"N": 3}, "a b -", True, False),  # the empty word
    ("count:unique_word_count", {"N": 3}, "a b - !", True, False),
    ("count:unique_word_count", {"N": 4}, "a b - !", False, False),  # once only
    ("count:unique_word_count", {"N": 3}, "a b \N{EM DASH}", True, False),
    ("count:conjunctions", {"small_n": 2}, "and And", True, False),
    ("count:conjunctions", {"small_n": 2}, "for, for;", True, False),
    ("count:conjunctions", {"small_n": 2}, "and, (OR)", True, True),
    ("count:conjunctions", {"small_n": 2}, "and and", False, False),
    ("count:conjunctions", {"small_n": 2}, "and so-so", False, False),
    ("count:conjunctions", {"small_n": 7}, "and but for nor or so yet", True, True),
    ("count:person_names", {"N": 2}, "Emma met Liam.", True, True),
    ("count:person_names", {"N": 2}, "Emma's (Liam-like) hat", True, True),
    ("count:person_names", {"N": 2}, "Emma met Emma.", False, False),
    ("count:person_names", {"N": 2}, "emma met LIAM", False, False),
    ("count:person_names", {"N": 2}, "Emmanuel met Liam", False, False),
    ("count:person_names", {"N": 2}, "Emma_ met Liam", False, False),
    ("count:person_names", {"N": 2}, "Alice met Robert", False, False),
    ("count:numbers", {"N": 1}, "3-4", True, True),
    ("count:numbers", {"N": 1}, "3.14", True, True),
    ("count:numbers", {"N": 1}, "1,000 men", True, True),
    ("count:numbers", {"N": 1}, "3 4", False, False),
    ("count:numbers", {"N": 1}, "three", False, False),
    ("count:numbers", {"N": 2}, "a1b2", True, True),
    ("count:punctuation", {}, "a, b; c: d. e! f? g?!", True, True),
    ("count:punctuation", {}, "a, b; c: d. e! f? g!?", True, True),
    ("count:punctuation", {}, "a, b; c: d. e! f? g\N{INTERROBANG}", True, True),
    ("count:punctuation", {}, "a, b; c: d. e! f?", False, False),
    ("count:punctuation", {}, "a, b; c: d. e?!", False, False),  # no ! and ? besides
    ("count:punctuation", {}, "a, b; c: d. e!?!", False, False),  # `?!` goes, `!` stays
    ("count:punctuation", {}, "a, b; d. e! f? g?!", False, False),
    ("count:punctuation", {}, ".,;:!??!", True, False),
    ("count:pronouns", {"N": 2}, "She saw it.", True, True),
    ("count:pronouns", {"N": 2}, "she/her", True, True),
    ("count:pronouns", {"N": 3}, "she/her", False, False),
    ("count:pronouns", {"N": 2}, "It's mine", True, True),
    ("count:pronouns", {"N": 2}, "it it", True, True),
    ("count:pronouns", {"N": 2}, "Gimme him", True, True),  # gim, me, him
    ("count:pronouns", {"N": 2}, "Then the theme is we", False, False),
    ("count:pronouns", {"N": 1}, "he2 it_ them-all", False, False),
    ("count:words_japanese", {"N": 2}, "the 猫 sat カナ", True, True),
    ("count:words_japanese", {"N": 2}, "the (ひ).", True, True),
    ("count:words_japanese", {"N": 2}, "the 猫 sat down", False, False),
    ("count:words_japanese", {"N": 2}, "the 42", True, True),
    ("count:words_japanese", {"N": 2}, "the 4b", False, False),
    ("count:words_japanese", {"N": 2}, "the", True, False),
    ("count:words_japanese", {"N": 2}, "the !!!", True, False),
    ("count:words_japanese", {"N": 2}, "the \N{EM DASH}", False, False),  # none of the marks that are stripped
    ("count:words_japanese", {"N": 1}, "猫 dog", False, False),
    ("count:keywords_multiple", KEYWORDS, keywords_text(), True, True),
    ("count:keywords_multiple", KEYWORDS, keywords_text(one="Cat,"), True, True),
    ("count:keywords_multiple", KEYWORDS, keywords_text(one="cat cat"), False, False),
    ("count:keywords_multiple", KEYWORDS, keywords_text(one=""), False, False),
    ("count:keywords_multiple", KEYWORDS, keywords_text(red="red red red red hundred"), True, False),
    ("count:keywords_multiple", KEYWORDS, keywords_text(sky="sky sky sky sky sky sky sky skyline"), False, True),
]  # fmt: skip

RATIO = [
    ("ratio:stop_words", {"percentage": 50}, "the cat", True, True),
    ("ratio:stop_words", {"percentage": 49}, "the cat", False, False),
    ("ratio:stop_words", {"percentage": 50}, "The cat", True, True),
    # 0.14 * 100 is more than 14 in floating point.
    ("ratio:stop_words", {"percentage": 14}, "the " * 7 + "cat " * 43, False, False),
    ("ratio:stop_words", {"percentage": 15}, "the " * 7 + "cat " * 43, True, True),
    ("ratio:stop_words", {"percentage": 99}, "don't", False, False),  # `don` and `t` are both in the list
    ("ratio:stop_words", {"percentage": 0}, "cats purr", True, True),
    ("ratio:stop_words", {"percentage": 50}, "!!!", False, False),
    ("ratio:stop_words", {"percentage": 50}, "___", True, False),
    ("ratio:sentence_type", {}, "Dogs bark. Cats purr. Why?", True, True),
    ("ratio:sentence_type", {}, "Why? How? Dogs bark. Cats purr. Cows moan. Birds sing.", True, True),
    ("ratio:sentence_type", {}, "Dogs bark. Why?", False, False),
    ("ratio:sentence_type", {}, "Dogs bark. Cats purr.", False, False),
    ("ratio:sentence_type", {}, "Why?", False, False),
    ("ratio:sentence_type", {}, "hello!", True, False),
    ("ratio:sentence_type", {}, "no mark", True, False),
    ("ratio:sentence_type", {}, 'He says "dogs bark."', True, False),  # ends in a quotation mark
    ("ratio:sentence_balance", {}, "Dogs bark. Why? Stop!", True, True),
    ("ratio:sentence_balance", {}, "abc", True, False),
    ("ratio:sentence_balance", {}, "Dogs bark. Why?", False, False),
    ("ratio:sentence_balance", {}, "Dogs bark. Why? Stop! Now!", False, False),
    ("ratio:sentence_balance", {}, "Dogs bark!", False, False),
    ("ratio:overlap", {"reference_text": "abcdef", "percentage": 80}, "abcdefx", True, False),
    ("ratio:overlap", {"reference_text": "abcdef", "percentage": 75}, "abcdefx", False, False),
    ("ratio:overlap", {"reference_text": "abcdef", "percentage": 78}, "abcdefx", True, False),
    ("ratio:overlap", {"reference_text": "abcdef", "percentage": 82}, "abcdefx", True, False),
    ("ratio:overlap", {"reference_text": "abcdef", "percentage": 83}, "abcdefx", False, False),
    ("ratio:overlap", {"reference_text": "abcdef", "percentage": 0}, "ab", False, False),  # no trigram
    # 57 / 100 * 100 is less than 57 in floating point.
    ("ratio:overlap", {"reference_text": DISTINCT[:59], "percentage": 59}, DISTINCT, False, False),
    ("ratio:overlap", {"reference_text": DISTINCT[:59], "percentage": 58}, DISTINCT, True, False),
    ("ratio:overlap", {"reference_text": MAT, "percentage": 56}, BIG_MAT, True, False),
    ("ratio:overlap", {"reference_text": MAT, "percentage": 33}, BIG_MAT, False, True),
    ("ratio:overlap", {"reference_text": MAT, "percentage": 100}, MAT, True, True),
    ("ratio:overlap", {"reference_text": MAT, "percentage": 100}, MAT.upper(), False, True),
    ("ratio:overlap", {"reference_text": MAT, "percentage": 0}, "XYZZY is word", True, True),
    ("ratio:sentence_words", {}, "Dogs bark. Cats purr. Cows moan.", True, True),
    ("ratio:sentence_words", {}, "Dogs bark. Dogs purr. Cows moan.", True, False),
    ("ratio:sentence_words", {}, "Dogs bark! DOGS purr! Cows moan!", True, False),
    ("ratio:sentence_words", {}, "Dogs bark. Cats purr. Cows moo.", False, False),
    ("ratio:sentence_words", {}, "Dogs bark. Cats purr.", False, False),
    ("ratio:sentence_words", {}, "Dogs bark. Cats purr. Cows moan. Bats sing.", False, False),
]  # fmt: skip

POSITION = {"keyword": "Whisper", "n": 2, "m": 3}
WORDS = [
    ("words:alphabet", {}, "Apples, bring cats", True, True),
    ("words:alphabet", {}, "é f", False, False),
    ("words:alphabet", {}, "Zebras are", True, True),
    ("words:alphabet", {}, "Are cats", False, False),
    ("words:alphabet", {}, "Cats", True, True),
    ("words:alphabet", {}, "1 b", False, False),
    ("words:alphabet", {}, "a-b c", False, False),  # one word, `ab`
    ("words:alphabet", {}, "a - 'b' c", True, True),
    ("words:alphabet", {}, "!!!", False, False),
    ("words:vowel", {}, "a e i\nb", False, False),
    ("words:vowel", {}, "A e i", True, True),
    ("words:vowel", {}, "a e i O", False, False),
    ("words:vowel", {}, "\nBig cats\n", True, True),
    ("words:vowel", {}, "!!!", True, False),
    ("words:consonants", {}, "cry", True, True),
    ("words:consonants", {}, "a strong thing", False, False),
    ("words:consonants", {}, "STRONG well-known things", True, True),
    ("words:consonants", {}, "yes", False, False),
    ("words:consonants", {}, "strong 12", False, False),
    ("words:consonants", {}, "strong -", False, False),
    ("words:consonants", {}, "b-c", False, False),
    ("words:palindrome", {}, PALINDROMES, True, True),
    ("words:palindrome", {}, PALINDROMES.replace("stats", "stat"), False, False),
    ("words:palindrome", {}, PALINDROMES.replace("stats", "noon"), False, False),  # four letters
    ("words:palindrome", {}, "level " * 10, True, False),
    ("words:palindrome", {}, PALINDROMES.replace("stats", "LEVEL"), True, False),
    ("words:palindrome", {}, "so " + " ".join("\N{EM DASH}" * n for n in range(5, 15)), True, False),
    ("words:prime_lengths", {}, "We can bring", True, True),
    ("words:prime_lengths", {}, "We must", False, False),
    ("words:prime_lengths", {}, "a", False, False),
    ("words:prime_lengths", {}, "it's - don't", False, False),  # `dont`
    ("words:prime_lengths", {}, "it's - we", True, True),
    ("words:prime_lengths", {}, "a" * 97, True, True),
    ("words:prime_lengths", {}, "a" * 101, False, False),  # prime, but beyond the list
    ("words:prime_lengths", {}, "...", True, False),
    ("words:repeats", {"small_n": 2}, "go go", True, True),
    ("words:repeats", {"small_n": 2}, "Go, go 'go'", False, False),
    ("words:repeats", {"small_n": 1}, "it's a cat", True, True),
    ("words:repeats", {"small_n": 1}, "it's its", False, False),
    ("words:repeats", {"small_n": 2}, "!!!", True, False),
    ("words:odd_even_syllables", {}, "cat water dog", True, True),
    ("words:odd_even_syllables", {}, "Water, banana!", True, True),
    ("words:odd_even_syllables", {}, "cat dog", False, False),
    ("words:odd_even_syllables", {}, "cat banana", False, False),
    ("words:odd_even_syllables", {}, "cat", True, True),
    ("words:odd_even_syllables", {}, "cat 42", True, True),  # a number has none
    ("words:odd_even_syllables", {}, "!!!", True, False),
    ("words:last_first", {}, "I like dogs. Dogs like me! Me too.", True, True),
    ("words:last_first", {}, '"I like dogs." (Dogs) like me.', False, False),  # `dogs` and `dogs)`
    ("words:last_first", {}, '"I like dogs." "Dogs like me."', True, True),
    ("words:last_first", {}, "I like dogs. Cats like me.", False, False),
    ("words:last_first", {}, "I like dogs.", True, True),
    ("words:last_first", {}, "Go. ! Go.", False, False),
    ("words:last_first", {}, "!!!", False, False),  # three sentences
    ("words:last_first", {}, "---", True, False),
    ("words:paragraph_last_first", {}, "Dogs love dogs.", True, True),
    ("words:paragraph_last_first", {}, "Dogs love dogs\n\n*Cats and cats*", True, True),
    ("words:paragraph_last_first", {}, "Dogs", True, True),
    ("words:paragraph_last_first", {}, "Dogs love cats.", False, False),
    ("words:paragraph_last_first", {}, "Dogs love dogs\nCats run", False, False),
    ("words:paragraph_last_first", {}, "(Dogs) love dogs", False, False),  # `dogs)`
    ("words:paragraph_last_first", {}, "---\n!!!", True, False),
    ("words:no_consecutive", {}, "Big cat", True, True),
    ("words:no_consecutive", {}, "Big bat", False, False),
    ("words:no_consecutive", {}, "big - 'bat'", False, False),
    ("words:no_consecutive", {}, "big x bat", True, True),
    ("words:no_consecutive", {}, "1 12", False, False),
    ("words:no_consecutive", {}, "big", True, True),
    ("words:no_consecutive", {}, "!!!", True, False),
    ("words:keywords_specific_position", POSITION, "Hello there. They softly whisper.", True, True),
    ("words:keywords_specific_position", POSITION, 'Hello there. They, "so" WHISPER now.', True, True),
    ("words:keywords_specific_position", POSITION, "Hello there. They softly say whisper.", False, False),
    ("words:keywords_specific_position", POSITION, "Hello there. They softly whispers.", False, False),
    ("words:keywords_specific_position", POSITION, "They softly whisper.", False, False),
    ("words:keywords_specific_position", POSITION, "Whisper this. Whisper whisper.", False, False),
    ("words:words_position", {"keyword": "whisper"}, "A whisper ok", True, True),
    ("words:words_position", {"keyword": "whisper"}, "A Whisper is no whisper ok.", True, True),
    ("words:words_position", {"keyword": "whisper"}, "A whisper ok!!", False, True),
    ("words:words_position", {"keyword": "whisper"}, 'A, "whisper" ok', False, True),
    ("words:words_position", {"keyword": "whisper"}, "whisper whisper", True, True),
    ("words:words_position", {"keyword": "whisper"}, "A whisper", False, False),
    ("words:words_position", {"keyword": "whisper"}, "A whisper.", False, False),
    ("words:words_position", {"keyword": "whisper"}, "A whisper is not so ok", False, False),
    ("words:words_position", {"keyword": "whisper"}, "Not a whisper ok", False, False),
    ("words:words_position", {"keyword": "whisper"}, "whisper", False, False),
]  # fmt: skip


def verdicts(name, kwargs, response):
    constraint = (from_spec(name, kwargs, "test"),)
    return check_all(constraint, response, "official")[0], check_all(constraint, response)[0]


@pytest.mark.parametrize("name, kwargs, response, official, repaired", COUNT + RATIO + WORDS)
def test_both_verdicts(name, kwargs, response, official, repaired):
    assert verdicts(name, kwargs, response) == (official, repaired)


def test_every_kind_is_here():
    tested = {row[0] for row in COUNT + RATIO + WORDS}
    assert len(tested) == 26 and tested | {"words:start_verb"} <= set(CONSTRAINTS)


def test_start_verb_asks_the_tagger():
    try:
        nltk_data(
            lambda: nltk.data.find("taggers/averaged_perceptron_tagger_eng"),
            "averaged_perceptron_tagger_eng",
        )
    except UserError as error:
        pytest.skip(str(error))
    assert verdicts("words:start_verb", {}, "Run fast now") == (False, False)


def test_marks_are_no_verb_with_or_without_the_tagger():
    assert check_all((from_spec("words:start_verb", {}, "test"),), "!!!") == [False]


@pytest.mark.parametrize(
    "name, kwargs, said",
    [
        ("count:word_count_range", {"min_words": 5, "max_words": 4}, "max_words: found 4; expected at least 5"),
        ("count:word_count_range", {"min_words": -1, "max_words": 4}, "min_words: found -1"),
        ("count:numbers", {"N": -2.0}, "N: found -2; expected at least 1"),
        ("count:pronouns", {"N": 0}, "N: found 0"),
        ("count:conjunctions", {"small_n": -1}, "small_n: found -1"),
        ("count:keywords_multiple", {**KEYWORDS, "keyword3": " "}, "keyword3: found ' '"),
        ("ratio:stop_words", {"percentage": 101}, "percentage: found 101.0; expected 0 to 100"),
        ("ratio:overlap", {"reference_text": "abc", "percentage": -1}, "percentage: found -1.0"),
        ("words:repeats", {"small_n": -1}, "small_n: found -1"),
        ("words:words_position", {"keyword": "''"}, "keyword: found \"''\"; expected a word"),
        ("words:keywords_specific_position", {"keyword": "now", "n": -1, "m": 2}, "n: found -1"),
    ],
)  # fmt: skip
def test_a_bad_argument_is_named(name, kwargs, said):
    with pytest.raises(UserError, match=r"rows\.jsonl:7") as error:
        from_spec(name, kwargs, "rows.jsonl:7")
    assert said in str(error.value)


def test_a_row_of_the_benchmark_builds_and_reads_as_its_prompt():
    padded = {"N": 10.0, "keyword": None, "options": None}
    said = from_spec("count:person_names", padded, "row").describe()
    assert said.startswith(
        "Mention at least 10 different person names in the response, from this list of person names: Emma, Liam,"
    )
    assert said.endswith("Ryan, Stella, Jonathan .")
    overlap = {"reference_text": MAT, "percentage": 93.0}
    assert from_spec("ratio:overlap", overlap, "row").describe() == (
        "Maintain a trigram overlap of 93% (±2%) with the provided reference text."
    )


def test_contradictory_counts_are_told():
    few, many = (from_spec("count:numbers", {"N": n}, "test") for n in (2, 3))
    assert few.conflict(many, "") and not few.conflict(few, "")
    low, high = (
        from_spec("count:word_count_range", {"min_words": n, "max_words": n + 5}, "test")
        for n in (10, 16)
    )
    assert low.conflict(high, "") and not low.conflict(low, "")


@pytest.mark.parametrize("name", sorted({row[0] for row in COUNT + RATIO + WORDS}))
def test_odd_characters_raise_nothing(name):
    words = ("number", "answer", "value", "point", "total")
    constraint = CONSTRAINTS[name].sample(random.Random(0), Space(keywords=words), "What is 2 + 2?")
    for text in (
        "\ud800",
        "a\x00b. \x1c c",
        "e\u0301 \u0301",
        "İİ ßß ΟΣ",
        "\u200d\N{PILE OF POO}",
        "number \\",
    ):
        assert set(verdicts(name, constraint.kwargs(), text)) <= {True, False}
