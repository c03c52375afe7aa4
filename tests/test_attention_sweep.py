"""Attention as a part of a sweep and as a command, on the committed base model: records, drops, resuming, tables,
refusals."""

import argparse
import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from transformers import AutoTokenizer

import eval.attention.__main__ as command
import eval.attention.extract as extract
from data.chat import direct_prompt_text, prompt_text
from data.constraints.base import from_spec
from data.example import Example
from data.prompt import messages
from eval.attention.located import asked
from eval.attention.records import AttentionRecord
from eval.attention.runs import Marks
from eval.attention.spans import locate
from eval.attention.work import Model, Pair, Written, _fault, attention_records, whole
from eval.backends.transformers import one_model
from eval.benchmarks.tiny import Tiny
from eval.jobs import Plan, Twins
from eval.records import Task
from recipes.attention import Attention
from recipes.errors import UserError
from recipes.schema import Sampling
from tests import judges
from tests.families import FAMILIES, tokenizer_of
from tests.test_sweep_engine import BASE, perturbed, recipe, runs, sweep  # noqa: F401

SECTION = {"benchmark": "tiny", "num_prompts": 6, "max_new_tokens": 120, "per_head": True}
SMALL = {"max_new_tokens": 24, "batch_size": 4}


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def table(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ---------------------------------------------------------------------- prompts of published templates


@pytest.mark.parametrize("family", FAMILIES)
def test_constraints_are_found_in_the_prompts_of_published_templates(family):
    tokenizer = tokenizer_of(family)
    task = Task(Tiny(per_cell=1).examples(0)[2], "with")
    text, spans = task.spanned
    for rendered in (prompt_text, direct_prompt_text):
        found = locate(tokenizer, rendered(tokenizer, messages(text)), text, spans)
        for mask, (start, end) in zip(found.constraints, spans, strict=True):
            covered = tokenizer.decode(
                [one for one, own in zip(found.ids, mask, strict=True) if own]
            )
            assert text[start:end] in covered and len(covered) < end - start + 20
    tail = Marks(tokenizer, frozenset()).tail(found.ids)
    assert tokenizer.decode(tail).strip() == "", "white space follows the closed block"


# ---------------------------------------------------------------------- records


@pytest.fixture(scope="module")
def base():
    found = one_model(str(BASE), Sampling(), 0, "float32")
    return Model(found.module, found.tokenizer, found.thinking)


@pytest.fixture(scope="module")
def prompts():
    return asked([Task(one, "with") for one in Tiny(per_cell=1).examples(0)[:6]], {}, "test")


@pytest.fixture(scope="module")
def records(base, prompts):
    settings = Attention("tiny", max_new_tokens=160)
    return [r for batch in attention_records(base, prompts, settings, 3) for r in batch]


def test_every_prompt_has_its_four_runs(records, prompts):
    kept = [one for one in records if not one.dropped]
    assert {one.key for one in records} == {one.task.key for one in prompts}
    assert len({one.key for one in kept}) >= 4, "the base model thinks and answers"
    for key in {one.key for one in kept}:
        own = {one.run: one for one in kept if one.key == key}
        assert list(own) == ["direct", "cot", "filler", "swapped"]
        assert own["direct"].num_reasoning_tokens == 0
        thought = own["cot"].num_reasoning_tokens
        assert (
            thought == own["filler"].num_reasoning_tokens == own["swapped"].num_reasoning_tokens > 0
        )
        answers = [own[run].num_answer_tokens for run in ("direct", "filler", "swapped")]
        assert len(set(answers)) == 1
        assert len({one.num_constraint_tokens for one in own.values()}) == 1
        assert own["direct"].num_prompt_tokens > own["cot"].num_prompt_tokens, "the closed block"
        assert own["cot"].outcome == ("tie" if own["cot"].score_cot == own["cot"].score_direct else
                                      "win" if own["cot"].score_cot > own["cot"].score_direct else "lose")  # fmt: skip
        assert own["filler"].met == own["direct"].met


def test_a_record_has_numbers_for_every_layer_and_is_read_back(records):
    for one in records:
        if one.dropped:
            continue
        for name in ("beta", "ratio_to_uniform", "prompt_share", "concentration", "control_beta"):
            values = getattr(one, name)
            assert len(values) == 4 and all(value > 0 for value in values), name
        assert all(value < 1 for value in one.prompt_share) and one.per_head is None
        assert np.shape(one.per_constraint) == (one.num_constraints, 4)
        assert (one.trace_reasoning[0] is None) is (one.run == "direct")
        again = AttentionRecord(**json.loads(json.dumps(one.__dict__)))
        assert again == one


def test_the_first_prompts_are_kept_token_by_token(records):
    shown = {one.key for one in records if one.shown}
    assert len(shown) <= 3
    one = next(one for one in records if one.shown and one.run == "cot")
    assert len(one.shown["tokens"]) == one.num_prompt_tokens == len(one.shown["constraint"])
    assert sum(map(bool, one.shown["constraint"])) == one.num_constraint_tokens
    assert np.shape(one.shown["attention"]) == (4, one.num_prompt_tokens)
    inside = np.array(one.shown["constraint"]) > 0
    assert np.array(one.shown["attention"])[:, inside].mean(1) == pytest.approx(one.beta, rel=1e-4)
    assert len(one.shown["alpha_bar"]) == one.num_reasoning_tokens + one.num_answer_tokens


def test_the_same_prompts_give_the_same_numbers(base, prompts, records):
    again = [r for b in attention_records(base, prompts, Attention("tiny", max_new_tokens=160), 3) for r in b]  # fmt: skip
    assert again == records


def test_what_was_measured_before_an_interruption_is_kept_by_whole_batches(base, prompts, records):
    """Two batches of three. Cut within the second, the first is left, and only the second is made again."""
    first = {one.task.key for one in prompts[:3]}
    number = sum(one.key in first for one in records)
    assert whole(prompts, records, 3) == records
    for cut in (number, number + 1, len(records) - 1):
        kept = whole(prompts, records[:cut], 3)
        assert kept == records[:number]
    assert whole(prompts, records[: number - 1], 3) == []
    settings, done = Attention("tiny", max_new_tokens=160), {one.key for one in kept}
    rest = list(attention_records(base, prompts, settings, 3, done))
    assert len(rest) == 1 and kept + rest[0] == records


def pair(**outcomes):
    """Of a direct and a CoT generation with these outcomes and texts."""
    task = Task(Example("p", "s", "q", None, (from_spec("punctuation:no_comma", {}, "t"),)), "with")

    def written(outcome, text):
        record = argparse.Namespace(outcome=outcome, completion=text, response_tokens=len(text))
        return Written(None, [], record)

    return Pair(0, asked([task], {}, "t")[0], written(*outcomes["direct"]), written(*outcomes["cot"]))  # fmt: skip


@pytest.mark.parametrize(
    "direct, cot, why",
    [
        (("no_thinking", "5"), ("closed", "<think>a</think>5"), None),
        (("closed", "<think>a</think>5"), ("closed", "<think>a</think>5"), "direct: thinks"),
        (("unterminated", "<think>a"), ("closed", "<think>a</think>5"), "direct: thinks"),
        (("no_thinking", " \n"), ("closed", "<think>a</think>5"), "direct: no answer"),
        (("no_thinking", "5"), ("unterminated", "<think>a"), "cot: thinking not closed"),
        (("no_thinking", "5"), ("no_thinking", "5"), "cot: no thinking"),
        (("no_thinking", "5"), ("closed", "<think>a</think>\n"), "cot: no answer"),
    ],
)
def test_a_prompt_without_a_pair_of_answers_is_dropped_with_its_reason(direct, cot, why):
    assert _fault(pair(direct=direct, cot=cot)) == why


def test_short_generations_are_counted_as_dropped(base, prompts):
    settings = Attention("tiny", max_new_tokens=3)
    (found,) = attention_records(base, prompts[:3], settings, 3)
    assert [one.dropped for one in found] == ["cot: thinking not closed"] * 3
    assert all(one.beta is None and one.run == "direct" for one in found)


# ---------------------------------------------------------------------- the sweep


def test_a_sweep_measures_each_checkpoint_once_and_writes_tables_and_pictures(runs, capsys):  # noqa: F811
    perturbed(runs / "a/checkpoint-5", 1)
    checkpoints = {"base": str(BASE), "checkpoints": {"a": ["a/checkpoint-5"]}}
    what = checkpoints | {"attention": SECTION, "sampling": SMALL}
    out = sweep(runs, capsys, **what)
    assert "2 checkpoints x (tiny: 12 completions), attention: 6 prompts; 4 of 4 jobs to do" in out
    assert "attention to constraints in answers" in out
    files = {path.relative_to(runs / "s/attention") for path in (runs / "s/attention").rglob("*.jsonl")}  # fmt: skip
    assert {str(path) for path in files} == {"base/0.jsonl", "a/5.jsonl"}
    found = lines(runs / "s/attention/base/0.jsonl")
    rows = table(runs / "s/attention.csv")
    betas = [np.mean(one["beta"]) for one in found if one["run"] == "direct" and not one["dropped"]]
    (row,) = [r for r in rows if (r["label"], r["run"], r["group"], r["measure"], r["quantity"], r["layer"])
              == ("base", "all seeds", "all", "beta", "direct", "")]  # fmt: skip
    assert float(row["value"]) == pytest.approx(np.mean(betas), rel=5e-3) and int(row["n"]) == len(betas)  # fmt: skip
    assert {r["step"] for r in rows if r["label"] == "a"} == {"5"}
    assert len({(r["layer"], r["head"]) for r in table(runs / "s/attention_heads.csv")}) == 16
    for stem in ("attention_trace", "attention_layers", "attention_curve", "curve"):
        assert all(
            (runs / f"s/{stem}.{end}").stat().st_size > 1000 for end in ("png", "svg", "pdf")
        )
    # the same command finds all of it, another sweep adopts what is the same, by content
    given = recipe(**what)
    assert all(job.file().complete() for job in Plan(given, "s.yaml", runs / "s").jobs())
    (job, *_) = [job for job in Plan(given, "s.yaml", runs / "u").jobs() if job.attention]
    assert Twins().adopt(job)
    assert job.path.read_bytes() == (runs / "s/attention/base/0.jsonl").read_bytes()


def test_what_decides_the_numbers_is_in_the_mark(runs):  # noqa: F811
    def mark(**more):
        section = SECTION | {key: more.pop(key) for key in list(more) if key in SECTION}
        whole_recipe = {"base": str(BASE), "attention": section, "sampling": SMALL} | more
        jobs = Plan(recipe(**whole_recipe), "s.yaml", runs / "s").jobs()
        (found,) = [job.mark for job in jobs if job.attention]
        return found

    first = mark()
    assert mark(title="x", num_workers=2) == first
    assert mark(sampling=SMALL | {"max_new_tokens": 25}) == first, "of the completions alone"
    others = [mark(num_prompts=5), mark(max_new_tokens=50), mark(per_head=False), mark(seed=1),
              mark(dtype="bfloat16"), mark(sampling=SMALL | {"batch_size": 3})]  # fmt: skip
    assert len({first, *others}) == 7


FREE = {"name": "tiny", "per_cell": 1, "steps": [1], "label": "free", "conditions": ["without"]}


@pytest.mark.parametrize(
    "section, more, said",
    [
        ({"benchmark": "tniy"}, {}, "attention: benchmark: found 'tniy'. Did you mean 'tiny'?"),
        ({"benchmark": "free"}, {"benchmarks": [FREE]}, "attention: benchmark: found 'free' without constraints"),
        ({"benchmark": "tiny"}, {"backend": {"name": "vllm"}}, "attention: found backend 'vllm'; expected transformers"),
        ({"benchmark": "tiny", "num_prompts": 0}, {}, "num_prompts: found 0; expected a number above 0"),
        ({"benchmark": "tiny", "spans": "nowhere.jsonl"}, {}, "nowhere.jsonl: no such file"),
        ({}, {}, "attention: missing key 'benchmark'"),
    ],
)  # fmt: skip
def test_a_bad_section_is_one_line_before_any_model_is_loaded(runs, section, more, said):  # noqa: F811
    with pytest.raises(UserError, match=said) as caught:
        sweep(runs, None, **({"base": str(runs / "no model"), "attention": section} | more))
    assert "\n" not in str(caught.value)


def test_without_the_section_nothing_is_measured(runs, capsys):  # noqa: F811
    out = sweep(runs, capsys, base=str(BASE), sampling=SMALL)
    assert "1 checkpoints x (tiny: 12 completions); 1 of 1 jobs" in out
    assert not (runs / "s/attention").exists() and not (runs / "s/attention.csv").exists()


# ---------------------------------------------------------------------- the commands


def test_one_checkpoint_on_free_prompts(tmp_path, monkeypatch, capsys):
    path = tmp_path / "prompts.jsonl"
    rows = [
        {"prompt": "What is 2 + 3? Use no comma.", "constraints": ["Use no comma."]},
        {"id": "two", "prompt": "What is 4 + 4? Be short. Say yes.", "constraints": ["Be short.", "Say yes."]},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = [str(BASE), "--prompts", str(path), "--out", str(tmp_path / "out"), "--max-new-tokens", "150"]  # fmt: skip
    command.main(command.arguments().parse_args(words))
    found = lines(tmp_path / "out/attention.jsonl")
    assert {one["problem"] for one in found} == {"prompt 1", "two"}
    assert all(one["outcome"] is None for one in found)
    assert (tmp_path / "out/attention.csv").is_file()
    stamp = (tmp_path / "out/attention.jsonl").stat().st_mtime_ns
    command.main(command.arguments().parse_args(words))
    assert (tmp_path / "out/attention.jsonl").stat().st_mtime_ns == stamp, "found again"


@pytest.mark.parametrize(
    "row, said",
    [
        ({"prompt": "A. A.", "constraints": ["A."]}, "jsonl:1: prompt 1: constraint 'A.': found more than once"),
        ({"prompt": "A.", "constraints": "A."}, "jsonl:1: found keys prompt, constraints; expected prompt"),
        ({"prompt": "A.", "constraints": []}, "jsonl:1: prompt 1: found no constraint"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named(tmp_path, row, said):
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    with pytest.raises(UserError, match=said):
        command.free_prompts(path)


@pytest.fixture
def judge():
    """An OpenAI-compatible server that copies the last sentence of the instruction; of one it makes something up."""

    def answer(prompt):
        last = prompt.strip().rpartition(r"\boxed{}.")[2].strip()
        return json.dumps(["No such passage." if "magic" in prompt else last])

    with judges.judge(answer) as url:
        yield url


def test_a_judge_fills_the_file_of_passages(tmp_path, judge, monkeypatch):
    out = tmp_path / "spans.jsonl"
    words = ["--benchmark", "{name: tiny, per_cell: 1, steps: [1]}", "--judge-model", "m", "--judge-url", judge,
             "--cache", str(tmp_path / "cache"), "--out", str(out)]  # fmt: skip
    expected = {one.id: Task(one, "with") for one in Tiny(per_cell=1, steps=(1,)).examples(0)}
    made_up = {key for key, task in expected.items() if "magic" in task.prompt}
    if made_up:
        with pytest.raises(
            UserError, match=f"{len(made_up)} prompts are left out; add them by hand"
        ):
            extract.main(extract.arguments().parse_args(words))
    else:
        extract.main(extract.arguments().parse_args(words))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert {row["id"] for row in rows} == set(expected) - made_up
    free = [Task(replace(expected[row["id"]].example, text=row["text"]), "with") for row in rows]
    found = asked(free, {row["id"]: row["constraints"] for row in rows}, "t")
    for one in found:
        ((start, end),) = one.prompt.spans
        assert one.prompt.text.endswith(one.prompt.text[start:end])


def test_the_command_says_what_it_wants():
    for parser in (command.arguments(), extract.arguments()):
        assert "PROMPTS" in parser.format_help() or "judge" in parser.format_help()
    assert AutoTokenizer.from_pretrained(BASE).is_fast
