"""Write a run's newest checkpoint as a small committed model: bf16 weights and tokenizer.

python scripts/export_base.py RUN_DIR OUT_DIR
"""

import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from recipes.cli import described
from recipes.run import RunDir

MAX_MB = 10


def main(run: str, out: str) -> None:
    newest = RunDir(Path(run)).newest()
    if newest is None or newest.path is None:
        sys.exit(f"{run}: no whole checkpoint")
    if not newest.finished:
        sys.exit(f"{run}: stopped at step {newest.step}; run `make base` again to finish it")
    model = AutoModelForCausalLM.from_pretrained(newest.path, dtype=torch.bfloat16)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(newest.path).save_pretrained(out)
    size = (Path(out) / "model.safetensors").stat().st_size / 1e6
    assert size <= MAX_MB, f"{size:.1f} MB"
    print(f"{out}: step {newest.step}, {size:.1f} MB")


if __name__ == "__main__":
    parser = described(__doc__)
    parser.add_argument("run", metavar="RUN_DIR")
    parser.add_argument("out", metavar="OUT_DIR")
    main(**vars(parser.parse_args()))
