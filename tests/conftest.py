"""No network, no wandb and one thread per process, whatever the machine's environment says; nltk's data from shared/ beside
the checkout, if it is there."""

import os
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", WANDB_MODE="disabled", TOKENIZERS_PARALLELISM="false")
os.environ.pop("TETHER_DATA", None)
NLTK_DATA = Path(__file__).resolve().parents[2] / "shared/data/nltk_data"
if NLTK_DATA.is_dir():
    os.environ.setdefault("NLTK_DATA", str(NLTK_DATA))  # nltk reads it when it is imported
