"""Mitigations in a sweep, on the committed base model: exact ids, draws, resuming, where records lie, and the grid."""

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from data.chat import direct_prompt_text, encoded, prompt_ids
from data.decoding import decode
from eval.backends import How
from eval.backends.transformers import Generator
from eval.checkpoints import weights_of
from eval.chosen import choose
from eval.generate import Ask, Prompt
from eval.grid import Selection, grid, oracle, selection
from eval.jobs import Plan
from eval.mitigations.budget_extend import BudgetExtend
from eval.mitigations.none import CoT
from eval.mitigations.repeat_constraints import RepeatConstraints
from eval.records import Record
from eval.tokenizers import ask_ids
from eval.workers import Worker
from recipes.errors import UserError
from recipes.schema import Sampling, SweepRecipe, load_recipe
from tests.test_mitigations import task
from tests.test_sweep_backends import by_vllm, vllm
from tests.test_sweep_engine import BASE, TINY, perturbed, recipe, records, runs, sweep

__all__ = ["runs", "vllm"]
TOKENIZER = AutoTokenizer.from_pretrained(BASE, padding_side="left")
CLOSE = TOKENIZER.convert_tokens_to_ids("</think>")


def engine(temperature=0.0, max_new_tokens=60):
    found = Generator(How(Sampling(max_new_tokens, temperature, batch_size=8), 0, "cpu", "float32"))
    found.load(weights_of(str(BASE), "x"), "digest")
    return found


def ask(n=1, **more):
    return Ask(Prompt(f"p{n}", [{"role": "user", "content": f"Mia has {n} pens."}]), **more)


# ---------------------------------------------------------------------- the engine


def test_stop_ids_end_a_completion_and_nothing_before_them_changes():
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    prompts = [prompt_ids(TOKENIZER, one.prompt.messages) for one in (ask(1), ask(25))]
    whole = decode(model, TOKENIZER, prompts, 60)
    stopped = decode(model, TOKENIZER, prompts, 60, stop_ids=[CLOSE])
    for one, two in zip(whole, stopped, strict=True):
        assert CLOSE in one and two == one[: one.index(CLOSE) + 1]


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_what_is_written_goes_on_behind_the_ids_and_budgets_hold(temperature):
    found = engine(temperature)
    (whole,) = found.write([ask(7)])
    (start,) = found.write([ask(7, max_new_tokens=9)])
    assert start.token_ids == whole.token_ids[:9] and start.truncated
    if temperature == 0:
        rest = found.write([ask(7, written=tuple(start.token_ids), max_new_tokens=51)])[0]
        assert start.token_ids + rest.token_ids == whole.token_ids
    (stopped,) = found.write([ask(7)], [CLOSE])
    assert stopped.token_ids == whole.token_ids[: len(stopped.token_ids)]
    assert stopped.token_ids[-1] == CLOSE and not stopped.truncated


def test_asks_of_one_batch_do_not_see_each_other():
    found = engine(0.8)
    asks = [ask(3, max_new_tokens=5), ask(41), ask(9, direct=True)]
    together = found.write(asks)
    alone = [found.write([one])[0] for one in asks]
    assert [one.token_ids for one in together] == [one.token_ids for one in alone]
    assert len(together[0].token_ids) <= 5
    text = direct_prompt_text(TOKENIZER, asks[2].prompt.messages)
    assert ask_ids(TOKENIZER, asks[2]) == encoded(TOKENIZER, text)
    assert ask_ids(TOKENIZER, ask(3, written=(7, 8)))[-2:] == [7, 8]


def test_log_probabilities_of_words_are_those_of_the_model():
    found = engine()
    asks = [ask(3, direct=True), ask(4711, direct=True)]
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    for one, row in zip(asks, found.log_probs(asks, ["YES", "a"]), strict=True):
        for word, value in zip(("YES", "a"), row, strict=True):
            start, ids = ask_ids(TOKENIZER, one), encoded(TOKENIZER, word)
            logits = model(torch.tensor([start + ids])).logits[0].log_softmax(-1)
            by_hand = sum(logits[len(start) - 1 + n, token].item() for n, token in enumerate(ids))
            assert value == pytest.approx(by_hand, abs=1e-3)


@pytest.mark.parametrize("mitigation", [BudgetExtend(2), RepeatConstraints(num_repeats=2)])
def test_forced_replies_keep_what_the_model_wrote(mitigation):
    """Up to the first end of thinking they are the model's own, token by token."""
    found, asked = engine(max_new_tokens=90), [task(1), task(2), task(3)]
    own = CoT().respond(found, asked)
    for one, two in zip(own, mitigation.respond(found, asked), strict=True):
        at = one.generation.token_ids.index(CLOSE)
        assert two.generation.token_ids[:at] == one.generation.token_ids[:at]
        assert two.generation.token_ids != one.generation.token_ids
        assert len(two.generation.token_ids) - two.forced_tokens <= 90
        assert two.generated_tokens >= len(two.generation.token_ids) - two.forced_tokens


def test_vllm_is_asked_with_ids_stops_and_prompt_log_probabilities(runs, vllm):
    found = by_vllm()
    found.load(weights_of(str(BASE), "x"), "base")
    (one,) = found.write([ask(3, written=(7, 8), max_new_tokens=5)], [CLOSE])
    assert one.token_ids == [7, 8, 2]
    (asked,), (params,), _ = vllm[0].calls[0]
    assert asked["prompt_token_ids"] == ask_ids(TOKENIZER, ask(3, written=(7, 8)))
    assert params["max_tokens"] == 5 and CLOSE in params["stop_token_ids"]
    words = [encoded(TOKENIZER, "YES"), encoded(TOKENIZER, "NO")]

    def generate(prompts, sampling_params, **_):
        assert {one["prompt_logprobs"] for one in sampling_params} == {0}
        return [with_log_probs(one["prompt_token_ids"]) for one in prompts]

    def with_log_probs(ids):
        entries = [{token: Named(logprob=-token / 100)} for token in ids]
        return Named(prompt_logprobs=[None, *entries[1:]])

    vllm[0].generate = generate
    ((yes, no),) = found.log_probs([ask(3)], ["YES", "NO"])
    assert (yes, no) == tuple(pytest.approx(-sum(word) / 100) for word in words)


class Named:
    def __init__(self, **values):
        self.__dict__.update(values)


# ---------------------------------------------------------------------- in a sweep

GRID = [{"name": "budget_stop", "max_reasoning_tokens": 6}, {"name": "self_selective"}]


def test_records_of_before_stay_and_mitigations_have_folders(runs, capsys):
    plain = Plan(recipe(base=str(BASE)), "s.yaml", runs / "s").jobs()
    both = Plan(recipe(base=str(BASE), mitigations=GRID), "s.yaml", runs / "s").jobs()
    assert [(job.mark, job.path) for job in both[:1]] == [(job.mark, job.path) for job in plain]
    names = ["none", "direct", "budget_stop_6", "self_selective"]
    assert [job.mitigation.label for job in both] == names
    assert len({job.mark for job in both}) == 4

    assert "1 of 1 jobs" in sweep(runs, capsys, base=str(BASE))
    out = sweep(runs, capsys, base=str(BASE), mitigations=GRID)
    assert "x 4 mitigations; 3 of 4 jobs to do" in out
    folder = runs / "s/records/base/0"
    assert {p.name for p in folder.iterdir() if p.is_dir()} == set(names[1:])
    stopped = records(folder / "budget_stop_6/tiny.jsonl")
    assert len(stopped) == 12 and all(row["forced_tokens"] for row in stopped.values())
    assert {row["num_calls"] for row in stopped.values()} == {2}
    assert {row["reasoning_tokens"] for row in stopped.values()} == {
        6 + len(encoded(TOKENIZER, "\n</think>"))
    }
    direct = records(folder / "direct/tiny.jsonl")
    assert {row["reasoning_tokens"] for row in direct.values()} == {0}
    assert "0 of 4 jobs to do" in sweep(runs, capsys, base=str(BASE), mitigations=GRID)
    # the same content, in another sweep: copied
    assert "4 of 4 jobs to do" in sweep(runs, capsys, base=str(BASE), mitigations=GRID, name="t")
    before = (folder / "budget_stop_6/tiny.jsonl").read_bytes()
    assert (runs / "t/records/base/0/budget_stop_6/tiny.jsonl").read_bytes() == before

    rows = pq.read_table(runs / "s/mitigations.parquet").to_pylist()
    assert [row["mitigation"] for row in rows] == [*names, "oracle"]
    none, _, stop, *_ = rows
    assert (none["num_calls"], stop["num_calls"]) == (1.0, 2.0) and none["hacc_minus_cot"] is None
    both = records(folder / "tiny.jsonl"), stopped
    hacc = [np.mean([100 * all(r["met"]) for r in some.values() if r["met"]]) for some in both]
    assert (none["hacc"], stop["hacc"]) == tuple(map(pytest.approx, hacc))
    assert stop["hacc_minus_cot"] == pytest.approx(hacc[1] - hacc[0])
    header = (runs / "s/mitigations.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == list(rows[0])
    prompts = (runs / "s/prompts/tiny.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["key"] for line in prompts} == set(direct)


def test_a_job_goes_on_after_an_interruption(runs):
    plan = Plan(recipe(base=str(BASE), mitigations=GRID[:1]), "s.yaml", runs / "s")
    job = plan.jobs()[-1]
    Worker(plan)._score(job)
    whole = records(job.path)
    lines = job.path.read_text(encoding="utf-8").splitlines(keepends=True)
    job.path.unlink()
    # the header, five records and half a line: within the first batch
    job.file().part.write_text("".join(lines[:6]) + lines[6][:40], encoding="utf-8")
    Worker(plan)._score(job)
    assert records(job.path) == whole


def test_draws_do_not_depend_on_batches_and_each_call_has_its_own(runs):
    what = {"base": str(BASE), "mitigations": [{"name": "budget_extend", "num_waits": 1}]}
    found = []
    for name, size in (("a", 3), ("b", 8)):
        sampling = {"max_new_tokens": 40, "batch_size": size, "temperature": 0.9}
        plan = Plan(recipe(name=name, sampling=sampling, **what), "s.yaml", runs / name)
        job = plan.jobs()[-1]
        Worker(plan)._score(job)
        found.append({key: row["completion"] for key, row in records(job.path).items()})
    assert found[0] == found[1]


def test_what_a_backend_or_a_benchmark_cannot_have_is_refused_before_anything_runs(runs, capsys):
    server = {"name": "openai", "base_url": "http://localhost:1/v1", "tokenizer": str(BASE)}
    with pytest.raises(UserError, match=r"mitigations.0: found budget_stop with a backend that"):
        sweep(runs, capsys, checkpoints={"m": ["m"]}, backend=server, mitigations=GRID)
    reasonif = [{"name": "reasonif"}]
    with pytest.raises(UserError, match=r"found repeat_constraints with benchmark reasonif: its"):
        repeat = [{"name": "repeat_constraints"}]
        sections = {"base": str(BASE), "benchmarks": reasonif, "mitigations": repeat}
        Plan(recipe(**sections), "s.yaml", runs / "s").jobs()
    with pytest.raises(UserError, match=r"found no .*cls/base/0/classifier.json; expected"):
        sweep(runs, capsys, base=str(BASE), mitigations=[{"name": "classifier_selective", "classifier": "cls"}])  # fmt: skip


def test_mitigations_have_names_for_comparisons(runs, capsys):
    sweep(runs, capsys, base=str(BASE), mitigations=GRID[:1])
    by_name, by_folder = choose("s:base@0/budget_stop_6"), choose("s:base/budget_stop_6")
    assert by_name.folders == by_folder.folders == (runs / "s/records/base/0/budget_stop_6",)
    assert by_name.benchmarks() == choose("s:base").benchmarks() == {"tiny"}
    with pytest.raises(
        UserError, match=r"unknown mitigation 'budget_sto'. Did you mean 'budget_stop_6'"
    ):
        choose("s:base/budget_sto")


def test_the_tiny_grid_loads(runs):
    found = Plan(load_recipe("recipes/sweep/tiny_mitigations.yaml", SweepRecipe, []), "s", runs)
    assert len(found.mitigations()) >= 15
    assert TINY["name"] == found.benchmarks()[0].label


# ---------------------------------------------------------------------- the grid, by hand


def record(key, met, decision="", condition="with"):
    return Record(f"{key}/{condition}", key, condition, "s", 1, 2, ["a", "b"][: len(met)], met, True, "", "", "closed",
                  False, 1, 1, "4", "", decision=decision)  # fmt: skip


def test_the_oracle_takes_what_meets_more_and_the_chain_of_thought_where_even():
    cot = [record("p", [True, False]), record("q", [True, True]), record("r", [False, True])]
    direct = [record("p", [True, True]), record("q", [False, True]), record("r", [True, False])]
    assert oracle(cot, direct) == [direct[0], cot[1], cot[2]]


def test_selections_are_measured_where_the_two_differ():
    """p is better with reasoning, q and s without, r is a tie. Of p, q (said: reason) one is right; of p one is found."""
    with_cot = {"p": [True, True], "q": [False, False], "r": [True, True], "s": [False, True]}
    without = {"p": [True, False], "q": [True, False], "r": [True, True], "s": [True, True]}
    cot, direct = ([record(*one) for one in some.items()] for some in (with_cot, without))
    said = {"p": "reason", "q": "reason", "r": "reason", "s": "direct"}
    chosen = [record(key, [True, True], decision) for key, decision in said.items()]
    assert selection([(chosen, cot, direct)]) == Selection(precision=0.5, recall=1.0)
    chosen = [record(key, [True, True], "direct") for key in said]
    assert selection([(chosen, cot, direct)]) == Selection(precision=None, recall=0.0)
    assert selection([(cot, cot, direct)]) is None
    # two seeds: what is said of both counts
    assert selection([(chosen, cot, direct), (chosen, direct, cot)]).recall == 0.0


def test_seeds_are_pooled_by_problem_and_kept_beside(runs, capsys, tmp_path):
    copy = perturbed(tmp_path / "p", 1)
    what = {"checkpoints": {"both": [str(BASE)], "other": [str(copy)]}, "mitigations": GRID[:1]}
    sweep(runs, capsys, **what)
    jobs = Plan(recipe(**what), "s.yaml", runs / "s").jobs()
    assert [cell.shown for cell in grid(jobs, 0)] == [True] * len(jobs) + [True] * 2
    # the same records as those of two seeds of one regime
    seeds = [replace(job, candidate=replace(job.candidate, label="r", step=1)) for job in jobs]
    cells = grid(seeds, 0)
    of_all = {cell.mitigation: cell for cell in cells if cell.run is None}
    assert {cell.run for cell in cells if cell.shown} == {None}
    single = [cell for cell in cells if cell.run and cell.mitigation == "budget_stop_6"]
    assert len(single) == 2 and of_all["budget_stop_6"].num_prompts == 24
    for metric in ("hacc", "generated_tokens"):
        mean = np.mean([cell.difference("cot", metric).difference for cell in single])
        assert of_all["budget_stop_6"].difference("cot", metric).difference == pytest.approx(mean)


def test_a_grid_of_the_half_that_was_measured_pairs_that_half(runs, capsys, monkeypatch):
    sweep(runs, capsys, base=str(BASE), mitigations=[{"name": "direct"}])
    plan = Plan(recipe(base=str(BASE), mitigations=[{"name": "direct"}]), "s.yaml", runs / "s")
    none, direct = plan.jobs()
    lines = direct.path.read_text(encoding="utf-8").splitlines(keepends=True)
    direct.path.write_text("".join(lines[:7]), encoding="utf-8")
    cells = {cell.mitigation: cell for cell in grid([none, direct], 0)}
    assert (cells["none"].num_prompts, cells["direct"].num_prompts) == (12, 6)
    found = cells["direct"].difference("cot", "generated_tokens")
    kept = [json.loads(line) for line in lines[1:7]]
    own = {row["key"]: row["reasoning_tokens"] + row["response_tokens"] for row in records(none.path).values()}  # fmt: skip
    assert found.a == pytest.approx(np.mean([row["generated_tokens"] for row in kept]))
    assert found.b == pytest.approx(np.mean([own[row["key"]] for row in kept]))
