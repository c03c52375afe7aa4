"""An untrained tiny model and its tokenizer: where the base model's training starts.

    python scripts/make_tiny_init.py OUT_DIR

A Llama-type decoder (3.2 M parameters) and a byte-level BPE trained on the solver's own texts:
single digits, `<think>` and `</think>` as ordinary tokens, so that decoding with
skip_special_tokens keeps them.
"""

from collections.abc import Iterator

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from data.compose import MATHIF_KEYWORDS
from data.sources.tiny import Tiny
from recipes.cli import described

PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\n' }}"
    "{%- if message['role'] == 'assistant' %}"
    "{% generation %}{{- message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}"
    "{{- '\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
VOCABULARY = 1280
NUM_TEXTS = 12_000


def texts() -> Iterator[str]:
    for example in Tiny(num_rows=NUM_TEXTS, kinds="base", cot=("short", "long")).load(seed=0):
        yield example.prompt
        yield example.completion or ""
    yield from (f"user {word} assistant {word.upper()}" for word in MATHIF_KEYWORDS)


def make_tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [digits, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),  # any Unicode text can be written
        show_progress=False,
    )
    bpe.train_from_iterator(
        (text.replace("<think>", "").replace("</think>", "") for text in texts()), trainer
    )
    bpe.add_tokens(
        [AddedToken(tag, normalized=False, special=False) for tag in ("<think>", "</think>")]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=PAD,
        padding_side="left",
        model_max_length=4096,
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def make_model(tokenizer: PreTrainedTokenizerFast, seed: int = 0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    ids = {
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
    }
    config = LlamaConfig(
        vocab_size=-(-len(tokenizer) // 32) * 32,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        **ids,
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(**ids)
    return model


def main(out: str) -> None:
    tokenizer = make_tokenizer()
    model = make_model(tokenizer)
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    print(f"{out}: {model.num_parameters():,} parameters, {len(tokenizer)} tokens")


if __name__ == "__main__":
    parser = described(__doc__)
    parser.add_argument("out", metavar="OUT_DIR")
    main(parser.parse_args().out)
