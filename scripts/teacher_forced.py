"""Held-out loss of tiny-world checkpoints by kind of token: result digits, operands, response.

Falls smoothly while accuracy is still at zero, so it tells base-model recipes apart early. Nats per
token, 240 test problems.

    python scripts/teacher_forced.py CHECKPOINT ...
"""

import re
from statistics import mean
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from data.prompt import messages
from data.sources.tiny import Tiny
from recipes.cli import described

EXAMPLES = Tiny(
    num_rows=240, steps=(1, 2, 3, 4), num_constraints=(0, 1, 2), kinds="base", split="test"
)
PARTS = {"digits": r"=(\d+)", "operands": r"\n(\d+[-+*/]\d+)="}


@torch.inference_mode()
def losses(checkpoint: str) -> dict[str, float]:
    tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    found: dict[str, list[float]] = {"digits": [], "operands": [], "response": []}
    for example in EXAMPLES.load(seed=9):
        prompt = tokenizer.apply_chat_template(
            messages(example.prompt), add_generation_prompt=True, return_dict=False
        )
        text = (example.completion or "") + tokenizer.eos_token
        cot = text.partition("</think>")[0]
        encoded = tokenizer(text, return_offsets_mapping=True, add_special_tokens=False)
        ids = torch.tensor([prompt + encoded.input_ids])
        logps = model(ids).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
        nats = -logps.gather(1, ids[0, len(prompt) :, None]).squeeze(1)
        spans = {
            part: [m.span(1) for m in re.finditer(pattern, cot)] for part, pattern in PARTS.items()
        }
        for (start, _), loss in zip(encoded.offset_mapping, nats.tolist(), strict=True):
            for part, places in spans.items():
                if any(low <= start < high for low, high in places):
                    found[part].append(loss)
            if start >= len(cot):
                found["response"].append(loss)
    return {part: mean(values) for part, values in found.items()}


if __name__ == "__main__":
    parser = described(__doc__)
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT")
    for name in parser.parse_args().checkpoints:
        print(name, *(f"{part} {value:.3f}" for part, value in losses(name).items()))
