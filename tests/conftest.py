"""No network, no wandb and one thread per process, whatever the machine's environment says."""

import os

os.environ.update(HF_HUB_OFFLINE="1", WANDB_MODE="disabled", TOKENIZERS_PARALLELISM="false")
os.environ.pop("TETHER_DATA", None)
