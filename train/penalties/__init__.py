"""CoT-length terms: what `length_penalty:` in a recipe can name. One file each, on train/penalties/base.py.

A term is added to the other rewards, in tokens, at its paper's scale. Where a paper multiplies or replaces the
correctness reward c (1 right, 0 wrong), the term is the published reward minus c, so that `answer` with weight 1 and the
term with weight 1 add up to the published reward. Terms can be positive (Kimi, LASER, conditioned, ...).
"""

from recipes.registry import Registry

PENALTIES = Registry("length penalty", "train.penalties")
