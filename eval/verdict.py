"""What a comparison says in one sentence."""

from eval.paired import Difference, Dominance
from eval.points import AXES


def sentence(a: str, b: str, found: list[Difference], dominates: Dominance | None) -> str:
    """On the two axes, or on all metrics where neither was compared."""
    shown = [one for one in found if one.metric in AXES] or found
    better = [one for one in shown if one.verdict in ("better", "higher")]
    worse = [one for one in shown if one.verdict in ("worse", "lower")]
    noise = [one.metric for one in shown if one.verdict == "within noise"]
    if better and worse:
        text = f"{a} trades: better than {b} in {_by(better)}, worse in {_by(worse)}"
    elif better or worse:
        text = f"{a} is {'better' if better else 'worse'} than {b} in {_by(better or worse)}"
    else:
        text = f"{a} and {b} are within noise of each other in {' and '.join(noise)}"
    if noise and (better or worse):
        text += f"; within noise in {' and '.join(noise)}"
    if dominates is not None:
        text += (
            f". At least as good on both axes and better on one in {100 * dominates.a:.0f} % of the resamples; "
            f"the other way round in {100 * dominates.b:.0f} %"
        )
    return text + "."


def _by(found: list[Difference]) -> str:
    return " and ".join(f"{one.metric} ({one.difference:+.1f})" for one in found)
