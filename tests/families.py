"""Tiny stand-ins for published models: their architecture, the shape of their tokenizer, their own chat template, and random
weights.

Templates are the published ones, from the files that TRL ships; the tokens that matter have their published names and roles.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import trl
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    PretrainedConfig,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
)
from transformers.models.auto import AutoModelForCausalLM

TEMPLATES = Path(trl.__file__).parent / "chat_templates"
TINY = "data/tiny/base_model"
THINK = ("<think>", "</think>")
TEXT = "Let's think step by step. <think>\nThe answer is 1 + 2 = 3.\n</think>\n\n\\boxed{3} system user assistant\n"


@dataclass(frozen=True)
class Family:
    """special, plain: its added tokens; ends: those of its generation config; bos: written by the tokenizer where it is
    asked for special tokens, and by the template."""

    template: str
    config: type[PretrainedConfig]
    special: tuple[str, ...]
    eos: str
    ends: tuple[str, ...]
    pad: str | None = None
    bos: str | None = None
    plain: tuple[str, ...] = ()


CHATML = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
FAMILIES = {
    # A base model: its template ends turns with <|im_end|>, its config and tokenizer stop at <|endoftext|> only.
    "qwen2.5": Family("qwen2_5", Qwen2Config, CHATML, CHATML[0], CHATML[:1], pad=CHATML[0]),
    "qwen2.5-instruct": Family("qwen2_5", Qwen2Config, CHATML, CHATML[2], (CHATML[2], CHATML[0]), pad=CHATML[0]),
    "qwen3": Family("qwen3", Qwen3Config, CHATML, CHATML[2], (CHATML[2], CHATML[0]), pad=CHATML[0], plain=THINK),
    # The template opens <think>.
    "r1-distill": Family(
        "deepseek_r1_distill", Qwen2Config, ("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"),
        eos="<｜end▁of▁sentence｜>", ends=("<｜end▁of▁sentence｜>",), pad="<｜end▁of▁sentence｜>",
        bos="<｜begin▁of▁sentence｜>", plain=("<｜User｜>", "<｜Assistant｜>", *THINK),
    ),
    # As first released: the config stops at <|end_of_text|>, turns end with <|eot_id|>, and nothing pads.
    "llama-3": Family(
        "llama3", LlamaConfig,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        eos="<|end_of_text|>", ends=("<|end_of_text|>",), bos="<|begin_of_text|>",
    ),
    # The tiny world's own, with its own tokenizer.
    "tiny": Family("", LlamaConfig, (), eos=CHATML[2], ends=CHATML[2:], pad=CHATML[0]),
}  # fmt: skip


def family_of(model: str) -> str:
    """The stand-in for a model that a recipe names."""
    name = model.lower()
    for family, marks in (
        ("tiny", ("tiny",)),
        ("r1-distill", ("r1-distill", "r1_")),
        ("qwen3", ("qwen3",)),
        ("qwen2.5-instruct", ("instruct",)),
        ("qwen2.5", ("qwen2.5",)),
        ("llama-3", ("llama-3",)),
    ):
        if any(mark in name for mark in marks):
            return family
    raise ValueError(f"{model}: no stand-in; add one to tests/families.py")


@functools.cache
def tokenizer_of(name: str) -> Any:
    if name == "tiny":
        return AutoTokenizer.from_pretrained(TINY)
    family = FAMILIES[name]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        [TEXT],
        trainers.BpeTrainer(
            vocab_size=300,
            special_tokens=list(family.special),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    bpe.add_tokens([AddedToken(tag, normalized=False, special=False) for tag in family.plain])
    if family.bos is not None:
        bos = (family.bos, bpe.token_to_id(family.bos))
        bpe.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[bos]
        )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token=family.bos, eos_token=family.eos, pad_token=family.pad
    )
    tokenizer.chat_template = (TEMPLATES / f"{family.template}.jinja").read_text(encoding="utf-8")
    return tokenizer


def save(name: str, folder: Path) -> str:
    """A checkpoint of the family, once per folder."""
    family, tokenizer = FAMILIES[name], tokenizer_of(name)
    if not (folder / "config.json").is_file():
        ids = {"bos_token_id": tokenizer.bos_token_id, "pad_token_id": tokenizer.pad_token_id}
        config = family.config(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, max_position_embeddings=4096, eos_token_id=tokenizer.eos_token_id, **ids,
        )  # fmt: skip
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(config)
        ends = tokenizer.convert_tokens_to_ids(list(family.ends))
        model.generation_config = GenerationConfig(eos_token_id=ends, **ids)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return str(folder)
