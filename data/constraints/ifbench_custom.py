"""IFBench's `custom` kinds (https://arxiv.org/abs/2507.02833): eleven whole tasks, each with its own checker."""

import csv
import functools
import io
import itertools
import re
import string
import unicodedata
from dataclasses import dataclass

from data.constraints.arguments import EDGE, NoArguments, depunct
from data.constraints.base import CONSTRAINTS
from data.constraints.nlp import iter_sentences

_HEADING = re.compile(r"Question \d+[.|):;]?\s*")
_OPTION = re.compile(r"[A-Ea-e][.|)]\s*\w")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
# The reference tests no day of month 0.
_DAYS = (99, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_OPENING_QUOTES = "\"'“”‘’«„"
_CAPITALS = (
    "Reykjavik,Helsinki,Oslo,Tallinn,Stockholm,Riga,Moscow,Copenhagen,Vilnius,Minsk,Dublin,Berlin,Amsterdam,Warsaw,"
    "London,Brussels,Prague,Luxembourg,Paris,Vienna,Bratislava,Budapest,Vaduz,Chisinau,Bern,Ljubljana,Zagreb"
)


def _ascii(text: str) -> str:
    """Letters without their accents, other characters dropped. By character: NFKD of a long run of accents is
    quadratic, and it is their order that takes the time."""
    return text if text.isascii() else "".join(map(_ascii_character, text))


@functools.lru_cache(4096)
def _ascii_character(character: str) -> str:
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode("ascii")


@CONSTRAINTS.register("custom:multiples")
@dataclass(frozen=True)
class Multiples(NoArguments):
    wording = "Count from 10 to 50 but only print multiples of 7."

    def official(self, response: str) -> bool:
        return re.findall(r"\d+", response) == ["14", "21", "28", "35", "42", "49"]


@CONSTRAINTS.register("custom:mcq_count_length")
@dataclass(frozen=True)
class MultipleChoice(NoArguments):
    """A question's length is that of its lines before the first option."""

    wording = (
        'Generate 4 multiple choice questions with 5 options each about "20th century art history". Each question '
        'should start with the label "Question". The questions should get progressively longer. '
        "Do not provide an explanation."
    )

    def official(self, response: str) -> bool:
        if not response.startswith("Question"):
            return False
        questions = [part.strip() for part in _HEADING.split(response) if part.strip()]
        if len(questions) != 4:
            return False
        lengths = [_question_length(question) for question in questions]
        return lengths[0] >= 0 and all(a < b for a, b in itertools.pairwise(lengths))


def _question_length(question: str) -> int:
    """Characters before the first option, -1 unless there are five options."""
    lines = [line.strip() for line in question.split("\n")]
    options = [index for index, line in enumerate(lines) if _OPTION.match(line)]
    return len(" ".join(lines[: options[0]]).strip()) if len(options) == 5 else -1


@CONSTRAINTS.register("custom:reverse_newline")
@dataclass(frozen=True)
class ReverseNewline(NoArguments):
    """From the line of Zimbabwe on, 52 lines and more, sorted; which countries they name is not checked."""

    wording = "List the countries of Africa in reverse alphabetical order, each on a new line."

    def official(self, response: str) -> bool:
        stripped = (line.strip(EDGE) for line in response.split("\n"))
        lines = list(
            itertools.dropwhile(lambda line: "Zimbabwe" not in line, filter(None, stripped))
        )
        ordered = itertools.pairwise(map(_ascii, lines))
        return len(lines) >= 52 and all(above >= below for above, below in ordered)


@CONSTRAINTS.register("custom:word_reverse")
@dataclass(frozen=True)
class WordReverse(NoArguments):
    """The reference wants one sentence, too, but has deleted all punctuation by then."""

    wording = (
        "What animal is the national symbol of the US? Respond to this query, but make your sentence in reverse order "
        "of what it should be, per word."
    )

    def official(self, response: str) -> bool:
        return "bald eagle" in " ".join(reversed(depunct(response.lower()).split()))


@CONSTRAINTS.register("custom:character_reverse")
@dataclass(frozen=True)
class CharacterReverse(NoArguments):
    wording = (
        "What animal is the national symbol of the US? Respond to this query, but make your sentence in reverse order "
        "of what it should be, per letter."
    )

    def official(self, response: str) -> bool:
        return "elgae dlab" in response.lower()


@CONSTRAINTS.register("custom:sentence_alphabet")
@dataclass(frozen=True)
class SentenceAlphabet(NoArguments):
    """Repaired: a sentence may open with a quotation mark."""

    mends = "quotation marks before the first word are skipped"
    wording = (
        "Tell me a 26-sentence story where each sentence's first word starts with the letters "
        "of the alphabet in order."
    )

    def official(self, response: str) -> bool:
        return _alphabetical(response, "")

    def check(self, response: str) -> bool:
        return _alphabetical(response, _OPENING_QUOTES)


def _alphabetical(text: str, skipped: str) -> bool:
    letters = string.ascii_lowercase
    sentences = itertools.islice(iter_sentences(text), len(letters) + 1)
    starts = (sentence.lstrip().lstrip(skipped)[:1].lower()[:1] for sentence in sentences)
    return all(start == letter for start, letter in itertools.zip_longest(starts, letters))


@CONSTRAINTS.register("custom:european_capitals_sort")
@dataclass(frozen=True)
class EuropeanCapitalsSort(NoArguments):
    """Accents are free, empty items too."""

    wording = (
        "Give me the names of all capital cities of european countries whose latitude is higher than than 45 degrees? "
        "List the capital cities without country names, separated by commas, sorted by latitude, "
        "from highest to lowest."
    )

    def official(self, response: str) -> bool:
        items = map(str.strip, _ascii(response).split(","))
        return ",".join(filter(None, items)) == _CAPITALS


@CONSTRAINTS.register("custom:csv_city")
@dataclass(frozen=True)
class CSVCity(NoArguments):
    wording = (
        'Generate CSV data: The column names are ["ID", "Country", "City", "Year", "Count"], '
        "the data should be comma delimited. Please generate 7 rows."
    )

    def official(self, response: str) -> bool:
        rows = _rows(response, 8)
        if not rows or rows[0] != ["ID", "Country", "City", "Year", "Count"]:
            return False
        return all(len(row) == 5 for row in rows)


@CONSTRAINTS.register("custom:csv_special_character")
@dataclass(frozen=True)
class CSVSpecialCharacter(NoArguments):
    """Rows after the one with the special character may have any number of fields."""

    wording = (
        'Generate CSV data: The column names are ["ProductID", "Category", "Brand", "Price", "Stock"], the data '
        "should be comma delimited. Please generate 14 rows. Add one field which contains a special character and "
        "enclose it in double quotes."
    )

    def official(self, response: str) -> bool:
        names = ("ProductID", "Category", "Brand", "Price", "Stock")
        if not _has_header(response, names, r",[ \t]*"):
            return False
        for row in _rows(response.replace('"', '"""'), 15)[1:]:
            if len(row) != 5:
                return False
            if any(map(_special, row)):
                return True
        return False


def _special(field: str) -> bool:
    r"""Whether `".*[^\w\s].*"` matches at the start, in linear time."""
    line = field.partition("\n")[0]
    inside = line[1 : max(line.rfind('"'), 1)]
    return line.startswith('"') and re.search(r"[^\w\s]", inside) is not None


@CONSTRAINTS.register("custom:csv_quotes")
@dataclass(frozen=True)
class CSVQuotes(NoArguments):
    """The header has to be quoted, too. An empty field fails; the reference raises."""

    wording = (
        'Generate CSV data: The column names are ["StudentID", "Subject", "Grade", "Semester", "Score"], the data '
        "should be tab delimited. Please generate 3 rows and enclose each single field in double quotes."
    )

    def official(self, response: str) -> bool:
        names = ("StudentID", "Subject", "Grade", "Semester", "Score")
        if not _has_header(response, names, "\t *"):
            return False
        rows = _rows(response.replace('"', '"""'), 4, delimiter="\t")
        fields = [field.strip() for row in rows for field in row]
        quoted = all(field.startswith('"') and field.endswith('"') for field in fields)
        return bool(rows) and quoted and all(len(row) == 5 for row in rows)


def _has_header(text: str, names: tuple[str, ...], separator: str) -> bool:
    """Whether the first line holds `names`, each quoted or not."""
    pattern = separator.join(f'(?:{name}|"{name}")' for name in names)
    return re.fullmatch(pattern, text.partition("\n")[0].strip()) is not None


def _rows(text: str, num: int, delimiter: str = ",") -> list[list[str]]:
    """The rows of the csv `text`; none at all unless it has exactly `num`, and where the reader raises."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = list(itertools.islice(reader, num + 1))
    except csv.Error:
        return []
    return rows if len(rows) == num else []


@CONSTRAINTS.register("custom:date_format_list")
@dataclass(frozen=True)
class DateFormatList(NoArguments):
    """Repaired: there is no month or day zero. Which dates they are is not checked."""

    mends = "no zero month or day"
    wording = (
        "List the start dates of all the battles Napoleon fought separated by commas, use the following date format: "
        "YYYY-MM-DD. Do not provide an explanation."
    )

    def official(self, response: str) -> bool:
        return all(_is_date(item.strip(), 0) for item in response.split(","))

    def check(self, response: str) -> bool:
        return all(_is_date(item.strip(), 1) for item in response.split(","))


def _is_date(text: str, first: int) -> bool:
    """A day of Napoleon's life, months and days counted from `first`."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    return 1769 <= year <= 1821 and first <= month <= 12 and first <= day <= _DAYS[month]
