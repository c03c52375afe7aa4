"""Constraint attention of one run: the published metric, and what the paper does not correct for.

"When Thinking Fails" (arXiv:2505.11423): with a_j the attention that the row of a generated token gives to prompt token j,
mean over heads, and C the tokens of all constraints,

    alpha^(l,t)   = (1/|C|) sum_{j in C} a_j
    alpha_bar^(t) = mean_l alpha^(l,t)                     the trace
    beta^(l)      = mean_{t in answer} alpha^(l,t)         the layer profile; Delta beta = beta_direct - beta_cot

A row's attention sums to 1, so any longer text dilutes alpha. Beside it, therefore, per layer and mean over answer rows:

    ratio_to_uniform = alpha N_t                  N_t: tokens that the row sees; 1 is an average token's share
    prompt_share     = sum_C a_j / sum_prompt a_j      of the prompt that all runs share
    concentration    = prompt_share / (|C| / tokens of the prompt)
    first_token_mass = a_0, the sink
    control_beta     = beta of as many tokens of the prompt's text that belong to no constraint
"""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from eval.attention.probe import Probe, layer_types, run
from eval.attention.runs import Reading
from eval.attention.spans import PromptTokens

BINS = 20  # of a trace, in shares of the reasoning and of the answer


class Measures(NamedTuple):
    """Per layer (L,) with NaN for layers without ordinary rows, over answer rows where nothing else is said.

    reasoning_beta: over reasoning rows, all NaN without reasoning
    per_constraint: (constraints, L), beta of each alone
    per_head:       (L, heads), beta of each alone
    alpha_bar:      (reasoning + answer rows,), in their order; ratio_bar: alpha_bar times tokens seen
    tokens:         (L, T0), attention to each prompt token
    """

    beta: np.ndarray
    ratio_to_uniform: np.ndarray
    prompt_share: np.ndarray
    concentration: np.ndarray
    first_token_mass: np.ndarray
    control_beta: np.ndarray
    reasoning_beta: np.ndarray
    per_constraint: np.ndarray
    per_head: np.ndarray
    alpha_bar: np.ndarray
    ratio_bar: np.ndarray
    tokens: np.ndarray


PROMPT, FIRST, CONTROL, UNION, EACH = 0, 1, 2, 3, 4  # columns of the probe's groups


def control(prompt: PromptTokens, seed: str) -> np.ndarray:
    """(T0,) bool: as many neighbouring tokens outside of the constraints as these have, beginning at a random one; of the
    user's text, without the first token of the prompt. Fewer where there are fewer."""
    free = np.flatnonzero(prompt.text & ~prompt.union)
    free = free[free > 0]
    count = min(int(prompt.union.sum()), len(free))
    start = random.Random(f"control {seed}").randint(0, len(free) - count)
    found = np.zeros(len(prompt.ids), dtype=bool)
    found[free[start : start + count]] = True
    return found


def measured(model: Any, reading: Reading, seed: str) -> Measures:
    """Reads the run once. seed: of the control span, the same for all runs of a prompt. Raises ValueError for a prompt
    without constraint tokens or a run without an answer."""
    prompt = reading.prompt
    if not prompt.union.any():
        raise ValueError("found no constraint in the prompt; expected one at least")
    if not len(reading.answer):
        raise ValueError("found no answer token; expected one at least")
    everything = np.arange(len(prompt.ids)) < reading.num_shared
    first = np.arange(len(prompt.ids)) == 0
    groups = np.stack([everything, first, control(prompt, seed), prompt.union, *prompt.constraints])
    is_answer = np.isin(reading.rows + 1, reading.answer)
    probe = Probe(
        len(prompt.ids), torch.from_numpy(reading.rows), torch.from_numpy(is_answer), torch.from_numpy(groups)
    )  # fmt: skip
    run(model, reading.ids, probe)
    return reduced(probe, len(layer_types(model)))


def reduced(probe: Probe, num_layers: int) -> Measures:
    """What a filled probe says, whose groups are in the order of `measured`."""
    sizes = probe.groups.sum(1).numpy().astype(float)
    sizes[sizes == 0] = np.nan  # a control without tokens says nothing
    mass = _layers(probe.mass, num_layers)  # (L, R, G)
    answer, seen = probe.answer.numpy(), probe.rows.numpy() + 1
    alpha = mass[:, :, UNION] / sizes[UNION]
    share = mass[:, :, UNION] / mass[:, :, PROMPT]
    over_answer: Callable[[np.ndarray], np.ndarray] = lambda of: of[:, answer].mean(1)  # noqa: E731
    tokens = _layers(probe.tokens, num_layers)  # (L, heads, T0)
    in_union = probe.groups[UNION].numpy()
    used = ~np.isnan(alpha).any(axis=1)
    rest = alpha[:, ~answer]
    prompt_share = over_answer(share)
    return Measures(
        beta=over_answer(alpha),
        ratio_to_uniform=over_answer(alpha * seen),
        prompt_share=prompt_share,
        concentration=prompt_share / (sizes[UNION] / sizes[PROMPT]),
        first_token_mass=over_answer(mass[:, :, FIRST]),
        control_beta=over_answer(mass[:, :, CONTROL]) / sizes[CONTROL],
        reasoning_beta=rest.mean(1) if rest.shape[1] else np.full(num_layers, np.nan),
        per_constraint=over_answer(mass[:, :, EACH:] / sizes[EACH:]).T,
        per_head=tokens[:, :, in_union].mean(2),
        alpha_bar=alpha[used].mean(0),
        ratio_bar=(alpha[used] * seen).mean(0),
        tokens=tokens.mean(1),
    )


def _layers(found: dict[int, torch.Tensor], num_layers: int) -> np.ndarray:
    """(L, ...) float64, NaN for a layer that was not measured."""
    shape = next(iter(found.values())).shape
    stacked = np.full((num_layers, *shape), np.nan)
    for layer, values in found.items():
        stacked[layer] = values.numpy()
    return stacked


def binned(values: np.ndarray) -> np.ndarray:
    """(n,) -> (BINS,): means over equal shares of the length, tokens across a border counted on both sides in part; NaN for
    n = 0."""
    if not len(values):
        return np.full(BINS, np.nan)
    return np.asarray(np.repeat(values, BINS).reshape(BINS, len(values)).mean(1))
