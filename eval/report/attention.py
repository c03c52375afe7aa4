"""What the page shows of attention: for each checkpoint one prompt, token by token."""

from collections.abc import Sequence
from typing import Any

from eval.attention.records import AttentionRecord, Layers
from eval.attention.summary import Attended

RUNS = ("direct", "cot")


def heat(attended: Sequence[Attended]) -> list[dict[str, Any]]:
    """Of each checkpoint the first prompt that is kept token by token: its texts, which constraint a token belongs to (0:
    none), and for each run and layer the attention of an answer token to each, in units of an average token's. The direct
    prompt's closed thinking block, which the other has not, is left out."""
    found = []
    for one in attended:
        shown = _first(one.records)
        if not shown:
            continue
        kept, short = shown["cot"].shown, shown["direct"].shown
        assert kept is not None and short is not None
        count = min(len(kept["tokens"]), len(short["tokens"]))
        found.append(
            {
                "label": one.label,
                "run": one.run,
                "step": one.step,
                "problem": shown["cot"].problem,
                "tokens": kept["tokens"][:count],
                "constraint": kept["constraint"][:count],
                "runs": {run: _ratios(shown[run], count) for run in RUNS},
            }
        )
    return found


def _first(records: Sequence[AttentionRecord]) -> dict[str, AttentionRecord]:
    """The runs of the first prompt that is shown."""
    key = next((one.key for one in records if one.shown is not None), None)
    return {one.run: one for one in records if one.key == key and one.shown is not None}


def _ratios(record: AttentionRecord, count: int) -> list[Layers]:
    """(L, count): mean attention times the tokens that a row in the middle of the answer sees."""
    assert record.shown is not None
    seen = record.num_prompt_tokens + record.num_reasoning_tokens + record.num_answer_tokens / 2
    return [
        [None if one is None else float(f"{one * seen:.3g}") for one in layer[:count]]
        for layer in record.shown["attention"]
    ]
