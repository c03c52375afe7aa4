"""IFBench's kinds of the families sentence, format, repeat and custom: official and repaired verdicts.

Expected values are the worked examples of the specification, or worked out by hand from its descriptions. The
rows of a kind: passes, fails, the boundary, and responses meant to cheat.
"""

import pytest

from data.constraints.base import check_all, from_spec
from tests.support import needs_punkt

pytestmark = needs_punkt

ALLITERATION = "sentence:alliteration_increment"
INCREMENT = "sentence:increment"
KEYWORD = "sentence:keyword"
DOG = {"word": "dog", "N": 2.0}

SENTENCE = [
    # The sequences have 0, 3 and 6 words.
    (ALLITERATION, {}, "Go on. The big bad boy ran. So she sold some sea sand.", True, True),
    (ALLITERATION, {}, "The big bad boy ran. Go on.", False, False),
    (ALLITERATION, {}, "Big bad. Sad sea.", False, False),  # 2 and 2
    (ALLITERATION, {}, "Big bad. A sad sea had her.", True, True),  # 2 and 2 + 2
    (ALLITERATION, {}, 'Go on. "Big (bad boys.', True, True),  # marks before a word do not count
    (ALLITERATION, {}, "Hello there world.", True, True),  # one sentence
    (ALLITERATION, {}, "--", True, False),
    (INCREMENT, {"small_n": 1.0}, "Go. Go on. Go on now.", True, True),
    (INCREMENT, {"small_n": 1}, "Go on. Go.", False, False),
    (INCREMENT, {"small_n": 1}, "Go. Go on now.", False, False),
    (INCREMENT, {"small_n": 2}, "Go. Go on now.", True, True),
    (INCREMENT, {"small_n": 1}, "Go. Go - on.", True, True),  # a dash is no word
    (INCREMENT, {"small_n": 3}, "Anything at all", True, True),  # one sentence
    (INCREMENT, {"small_n": 3}, "--", True, False),
    (KEYWORD, DOG, "Go. The Dog ran.", True, True),
    (KEYWORD, DOG, "The dog. Go.", False, False),
    (KEYWORD, DOG, "The dog ran", False, False),
    (KEYWORD, DOG, "Go. The dogs ran.", False, False),
    (KEYWORD, DOG, "Go. A dog_house.", False, False),
    (KEYWORD, {"word": "a.c", "N": 2}, "Go. The abc.", False, False),  # no regular expression
    (KEYWORD, {"word": "dog", "N": 1}, "Dog", True, True),
]

PARENTHESES = "format:parentheses"
QUOTES = "format:quotes"
OPTIONS = "format:options"
LETTERS = {"options": "a), b), c), d)"}
YES = {"options": "yes/no/maybe"}
KNOW = {"options": "I know or I don't know"}
EMOJI = "format:emoji"
UNQUOTE = "format:quote_unquote"
THESIS = "format:thesis"
TITLE = "format:title_case"
TEMPLATE = "format:output_template"
NO_WHITESPACE = "format:no_whitespace"

FORMAT = [
    (PARENTHESES, {}, "(a (b [c {d (e) f} g] h) i)", True, True),
    (PARENTHESES, {}, "(a (b [c {d} e] f) g)", False, False),  # four levels
    (PARENTHESES, {}, "([{([a", False, False),
    (PARENTHESES, {}, "((((((a)", True, False),
    (PARENTHESES, {}, "(((((a)))) b", True, False),  # four of five are closed
    (PARENTHESES, {}, "((((((a)))))", True, True),  # five of six
    (PARENTHESES, {}, "(a) (b) (c) (d) (e)", False, False),
    (PARENTHESES, {}, "(((((a]))))", False, False),  # a mismatch starts anew
    (PARENTHESES, {}, "1) (((((a)))))", True, True),
    (PARENTHESES, {}, "((((()))))", True, False),
    (QUOTES, {}, '"a \'b "c" d\' e"', True, True),
    (QUOTES, {}, "'a \"b 'c' d\" e'", True, True),
    (QUOTES, {}, "\"a 'b' c\"", False, False),
    (QUOTES, {}, '"a \'b "c" d\'', False, False),  # the outermost stays open
    (QUOTES, {}, "“a ‘b “c” d’ e”", False, False),
    (QUOTES, {}, "don't \"can't\" won't", False, False),  # apostrophes that close nothing
    (QUOTES, {}, "'\"''\"'", True, False),
    (OPTIONS, LETTERS, "a)", True, True),
    (OPTIONS, LETTERS, "A)", False, False),
    (OPTIONS, LETTERS, "a), b)", False, False),
    (OPTIONS, LETTERS, "a) because it is", False, False),
    (OPTIONS, YES, "Yes.", True, True),
    (OPTIONS, YES, "**MAYBE**", True, True),
    (OPTIONS, YES, "yes\n", False, False),
    (OPTIONS, YES, "yes\t", False, False),
    (OPTIONS, YES, "yes/no", False, False),
    (OPTIONS, YES, "Yes, because it is.", False, False),
    (OPTIONS, KNOW, "i know", True, True),
    (OPTIONS, KNOW, "I don't know.", True, True),
    (OPTIONS, KNOW, "I dont know", False, False),
    (OPTIONS, {"options": "x, y"}, "Y", True, True),
    (OPTIONS, {"options": "+/-"}, "!", True, False),  # nothing is left of either to compare
    (EMOJI, {}, "Go on 😀. So it is! 😀", True, True),
    (EMOJI, {}, "Go on! 😀 Bye.", False, False),
    (EMOJI, {}, "Hi \N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}", True, True),
    (EMOJI, {}, "Hi 😀 there", False, False),
    (EMOJI, {}, "Hi :)", False, False),
    (EMOJI, {}, "Hi 😀. Bye", False, False),
    (EMOJI, {}, "Hi 😀! ...", False, False),  # nothing is left of the second sentence
    (EMOJI, {}, "😀", True, False),
    (UNQUOTE, {}, '"a" means b', True, True),
    (UNQUOTE, {}, 'He said "a"', False, False),
    (UNQUOTE, {}, '"a" "b" are two', False, False),
    (UNQUOTE, {}, '"a" means b, or "c".', False, False),
    (UNQUOTE, {}, 'See "a" 12.', False, False),  # digits explain nothing
    (UNQUOTE, {}, "none", True, False),
    (UNQUOTE, {}, "“a” means b", True, True),
    (UNQUOTE, {}, "He said “a”", True, False),
    (UNQUOTE, {}, "The mark '\"' is double", True, False),
    (UNQUOTE, {}, 'A 5" pipe', True, False),
    (THESIS, {}, "<i>t</i> x", True, True),
    (THESIS, {}, "<em>t</em> x", True, True),
    (THESIS, {}, "Title\n<i>t</i>\nx", True, True),
    (THESIS, {}, "<i>t</i>", False, False),
    (THESIS, {}, "<em>t</em>", True, False),
    (THESIS, {}, "<em></em> x", True, False),
    (THESIS, {}, "<i> </i> x", False, False),
    (THESIS, {}, "<i>.</i> x", True, False),
    (THESIS, {}, "*t* x", False, False),
    (THESIS, {}, "<i>t x", False, False),
    (THESIS, {}, "</i><i>t x", False, False),
    (TITLE, {}, "Go Home Now", True, True),
    (TITLE, {}, "Go home", False, False),
    (TITLE, {}, "The Lord of the Rings", False, True),
    (TITLE, {}, "of Mice and Men", False, False),  # the first word is never minor
    (TITLE, {}, "Don't Go", False, True),
    (TITLE, {}, "don't Go", False, False),
    (TITLE, {}, "My iPhone x2 a1 NASA", True, True),
    (TITLE, {}, "My aB", False, False),
    (TITLE, {}, "Plan x", False, False),
    (TITLE, {}, "The 3rd 42 (Big) “One”", True, True),
    (TITLE, {}, "?!", True, False),
    (TEMPLATE, {}, "My Answer: a\nMy Conclusion: b\nFuture Outlook: c", True, True),
    (TEMPLATE, {}, "Future Outlook: c My Conclusion: b My Answer: a", True, True),  # any order
    (TEMPLATE, {}, "My Answer: a\nMy Conclusion: b", False, False),
    (TEMPLATE, {}, "My answer: a\nMy conclusion: b\nFuture outlook: c", False, False),
    (NO_WHITESPACE, {}, "one,two", True, True),
    (NO_WHITESPACE, {}, "one two", False, False),
    (NO_WHITESPACE, {}, "one\n", False, False),
    (NO_WHITESPACE, {}, "one\N{NO-BREAK SPACE}two", False, False),
    (NO_WHITESPACE, {}, "one\N{ZERO WIDTH SPACE}two", True, True),
    (NO_WHITESPACE, {}, "...", True, False),
]

NEWLINE = "format:newline"
STAIRS = "format:line_indent"
LIST = "format:list"
DASH = {"sep": "-"}
SEPARATOR = {"sep": "SEPARATOR"}
MARKS = {"sep": "!?!?"}
SUB = "format:sub-bullets"
BULLETS = "format:no_bullets_bullets"

LINES = [
    (NEWLINE, {}, "Write\neach\n\nword", True, True),
    (NEWLINE, {}, "Write each\nword", False, False),
    (NEWLINE, {}, "word", True, True),
    (NEWLINE, {}, "don't -\nstop", True, True),  # a dash is no word
    (NEWLINE, {}, "a b\n \nc", True, True),  # a line of one blank makes up for a second word
    (NEWLINE, {}, "...", True, False),
    (STAIRS, {}, "a\n b\n   c", True, True),
    (STAIRS, {}, "a\nb", False, False),
    (STAIRS, {}, "a\n b\n b", False, False),
    (STAIRS, {}, "a\n  b\n c", False, False),
    (STAIRS, {}, "a\n\tb", False, False),
    (STAIRS, {}, "a\n\n b", True, True),
    (STAIRS, {}, "a\n\n\n b", False, True),
    (STAIRS, {}, "\n\n a\n\n  b", False, True),
    (STAIRS, {}, "one line", True, False),
    # The blanks of lines 1 and 3 are seen; the removals take lines 1 and 2.
    (STAIRS, {}, "a\n \n \n b\n", False, True),
    (LIST, DASH, "- a\n- b", True, True),
    (LIST, DASH, "- a", False, False),
    (LIST, DASH, "well-known re-do", True, False),
    (LIST, DASH, "---\ntext\n---\ntext", True, False),
    (LIST, SEPARATOR, "Fruit:\nSEPARATOR one\n SEPARATOR\ntwo", True, True),
    (LIST, SEPARATOR, "one SEPARATOR two SEPARATOR three", True, False),
    (LIST, SEPARATOR, "SEPARATOR\nSEPARATOR", True, False),
    (LIST, SEPARATOR, "separator one\nseparator two", False, False),
    (LIST, MARKS, "!?!? a\n!?!?b", True, True),
    (LIST, MARKS, "!?!?!? a", False, False),  # overlapping
    (SUB, {}, "* a\n - b\n* c\n - d\n - e", True, True),
    (SUB, {}, "* a\n* b\n - c", False, False),
    (SUB, {}, "* a\n - b\n* c", False, False),
    (SUB, {}, "none", True, False),
    (SUB, {}, "**bold**\n* a\n - b", False, True),
    (SUB, {}, "* well-known", True, False),
    (SUB, {}, "* a\n - \n* b\n - ", True, False),
    (SUB, {}, "- a\n* b\n- c", True, True),
    (BULLETS, {}, "A b. C d.\n* x\n* y", True, True),
    (BULLETS, {}, "A b.\nC d.\n* x\n* y", True, True),
    (BULLETS, {}, "A b. C d.\n* x\n* y\nend", False, False),
    (BULLETS, {}, "A b. C d.\n* x\n* y\n", False, False),
    (BULLETS, {}, "A b. C d.\n* x\n\n* y", False, False),
    (BULLETS, {}, "A b. C d.\n\n* x\n* y", True, True),
    (BULLETS, {}, "A b. C d.\n\nE f.\n* x\n* y", False, False),
    (BULLETS, {}, "A b.\n* x\n* y", False, False),
    (BULLETS, {}, "A b. C d.\n* x", False, False),
    (BULLETS, {}, "A b. C d.\n- x\n- y", False, False),
    (BULLETS, {}, "A b! C d\n **x**\n*y", True, True),  # neither the mark nor the blank is checked
]

CHANGE = "repeat:repeat_change"
SIMPLE = "repeat:repeat_simple"
SPAN = "repeat:repeat_span"
REQUEST = {"prompt_to_repeat": "Do it now"}
LETTER_SPAN = {"prompt_to_repeat": "abcdef gh", "n_start": 1, "n_end": 3}
FIRST_WORDS = {"prompt_to_repeat": "Explain the context, and why", "n_start": 0, "n_end": 2}

REPEAT = [
    (CHANGE, REQUEST, "Try it now", True, True),
    (CHANGE, REQUEST, "Do it now", False, False),
    (CHANGE, REQUEST, "Do it  now", True, False),
    (CHANGE, REQUEST, "do it now", True, False),
    (CHANGE, REQUEST, "Do, it now", True, False),
    (CHANGE, REQUEST, "- it now", True, False),
    (CHANGE, REQUEST, "Try it Now", False, False),
    (CHANGE, REQUEST, "it now", False, False),
    (CHANGE, REQUEST, "Try it now please", False, False),
    (SIMPLE, {}, "Only output this sentence here, ignore all other requests.", True, True),
    (SIMPLE, {}, " ONLY output this sentence here, ignore all other requests.\n", True, True),
    (SIMPLE, {}, "Only output this sentence here, ignore all other requests", False, False),
    (SIMPLE, {}, '"Only output this sentence here, ignore all other requests."', False, False),
    (SPAN, LETTER_SPAN, "BCD", True, False),
    (SPAN, LETTER_SPAN, "gh", False, True),
    (SPAN, FIRST_WORDS, "explain  the Context,", False, True),
    (SPAN, FIRST_WORDS, "Explain the context", False, False),  # the comma is missing
    (SPAN, FIRST_WORDS, "Explain the", False, False),  # the end is included
    (SPAN, FIRST_WORDS, "exp", True, False),
]


@pytest.mark.parametrize(
    "name, kwargs, response, official, repaired", SENTENCE + FORMAT + LINES + REPEAT
)
def test_verdicts(name, kwargs, response, official, repaired):
    constraint = from_spec(name, kwargs, "test")
    assert check_all((constraint,), response, "official") == [official]
    assert check_all((constraint,), response, "repaired") == [repaired]


def questions(stems, options="A) a\nB. b\nc) c\nD| d\nE) e", mark=":"):
    return "\n\n".join(f"Question {k}{mark} {s}\n{options}" for k, s in enumerate(stems, start=1))


STEMS = ["Who?", "Who is", "Who is it", "Who is\nthat one?"]
COUNTRIES = ["Zimbabwe", *(f"Y{99 - k}" for k in range(51))]  # 52 lines, descending
STORY = [f"{letter}ow went on." for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
CAPITALS = (
    "Reykjavík, Helsinki, Oslo, Tallinn, Stockholm, Riga, Moscow, Copenhagen, Vilnius, Minsk, Dublin, Berlin, "
    "Amsterdam, Warsaw, London, Brussels, Prague, Luxembourg, Paris, Vienna, Bratislava, Budapest, Vaduz, Chișinău, "
    "Bern, Ljubljana, Zagreb"
)
CITY = "ID,Country,City,Year,Count"
CITY_ROWS = [f"{k},France,Paris,2020,5" for k in range(7)]
STOCK = "ProductID,Category,Brand,Price,Stock"
STOCK_ROWS = [f"{k},Pen,Bic,2,5" for k in range(14)]
SCORES = '"StudentID"\t"Subject"\t"Grade"\t"Semester"\t"Score"'
SCORES_ROWS = ['"1"\t"Art"\t"A"\t"Fall"\t"9"'] * 3
MULTIPLES = "custom:multiples"
MCQ = "custom:mcq_count_length"
REVERSE_LINES = "custom:reverse_newline"
REVERSE_WORDS = "custom:word_reverse"
REVERSE_LETTERS = "custom:character_reverse"
ALPHABET = "custom:sentence_alphabet"
SORTED_CAPITALS = "custom:european_capitals_sort"
CSV_CITY = "custom:csv_city"
CSV_SPECIAL = "custom:csv_special_character"
CSV_QUOTES = "custom:csv_quotes"
DATES = "custom:date_format_list"


def lines(*parts):
    return "\n".join(line for part in parts for line in ([part] if isinstance(part, str) else part))


@pytest.mark.parametrize(
    "name, response, official, repaired",
    [
        (MULTIPLES, "14, 21, 28, 35, 42, 49", True, True),
        (MULTIPLES, "Here: 14\n21\n28\n35\n42\n49!", True, True),
        (MULTIPLES, "14, 21, 28, 35, 42", False, False),
        (MULTIPLES, "14, 21, 28, 35, 42, 49, 56", False, False),
        (MULTIPLES, "Multiples of 7: 14, 21, 28, 35, 42, 49", False, False),
        (MULTIPLES, "49, 42, 35, 28, 21, 14", False, False),
        (MCQ, questions(STEMS), True, True),  # 4, 6, 9 and 16 characters
        (MCQ, questions(STEMS, mark=""), True, True),
        (MCQ, questions(["Who", "Whos", "Whose", "Whose?"]), True, True),
        (MCQ, questions(["Whose", "Whose", "Whose is", "Whose is it"]), False, False),
        (MCQ, questions(STEMS[::-1]), False, False),
        (MCQ, questions(STEMS[:3]), False, False),
        (MCQ, questions([*STEMS, "Who is that one over there?"]), False, False),
        (MCQ, questions(STEMS, options="A) a\nB) b\nC) c\nD) d"), False, False),
        (MCQ, questions(STEMS, options="(A) a\n(B) b\n(C) c\n(D) d\n(E) e"), False, False),
        (MCQ, "Here you are:\n" + questions(STEMS), False, False),
        (MCQ, "Question", False, False),
        (REVERSE_LINES, lines(COUNTRIES), True, True),
        (REVERSE_LINES, lines(COUNTRIES[:51]), False, False),
        (REVERSE_LINES, lines("Here they are:", "", [f"- {name}." for name in COUNTRIES]), True, True),
        (REVERSE_LINES, lines(COUNTRIES, "Enjoy!"), True, True),  # a last line in order
        (REVERSE_LINES, lines(COUNTRIES, "Zzz"), False, False),
        (REVERSE_LINES, lines(COUNTRIES[1:], "Xa"), False, False),
        (REVERSE_LINES, lines("Zimbabwe", "Ýz", COUNTRIES[1:]), True, True),  # like Yz
        (REVERSE_LINES, lines(["Zimbabwe"] * 52), True, True),  # nothing says that lines differ
        (REVERSE_WORDS, "Eagle bald the is animal national the.", True, True),
        (REVERSE_WORDS, "Eagle, bald", True, True),
        (REVERSE_WORDS, "The bald eagle", False, False),
        (REVERSE_WORDS, "Eagles bald", True, True),  # not a whole word
        (REVERSE_LETTERS, ".elgae dlab eht si tI", True, True),
        (REVERSE_LETTERS, "Elgae Dlab", True, True),
        (REVERSE_LETTERS, "The bald eagle", False, False),
        (REVERSE_LETTERS, "elgaedlab", False, False),
        (ALPHABET, " ".join(STORY), True, True),
        (ALPHABET, " ".join(STORY).lower(), True, True),
        (ALPHABET, " ".join(STORY[:25]), False, False),
        (ALPHABET, " ".join([*STORY, "Aow went on."]), False, False),
        (ALPHABET, " ".join([STORY[1], STORY[0], *STORY[2:]]), False, False),
        (ALPHABET, " ".join([STORY[0], '"' + STORY[1], *STORY[2:]]), False, True),
        (ALPHABET, " ".join([STORY[0], "“" + STORY[1], *STORY[2:]]), False, True),
        (SORTED_CAPITALS, CAPITALS, True, True),
        (SORTED_CAPITALS, CAPITALS.replace("í", "i").replace(", ", ",\n") + ",", True, True),
        (SORTED_CAPITALS, CAPITALS + ".", False, False),
        (SORTED_CAPITALS, CAPITALS.lower(), False, False),
        (SORTED_CAPITALS, CAPITALS.replace(" Oslo,", ""), False, False),
        (SORTED_CAPITALS, CAPITALS.replace("Oslo, Tallinn", "Tallinn, Oslo"), False, False),
        (SORTED_CAPITALS, CAPITALS.replace("Oslo, ", "Oslo "), False, False),
        (CSV_CITY, lines(CITY, CITY_ROWS), True, True),
        (CSV_CITY, lines(CITY, CITY_ROWS, ""), True, True),
        (CSV_CITY, lines(CITY, CITY_ROWS, "", ""), False, False),  # a blank line is a row
        (CSV_CITY, lines(CITY, CITY_ROWS[:6]), False, False),
        (CSV_CITY, lines(CITY, CITY_ROWS, CITY_ROWS[0]), False, False),
        (CSV_CITY, lines(CITY.replace(",", ", "), CITY_ROWS), False, False),
        (CSV_CITY, lines("```csv", CITY, CITY_ROWS, "```"), False, False),
        (CSV_CITY, lines(CITY, CITY_ROWS[:6], '7,"Bonn, old",Bonn,2020,5'), True, True),
        (CSV_CITY, lines(CITY, CITY_ROWS[:6], "7,Bonn, old,Bonn,2020,5"), False, False),
        (CSV_CITY, lines(CITY, CITY_ROWS[:6], "7,Bonn\rold,Bonn,2020,5"), False, False),
        (CSV_CITY, lines(CITY, CITY_ROWS[:6], "7,Bonn,Bonn,2020," + "5" * 180_000), False, False),
        (CSV_SPECIAL, lines(STOCK, STOCK_ROWS[:13], '13,Pen,"B&C",2,5'), True, True),
        (CSV_SPECIAL, lines(STOCK, STOCK_ROWS[:13], '13,Pen,"B,C",2,5'), True, True),
        (CSV_SPECIAL, lines('"ProductID", Category,\tBrand,Price,Stock', STOCK_ROWS[:13], '13,Pen,"B&C",2,5'),
         True, True),
        (CSV_SPECIAL, lines(STOCK, STOCK_ROWS), False, False),
        (CSV_SPECIAL, lines(STOCK, STOCK_ROWS[:13], '13,Pen,"B C",2,5'), False, False),
        (CSV_SPECIAL, lines(STOCK, STOCK_ROWS[:13], "13,Pen,B&C,2,5"), False, False),
        (CSV_SPECIAL, lines(STOCK, STOCK_ROWS[:12], '12,Pen,"B&C",2,5'), False, False),  # 13 rows
        (CSV_SPECIAL, lines(STOCK, "0,Pen", STOCK_ROWS[:12], '13,Pen,"B&C",2,5'), False, False),
        (CSV_SPECIAL, lines(STOCK, '0,Pen,"B&C",2,5', STOCK_ROWS[:12], "13,Pen"), True, True),  # not looked at
        (CSV_SPECIAL, lines("```", STOCK, STOCK_ROWS[:12], '13,Pen,"B&C",2,5'), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS), True, True),
        (CSV_QUOTES, lines(SCORES.replace('"', ""), SCORES_ROWS), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS[:2]), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS, SCORES_ROWS[0]), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS[:2], '"3"\t"Art"\t\t"Fall"\t"9"'), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS[:2], '"3"\t"Art"\t"A"\t"Fall"\t9'), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS[:2], '"3"\t"Art"\t"A"\t"Fall"'), False, False),
        (CSV_QUOTES, lines(SCORES, SCORES_ROWS).replace("\t", ","), False, False),
        (DATES, "1796-04-12, 1800-06-14,1815-06-18", True, True),
        (DATES, "1769-01-01", True, True),
        (DATES, "1768-12-31", False, False),
        (DATES, "1821-12-31", True, True),
        (DATES, "1822-01-01", False, False),
        (DATES, "1796-02-29", True, True),
        (DATES, "1796-02-30", False, False),
        (DATES, "1796-04-31", False, False),
        (DATES, "1796-13-01", False, False),
        (DATES, "1796-00-00", True, False),
        (DATES, "1796-00-99", True, False),
        (DATES, "1796-01-00", True, False),
        (DATES, "1796-04-12,", False, False),
        (DATES, "1796-04-12\n1800-06-14", False, False),
        (DATES, "1796-4-12", False, False),
        (DATES, "Lodi: 1796-05-10", False, False),
    ],
)  # fmt: skip
def test_verdicts_of_whole_tasks(name, response, official, repaired):
    constraint = from_spec(name, {}, "test")
    assert check_all((constraint,), response, "official") == [official]
    assert check_all((constraint,), response, "repaired") == [repaired]


@pytest.mark.parametrize(
    "name, kwargs, said",
    [
        (INCREMENT, {"small_n": -1}, "small_n: found -1"),
        (INCREMENT, {"small_n": 1.5}, "small_n: found 1.5"),
        (KEYWORD, {"word": "dog", "N": -2}, "N: found -2"),
        (KEYWORD, {"word": "--", "N": 2}, "word: found '--'"),
        (LIST, {"sep": " "}, "sep: found ' '"),
        (CHANGE, {"prompt_to_repeat": " "}, "prompt_to_repeat: found ' '"),
        (SPAN, {"prompt_to_repeat": "a b", "n_start": 2, "n_end": 1}, "n_start: found 2"),
        (SPAN, {"prompt_to_repeat": "a b", "n_start": -1, "n_end": 1}, "n_start: found -1"),
    ],
)
def test_bad_arguments(name, kwargs, said):
    with pytest.raises(ValueError, match=r"rows\.jsonl:7") as error:
        from_spec(name, kwargs, "rows.jsonl:7")
    assert said in str(error.value)


@pytest.mark.parametrize("name", [CHANGE, SIMPLE, SPAN, OPTIONS])
def test_what_fixes_the_whole_response_goes_with_nothing(name):
    kwargs = {CHANGE: REQUEST, SIMPLE: {}, SPAN: LETTER_SPAN, OPTIONS: YES}[name]
    other = from_spec("punctuation:no_comma", {}, "test")
    assert from_spec(name, kwargs, "test").conflict(other, "Do it now")


def test_a_span_may_start_at_the_first_word():
    constraint = from_spec(SPAN, FIRST_WORDS, "test")
    assert constraint.kwargs()["n_start"] == 0
    assert "between (and including) index 0 and 2" in constraint.describe()
