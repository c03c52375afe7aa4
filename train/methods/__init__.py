"""What `methods:` in a recipe can name: parts of published methods that are no rewards but change the trainer.

One file each; a method is one class on train/methods/base.py. Its reward part, if it has one, is named in `rewards:` or
`length_penalty:` as usual.
"""

from recipes.registry import Registry

METHODS = Registry("method", "train.methods")
