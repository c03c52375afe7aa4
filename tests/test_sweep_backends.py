"""Backends beside transformers: a server that fails now and then, in a process of its own, and vLLM's stand-in."""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from eval.backends import How, build_backend
from eval.checkpoints import weights_of
from eval.generate import Prompt
from eval.weights import Weights
from recipes.errors import UserError
from recipes.schema import Sampling
from tests.support import free_port
from tests.test_sweep_engine import BASE, ROOT, adapter, perturbed, records, runs, sweep

__all__ = ["runs"]
TOKENIZER = AutoTokenizer.from_pretrained(BASE)


@pytest.fixture
def server(tmp_path):
    """(base url, requests(): what was asked so far)"""
    port, log = free_port(), tmp_path / "requests"
    command = [sys.executable, str(ROOT / "tests/openai_server.py"), port, str(log)]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(port)), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
    yield (
        f"http://127.0.0.1:{port}/v1",
        lambda: [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()],
    )
    process.kill()
    process.wait()


def engine(url, model="m", sampling=None, told=None, **settings):
    entry = {"name": "openai", "base_url": url, "tokenizer": str(BASE)} | settings
    how = How(sampling or Sampling(50, 0.7, 0.9), 0, "cpu", chat_template_kwargs=told or {})
    found = build_backend(entry, "s.yaml").engine(how)
    found.load(Weights(model), model)
    return found


def ask(count, sample=0):
    return [
        Prompt(f"p{n}", [{"role": "user", "content": f"What is {n}?"}], sample)
        for n in range(count)
    ]


def answers(found, prompts, done=()):
    return dict(pair for batch in found.generate(prompts, done) for pair in batch)


def test_what_fails_for_the_moment_is_asked_again(server):
    url, requests = server
    found = engine(url, max_concurrency=4, extra_body={"top_k": 20}, told={"enable_thinking": True})
    got = answers(found, ask(20))
    assert sorted(got) == list(range(20))
    for index, one in got.items():
        assert one.text == f"<think>\nWhat is {index}?\n</think>\nIt is 4." and not one.truncated
        assert one.token_ids == TOKENIZER.encode(one.text, add_special_tokens=False)
    seen = requests()
    codes = [one["status"] for one in seen]
    # the prompts in the order of their first request: 6 of 20 by 3, and 5, 10, 20 by 5
    assert (codes.count(200), codes.count(429), codes.count(500)) == (20, 6, 3)
    assert 2 <= max(one["open"] for one in seen) <= 4
    first = seen[0]
    assert first["path"] == "/v1/chat/completions" and first["model"] == "m"
    assert (first["max_tokens"], first["temperature"], first["top_p"], first["top_k"]) == (
        50,
        0.7,
        0.9,
        20,
    )
    assert first["chat_template_kwargs"] == {"enable_thinking": True}


def test_seeds_are_of_prompt_sample_and_checkpoint(server):
    url, requests = server
    for model, sample in (("m", 0), ("m", 1), ("n", 0), ("m", 0)):
        answers(engine(url, model), ask(2, sample))
    seeds = {}
    for one in requests():
        seeds.setdefault((one["model"], one["prompt"]), set()).add(one["seed"])
    assert sorted(map(len, seeds.values())) == [1, 1, 2, 2]
    assert len(set().union(*seeds.values())) == 6


def test_what_is_done_is_not_asked(server):
    url, requests = server
    assert sorted(answers(engine(url), ask(4), done={0, 2})) == [1, 3]
    assert {one["prompt"] for one in requests()} == {"What is 1?", "What is 3?"}


def test_the_rate_is_limited(server):
    """600 a minute are a tenth of a second apart: 8 take 0.7 seconds from the first to the last."""
    url, requests = server
    answers(engine(url, requests_per_minute=600.0), ask(8))
    firsts = {}
    for one in requests():
        firsts.setdefault(one["prompt"], one["at"])
    assert 0.6 < max(firsts.values()) - min(firsts.values()) < 3


@pytest.mark.parametrize(
    "model, text, truncated, lengths",
    [
        ("parsed", "<think>\n2+2\n</think>\n\nIt is 4.", False, True),
        ("cut", "<think>\n2+", True, False),
    ],
)
def test_reasoning_that_the_server_took_out_is_put_back(server, model, text, truncated, lengths):
    found = engine(server[0], model)
    (one,) = answers(found, ask(1)).values()
    assert (one.text, one.truncated) == (text, truncated)
    completion, reasoning = found.thinking.read(one.text, one.token_ids)
    assert completion.response == ("It is 4." if lengths else "")
    assert 0 < reasoning <= len(one.token_ids) and (reasoning < len(one.token_ids)) is lengths


@pytest.mark.parametrize("model, status, tries", [("broken", 500, 3), ("unknown", 404, 1)])
def test_what_fails_for_good_is_one_line(server, model, status, tries):
    url, requests = server
    with pytest.raises(UserError, match=rf"backend: http.*: {model}: .*no such luck \({status}\)"):
        answers(engine(url, model, max_retries=2), ask(1))
    assert len(requests()) == tries


def test_a_sweep_over_names_at_a_server(runs, server, capsys):
    url, requests = server
    what = {
        "backend": {"name": "openai", "base_url": url, "tokenizer": str(BASE)},
        "checkpoints": {"small": ["m"], "large": ["parsed"]},
    }
    assert "2 of 2 jobs to do" in sweep(runs, capsys, **what)
    found = records(runs / "s/records/large/0/tiny.jsonl")
    assert len(found) == 12
    assert all(row["reasoning_tokens"] and row["response_tokens"] for row in found.values())
    before = len(requests())
    assert "0 of 2 jobs to do" in sweep(runs, capsys, **what) and len(requests()) == before


def test_settings_are_checked_and_runs_are_not_served(runs):
    with pytest.raises(UserError, match=r"s.yaml: backend: unknown key 'rpm'"):
        build_backend({"name": "openai", "base_url": "x", "rpm": 1}, "s.yaml")
    with pytest.raises(UserError, match=r"backend: max_concurrency: found 0"):
        build_backend({"name": "openai", "base_url": "x", "max_concurrency": 0}, "s.yaml")
    with pytest.raises(UserError, match=r"runs: found a with a served backend"):
        sweep(runs, runs={"a": ["a"]}, backend={"name": "openai", "base_url": "x"})


# ---------------------------------------------------------------------- vLLM, without a GPU


class StandIn:
    """vllm.LLM as far as the backend uses it: it writes the number of the checkpoint, then the end."""

    made: list = []  # noqa: RUF012  # emptied by the fixture

    def __init__(self, model, **args):
        self.model, self.args, self.calls, self.loaded, self.resets = model, args, [], [], 0
        inner = SimpleNamespace(load_weights=lambda pairs: self.loaded.append(dict(pairs)))
        worker = SimpleNamespace(driver_worker=SimpleNamespace(model_runner=SimpleNamespace(model=inner)))  # fmt: skip
        self.llm_engine = SimpleNamespace(model_executor=worker)
        StandIn.made.append(self)

    def reset_prefix_cache(self):
        self.resets += 1

    def generate(self, prompts, sampling_params, use_tqdm, lora_request):
        self.calls.append((prompts, sampling_params, lora_request))
        out = SimpleNamespace(token_ids=(7, 8, 2), finish_reason="stop")
        return [SimpleNamespace(outputs=[out]) for _ in prompts]


@pytest.fixture
def vllm(monkeypatch):
    StandIn.made.clear()
    package, lora, request = (ModuleType(name) for name in ("vllm", "vllm.lora", "vllm.lora.request"))  # fmt: skip
    package.LLM = StandIn
    package.SamplingParams = lambda **keys: keys
    request.LoRARequest = lambda *parts: parts
    for module in (package, lora, request):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")
    return StandIn.made


def by_vllm(**args):
    how = How(Sampling(50, 0.7, 0.9, batch_size=2), 0, "cpu", "bfloat16")
    return build_backend({"name": "vllm", "args": args}, "s.yaml").engine(how)


def test_vllm_is_built_once_and_takes_further_weights(runs, vllm, tmp_path):
    found = by_vllm(max_model_len=512)
    folder = perturbed(tmp_path / "p", 1)
    base, other = Weights(str(BASE)), Weights(str(folder))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}), encoding="utf-8")  # fmt: skip
    found.load(base, "base")
    (llm,) = vllm
    assert llm.model == str(BASE) and llm.loaded == []
    assert llm.args == {"dtype": "bfloat16", "seed": 0, "max_model_len": 512}
    found.load(other, "other")
    found.load(Weights(str(BASE), other=str(folder), share=0.5), "half")
    found.load(other, "other")
    assert len(vllm) == 1 and llm.resets == 3
    one, two = (load_file(path / "model.safetensors") for path in (BASE, folder))
    assert all(torch.equal(weight, llm.loaded[0][name]) for name, weight in two.items())
    name = "model.norm.weight"
    torch.testing.assert_close(llm.loaded[1][name], (one[name].float() + two[name].float()) / 2)
    assert torch.equal(llm.loaded[2][name], two[name])


def test_vllm_is_asked_in_ids_with_seeds_and_stops(runs, vllm):
    found = by_vllm()
    found.load(weights_of(str(BASE), "x"), "base")
    got = answers(found, ask(3))
    assert [got[n].token_ids for n in range(3)] == [[7, 8, 2]] * 3 and not got[0].truncated
    assert got[0].text == TOKENIZER.decode([7, 8, 2], skip_special_tokens=True)
    calls = vllm[0].calls
    assert [len(prompts) for prompts, _, _ in calls] == [2, 1], "batches of two"
    chat = ask(1)[0].messages
    expected = TOKENIZER.apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    assert expected in [one["prompt_token_ids"] for prompts, _, _ in calls for one in prompts]
    params = [one for _, some, _ in calls for one in some]
    assert len({one["seed"] for one in params}) == 3
    assert {(one["max_tokens"], one["temperature"], one["top_p"]) for one in params} == {
        (50, 0.7, 0.9)
    }
    assert all(TOKENIZER.eos_token_id in one["stop_token_ids"] for one in params)


def test_vllm_takes_adapters_as_requests(runs, vllm, tmp_path):
    found = by_vllm()
    for seed in (1, 2):
        found.load(weights_of(str(adapter(tmp_path / str(seed), seed)), "x"), str(seed))
        answers(found, ask(1))
    (llm,) = vllm
    assert llm.args["enable_lora"] and llm.loaded == []
    assert [call[2] for call in llm.calls] == [
        ("adapter1", 1, str(tmp_path / "1")),
        ("adapter2", 2, str(tmp_path / "2")),
    ]


@pytest.mark.skipif(Path(sys.prefix, "lib/python3.11/site-packages/vllm").exists(), reason="vllm")
def test_without_vllm_the_remedy_is_named():
    with pytest.raises(UserError, match=r"backend: vllm: found no such package .*requirements-gpu"):
        by_vllm()
