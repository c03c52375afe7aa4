"""What measuring constraint attention costs beside a plain forward pass, and beside eager `output_attentions`.

    python scripts/bench/attention.py [--models tiny qwen3] [--tokens 2048 32768] [--device cpu]

Every row after the prompt is measured (the most there can be), with all controls. Time: median of alternating passes in one
process. Memory: each way in processes of its own, median of three, its peak less that of the plain sdpa pass. Where eager
would need more than half of what is free, its need is computed: layers x heads x T x T. Weights are random.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import psutil
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from eval.attention.measure import measured
from eval.attention.runs import Reading
from eval.attention.spans import PromptTokens
from recipes.architectures import config_of
from recipes.cli import described

NUM_PROMPT, NUM_CONSTRAINT = 256, 64
ROUNDS = 7


def config(name: str, tokens: int) -> Any:
    """tiny: the tiny world's; qwen3: Qwen3-0.6B with four layers and 8,192 words; else a Hub name, whole."""
    if name == "tiny":
        found = AutoConfig.from_pretrained("data/tiny/base_model")
    elif name == "qwen3":
        found = config_of("Qwen/Qwen3-0.6B")
        found.num_hidden_layers, found.vocab_size = 4, 8192
        found.layer_types = found.layer_types[:4]
    else:
        found = config_of(name)
    found.max_position_embeddings = max(found.max_position_embeddings, tokens)
    return found


def model(args: argparse.Namespace, name: str, tokens: int) -> Any:
    torch.manual_seed(0)
    with torch.device(args.device):
        found = AutoModelForCausalLM.from_config(
            config(name, tokens), dtype=getattr(torch, args.dtype), attn_implementation="sdpa"
        )
    return found.eval()


def reading(tokens: int) -> Reading:
    ids = np.random.default_rng(0).integers(5, 1000, tokens).tolist()
    constraints = np.zeros((2, NUM_PROMPT), dtype=bool)
    constraints[0, 40 : 40 + NUM_CONSTRAINT // 2] = True
    constraints[1, 120 : 120 + NUM_CONSTRAINT // 2] = True
    prompt = PromptTokens(ids[:NUM_PROMPT], constraints, np.ones(NUM_PROMPT, dtype=bool))
    answer = NUM_PROMPT + 3 * (tokens - NUM_PROMPT) // 4
    return Reading(
        prompt, NUM_PROMPT, ids, np.arange(NUM_PROMPT, answer), np.arange(answer, tokens)
    )


@torch.inference_mode()
def plain(one: Any, asked: Reading) -> None:
    ids = torch.tensor([asked.ids], device=one.device)
    one(input_ids=ids, use_cache=False, logits_to_keep=1)


def probe(one: Any, asked: Reading) -> None:
    measured(one, asked, "bench")


@torch.inference_mode()
def eager(one: Any, asked: Reading) -> None:
    """As the formula is usually written: all attention kept, then indexed."""
    one.set_attn_implementation("eager")
    ids = torch.tensor([asked.ids], device=one.device)
    out = one(input_ids=ids, use_cache=False, logits_to_keep=1, output_attentions=True)
    columns = torch.from_numpy(np.flatnonzero(asked.prompt.union)).to(one.device)
    for weights in out.attentions:
        weights[0][:, asked.answer - 1][:, :, columns].mean((0, 2))


WAYS = {"plain": plain, "probe": probe, "eager": eager}


def timed(one: Any, way: Any, asked: Reading) -> float:
    start = time.perf_counter()
    way(one, asked)
    if one.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def times(args: argparse.Namespace, name: str, tokens: int) -> dict[str, float]:
    """Medians in seconds, of passes by turns."""
    one, asked = model(args, name, tokens), reading(tokens)
    rounds = 3 if tokens > 8192 and args.device == "cpu" else ROUNDS
    found: dict[str, list[float]] = {"plain": [], "probe": []}
    for number in range(rounds + 1):
        for way in found:
            took = timed(one, WAYS[way], asked)
            if number or rounds < ROUNDS:  # a warm-up, where passes are short
                found[way].append(took)
    return {way: statistics.median(own) for way, own in found.items()}


def peak(args: argparse.Namespace, name: str, tokens: int, way: str) -> float:
    """MB at most in this process (on a GPU: of its tensors), weights included, after one pass."""
    one, asked = model(args, name, tokens), reading(tokens)
    WAYS[way](one, asked)
    if args.device == "cpu":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return torch.cuda.max_memory_allocated() / 2**20


def apart(args: argparse.Namespace, what: str, name: str, tokens: int) -> Any:
    """`times`, or the peak of a way, in a process of its own."""
    told = ["--one", what, "--models", name, "--tokens", str(tokens)]
    told += ["--device", args.device, "--dtype", args.dtype, "--threads", str(args.threads)]
    found = subprocess.run([sys.executable, __file__, *told], capture_output=True, text=True, check=True)  # fmt: skip
    return json.loads(found.stdout.splitlines()[-1])


def _peak(args: argparse.Namespace, way: str, name: str, tokens: int) -> float:
    """Of one process, it varies by tens of MB with what the allocator keeps."""
    return statistics.median(apart(args, way, name, tokens) for _ in range(3))


def report(args: argparse.Namespace, name: str, tokens: int) -> None:
    shape = config(name, tokens)
    took = apart(args, "times", name, tokens)
    peaks = {way: _peak(args, way, name, tokens) for way in ("plain", "probe")}
    bytes_each = getattr(torch, args.dtype).itemsize
    need = shape.num_hidden_layers * shape.num_attention_heads * tokens**2 * bytes_each / 2**20
    gpu = args.device != "cpu"
    free = (torch.cuda.mem_get_info()[0] if gpu else psutil.virtual_memory().available) / 2**20
    extra = peaks["probe"] - peaks["plain"]
    print(
        f"{name}, {tokens:,} tokens, {args.dtype}, {args.device}: plain {took['plain']:.3f} s, probe {took['probe']:.3f} s, "
        f"x{took['probe'] / took['plain']:.2f}; memory beside plain ({peaks['plain']:,.0f} MB): probe {extra:+,.1f} MB",
        end=", ",
    )
    if 2 * need < free:
        full = _peak(args, "eager", name, tokens) - peaks["plain"]
        print(f"eager +{full:,.0f} MB, {full / max(extra, 1):,.0f} times as much")
    else:
        print(f"eager {need:,.0f} MB of attention alone; {free:,.0f} MB are free, so it is not run")


def main() -> None:
    parser = described(__doc__)
    parser.add_argument("--models", nargs="+", default=["tiny", "qwen3"])
    parser.add_argument("--tokens", nargs="+", type=int, default=[2048, 32768])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--one", choices=("times", *WAYS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.one:
        what = (args, args.models[0], args.tokens[0])
        print(json.dumps(times(*what) if args.one == "times" else peak(*what, args.one)))
        return
    for tokens in args.tokens:
        for name in args.models:
            if tokens <= 8192 or name != "qwen3" or args.device != "cpu":
                report(args, name, tokens)


if __name__ == "__main__":
    main()
