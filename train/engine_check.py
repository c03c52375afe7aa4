"""Whether a run was started as its launcher was asked, and what the engine cannot do exactly.

accelerate silently starts one process for `--cpu --num_processes 2` and for MULTI_CPU, and silently runs DDP for FSDP on a
CPU. What was asked for is read from the launcher's own command line, with accelerate's own parser: that knows the config
file, what the command line changes about it, and the default config file. An environment variable with the file's name would
know neither of the last two, and only launches through scripts of ours would set it. Where no launcher is seen (another
process namespace), WORLD_SIZE must hold.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import psutil
import torch
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import DistributedType
from trl import GRPOConfig, SFTConfig

from recipes.errors import UserError
from recipes.run import RunDir, write_atomically

Kind: TypeAlias = Literal["one process", "DDP", "DeepSpeed", "FSDP"]
Config: TypeAlias = SFTConfig | GRPOConfig
ADAM = ("adamw_torch", "adamw_torch_fused")
REMEDY = {
    "one process": "start it with --config_file recipes/accelerate/ddp.yaml, or on a CPU recipes/accelerate/cpu2.yaml",
    "DDP": "accelerate shards with FSDP on GPUs only; on a CPU take recipes/accelerate/zero3.yaml or cpu2.yaml",
}


@dataclass(frozen=True)
class Processes:
    """kind: None where it is not known; num_processes: of all nodes."""

    kind: Kind | None
    num_processes: int

    def __str__(self) -> str:
        count = f"{self.num_processes} process{'es' * (self.num_processes > 1)}"
        return count if self.kind in (None, "one process") else f"{self.kind} over {count}"


def kind_of(config: Config) -> Kind:
    """Before there is an Accelerator: `distributed_state` does not know of FSDP, nor of DeepSpeed on a CPU."""
    if config.deepspeed_plugin is not None:
        return "DeepSpeed"
    return _kind(config.distributed_state.distributed_type, _wants_fsdp(config))


def _kind(found: DistributedType, wants_fsdp: bool) -> Kind:
    if found == DistributedType.NO:
        return "one process"
    if found == DistributedType.DEEPSPEED:
        return "DeepSpeed"
    sharded = wants_fsdp and found != DistributedType.MULTI_CPU
    return "FSDP" if sharded or found == DistributedType.FSDP else "DDP"


def _wants_fsdp(config: Config) -> bool:
    return bool(config.fsdp) or os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


# ---------------------------------------------------------------------- what was asked for


def launcher_arguments(command: list[str]) -> list[str] | None:
    """The arguments of `accelerate launch` in a process's command line, None where it is another program."""
    for place, word in enumerate(command):
        name = Path(word).name
        if name == "accelerate-launch" or word == "accelerate.commands.launch":
            return command[place + 1 :]
        if name in ("accelerate", "accelerate.commands.accelerate_cli"):
            return command[place + 2 :] if command[place + 1 : place + 2] == ["launch"] else None
    return None


def asked(arguments: list[str]) -> Processes:
    """What `accelerate launch` with these arguments is to start."""
    logger = logging.getLogger("accelerate.commands.launch")
    args = launch_command_parser().parse_args(arguments)
    automatic = args.num_processes is None
    level = logger.level
    logger.setLevel(logging.ERROR)  # the launcher itself has warned
    try:
        args, file, _ = _validate_launch_command(args)
    finally:
        logger.setLevel(level)
    # Not said anywhere: all GPUs, as the launcher saw them.
    count = _world_size() if automatic and file is None else args.num_processes
    kind: Kind = "DDP" if count > 1 else "one process"
    if args.use_deepspeed:
        kind = "DeepSpeed"
    elif args.use_fsdp:
        kind = "FSDP"
    return Processes(kind, int(count))


def _world_size() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def expected() -> Processes:
    """From the nearest launcher above this process."""
    for parent in psutil.Process().parents():
        try:
            arguments = launcher_arguments(parent.cmdline())
        except psutil.Error:  # it has ended, or belongs to somebody else
            break
        if arguments is not None:
            return asked(arguments)
    return Processes(None, _world_size())


# ---------------------------------------------------------------------- checks before a model is loaded


def check_engine(config: Config, use_peft: bool, where: str) -> None:
    """Raises UserError where fewer processes or another engine run than were asked for, and where the engine would silently
    compute something else. where: the recipe's path."""
    check_launch(Processes(kind_of(config), config.world_size), expected(), where)
    check_optimizer(config, where)
    if isinstance(config, GRPOConfig):
        check_reference(config, use_peft, where)


def check_launch(found: Processes, expected: Processes, where: str) -> None:
    same_kind = expected.kind in (None, found.kind) or (
        # One process of DDP is one process.
        found.num_processes == expected.num_processes == 1
        and {found.kind, expected.kind} <= {"one process", "DDP"}
    )
    if found.num_processes != expected.num_processes or not same_kind:
        remedy = REMEDY.get(str(found.kind), "start it with `accelerate launch` or `torchrun`")
        raise UserError(
            f"{where}: launch: found {found}; expected {expected}, as the launcher was asked; {remedy}"
        )


def check_optimizer(config: Config, where: str) -> None:
    plugin = config.deepspeed_plugin
    if plugin is not None and plugin.offload_optimizer_device == "cpu" and config.optim not in ADAM:
        raise UserError(
            f"{where}: trainer: optim: found {config.optim.value!r}; expected 'adamw_torch' with an offloaded optimizer, "
            "where accelerate silently takes Adam; or launch with --offload_optimizer_device none"
        )


def check_reference(config: GRPOConfig, use_peft: bool, where: str) -> None:
    """FSDP2 with one process reading the weights: the policy's are sent to the others, the reference model's are not, and
    stay 0 there. Measured on two processes: a KL of 4.9 at the first step, where it is 0."""
    sparse = os.environ.get("FSDP_CPU_RAM_EFFICIENT_LOADING", "false").lower() == "true"
    if kind_of(config) == "FSDP" and sparse and config.beta != 0 and not use_peft:
        raise UserError(
            f"{where}: trainer: beta: found {config.beta}; expected 0 with fsdp_cpu_ram_efficient_loading: true, which "
            "leaves the reference model without weights; or launch with --fsdp_cpu_ram_efficient_loading false"
        )


# ---------------------------------------------------------------------- once there is a trainer


def engine_started(trainer: Any, run: RunDir) -> None:
    """Call before `trainer.train`. Asserts that the Accelerator is what the checks saw, and writes `engine.json`."""
    accelerator, config = trainer.accelerator, trainer.args
    found = Processes(_kind(accelerator.distributed_type, False), accelerator.num_processes)
    assert found == Processes(kind_of(config), config.world_size), f"{found} != {kind_of(config)}"
    if found.kind == "FSDP":
        keep_full_precision(accelerator.state.fsdp_plugin)
    if accelerator.is_main_process:
        write_atomically(run.path / "engine.json", json.dumps(_facts(accelerator, found)) + "\n")


def _facts(accelerator: Any, found: Processes) -> dict[str, Any]:
    plugin = accelerator.state.deepspeed_plugin
    return {
        **asdict(found),
        "zero_stage": None if plugin is None else plugin.zero_stage,
        "mixed_precision": accelerator.mixed_precision,
        "device": accelerator.device.type,
    }


def keep_full_precision(plugin: Any) -> None:
    """accelerate has FSDP2 round what the model returns to bf16, and TRL's model returns log-probabilities: losses and
    importance ratios would have three digits. Gradients are reduced in fp32, as with DDP."""
    policy = plugin.mixed_precision_policy
    if policy is not None:
        plugin.mixed_precision_policy = replace(
            policy, output_dtype=None, reduce_dtype=torch.float32
        )
