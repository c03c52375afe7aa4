"""Published chat templates, from prompt to the last token of a completion: what is rendered once, what is trained, what ends
a turn. The templates are the published files (tests/families.py); what is expected of them stands here by hand."""

import argparse
import json
from types import SimpleNamespace

import pytest
import torch
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOTrainer, ModelConfig, SFTConfig, SFTTrainer

import train.grpo
from data.chat import (
    cut_rows,
    direct_prompt_text,
    opens_thinking,
    prompt_ids,
    prompt_text,
    set_defaults,
    training_row,
    training_rows,
    within,
)
from data.decoding import eos_ids
from data.decontaminate import Decontaminator
from data.example import completion
from data.prompt import messages
from data.sources import build_sources, load_mixture
from data.tokenizer import Thinking, load_chat_tokenizer, tokens_through_close
from eval.backends.transformers import one_model
from eval.generate import Prompt
from recipes.errors import UserError
from recipes.schema import Sampling
from tests.families import FAMILIES, save, tokenizer_of
from train.model import load_model
from train.rewards.think_format import ThinkFormat
from train.samples import SampleReader

CHAT = messages("What is 1 + 2?")
TARGET = completion("1 + 2 = 3.", r"It is \boxed{3}.")
BOS = {"r1-distill": "<｜begin▁of▁sentence｜>", "llama-3": "<|begin_of_text|>"}
TURN_END = {
    "qwen2.5": "<|im_end|>",
    "qwen2.5-instruct": "<|im_end|>",
    "qwen3": "<|im_end|>",
    "r1-distill": "<｜end▁of▁sentence｜>",
    "llama-3": "<|eot_id|>",
    "tiny": "<|im_end|>",
}
families = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("families")
    return {family: save(family, folder / family) for family in FAMILIES}


def load(path, **kwargs):
    return load_chat_tokenizer(path, "x.yaml", kwargs)


# ---------------------------------------------------------------------- prompts


PROMPTS = {
    "qwen2.5": "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n"
    "<|im_start|>user\nWhat is 1 + 2?<|im_end|>\n<|im_start|>assistant\n",
    "qwen3": "<|im_start|>user\nWhat is 1 + 2?<|im_end|>\n<|im_start|>assistant\n",
    "r1-distill": "<｜begin▁of▁sentence｜><｜User｜>What is 1 + 2?<｜Assistant｜><think>\n",
    "llama-3": "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWhat is 1 + 2?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
}


@pytest.mark.parametrize("family, text", PROMPTS.items())
def test_a_prompt_is_the_templates(family, text, checkpoints):
    tokenizer = load(checkpoints[family])
    assert prompt_text(tokenizer, CHAT) == text
    assert tokenizer.decode(prompt_ids(tokenizer, CHAT)) == text


@families
def test_grpo_tokenises_a_prompt_as_evaluation_does(family, checkpoints):
    tokenizer = load(checkpoints[family])
    trainer = SimpleNamespace(
        processing_class=tokenizer, tools=None, chat_template=None, chat_template_kwargs={},
        environment_factories=None, _is_vlm=False,
    )  # fmt: skip
    ids, _, _ = GRPOTrainer._tokenize_prompts(trainer, [CHAT])
    assert ids == [prompt_ids(tokenizer, CHAT)]


@pytest.mark.parametrize("family, bos", BOS.items())
def test_there_is_one_bos(family, bos, checkpoints):
    tokenizer = load(checkpoints[family])
    # The trap: the tokenizer writes another in front of rendered text.
    assert tokenizer(prompt_text(tokenizer, CHAT)).input_ids.count(tokenizer.bos_token_id) == 2
    row = training_row(tokenizer, CHAT, TARGET)
    for ids in (prompt_ids(tokenizer, CHAT), row["input_ids"]):
        assert ids[0] == tokenizer.convert_tokens_to_ids(bos) and bos not in tokenizer.decode(
            ids[1:]
        )


def test_a_system_prompt_takes_the_place_of_the_templates_own(checkpoints):
    sources = build_sources(({"name": "tiny", "num_rows": 2},), "test")
    tokenizer = load(checkpoints["qwen2.5"])
    off = Decontaminator(None, "test")
    plain, told = (
        load_mixture(sources, 0, off, system)[0]["prompt"] for system in (None, "Be brief.")
    )
    assert told == [{"role": "system", "content": "Be brief."}, *plain]
    assert prompt_text(tokenizer, told).startswith(
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"
    )
    assert "You are Qwen" in prompt_text(tokenizer, plain)


def test_earlier_reasoning_leaves_the_prompt(checkpoints):
    chat = [*CHAT, {"role": "assistant", "content": TARGET}, *messages("And 2 + 2?")]
    for family in ("qwen3", "r1-distill"):
        text = prompt_text(load(checkpoints[family]), chat)
        assert "1 + 2 = 3." not in text and r"It is \boxed{3}." in text


# ---------------------------------------------------------------------- thinking on and off


def test_thinking_is_switched_off_and_the_checkpoint_remembers(checkpoints, tmp_path):
    tokenizer = load(checkpoints["qwen3"], enable_thinking=False)
    text = PROMPTS["qwen3"] + "<think>\n\n</think>\n\n"
    assert prompt_text(tokenizer, CHAT) == text
    tokenizer.save_pretrained(tmp_path)
    again = load(str(tmp_path))
    assert prompt_text(again, CHAT) == text and not Thinking.of(again).prefilled
    # Whoever asks for it gets it: a default of the template, and a default over that default.
    on = again.apply_chat_template(CHAT, add_generation_prompt=True, tokenize=False, enable_thinking=True)  # fmt: skip
    assert on == PROMPTS["qwen3"] == prompt_text(load(str(tmp_path), enable_thinking=True), CHAT)


@pytest.mark.parametrize(
    "family, prefilled", [("qwen3", False), ("r1-distill", True), ("qwen2.5", False), ("llama-3", False)]
)  # fmt: skip
def test_who_opens_the_thinking(family, prefilled, checkpoints):
    assert Thinking.of(load(checkpoints[family])).prefilled is prefilled


@pytest.mark.parametrize(
    "family, block",
    [
        ("qwen3", "<think>\n\n</think>\n\n"),  # its template's own
        ("r1-distill", "\n</think>\n"),  # whose template opens it
        ("qwen2.5", "<think>\n\n</think>\n"),
        ("llama-3", "<think>\n\n</think>\n"),
    ],
)
def test_a_direct_prompt_is_the_prompt_and_a_closed_thinking_block(family, block, checkpoints):
    text = direct_prompt_text(load(checkpoints[family]), CHAT)
    assert text == PROMPTS[family] + block and not opens_thinking(text)


@pytest.mark.parametrize("key, value", [("enable_thinking", None), ("a b", 1), ("a", [1])])
def test_what_a_template_cannot_be_told_is_one_line(key, value, checkpoints):
    tokenizer = AutoTokenizer.from_pretrained(checkpoints["qwen3"])
    with pytest.raises(
        UserError, match=rf"^x.yaml: chat_template_kwargs: {key}: found .*; expected"
    ):
        set_defaults(tokenizer, {key: value}, "x.yaml")


def test_texts_reach_the_template_as_they_are():
    tokenizer = AutoTokenizer.from_pretrained("data/tiny/base_model")
    tokenizer.chat_template = "{{ note }}|{{ messages[0].content }}"
    set_defaults(tokenizer, {"note": 'é "%} \\n'}, "x.yaml")
    assert tokenizer.apply_chat_template(CHAT, tokenize=False) == 'é "%} \\n|What is 1 + 2?'


def test_a_tokenizer_without_a_template_is_one_line(checkpoints, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(checkpoints["llama-3"])
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path)
    with pytest.raises(UserError, match="found no chat template; expected one") as error:
        load(str(tmp_path))
    assert str(error.value).startswith("x.yaml: ") and "\n" not in str(error.value)


# ---------------------------------------------------------------------- what SFT trains


TRAINED = {
    "qwen2.5": TARGET + "<|im_end|>\n",
    "qwen3": TARGET.replace("</think>\n", "</think>\n\n") + "<|im_end|>\n",  # the template's own spelling
    "r1-distill": TARGET.removeprefix("<think>\n") + "<｜end▁of▁sentence｜>",
    "llama-3": TARGET + "<|eot_id|>",
    "tiny": TARGET + "<|im_end|>\n",
}  # fmt: skip


def trained(tokenizer, ids, labels):
    return tokenizer.decode([token for token, label in zip(ids, labels, strict=True) if label != -100])  # fmt: skip


@pytest.mark.parametrize("family, text", TRAINED.items())
def test_sft_trains_the_completion_with_its_end_and_nothing_of_the_prompt(
    family, text, checkpoints, tmp_path
):
    """Through SFTTrainer: its labels, its padding, its truncation."""
    tokenizer = load(checkpoints[family])
    model = AutoModelForCausalLM.from_pretrained(checkpoints[family])
    rows = [
        {
            "prompt": CHAT,
            "completion": [{"role": "assistant", "content": content}],
            "id": str(number),
        }
        for number, content in enumerate((TARGET, completion("1 + 2 = 3. " * 9, "3.")))
    ]
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(str(tmp_path), use_cpu=True, bf16=False, report_to="none", max_length=400),
        train_dataset=training_rows(Dataset.from_list(rows), tokenizer),
        processing_class=tokenizer,
    )
    short = trainer.train_dataset[0]
    start = len(prompt_ids(tokenizer, CHAT))
    assert short["input_ids"][:start] == prompt_ids(tokenizer, CHAT)
    assert set(short["labels"][:start]) == {-100} and -100 not in short["labels"][start:]
    assert trained(tokenizer, short["input_ids"], short["labels"]) == text
    assert tokenizer.decode(short["input_ids"]).count("<think>") == 1
    # Padded with the end-of-text token (Llama-3, R1) or not: the row's own end stays a label, padding never is one.
    columns = ("input_ids", "labels")
    batch = trainer.data_collator(
        [{key: row[key] for key in columns} for row in trainer.train_dataset]
    )
    labels = batch["labels"][0].tolist()
    assert labels[: len(short["labels"])] == short["labels"]
    assert len(labels) > len(short["labels"]) and set(labels[len(short["labels"]) :]) == {-100}


@pytest.mark.parametrize("family", ["qwen2.5", "qwen3", "llama-3", "tiny"])
def test_a_row_is_trls_own_where_the_template_keeps_the_reasoning(family, checkpoints):
    tokenizer = load(checkpoints[family])
    chat = [*CHAT, {"role": "assistant", "content": TARGET}]
    assert training_row(tokenizer, CHAT, TARGET)["input_ids"] == tokenizer.apply_chat_template(
        chat, return_dict=False
    )


def test_r1s_template_would_drop_the_reasoning(checkpoints):
    tokenizer = load(checkpoints["r1-distill"])
    chat = [*CHAT, {"role": "assistant", "content": TARGET}]
    assert "1 + 2 = 3." not in tokenizer.apply_chat_template(chat, tokenize=False)
    row = training_row(tokenizer, CHAT, TARGET)
    assert tokenizer.decode(row["input_ids"]) == PROMPTS["r1-distill"] + TRAINED["r1-distill"]


@pytest.mark.parametrize(
    "family, kwargs, text, said",
    [
        ("r1-distill", {}, "It is 3.", "expected <think>, which the chat template opens"),
        ("qwen3", {"enable_thinking": False}, TARGET, "expected no reasoning, since the chat template switches it off"),
    ],
)  # fmt: skip
def test_a_target_that_does_not_fit_the_template_is_named(family, kwargs, text, said, checkpoints):
    row = {"prompt": CHAT, "completion": [{"role": "assistant", "content": text}], "id": "7"}
    with pytest.raises(UserError, match=rf"^data: row 7: completion: found .*{said}"):
        training_rows(Dataset.from_list([row]), load(checkpoints[family], **kwargs))


def test_a_target_without_reasoning_follows_the_empty_block(checkpoints):
    tokenizer = load(checkpoints["qwen3"], enable_thinking=False)
    row = training_row(tokenizer, CHAT, "It is 3.")
    text = "<|im_start|>user\nWhat is 1 + 2?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nIt is 3.<|im_end|>\n"
    assert tokenizer.decode(row["input_ids"]) == text
    learnt = [token for token, bit in zip(*row.values(), strict=True) if bit]
    assert tokenizer.decode(learnt) == "It is 3.<|im_end|>\n"


# ---------------------------------------------------------------------- where a completion ends


@families
def test_the_end_of_a_turn_ends_generation_and_is_saved(family, checkpoints, tmp_path):
    tokenizer = load(checkpoints[family])
    model = load_model(ModelConfig(checkpoints[family]), tokenizer, {}, "x.yaml")
    ends = {*FAMILIES[family].ends, TURN_END[family]}
    assert set(tokenizer.convert_ids_to_tokens(eos_ids(model, tokenizer))) == ends
    model.save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "generation_config.json").read_text(encoding="utf-8"))
    assert set(tokenizer.convert_ids_to_tokens(saved["eos_token_id"])) == ends


def writes_only(path, folder, token):
    """A copy of a checkpoint that always writes this token: its hidden state is constant."""
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        model.model.embed_tokens.weight.fill_(1.0)
        model.model.norm.weight.fill_(1.0)
        model.lm_head.weight[tokenizer.convert_tokens_to_ids(token)] = 1.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize("family", ["qwen2.5", "llama-3", "r1-distill"])
def test_evaluation_stops_at_the_end_of_a_turn(family, checkpoints, tmp_path):
    path = writes_only(checkpoints[family], tmp_path, TURN_END[family])
    ((pair,),) = one_model(path, Sampling(max_new_tokens=8), 0).generate([Prompt("x", CHAT)])
    tokenizer = tokenizer_of(family)
    assert pair[1].token_ids == [tokenizer.convert_tokens_to_ids(TURN_END[family])]
    assert pair[1].text == "" and not pair[1].truncated


def test_evaluation_of_a_model_that_was_not_trained_here_can_switch_thinking_off(checkpoints):
    how = Sampling(max_new_tokens=1)
    generator = one_model(
        checkpoints["qwen3"], how, 0, chat_template_kwargs={"enable_thinking": False}
    )
    assert prompt_text(generator.tokenizer, CHAT).endswith("<think>\n\n</think>\n\n")


@pytest.mark.parametrize("family", ["qwen2.5", "llama-3"])
def test_a_rollout_stops_at_the_end_of_a_turn(family, checkpoints, tmp_path, monkeypatch):
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path / "runs"))
    path = writes_only(checkpoints[family], tmp_path / "model", TURN_END[family])
    trainer = {
        "max_steps": 1, "save_steps": 1, "logging_steps": 1, "per_device_train_batch_size": 4, "num_generations": 4,
        "max_completion_length": 8, "temperature": 0.01, "use_cpu": True, "bf16": False,
    }  # fmt: skip
    recipe = {
        "name": "stops", "seed": 0, "model": {"model_name_or_path": path}, "data": [{"name": "tiny", "num_rows": 4}],
        "rewards": [{"name": "answer"}], "trainer": trainer, "chat_template_kwargs": {"enable_thinking": False},
    }  # fmt: skip
    config = tmp_path / "stops.yaml"
    config.write_text(json.dumps(recipe), encoding="utf-8")
    train.grpo.main(argparse.Namespace(config=str(config), overrides=[], dry_run=False))
    state = json.loads(
        (tmp_path / "runs/stops/checkpoint-1/trainer_state.json").read_text(encoding="utf-8")
    )
    logged = state["log_history"][0]
    assert logged["completions/mean_length"] == 1
    assert logged["completions/clipped_ratio"] == 0 == logged["alarms/truncated"]
    template = load(str(tmp_path / "runs/stops/checkpoint-1")).chat_template
    assert template.startswith("{%- if enable_thinking is not defined %}")


# ---------------------------------------------------------------------- reading completions


@given(
    st.lists(
        st.sampled_from(["<think>", "</think>", "</thi", "nk>", "3", " é", "\n", "x = 1"]),
        max_size=9,
    )
)
def test_reasoning_is_counted_where_its_closing_tag_is_several_tokens(parts):
    tokenizer = tokenizer_of("qwen2.5")
    text = "".join(parts)
    ids = tokenizer.encode(text)
    thinking = Thinking.of(tokenizer)
    assert thinking.close_id is None
    completion, count = thinking.read(text, ids)
    tags = text.count("</think>")
    if completion.outcome == "closed":
        # The shortest beginning that has all closing tags.
        assert (
            tokenizer.decode(ids[:count]).count("</think>")
            == tags
            > tokenizer.decode(ids[: count - 1]).count("</think>")
        )
    else:
        assert count == (len(ids) if completion.outcome == "unterminated" else 0)


def test_a_token_that_holds_more_than_the_tag_counts_whole():
    assert tokens_through_close(["a", "</", "think", ">\n\n", "b"]) == 4
    assert tokens_through_close(["a</think>", "b"]) == 1
    assert tokens_through_close(["</think>", "a", "</th", "ink>", "b", "c"]) == 4
    assert tokens_through_close(["a", "b"]) == 0 == tokens_through_close([])


@pytest.mark.parametrize(
    "family, text, paid",
    [
        ("qwen2.5", "<think>\n3\n</think>\nIt is 3.", 1.0),
        ("qwen2.5", "3\n</think>\nIt is 3.", 0.0),  # nobody opened it
        ("r1-distill", "3\n</think>\nIt is 3.", 1.0),  # the template did
        ("r1-distill", "3", 0.0),
    ],
)  # fmt: skip
def test_the_format_reward_asks_for_both_tags(family, text, paid):
    tokenizer = tokenizer_of(family)
    reader = SampleReader(Thinking.of(tokenizer), frozenset({0}), num_generations=1)
    columns = {"answer": ["3"], "constraints": ["[]"], "id": ["a"]}
    samples = reader.read(
        [text], [tokenizer.encode(text, add_special_tokens=False)], columns, None, None
    )
    assert ThinkFormat().score(samples) == [paid]


def test_long_prompts_are_left_out_and_counted(checkpoints, capsys):
    tokenizer = load(checkpoints["qwen3"])
    rows = Dataset.from_list([{"prompt": CHAT}, {"prompt": messages("What is 1 + 2? " * 9)}])
    limit = len(prompt_ids(tokenizer, CHAT))
    assert within(rows, tokenizer, limit).to_list() == [{"prompt": CHAT}]
    assert f"1 of 2 prompts are longer than {limit} tokens and left out" in capsys.readouterr().out
    assert len(within(rows, tokenizer, 10**6)) == 2


@pytest.mark.parametrize(
    "max_length, mode, completions_only, kept, said",
    [
        (None, "keep_start", True, {"a": [1, 2, 3, 4], "b": [5, 6, 7]}, ""),
        (3, "keep_start", True, {"a": [1, 2, 3], "b": [5, 6, 7]}, ""),
        (2, "keep_start", True, {"b": [5, 6]}, "1 of 2 rows have no target within 2 tokens"),
        (2, "keep_start", False, {"a": [1, 2], "b": [5, 6]}, ""),
        (2, "keep_end", True, {"a": [3, 4], "b": [6, 7]}, ""),
    ],
)
def test_rows_are_cut(max_length, mode, completions_only, kept, said, capsys):
    rows = Dataset.from_list(
        [
            {"id": "a", "input_ids": [1, 2, 3, 4], "completion_mask": [0, 0, 1, 1]},
            {"id": "b", "input_ids": [5, 6, 7], "completion_mask": [0, 1, 1]},
        ]
    )
    found = cut_rows(rows, max_length, mode, completions_only)
    assert dict(zip(found["id"], found["input_ids"], strict=True)) == kept
    assert all(map(lambda ids, mask: len(ids) == len(mask), found["input_ids"], found["completion_mask"]))  # fmt: skip
    out = capsys.readouterr().out
    assert said in out and bool(said) == bool(out)
