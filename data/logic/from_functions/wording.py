"""A function in plain words, by a model that another reading of it verifies (LogicIFGen's stages 5 and 6, arXiv:2508.09125;
the prompts are ours): up to three times the verifier names what is missing and the writer mends it; else it is given up."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from data.endpoint import Endpoint
from data.logic.from_functions.source import Function
from data.response import split

ROUNDS = 3

DESCRIBE = """Below is a Python function. It returns a pair: the main result, and a dict of counters that record what
happened while it ran. Describe it for a careful person who cannot read code and will carry it out by hand, in three parts
that start with INPUTS:, LOGICS: and OUTPUTS:.

- Write as one tells a colleague: full sentences, no code, no formulas in the notation of a programming language.
- Leave out nothing that decides the result: starting values, the order of steps, every condition and which side a tie
  falls on, how divisions are rounded, what happens for empty inputs, when a loop ends.
- Say at which step each counter grows, and call the counters by these names exactly: {keys}.
"""
VERIFY = """Below are a Python function and a description of it in words. Could somebody who has the description alone
compute the function's main result and all of its counters ({keys}) for any input? Compare them step by step: every branch,
loop, condition, starting value and counter.

Answer with one JSON object and nothing else:
{{"desc_is_complete": true or false, "reasoning": "...", "missing_aspects": ["..."], "coverage_percentage": 0 to 100}}
"""
AGAIN = "\nYour last answer could not be read. Write the JSON object only.\n"
REFINE = """Below are a Python function, a description of it for somebody who will carry it out by hand, and what is missing
or wrong in the description. Write the whole description anew, with the same three parts (INPUTS:, LOGICS:, OUTPUTS:), so
that nothing is missing. No code. The counters are called: {keys}.
"""


class Verdict(BaseModel):
    """As the verifier is asked for it."""

    desc_is_complete: bool
    reasoning: str = ""
    missing_aspects: list[str] | str = ""
    coverage_percentage: float = 0.0


@dataclass(frozen=True)
class Wording:
    """description: None when it was given up, for `why`; rounds: how often it was mended"""

    description: str | None
    rounds: int
    why: str = ""


def describe(endpoint: Endpoint, function: Function, keys: Sequence[str]) -> Wording:
    names = ", ".join(keys)
    code = f"\n[Function]\n{function.source}"
    text = _asked(endpoint, DESCRIBE.format(keys=names) + code)
    for rounds in range(ROUNDS + 1):
        missing = _missing(endpoint, VERIFY.format(keys=names) + code, text, keys)
        if missing is None:
            return Wording(None, rounds, "the verifier's answer could not be read")
        if not missing:
            return Wording(text, rounds)
        if rounds < ROUNDS:
            faults = "\n".join(f"- {one}" for one in missing)
            parts = f"\n[Description]\n{text}\n\n[Missing or wrong]\n{faults}\n"
            text = _asked(endpoint, REFINE.format(keys=names) + code + parts)
    return Wording(None, ROUNDS, f"still incomplete after {ROUNDS} rounds")


def _asked(endpoint: Endpoint, prompt: str) -> str:
    return split(endpoint.ask(prompt)).response


def _missing(endpoint: Endpoint, prompt: str, text: str, keys: Sequence[str]) -> list[str] | None:
    """What the description lacks; what can be seen without a model is not asked. None for an answer that says nothing."""
    if found := faults(text, keys):
        return found
    prompt += f"\n[Description]\n{text}\n"
    verdict = read_verdict(_asked(endpoint, prompt))
    verdict = verdict or read_verdict(_asked(endpoint, prompt + AGAIN))
    if verdict is None:
        return None
    if verdict.desc_is_complete:
        return []
    named = verdict.missing_aspects
    return [one for one in ([named] if isinstance(named, str) else named) if one] or [
        verdict.reasoning or "details"
    ]


def faults(text: str, keys: Sequence[str]) -> list[str]:
    """Counters that are not named, and code."""
    found = [
        f"the counter {key} is not named"
        for key in keys
        if not re.search(rf"(?<!\w){re.escape(key)}(?!\w)", text)
    ]
    if "```" in text or re.search(
        r"^\s*(def \w+\(|return |for \w+ in .*:$|while .*:$)", text, re.MULTILINE
    ):
        found.append("it contains code, which is not allowed")
    return found


def read_verdict(answer: str) -> Verdict | None:
    """The object in an answer; None for none, or one without a verdict."""
    start, end = answer.find("{"), answer.rfind("}")
    try:
        return Verdict.model_validate(json.loads(answer[start : end + 1]))
    except (json.JSONDecodeError, ValidationError):
        return None
