r"""Which part of a response is its answer: the last box; by request `####`, an answer clause, a bare last line.

The rules are those of our specification (math_grading.md, section 6.2), not math-verify's, which turns two boxes into a
set and reads `\fbox` not at all. Every search here is linear in the response.
"""

import re
from typing import NamedTuple

MAX_BARE_CHARS = 100


class Extract(NamedTuple):
    """answer is None when there is none; source: boxed, hash, clause, bare, or why there is none."""

    answer: str | None
    source: str


_BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])[ \t]*(?:\n[ \t]*(?=\{))?", re.IGNORECASE)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_ARGUMENT = re.compile(r"[+-]?[\d.,]*\d|[A-Za-z]|\\[A-Za-z]+")
_OR = re.compile(r"(?:[\s$.,;*()\\\[\]]|\\text\{)*\bor\b[\s${}*(\\\[\]]*", re.IGNORECASE)
_HASH = re.compile(r"####[ \t]*([^\n]*)")
_CLAUSE = re.compile(
    r"\banswers?(?:[ \t]+(?:is|are)\b|[ \t]*[:=])"
    r"(?:[ \t]+(?:therefore|thus|then|hence|simply|just|indeed|now|equal to|given by)\b,?)?"
    r"[ \t:*]*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?][*_\"')]*(?=\s|$)|\n")
NEGATION = re.compile(r"\b(?:not|never|wrong|incorrect|neither|nor)\b|n['’]t\b", re.IGNORECASE)
# What is said before an answer and takes it back: a denial or a doubt.
DENIAL = re.compile(
    rf"{NEGATION.pattern}|\b(?:incorrectly|false|falsely|untrue|cannot|doubt\w*|unlikely|hardly|mistak\w+|unless|whether|suppose|assume|refus\w+"
    r"|den(?:y|ies|ied)|disagree\w*|disprov\w+|reject\w*|impossible|rather than|instead of|nobody|no one)\b",
    re.IGNORECASE,
)


def _closing(text: str, start: int) -> int | None:
    """Where the brace that was opened before `start` closes; `\\{` is no brace. None when it never does."""
    depth = 1
    for token in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(token.group(), 0)
        if depth == 0:
            return token.start()
    return None


def _content(response: str, box: re.Match[str]) -> tuple[str, int] | None:
    r"""A box's content and where it ends; `\boxed 5` too. None when it never closes."""
    if response.startswith("{", box.end()):
        end = _closing(response, box.end() + 1)
        return None if end is None else (response[box.end() + 1 : end].strip(), end + 1)
    argument = _ARGUMENT.match(response, box.end())
    return (argument.group(), argument.end()) if argument else None


def final_answer(response: str) -> str | None:
    r"""The content of the last `\boxed{}` or `\fbox{}`; None without one or when it never closes."""
    return boxed(response).answer


def gold_text(gold: str) -> str:
    """Of a gold as its data set writes it: what follows GSM8K's `####`, or what is in a box."""
    gold = gold.rpartition("####")[2] if "####" in gold else gold
    return ((boxed(gold).answer if "box" in gold else None) or gold).strip()


def boxed(response: str) -> Extract:
    """The last box. Different boxes that the last line joins with "or" are no answer: `hedged`."""
    boxes = list(_BOX.finditer(response))
    if not boxes:
        return Extract(None, "no_box")
    last = _content(response, boxes[-1])
    if last is None:
        return Extract(None, "unclosed_box")
    if len(boxes) > 1 and response.find("\n", boxes[-2].end(), boxes[-1].start()) < 0:
        other = _content(response, boxes[-2])
        if other and other[0] != last[0] and _OR.fullmatch(response[other[1] : boxes[-1].start()]):
            return Extract(None, "hedged")
    return Extract(last[0], "boxed")


def extract(response: str, fallbacks: bool) -> Extract:
    """The answer; without a box and with `fallbacks`: the last `####` line, the last clause that says "the answer is",
    the last line if it is short. A clause or a line with a negation is none."""
    found = boxed(response)
    if found.source != "no_box" or not fallbacks:
        return found
    marks = _HASH.findall(response)
    if marks:
        return Extract(marks[-1].strip(), "hash")
    clauses = list(_CLAUSE.finditer(response))
    if clauses:
        found = _clause(response, clauses[-1])
        return found._replace(answer=found.answer and _unquoted(found.answer, response))
    line = response.strip().rpartition("\n")[2].strip()
    if not line or len(line) > MAX_BARE_CHARS:
        return found
    return (
        Extract(None, "negated")
        if NEGATION.search(line)
        else Extract(_unquoted(line, response), "bare")
    )


def _unquoted(answer: str, response: str) -> str:
    """Without the mark that closes a response in quotation marks: `"the answer is 5"` is not five inches."""
    opening = response.lstrip()[:1]
    closing = {'"': '"', "'": "'", "“": "”"}.get(opening, "")
    return (
        answer.removesuffix(closing) if closing and response.rstrip().endswith(closing) else answer
    )


def _clause(response: str, clause: re.Match[str]) -> Extract:
    end = _SENTENCE_END.search(response, clause.end())
    stop = end.start() if end else len(response)
    if end and end.group().startswith("?"):
        return Extract(None, "question")
    before = response[response.rfind("\n", 0, clause.start()) + 1 : clause.start()]
    if DENIAL.search(re.split(r"[.!?]\s", before)[-1]) or NEGATION.search(
        response, clause.start(), stop
    ):
        return Extract(None, "negated")
    return Extract(response[clause.end() : stop].strip(), "clause")
