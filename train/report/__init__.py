"""What `--dry-run` and train/preflight.py print, and what every launch says before it starts. Fits 100 columns."""

import sys

from rich.console import Console
from rich.table import Table

from data.sources import Source
from recipes.architectures import Architecture, architecture_of
from recipes.schema import to_yaml
from train.launch import Launch
from train.needs import Assumed
from train.report.hours import print_hours
from train.report.memory import print_memory
from train.rules import cautions
from train.shape import shape_of

WIDTH = 100


def announce(launch: Launch) -> None:
    """Cautions, on the main process of a launch."""
    if launch.config.process_index == 0:
        for text in cautions(launch):
            print(f"caution: {text}", file=sys.stderr)


def describe(launch: Launch, sources: list[Source]) -> None:
    """The resolved recipe, then what preflight says; on the main process."""
    if launch.config.process_index != 0:
        return
    _console().print(to_yaml(launch.recipe), markup=False, soft_wrap=True)
    preflight(launch, sources, Assumed())


def preflight(launch: Launch, sources: list[Source], assumed: Assumed) -> None:
    """Batches, memory, hours and cautions; nothing is loaded."""
    out = _console()
    out.print(_batches(launch, sources))
    name = str(launch.model.model_name_or_path)
    try:
        found = architecture_of(name, launch.model.model_revision)
    except OSError:
        out.print(
            f"memory and hours: not estimated; {name} has no config.json yet and is not in recipes/architectures.yaml"
        )
    else:
        _estimates(out, launch, found, assumed)
    for text in cautions(launch):
        out.print(f"[bold]caution[/bold]: {text}")


def _console() -> Console:
    found = Console(highlight=False)
    return Console(highlight=False, width=min(found.width, WIDTH) if found.is_terminal else WIDTH)


def _batches(launch: Launch, sources: list[Source]) -> Table:
    sizes, engine, config = launch.sizes, launch.engine, launch.config
    gpus = f"{engine.num_processes} GPU{'s' if engine.num_processes > 1 else ''}"
    title = f"{launch.recipe.name}: {engine.kind} on {'CPU' if launch.on_cpu else gpus}"
    table = Table("", "", title=title, show_header=False)
    for entry, source in zip(launch.recipe.data, sources, strict=True):
        table.add_row(f"rows of {entry['name']}", f"{len(source):,}")
    table.add_row("samples per step", f"{sizes.samples_per_step:,}")
    if sizes.groups_per_step is not None:
        table.add_row("groups per step", f"{sizes.groups_per_step:g}")
        table.add_row("groups per generation", f"{sizes.groups_per_round:,}")
    kind = "completion tokens" if launch.is_grpo else "tokens"
    most = f"{sizes.tokens_per_step:,}" if sizes.tokens_per_step else "no limit is set"
    table.add_row(f"{kind} per step, at most", most)
    packed = not launch.is_grpo and config.packing
    counted = config.max_steps > 0 or all(source.generated for source in sources)
    known = "steps" if counted else "steps, at most: rows may be left out"
    table.add_row("steps, at most: rows are packed" if packed else known, f"{sizes.steps:,}")
    table.add_row("computes in", "fp16" if config.fp16 else "bf16" if config.bf16 else "fp32")
    return table


def _estimates(out: Console, launch: Launch, found: Architecture, assumed: Assumed) -> None:
    shape = shape_of(found.config, launch.model)
    print_memory(out, launch, found, shape, assumed)
    if not launch.on_cpu:
        print_hours(out, launch, found.config, shape, assumed)
