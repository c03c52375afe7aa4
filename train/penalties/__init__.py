"""CoT-length penalties: what `length_penalty:` in a recipe can name. One file each; results are <=
0, lengths are tokens."""

from recipes.registry import Registry

PENALTIES = Registry("length penalty", "train.penalties")
