"""The recipe of scripts/chain.py: stages that build on each other."""

from dataclasses import dataclass

from recipes.ranges import require
from recipes.schema import Recipe


@dataclass(frozen=True)
class Link:
    """A recipe with overrides, e.g. ["trainer.max_steps=200"].

    launch: in front of the program, e.g. [accelerate, launch, --config_file, recipes/accelerate/zero2.yaml]; () for this
        Python
    """

    recipe: str
    overrides: tuple[str, ...] = ()
    launch: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChainRecipe(Recipe):
    """stages: recipes in order, each of the kind that its folder says (recipes/pairs/, recipes/grpo/ ...). A stage finds
    what those before it wrote by the names of their runs. seed: unused; each stage has its own."""

    stages: tuple[str | Link, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(bool(self.stages), "stages", [], "recipes, in order")

    @property
    def links(self) -> list[Link]:
        return [Link(stage) if isinstance(stage, str) else stage for stage in self.stages]
