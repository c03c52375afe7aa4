"""The metric by hand, the four runs token by token, and the dilution of uniform attention."""

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from eval.attention.measure import BINS, CONTROL, binned, control, measured, reduced
from eval.attention.probe import Probe
from eval.attention.runs import Marks, readings
from eval.attention.spans import PromptTokens
from tests.test_attention_probe import HEADS, model_of

OPEN, CLOSE, END, GAP = 90, 91, 92, 93
NAMES = {OPEN: "<think>", CLOSE: "</think>", END: "<end>", GAP: "\n"}


class Names:
    """A tokenizer as far as it is looked at: ids and what they spell."""

    def convert_ids_to_tokens(self, ids):
        return [NAMES.get(one, f"w{one}") for one in ids]


MARKS = Marks(Names(), frozenset([END]))


def prompt(ids, *constraints):
    masks = np.zeros((len(constraints), len(ids)), dtype=bool)
    for number, columns in enumerate(constraints):
        masks[number, list(columns)] = True
    return PromptTokens(list(ids), masks, np.ones(len(ids), dtype=bool))


SHORT = prompt([1, 2, 3, 4, OPEN, CLOSE, GAP], (1, 2))
LONG = prompt([1, 2, 3, 4], (1, 2))
ANSWER = [20, 21, END]
THOUGHT = [OPEN, 10, 11, 12, CLOSE]


def runs(others=((OPEN, 30, 31, CLOSE),), cot=(*THOUGHT, GAP, 25, END)):
    return readings(MARKS, (SHORT, ANSWER), (LONG, list(cot)), 5, [list(one) for one in others])


# ---------------------------------------------------------------------- runs


def test_the_first_answer_token_is_written_by_the_row_of_the_end_of_thinking():
    """A prompt of one token, one thought: [p, </think>, answer]. Row 1, which sees two tokens, writes the answer."""
    one = prompt([1], (0,))
    found = readings(MARKS, (one, [20]), (one, [CLOSE, 20]), 1, [])["cot"]
    assert found.ids == [1, CLOSE, 20]
    assert found.reasoning.tolist() == [1] and found.answer.tolist() == [2]
    assert found.rows.tolist() == [0, 1] and found.ids[1] == CLOSE


def test_the_four_runs_token_by_token():
    found = runs()
    assert found["direct"].ids == [*SHORT.ids, 20, 21, END]
    assert found["direct"].answer.tolist() == [7, 8] and not len(found["direct"].reasoning)
    assert found["cot"].ids == [1, 2, 3, 4, OPEN, 10, 11, 12, CLOSE, GAP, 25, END]
    assert found["cot"].reasoning.tolist() == [4, 5, 6, 7, 8]
    assert found["cot"].answer.tolist() == [9, 10], (
        "white space is text, the end of the turn is not"
    )
    # another's two words, from the start again, in the frame of the own three
    assert found["filler"].ids == [1, 2, 3, 4, OPEN, 30, 31, 30, CLOSE, GAP, 20, 21, END]
    assert found["swapped"].ids == [1, 2, 3, 4, *THOUGHT, GAP, 20, 21, END]
    for run in ("filler", "swapped"):
        assert found[run].answer.tolist() == [10, 11]
        assert [found[run].ids[at] for at in found[run].answer] == [20, 21]
        assert found[run].reasoning.tolist() == [4, 5, 6, 7, 8]
    assert {one.num_shared for one in found.values()} == {4}


def test_a_filler_goes_on_with_the_next_prompt_and_needs_one():
    assert runs([(OPEN, 30, CLOSE), (31, 32, 33, CLOSE)])["filler"].ids[4:9] == [OPEN, 30, 31, 32, CLOSE]  # fmt: skip
    assert set(runs([])) == set(runs([(OPEN, CLOSE)])) == {"direct", "cot", "swapped"}


@pytest.mark.parametrize("thought", ["<think>\nOne.\n</think>", "One.</think>", "<think></think>"])
def test_frames_of_a_tokenizer_that_spells_its_marks(thought):
    """The tiny world's, and one whose marks are several tokens."""
    for folder in ("data/tiny/base_model", None):
        tokenizer = AutoTokenizer.from_pretrained("data/tiny/base_model")
        text = thought if folder else thought.replace("think", "thank")
        ids = tokenizer.encode(text, add_special_tokens=False)
        if folder is None:
            assert len(tokenizer.encode("</thank>", add_special_tokens=False)) > 1
            tokenizer.convert_ids_to_tokens = lambda ids, own=tokenizer.convert_ids_to_tokens: [
                one.replace("a", "i") for one in own(ids)
            ]
        head, words, close = Marks(tokenizer, frozenset())._parts(ids)
        assert [*head, *words, *close] == ids and "nk>" in tokenizer.decode(close)
        assert ("<" in tokenizer.decode(head)) is text.startswith("<")
        assert "<" not in tokenizer.decode(words)


# ---------------------------------------------------------------------- the metric


def filled(mass, rows, answer, sizes, tokens=None):
    """A probe of one layer as the forward pass would leave it. Groups: prompt, first, control, union, one constraint."""
    width = max(sizes[0], max(sizes))
    groups = torch.zeros(len(sizes), width, dtype=torch.bool)
    for number, size in enumerate(sizes):
        groups[number, :size] = True
    probe = Probe(width, torch.tensor(rows), torch.tensor(answer), groups)
    probe.mass[0] = torch.tensor(mass)
    probe.tokens[0] = torch.zeros(2, width) if tokens is None else torch.tensor(tokens)
    return probe


def test_the_toy_of_the_reference_page():
    """Head-mean attention .05 .10 .20 .15 .50, C = {1, 2}, prompt = 0 to 3: alpha .15, mass .30, ratio .75, share .6."""
    probe = filled([[0.50, 0.05, 0.15, 0.30, 0.30]], [4], [True], [4, 1, 1, 2, 2])
    found = reduced(probe, 1)
    assert found.beta == pytest.approx([0.15])
    assert found.ratio_to_uniform == pytest.approx([0.75])
    assert found.prompt_share == pytest.approx([0.6])
    assert found.concentration == pytest.approx([0.6 / (2 / 4)])
    assert found.first_token_mass == pytest.approx([0.05])
    assert found.control_beta == pytest.approx([0.15])
    assert found.per_constraint == pytest.approx(np.array([[0.15]]))
    assert np.isnan(found.reasoning_beta).all()


def test_beta_is_over_answer_rows_and_the_trace_over_all():
    mass = [[0.8, 0, 0, 0.4, 0.4], [0.8, 0, 0, 0.2, 0.2], [0.4, 0, 0, 0.1, 0.1]]
    found = reduced(filled(mass, [3, 4, 5], [False, True, True], [4, 1, 1, 2, 2]), 1)
    assert found.alpha_bar == pytest.approx([0.2, 0.1, 0.05])
    assert found.ratio_bar == pytest.approx([0.2 * 4, 0.1 * 5, 0.05 * 6])
    assert found.beta == pytest.approx([0.075]) and found.reasoning_beta == pytest.approx([0.2])
    assert found.ratio_to_uniform == pytest.approx([(0.5 + 0.3) / 2])
    assert found.prompt_share == pytest.approx([(0.25 + 0.25) / 2])


def test_layers_that_were_left_out_are_nan_and_not_in_the_trace():
    probe = filled([[0.8, 0, 0, 0.4, 0.4]], [4], [True], [4, 1, 1, 2, 2])
    found = reduced(probe, 3)
    assert np.isnan(found.beta[1:]).all() and found.beta[0] == pytest.approx(0.2)
    assert found.alpha_bar == pytest.approx([0.2])


def test_a_trace_in_equal_shares():
    """Forty tokens: two to a share. Three tokens: shares across a border are mixed, 20/3 of a share each."""
    assert binned(np.arange(2.0 * BINS)) == pytest.approx(np.arange(BINS) * 2 + 0.5)
    third = binned(np.array([0.0, 3.0, 6.0]))
    assert third[:6] == pytest.approx([0] * 6) and third[6] == pytest.approx((2 * 0 + 1 * 3) / 3)
    assert third.mean() == pytest.approx(3)
    assert np.isnan(binned(np.array([]))).all()


# ---------------------------------------------------------------------- whole runs


@pytest.fixture(scope="module")
def model():
    return model_of("llama", HEADS)


def by_eager(model, reading):
    model.set_attn_implementation("eager")
    with torch.no_grad():
        out = model(torch.tensor([reading.ids]), output_attentions=True, use_cache=False)
    model.set_attn_implementation("sdpa")
    return torch.stack([one[0] for one in out.attentions]).numpy()  # (L, heads, T, T)


@pytest.mark.parametrize("run", ["direct", "cot", "filler", "swapped"])
def test_every_measure_is_what_its_formula_makes_of_eager_attention(model, run):
    long, short = (
        prompt(range(3, 23), (4, 5, 6), (10, 11)),
        prompt([*range(3, 23), 90, 91, 93], (4, 5, 6), (10, 11)),
    )
    generated = [90, 40, 41, 42, 91, 93, 50, 51]
    reading = readings(MARKS, (short, [30, 31, 32]), (long, generated), 5, [[60, 91]])[run]
    found = measured(model, reading, "seed")
    weights = by_eager(model, reading)
    mean = weights.mean(1)[:, :, :20]
    union, rows = [4, 5, 6, 10, 11], reading.answer - 1
    alpha = mean[:, rows][:, :, union].mean(-1)
    close = {"abs": 1e-6}
    assert found.beta == pytest.approx(alpha.mean(1), **close)
    assert found.ratio_to_uniform == pytest.approx((alpha * reading.answer).mean(1), abs=1e-5)
    share = mean[:, rows][:, :, union].sum(-1) / mean[:, rows].sum(-1)
    assert found.prompt_share == pytest.approx(share.mean(1), abs=1e-5)
    assert found.concentration == pytest.approx(share.mean(1) / (5 / 20), abs=1e-5)
    assert found.first_token_mass == pytest.approx(mean[:, rows, 0].mean(1), **close)
    span = np.flatnonzero(control(reading.prompt, "seed"))
    assert found.control_beta == pytest.approx(mean[:, rows][:, :, span].mean((1, 2)), **close)
    for number, columns in enumerate([[4, 5, 6], [10, 11]]):
        own = mean[:, rows][:, :, columns].mean((1, 2))
        assert found.per_constraint[number] == pytest.approx(own, **close)
    heads = weights[:, :, rows][..., union].mean((2, 3))
    assert found.per_head == pytest.approx(heads, **close)
    every = mean[:, reading.rows][:, :, union].mean(-1)
    assert found.alpha_bar == pytest.approx(every.mean(0), **close)
    if len(reading.reasoning):
        assert found.reasoning_beta == pytest.approx(every[:, : len(reading.reasoning)].mean(1), **close)  # fmt: skip


def test_uniform_attention_drops_by_dilution_alone_and_the_controls_say_so():
    """Queries of zero. The direct answer's rows see 7 and 8 tokens, the others 10 and 11 or, with the answer's own white
    space, 9 and 10: 1/N each, so the drop is the difference of the means of 1/N, and the ratio stays 1."""
    model = model_of("llama", HEADS)
    for layer in model.model.layers:
        torch.nn.init.zeros_(layer.self_attn.q_proj.weight)
    found = {run: measured(model, reading, "s") for run, reading in runs().items()}
    expected = {"direct": (1 / 7 + 1 / 8) / 2, "cot": (1 / 9 + 1 / 10) / 2}
    expected |= dict.fromkeys(("filler", "swapped"), (1 / 10 + 1 / 11) / 2)
    for run, value in expected.items():
        assert found[run].beta == pytest.approx([value] * 3, abs=1e-7)
        assert found[run].ratio_to_uniform == pytest.approx([1] * 3, abs=1e-5)
        assert found[run].prompt_share == pytest.approx([2 / 4] * 3, abs=1e-5)
        assert found[run].concentration == pytest.approx([1] * 3, abs=1e-5)
    drop = found["direct"].beta - found["cot"].beta
    assert drop == pytest.approx([(1 / 7 + 1 / 8 - 1 / 9 - 1 / 10) / 2] * 3, abs=1e-7)


def test_the_control_span_is_as_long_elsewhere_and_the_same_in_every_run():
    tokens = prompt(range(30), (5, 6, 7), (20, 21))
    spans = [np.flatnonzero(control(tokens, str(seed))) for seed in range(40)]
    for span in spans:
        assert len(span) == 5 and 0 not in span and not set(span) & {5, 6, 7, 20, 21}
    assert len({tuple(span) for span in spans}) > 10
    assert (control(tokens, "a") == control(tokens, "a")).all()
    full = prompt(range(4), (0, 1, 2))
    assert np.flatnonzero(control(full, "a")).tolist() == [3], "fewer where there are fewer"


def test_a_prompt_that_is_all_constraint_has_no_control(model):
    whole = prompt(range(3, 7), range(4))
    reading = readings(MARKS, (whole, [20]), (whole, [10, CLOSE, 20]), 2, [])["cot"]
    found = measured(model, reading, "s")
    assert np.isnan(found.control_beta).all() and not np.isnan(found.beta).any()
    assert CONTROL == 2


@pytest.mark.parametrize(
    "tokens, answer, said",
    [(prompt([3, 4]), [20], "found no constraint"), (prompt([3, 4], (1,)), [END], "found no answer token")],
)  # fmt: skip
def test_what_cannot_be_measured_is_an_error(model, tokens, answer, said):
    reading = readings(MARKS, (tokens, answer), (tokens, [CLOSE, 20]), 1, [])["direct"]
    with pytest.raises(ValueError, match=said):
        measured(model, reading, "s")
