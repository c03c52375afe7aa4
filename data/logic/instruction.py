"""A description of a procedure and its input, as one instruction; the layout of LogicIF (arXiv:2508.09125) in our words."""

import json
from collections.abc import Sequence
from typing import Any

PREAMBLE = """\
Below is a procedure in plain words, and the input for it. Carry the procedure out by hand, one step after the other, and
report what comes out.

- Write no code, and do not ask for a program to be run: work out each step yourself.
- Do exactly what the procedure says, in its order, even where a shorter way seems to give the same result.
- Keep track of everything that it asks you to count or to remember, from the first step to the last.
"""
REQUEST = """\
End your response with one JSON object of this form, and write nothing after it:
{{"output": <{output_format}>, "stats": {{{stats}}}}}
`output` is the main result. `stats` holds exactly the keys above; whole numbers are written as digits."""


def instruction(
    description: str, arguments: Sequence[Any], stats_keys: Sequence[str], output_format: str
) -> str:
    """arguments: JSON values, in the order in which the procedure takes them; output_format: e.g. `list of int`"""
    keys = ", ".join(map(json.dumps, stats_keys))
    stats = ", ".join(f"{json.dumps(key)}: <value>" for key in stats_keys)
    return "\n".join(
        [
            PREAMBLE,
            f"Procedure:\n{description.strip()}\n",
            f"Input Values (in order): {json.dumps(list(arguments), ensure_ascii=False)}",
            f"Keys of the statistics: {keys or 'none'}",
            f"Type of the output: {output_format}\n",
            REQUEST.format(output_format=output_format, stats=stats),
        ]
    )
