"""A smaller model out of a checkpoint: some of its layers, in order, and everything else as it is.

    python scripts/drop_layers.py MODEL OUT_DIR --keep 0,3

For studies over model sizes where nothing smaller was trained the same way; it has to be trained before it is of use.
"""

import argparse
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from recipes import cli
from recipes.errors import UserError


def main(args: argparse.Namespace) -> None:
    if not (Path(args.model) / "config.json").is_file():
        raise UserError(f"{args.model}: found no config.json; expected the folder of a model")
    config = AutoConfig.from_pretrained(args.model)
    count = config.num_hidden_layers
    texts = args.keep.split(",")
    keep = [int(text) for text in texts if text.isdigit()]
    if len(keep) < len(texts) or keep != sorted({*keep}) or not 0 <= keep[-1] < count:
        raise UserError(
            f"--keep: found {args.keep}; expected rising numbers below {count}, e.g. 0,{count - 1}"
        )
    model = AutoModelForCausalLM.from_pretrained(args.model)
    model.model.layers = torch.nn.ModuleList(model.model.layers[index] for index in keep)
    model.config.num_hidden_layers = len(keep)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = [config.layer_types[index] for index in keep]
    model.save_pretrained(args.out)
    AutoTokenizer.from_pretrained(args.model).save_pretrained(args.out)
    print(
        f"{args.out}: {len(keep)} of {count} layers, {model.num_parameters() / 1e6:.2f} M parameters"
    )


if __name__ == "__main__":
    parser = cli.described(__doc__)
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--keep", required=True, metavar="LAYERS", help="e.g. 0,3")
    given = parser.parse_args()
    cli.guard(lambda: main(given))
