"""Tokens per second of data.decoding.decode, with data.attention, against transformers' `generate`: same model, prompts and
greedy tokens.

    python scripts/bench/decoding.py [--batch-size 64] [--threads 1]
"""

import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from data.attention import use_decoding_attention
from data.decoding import decode
from data.prompt import messages
from eval.benchmarks import tasks
from eval.benchmarks.tiny import Tiny
from recipes.cli import described

BASE = "data/tiny/base_model"


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--max-new-tokens", type=int, default=384)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tokenizer = AutoTokenizer.from_pretrained(BASE, padding_side="left")
    prompts = [
        tokenizer.apply_chat_template(
            messages(task.prompt), add_generation_prompt=True, return_dict=False
        )
        for task in tasks(Tiny(per_cell=8), seed=0)
    ]
    prompts.sort(key=len)
    batches = [prompts[i : i + args.batch_size] for i in range(0, len(prompts), args.batch_size)]
    for dtype in (torch.float32, torch.bfloat16):
        model = AutoModelForCausalLM.from_pretrained(BASE, dtype=dtype).eval()
        speeds = {}
        for name in ("generate", "decode", "generate", "decode"):  # the first round warms up
            started, count = time.perf_counter(), 0
            model.set_attn_implementation("sdpa")
            if name == "decode":
                use_decoding_attention(model)
            for batch in batches:
                if name == "decode":
                    found = decode(model, tokenizer, batch, args.max_new_tokens)
                else:
                    found = generate(model, tokenizer, batch, args.max_new_tokens)
                count += sum(map(len, found))
            speeds[name] = count / (time.perf_counter() - started)
        ratio = speeds["decode"] / speeds["generate"]
        print(
            f"{dtype}: generate {speeds['generate']:,.0f} tokens/s, decode {speeds['decode']:,.0f}, x{ratio:.2f}"
        )


def generate(model, tokenizer, batch, max_new_tokens):
    padded = tokenizer.pad({"input_ids": batch}, return_tensors="pt")
    with torch.inference_mode():
        out = model.generate(**padded, max_new_tokens=max_new_tokens, do_sample=False)
    completions = out[:, padded["input_ids"].shape[1] :].tolist()
    end = tokenizer.eos_token_id
    return [ids[: ids.index(end) + 1] if end in ids else ids for ids in completions]


if __name__ == "__main__":
    main()
