"""What a tokenizer's chat template makes of messages: prompts, SFT targets, and the token that ends a turn.

Traps of published templates, each met in one place here:
- A template writes its own BOS (Llama-3, DeepSeek-R1-Distill), and the tokenizer would add another: rendered text is
  encoded without special tokens.
- A template opens `<think>` in the prompt and drops the reasoning of assistant messages (R1-Distill, QwQ): rendering a
  target like any message would train on the bare response.
- A base model's config knows `<|endoftext|>` only, though its template ends turns with another token: a model that was
  trained with the template would never stop.
"""

import json
from typing import Any

from datasets import Dataset

from data.decoding import eos_ids
from data.response import CLOSE, OPEN, split
from recipes.errors import UserError

Message = dict[str, str]
MARK = "content of the assistant"  # found again in a rendered conversation


def with_defaults(template: str, values: dict[str, Any]) -> str:
    """`template` with defaults for its variables; what a caller passes still wins."""
    defaults = "".join(
        f"{{%- if {key} is not defined %}}{{%- set {key} = {json.dumps(value)} %}}{{%- endif %}}"
        for key, value in values.items()
    )
    return defaults + template


def set_defaults(tokenizer: Any, values: dict[str, Any], where: str) -> None:
    """Recipe key `chat_template_kwargs`. The template is saved with the tokenizer, so that a checkpoint is evaluated as it
    was trained. Raises UserError for a tokenizer without a template, or a value that is no plain one."""
    try:
        template = tokenizer.get_chat_template()
    except ValueError:
        raise UserError(
            f"{where}: {tokenizer.name_or_path}: found no chat template; expected one in its tokenizer: save a copy with one"
        ) from None
    for key, value in values.items():
        if not key.isidentifier() or not isinstance(value, (bool, int, float, str)):
            raise UserError(
                f"{where}: chat_template_kwargs: {key}: found {value!r}; expected a variable of the template with true, "
                "false, a number or a text"
            )
    tokenizer.chat_template = with_defaults(template, values)


def prompt_text(tokenizer: Any, messages: list[Message]) -> str:
    text: str = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    return text


def prompt_ids(tokenizer: Any, messages: list[Message]) -> list[int]:
    """As TRL and vLLM tokenise it."""
    return encoded(tokenizer, prompt_text(tokenizer, messages))


def encoded(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids


def opens_thinking(prompt: str) -> bool:
    """Whether a rendered prompt ends inside `<think>`; some templates write a closed, empty block to switch thinking off."""
    return OPEN in prompt.rpartition(CLOSE)[2]


def direct_prompt_text(tokenizer: Any, messages: list[Message]) -> str:
    """`prompt_text` with thinking switched off: by the template's own `enable_thinking` (Qwen3), else by a thinking block
    that is empty and closed, whose opening may be the template's (R1-Distill)."""
    text: str = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=False, enable_thinking=False
    )
    if text.rstrip().endswith(CLOSE):
        return text
    return text + (f"\n{CLOSE}\n" if opens_thinking(text) else f"{OPEN}\n\n{CLOSE}\n")


def turn_end(tokenizer: Any) -> str:
    """What the template writes after an assistant's message."""
    chat = [{"role": "user", "content": "x"}, {"role": "assistant", "content": MARK}]
    text: str = tokenizer.apply_chat_template(chat, tokenize=False)
    return text.rpartition(MARK)[2]


def stop_at_turn_end(model: Any, tokenizer: Any) -> None:
    """Let the token that ends a turn end generation too; checkpoints save it in generation_config.json."""
    first = encoded(tokenizer, turn_end(tokenizer))[:1]
    ends = [token for token in first if token in tokenizer.added_tokens_decoder]
    model.generation_config.eos_token_id = sorted({*eos_ids(model, tokenizer), *ends})


def training_row(tokenizer: Any, prompt: list[Message], completion: str) -> dict[str, list[int]]:
    """One SFT row: the prompt exactly as a rollout gets it, then what the model is to write, its end of turn included.

    completion_mask: 1 on what is to be written. Raises ValueError for a completion that the prompt's thinking block does not
    fit.
    """
    start = prompt_text(tokenizer, prompt)
    ids, target = (
        encoded(tokenizer, text) for text in (start, _target(tokenizer, start, prompt, completion))
    )
    return {"input_ids": ids + target, "completion_mask": [0] * len(ids) + [1] * len(target)}  # fmt: skip


def _target(tokenizer: Any, start: str, prompt: list[Message], completion: str) -> str:
    """As the template writes an assistant's message; where that loses or repeats a part of the thinking, as it stands."""
    message = {"role": "assistant", "content": completion}
    whole: str = tokenizer.apply_chat_template([*prompt, message], tokenize=False)
    target, opened = whole.removeprefix(start), opens_thinking(start)
    reasoning = split(completion).reasoning
    twice = opened and target.lstrip().startswith(OPEN)
    if target != whole and reasoning in target and not twice:
        return target
    if opened:
        if not completion.startswith(OPEN):
            raise ValueError(
                f"found {completion[:40]!r}; expected {OPEN}, which the chat template opens"
            )
        completion = completion.removeprefix(OPEN).removeprefix(start.rpartition(OPEN)[2])
    elif reasoning and start.rstrip().endswith(CLOSE):
        raise ValueError(
            f"found {completion[:40]!r}; expected no reasoning, since the chat template switches it off"
        )
    return completion + turn_end(tokenizer)


def training_rows(dataset: Dataset, tokenizer: Any, num_proc: int | None = None) -> Dataset:
    """`dataset` with the columns of `training_row`. Raises UserError naming the row."""

    def add(row: dict[str, Any]) -> dict[str, list[int]]:
        try:
            return training_row(tokenizer, row["prompt"], row["completion"][0]["content"])
        except ValueError as error:
            raise UserError(f"data: row {row['id']}: completion: {error}") from None

    return dataset.map(add, num_proc=num_proc, desc="tokens")


def cut_rows(
    dataset: Dataset, max_length: int | None, truncation_mode: str, completions_only: bool
) -> Dataset:
    """Rows of `training_rows` with at most `max_length` tokens (None: any number), their first ones or with `keep_end` their
    last. Rows of which nothing is left that is trained on are left out, and counted."""
    if max_length is None:
        return dataset
    part = slice(-max_length, None) if truncation_mode == "keep_end" else slice(max_length)

    def cut(row: dict[str, Any]) -> dict[str, list[int]]:
        return {key: row[key][part] for key in ("input_ids", "completion_mask")}

    dataset = dataset.map(cut, desc="cut")
    if not completions_only:
        return dataset
    kept = dataset.filter(lambda row: any(row["completion_mask"]), desc="with a target")
    if left_out := len(dataset) - len(kept):
        print(
            f"{left_out:,} of {len(dataset):,} rows have no target within {max_length} tokens and are left out"
        )
    return kept


def within(dataset: Dataset, tokenizer: Any, max_prompt_length: int) -> Dataset:
    """The rows whose prompt has at most that many tokens; says how many were left out."""
    kept = [
        number
        for number, prompt in enumerate(dataset["prompt"])
        if len(prompt_ids(tokenizer, prompt)) <= max_prompt_length
    ]
    if left_out := len(dataset) - len(kept):
        print(
            f"{left_out:,} of {len(dataset):,} prompts are longer than {max_prompt_length} tokens and left out"
        )
    return dataset.select(kept)
