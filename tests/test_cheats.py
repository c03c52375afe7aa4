"""Shortcuts that a policy will find: for every kind, responses that ignore the instruction or the task, and whether they
pay off.

A row says what the reference makes of such a response (`official`), what we do (`repaired`), and names the trick. The
verdicts follow from our specification (its section 8 and its R-rules), worked out by hand. Where `repaired` is True the
cheat still pays: its rate is what to watch in a run, and what the reward for a right answer has to outweigh.
"""

import pytest

from data.constraints.base import CONSTRAINTS, check_all, from_spec
from recipes.errors import UserError
from tests.support import needs_punkt

AT_LEAST = "at least"
LESS_THAN = "less than"
KEYWORDS = {"keyword1": "cat", "keyword2": "dog", "keyword3": "sun", "keyword4": "red", "keyword5": "sky"}  # fmt: skip
DOGS_TO_SKIES = f" dog dog sun sun sun{' red' * 5}{' sky' * 7}"
CAT_DOG = {"keyword1": "cat", "keyword2": "dog"}
QUESTION = {"prompt_to_repeat": "What is 2+2?"}
REQUEST = {"prompt_to_repeat": "Do it now"}
SUM = {"prompt_to_repeat": "Add 2, then 3."}
LETTER_SPAN = {"prompt_to_repeat": "abcdef gh", "n_start": 1, "n_end": 3}
WORD_SPAN = {"prompt_to_repeat": "Explain the context, and why", "n_start": 0, "n_end": 2}
MAT = "the cat sat on the mat today"
PHRASE = {"phrase": "the big cat sat", "small_n": 2}
END = {"end_phrase": "Any other questions?"}
SECTION = {"num_sections": 2, "section_spliter": "Section"}
CAPITALS = (
    "Reykjavik,Helsinki,Oslo,Tallinn,Stockholm,Riga,Moscow,Copenhagen,Vilnius,Minsk,Dublin,Berlin,Amsterdam,Warsaw,"
    "London,Brussels,Prague,Luxembourg,Paris,Vienna,Bratislava,Budapest,Vaduz,Chisinau,Bern,Ljubljana,Zagreb"
)
QUIZ = "\n".join(f"Question {k}\n{'x' * k}" + "\nA)x" * 5 for k in range(1, 5))
CITIES = "ID,Country,City,Year,Count" + "\n,,,," * 7
STOCK = 'ProductID,Category,Brand,Price,Stock\n,,"!",,' + "\nx" * 13
SCORES = '"StudentID"\t"Subject"\t"Grade"\t"Semester"\t"Score"' + '\n""\t""\t""\t""\t""' * 3


def times(keyword, frequency, relation):
    return {"keyword": keyword, "frequency": frequency, "relation": relation}


def letter(letter, let_frequency, let_relation):
    return {"letter": letter, "let_frequency": let_frequency, "let_relation": let_relation}


def position(keyword, n, m):
    return {"keyword": keyword, "n": n, "m": m}


CHEATS = [
    # MathIF and IFEval
    ("length_constraint_checkers:number_words", {"num_words": 12, "relation": AT_LEAST},
     r"$\frac{1}{2}+\frac{3}{4}+\frac{5}{6}+\frac{7}{8}$", True, False, "LaTeX for words"),
    ("length_constraint_checkers:number_words", {"num_words": 12, "relation": AT_LEAST}, "$x$ " * 12, True, True,
     "a formula per word"),
    ("length_constraint_checkers:number_words", {"num_words": 300, "relation": LESS_THAN}, "x", True, True, "one letter"),
    ("length_constraints:number_words", {"num_words": 6, "relation": AT_LEAST}, "U.S.A. U.S.A.", True, False,
     "dots cut words"),
    ("length_constraints:number_words", {"num_words": 6, "relation": AT_LEAST}, "so so so so so so", True, True,
     "one word over and over"),
    ("keywords:existence", {"keywords": ["now", "value"]}, "I know devalued", True, False, "inside other words"),
    ("keywords:existence", {"keywords": ["now", "value"]}, "now value", True, True, "the keywords and nothing else"),
    ("keywords:frequency", times("note", 3, AT_LEAST), "denoted keynote notes", True, False, "inside other words"),
    ("keywords:frequency", times("note", 3, AT_LEAST), "note note note", True, True, "keyword stuffing"),
    ("keywords:frequency", times("note", 2, LESS_THAN), "x", True, True, "too short to hold the word"),
    ("keywords:forbidden_words", {"forbidden_words": ["number"]}, "Number_1 and number_2", True, False,
     "an underscore glued to the word"),
    ("keywords:forbidden_words", {"forbidden_words": ["number"]}, "the nu\N{ZERO WIDTH SPACE}mber", True, True,
     "an invisible character in the word"),
    ("keywords:forbidden_words", {"forbidden_words": ["number"]}, r"the \number is it", False, True,
     "the word as a LaTeX command"),
    ("keywords:letter_frequency", letter("q", 10, AT_LEAST), "q" * 10, True, True, "a run of the letter"),
    ("keywords:letter_frequency", letter("e", 2, LESS_THAN), "x", True, True, "too short to hold the letter"),
    ("language:response_language", {"language": "es"}, "$42$", True, False, "no language at all"),
    ("language:reasoning_language", {"language": "zh"}, "$42$", True, False, "no language at all"),
    ("language:response_language", {"language": "th"}, "ก", True, True, "one letter of the script"),
    ("language:response_language", {"language": "th"}, "$the answer is forty two because we add them$ ก", False, True,
     "English between dollars"),
    ("length_constraints:number_sentences", {"num_sentences": 5, "relation": AT_LEAST}, "Go. Go. Go. Go. Go.", True, True,
     "one word per sentence"),
    ("length_constraints:number_sentences", {"num_sentences": 5, "relation": LESS_THAN}, "x", True, True, "one letter"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 3}, "a *** b *** c", True, False, "dividers in a line"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 3}, "a\n***\n-\n***\n-", True, True, "marks for paragraphs"),
    ("length_constraints:nth_paragraph_first_word", {"num_paragraphs": 3, "nth_paragraph": 2, "first_word": "value"},
     "x\n\nvalue\n\nx", True, True, "the bare word for a paragraph"),
    ("detectable_content:number_placeholders", {"num_placeholders": 3}, "x [][][]", True, False, "empty brackets"),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[x](y) [x](y)", True, False, "links"),
    ("detectable_content:number_placeholders", {"num_placeholders": 3}, "[x] [x] [x]", True, True, "`[x]` over and over"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "stop.s.", True, False, "the marker inside a word"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "P.S. x", True, True, "a postscript to nothing"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 3}, "-5\n-6\n---", True, False, "negative numbers, a rule"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 3}, "- x\n- x\n- x", True, True, "`- x` over and over"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "3*4*5 and 6*7*8", True, False, "products"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "***x***", True, False, "one span, seen twice"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "x *.* *.*", True, True, "highlighted dots"),
    ("detectable_format:multiple_sections", SECTION, "In Section3 and SubSection 4", True, False, "markers in a sentence"),
    ("detectable_format:multiple_sections", SECTION, "Section 1\nx\nSection 2\nx", True, True, "sections of one letter"),
    ("detectable_format:constrained_response", {}, "My answer is yes. My answer is no. My answer is maybe.", True, True,
     "every option"),
    ("detectable_format:json_format", {}, "1", True, False, "a scalar"),
    ("detectable_format:json_format", {}, "[1]", True, True, "a list of one number"),
    ("detectable_format:title", {}, "x <<->>", True, False, "a dash for a title"),
    ("detectable_format:title", {}, "<<x>>", True, True, "`<<x>>`"),
    ("combination:two_responses", {}, "a******A", True, False, "one response in two cases"),
    ("combination:two_responses", {}, "a******b", True, True, "two letters"),
    ("combination:repeat_prompt", QUESTION, "What is 2+2?", True, False, "an echo without an answer"),
    ("combination:repeat_prompt", QUESTION, "What is 2+2? x", True, True, "an echo and one letter"),
    ("startend:end_checker", END, "many other questions?", True, False, "the end of another word"),
    ("startend:end_checker", END, "Any other questions?", True, True, "the phrase without an answer"),
    ("startend:quotation", {}, '"a" and "b"', True, False, "quoted at both ends only"),
    ("startend:quotation", {}, "“a” and “b”", False, True, "the same in curly quotes"),
    ("startend:quotation", {}, '"x"', True, True, "one quoted letter"),
    ("change_case:english_capital", {}, "ME@X.ORG", True, False, "an address has no language"),
    ("change_case:english_capital", {}, "THIS IS THE ANSWER AND THAT IS THE ANSWER", True, True, "words that say nothing"),
    ("change_case:english_capital", {}, "$we add two and two$ THIS IS THE ANSWER AND THAT IS THE ANSWER", False, True,
     "lowercase between dollars"),
    ("change_case:english_lowercase", {}, "me@x.org", True, False, "an address has no language"),
    ("change_case:english_lowercase", {}, "this is the answer and that is the answer", True, True, "words that say nothing"),
    ("change_case:english_lowercase", {}, "$WE ADD TWO$ this is the answer and that is the answer", False, True,
     "capitals between dollars"),
    ("change_case:capital_word_frequency", {"capital_frequency": 3, "capital_relation": AT_LEAST}, "I I I", True, False,
     "single letters"),
    ("change_case:capital_word_frequency", {"capital_frequency": 3, "capital_relation": AT_LEAST}, "AA AA AA", True, True,
     "no words"),
    ("punctuation:no_comma", {}, "one， two", True, False, "a full-width comma"),
    ("punctuation:no_comma", {}, "one\N{SINGLE LOW-9 QUOTATION MARK} two", True, True, "a low quotation mark"),
    # IFBench
    ("count:word_count_range", {"min_words": 20, "max_words": 25}, r"\frac{1}{2}" * 7, True, True, "LaTeX for words"),
    ("count:unique_word_count", {"N": 5}, "a b c d -", True, False, "a dash for a word"),
    ("count:unique_word_count", {"N": 5}, "a b c d e", True, True, "letters"),
    ("count:conjunctions", {"small_n": 3}, "and And and,", True, False, "one word in three spellings"),
    ("count:conjunctions", {"small_n": 3}, "and but or", True, True, "the words and nothing else"),
    ("count:person_names", {"N": 3}, "Emma Liam Sophia", True, True, "names from the prompt and nothing else"),
    ("count:numbers", {"N": 3}, "1 1 1", True, True, "one number over and over"),
    ("count:punctuation", {}, ".,;:!??!x", True, True, "marks in a heap"),
    ("count:pronouns", {"N": 5}, "it it it it it", True, True, "one pronoun over and over"),
    ("count:words_japanese", {"N": 5}, "a b c d", True, False, "too short for an N-th word"),
    ("count:words_japanese", {"N": 5}, "a b c d 5", True, True, "a number for the N-th word"),
    ("count:keywords_multiple", KEYWORDS, "concatenate" + DOGS_TO_SKIES, True, False, "inside another word"),
    ("count:keywords_multiple", KEYWORDS, "cat" + DOGS_TO_SKIES, True, True, "keyword stuffing"),
    ("ratio:stop_words", {"percentage": 10}, "xyzzy plugh", True, True, "no words"),
    ("ratio:sentence_type", {}, "hello!", True, False, "0 to 0"),
    ("ratio:sentence_type", {}, "Go. Go. Go?", True, True, "one word per sentence"),
    ("ratio:sentence_balance", {}, "abc", True, False, "none of each"),
    ("ratio:sentence_balance", {}, "Go. Go? Go!", True, True, "one word per sentence"),
    # 9 of 12 character trigrams, 1 of 3 word trigrams
    ("ratio:overlap", {"reference_text": MAT, "percentage": 75}, "the cat sat x y", True, False, "letters and padding"),
    ("ratio:overlap", {"reference_text": MAT, "percentage": 33}, "the cat sat x y", False, True, "words and padding"),
    ("ratio:sentence_words", {}, "Go on. Go on. Go on.", True, False, "one sentence three times"),
    ("ratio:sentence_words", {}, "One. Two. Six.", True, True, "one word per sentence"),
    ("words:alphabet", {}, "a b c d e", True, True, "letters for words"),
    ("words:vowel", {}, "hmm", True, True, "no vowel at all"),
    ("words:consonants", {}, "xx xx xx", True, True, "no words"),
    ("words:palindrome", {}, "iiiii " * 10, True, False, "one run of letters over and over"),
    ("words:palindrome", {}, " ".join(char * 5 for char in "abcdefghij"), True, True, "ten runs of letters"),
    ("words:prime_lengths", {}, "xx xx xx", True, True, "no words"),
    ("words:start_verb", {}, "is", True, True, "one verb"),
    ("words:repeats", {"small_n": 2}, "x", True, True, "too short to repeat a word"),
    ("words:odd_even_syllables", {}, "cat water cat water", True, True, "two words in turn"),
    ("words:last_first", {}, "x", True, True, "too short for two sentences"),
    ("words:last_first", {}, "Go go. Go go. Go go.", True, True, "one sentence three times"),
    ("words:paragraph_last_first", {}, "yes\nno\nyes", True, True, "one word per paragraph"),
    ("words:no_consecutive", {}, "x y x y", True, True, "two letters in turn"),
    ("words:keywords_specific_position", position("whisper", 22, 33), "Go. " * 21 + "Go " * 32 + "whisper.", True, True,
     "filler and the keyword in its place"),
    ("words:words_position", {"keyword": "whisper"}, "a whisper a", True, True, "three words, both places at once"),
    ("sentence:alliteration_increment", {}, "x", True, True, "too short for two sentences"),
    ("sentence:increment", {"small_n": 3}, "x", True, True, "too short for two sentences"),
    ("sentence:keyword", {"word": "whisper", "N": 3}, "Go. Go. Whisper.", True, True, "filler and the keyword in its place"),
    ("format:parentheses", {}, "((((((a)", True, False, "only the innermost closed"),
    ("format:parentheses", {}, "([{([x])}])", True, True, "brackets around one letter"),
    ("format:quotes", {}, "\"'\"x\"'\"", True, True, "quotes around one letter"),
    ("format:options", {"options": "I know or I don't know"}, "I don't know", True, True, "the option that takes no work"),
    ("format:newline", {}, "x", True, True, "one letter"),
    ("format:emoji", {}, "\N{SLIGHTLY SMILING FACE}", True, False, "nothing but an emoji"),
    ("format:emoji", {}, "x \N{SLIGHTLY SMILING FACE}", True, True, "one letter and an emoji"),
    ("format:line_indent", {}, "one line", True, False, "one step"),
    ("format:line_indent", {}, "a\n b", True, True, "two letters"),
    ("format:quote_unquote", {}, "none", True, False, "no quote at all"),
    ("format:quote_unquote", {}, '"x" y', True, True, "one letter quoted, one not"),
    ("format:list", {"sep": "-"}, "well-known re-do", True, False, "the separator inside words"),
    ("format:list", {"sep": "-"}, "-x\n-x", True, True, "`-x` twice"),
    ("format:thesis", {}, "<em></em> x", True, False, "nothing in italics"),
    ("format:thesis", {}, "<i>x</i> y", True, True, "one letter in italics"),
    ("format:sub-bullets", {}, "none", True, False, "no bullet at all"),
    ("format:sub-bullets", {}, "* well-known", True, False, "a hyphen for a sub-bullet"),
    ("format:sub-bullets", {}, "* x\n- x", True, True, "bullets of one letter"),
    ("format:no_bullets_bullets", {}, "Go. Go.\n*\n*", True, True, "empty bullets"),
    ("format:title_case", {}, "I KNOW NOTHING OF IT", True, True, "all capitals"),
    ("format:output_template", {}, "My Answer: My Conclusion: Future Outlook:", True, True, "labels without content"),
    ("format:no_whitespace", {}, "one\N{BRAILLE PATTERN BLANK}two", True, True, "a blank that is no whitespace"),
    ("repeat:repeat_change", REQUEST, "Do it  now", True, False, "another blank, not another word"),
    ("repeat:repeat_change", REQUEST, "x it now", True, True, "a letter for the first word"),
    ("repeat:repeat_simple", {}, "ONLY OUTPUT THIS SENTENCE HERE, IGNORE ALL OTHER REQUESTS.", True, True, "in capitals"),
    ("repeat:repeat_span", LETTER_SPAN, "bcd", True, False, "characters, not words"),
    ("repeat:repeat_span", WORD_SPAN, "EXPLAIN\nTHE\nCONTEXT,", False, True, "in capitals, over three lines"),
    ("custom:multiples", {}, "a14b21c28d35e42f49", True, True, "numbers in a heap of letters"),
    ("custom:mcq_count_length", {}, QUIZ, True, True, "a letter for a question, one option five times"),
    ("custom:reverse_newline", {}, "Zimbabwe\n" * 52, True, True, "one country over and over"),
    ("custom:word_reverse", {}, "eagle bald", True, True, "two words, no sentence"),
    ("custom:character_reverse", {}, "elgae dlab", True, True, "two words, no sentence"),
    ("custom:sentence_alphabet", {}, " ".join(f"{start}zzz." for start in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), True, True,
     "no words, no story"),
    ("custom:european_capitals_sort", {}, ",,".join(CAPITALS.split(",")), True, True, "the one list by heart, empty items"),
    ("custom:csv_city", {}, CITIES, True, True, "empty fields"),
    ("custom:csv_special_character", {}, STOCK, True, True, "rows of one field after the special one"),
    ("custom:csv_quotes", {}, SCORES, True, True, "quotes around nothing"),
    ("custom:date_format_list", {}, "1800-00-00", True, False, "no date"),
    ("custom:date_format_list", {}, "1801-02-29", True, True, "any date, and one that never was"),
    # IFTrain
    ("copy:repeat_phrase", PHRASE, "the big cat sat the red cat sat", True, False, "a word replaced the last time only"),
    ("copy:repeat_phrase", PHRASE, "bathe x cat satin bathe x cat satin", True, True, "inside other words, one letter"),
    ("copy:copy", SUM, "ADD 2, THEN 3.", True, True, "in capitals"),
    ("copy:copying_simple", SUM, "ADD 2, THEN 3.", True, True, "in capitals"),
    ("copy:copying_multiple", SUM | {"N": 2}, "ADD 2, THEN 3.******add 2, then 3.", True, True, "in capitals, then without"),
    ("new:copy_span_idx", LETTER_SPAN, "bc", True, False, "without the last character"),
    ("new:copy_span_idx", LETTER_SPAN, "BCD", False, True, "in capitals"),
    ("detectable_format:sentence_hyphens", {}, "One sentence", True, False, "nothing to connect"),
    ("detectable_format:sentence_hyphens", {}, "Go.-Go.", True, True, "one word per sentence"),
    ("keywords:no_adjacent_consecutive", {}, "x x x", True, True, "one letter over and over"),
    ("detectable_format:square_brackets", {}, "[x] []", True, False, "empty brackets"),
    ("detectable_format:square_brackets", {}, "[x]", True, True, "one letter"),
    ("keywords:word_once", {"keyword": "cat"}, "concatenate", True, False, "inside another word"),
    ("keywords:word_once", {"keyword": "cat"}, "cat", True, True, "the keyword and nothing else"),
    ("keywords:word_count_different_numbers", times("cat", 2, AT_LEAST), "cat category", True, False, "inside another word"),
    ("keywords:word_count_different_numbers", times("cat", 2, LESS_THAN), "x", True, False, "never instead of twice"),
    ("keywords:word_count_different_numbers", times("cat", 2, AT_LEAST), "cat cat", True, True, "keyword stuffing"),
    ("keywords:exclude_word_harder", {"keyword": "cat"}, "cat. Cat cat", True, False, "other than between two blanks"),
    ("keywords:exclude_word_harder", {"keyword": "cat"}, "cats", True, True, "another form of the word"),
    ("paragraphs:paragraphs", {}, "a *** b", True, False, "a divider in a line"),
    ("paragraphs:paragraphs", {}, "a\n***\nb", True, True, "paragraphs of one letter"),
    ("paragraphs:paragraphs2", {}, "a\n\n-", True, True, "a dash for a paragraph"),
    ("first_word:first_word_sent", {"first_word": "so"}, "So so. So so.", True, True, "the word over and over"),
    ("first_word:first_word_answer", {"first_word": "so"}, "so", True, True, "the word and nothing else"),
    ("last_word:last_word_sent", {"last_word": "end"}, "End. End. End.", True, True, "the word for a sentence"),
    ("last_word:last_word_answer", {"last_word": "end"}, "end", True, True, "the word and nothing else"),
    ("detectable_format:bigram_wrapping", {}, "one", True, False, "too short for a bigram"),
    ("detectable_format:bigram_wrapping", {}, "<<x >>", True, False, "brackets for a word"),
    ("detectable_format:bigram_wrapping", {}, "<<x x>>", True, True, "letters for words"),
    ("punctuation:punctuation_dot", {}, "It is 3\N{FULLWIDTH FULL STOP}14\N{HORIZONTAL ELLIPSIS}", True, True, "other dots"),
    ("punctuation:punctuation_exclamation", {}, "Wow\N{FULLWIDTH EXCLAMATION MARK}", True, True, "a full-width mark"),
    ("count:lowercase_counting", {"N": 2}, "ONE TWO THREE FOUR", True, True, "all capitals"),
    ("letters:letter_counting", {"N": 20, "relation": AT_LEAST}, "x" * 20, True, True, "a run of one letter"),
    ("letters:letter_counting", {"N": 20, "relation": LESS_THAN}, "x", True, True, "one letter"),
    ("letters:letter_counting2", letter("e", 5, AT_LEAST), "eeeee", True, True, "a run of the letter"),
    ("count:counting_composition", {"n_sent": 1, "n_words": 3}, "Go on.\n***\nGo on.\n***\nGo on.", True, False,
     "a full stop for a word"),
    ("count:counting_composition", {"n_sent": 1, "n_words": 2}, "x x\n***\nx x\n***\nx x", True, True, "letters for words"),
    ("count:count_unique", {}, "The the THE", True, False, "one word in three cases"),
    ("count:count_unique", {}, "x", True, True, "one letter"),
    ("count:count_increment_word", CAT_DOG, "concatenate dogs dogged", True, False, "inside other words"),
    ("count:count_increment_word", CAT_DOG, "cat dog dog", True, True, "keyword stuffing"),
    ("keywords:palindrome", {}, "I", True, False, "one letter"),
    ("keywords:palindrome", {}, "aaa", True, True, "a run of one letter"),
    ("keywords:keyword_specific_position", position("cat", 2, 2), "Go on. ; cat", True, False, "a mark for a word"),
    ("keywords:keyword_specific_position", position("cat", 2, 2), "Go. Go cat", True, True, "filler and the keyword"),
    ("keywords:start_end", {}, "! x !", True, True, "a mark for the word"),
]  # fmt: skip


@needs_punkt
@pytest.mark.parametrize(
    "name, kwargs, response, official, repaired, how",
    CHEATS,
    ids=[f"{name}: {how}" for name, *_, how in CHEATS],
)
def test_what_a_cheat_gets(name, kwargs, response, official, repaired, how):
    constraint = from_spec(name, kwargs, how)
    try:
        found = [check_all((constraint,), response, s)[0] for s in ("official", "repaired")]
    except UserError as error:
        if name != "words:start_verb":
            raise
        pytest.skip(str(error))  # nltk's tagger need not be there
    assert found == [official, repaired]


def test_every_kind_has_a_cheat():
    assert {name for name, *_ in CHEATS} == set(CONSTRAINTS)
