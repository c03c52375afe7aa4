"""How a run is spread over processes: read from an accelerate config file, or from what the launcher told this process.

Refused is what accelerate 1.15.0 turns into something else without a word, and what Tether does not run:

- several processes for MULTI_CPU, for `distributed_type: 'NO'` and for `--cpu --num_processes 2`: one process is started for
  each of them (`simple_launcher` in commands/launch.py)
- `use_cpu: true` with any other type: never handed on (`prepare_multi_gpu_env` in utils/launch.py)
- FSDP 1, ZeRO 0 and 1, Megatron, TPUs
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, cast

import yaml
from accelerate.commands.config.config_args import ClusterConfig, load_config_from_file

from recipes.errors import UserError
from recipes.typed import one_of

Kind = Literal["single", "ddp", "zero2", "zero3", "fsdp2"]
Precision = Literal["no", "fp16", "bf16", "fp8"]
Told = Mapping[str, str]  # environment variables

TYPES = ("NO", "MULTI_CPU", "MULTI_GPU", "DEEPSPEED", "FSDP")
ALONE = ("NO", "MULTI_CPU")
INSTEAD = "recipes/accelerate/ddp.yaml on GPUs, cpu2.yaml on a CPU"


@dataclass(frozen=True)
class Engine:
    """num_processes:      of all machines
    offload_optimizer, offload_params: kept in the host's memory (ZeRO, FSDP2)
    mixed_precision:       the launcher's; `bf16` or `fp16` of the recipe win over it (train/rules/precision.py)
    activation_checkpointing: FSDP's own, in place of `gradient_checkpointing`
    whole_checkpoints:     a checkpoint holds all weights, not each process's shard of them
    context_parallel, sequence_parallel, tensor_parallel: processes that share a sequence or a matrix
    """

    kind: Kind
    num_processes: int = 1
    offload_optimizer: bool = False
    offload_params: bool = False
    mixed_precision: Precision = "no"
    activation_checkpointing: bool = False
    whole_checkpoints: bool = True
    context_parallel: int = 1
    sequence_parallel: int = 1
    tensor_parallel: int = 1

    @property
    def data_parallel(self) -> int:
        """Processes that see rows of their own."""
        shared = self.context_parallel * self.sequence_parallel * self.tensor_parallel
        return self.num_processes // shared

    @classmethod
    def load(cls, path: str) -> Self:
        """Of an accelerate config file. Raises UserError for one that accelerate would not take or not follow."""
        return cls._told(_as_told(_read(path), path), path)

    @classmethod
    def of_environment(cls, told: Told = os.environ) -> Self:
        """Of this process. Raises UserError where it was started alone though several processes were asked for."""
        alone = not {"LOCAL_RANK", "WORLD_SIZE"} & set(told)
        # ACCELERATE_USE_CPU is set by the launcher of one process only, and a meeting point where there should be several.
        if alone and {"ACCELERATE_USE_CPU", "MASTER_ADDR", "MASTER_PORT"} <= set(told):
            raise UserError(
                "accelerate launch: found several processes with --cpu, MULTI_CPU or NO, for which accelerate starts one "
                f"without a word; expected --config_file {INSTEAD} (or one process: then unset MASTER_ADDR)"
            )
        return cls._told(told, "accelerate launch")

    @classmethod
    def _told(cls, told: Told, where: str) -> Self:
        """From the variables that accelerate's launchers set (utils/launch.py)."""
        precision = told.get("ACCELERATE_MIXED_PRECISION", "no")
        one_of("mixed_precision", precision, ("no", "fp16", "bf16", "fp8"), where)
        facts: dict[str, Any] = {"kind": "ddp" if "WORLD_SIZE" in told else "single"}
        if _true(told, "ACCELERATE_USE_DEEPSPEED"):
            facts = _deepspeed(told, where)
        elif _true(told, "ACCELERATE_USE_FSDP"):
            facts = _fsdp(told, where)
        return cls(
            num_processes=_number(told, "WORLD_SIZE", 1, where),
            mixed_precision=cast(Precision, precision),
            context_parallel=_number(told, "PARALLELISM_CONFIG_CP_SIZE", 1, where),
            sequence_parallel=_number(told, "PARALLELISM_CONFIG_SP_SIZE", 1, where),
            tensor_parallel=_number(told, "PARALLELISM_CONFIG_TP_SIZE", 1, where),
            **facts,
        )


def _true(told: Told, name: str) -> bool:
    return told.get(name, "false").lower() == "true"


def _number(told: Told, name: str, default: int, where: str) -> int:
    found = told.get(name, str(default))
    if not found.isdigit() or int(found) < 1:
        raise UserError(f"{where}: {name}: found {found!r}; expected a number of at least 1")
    return int(found)


def _deepspeed(told: Told, where: str) -> dict[str, Any]:
    file = told.get("ACCELERATE_DEEPSPEED_CONFIG_FILE", "none")
    if file != "none":
        zero = _zero_section(file, where)
    else:
        prefix = "ACCELERATE_DEEPSPEED_"
        zero = {
            "stage": _number(told, f"{prefix}ZERO_STAGE", 2, where),
            "offload_optimizer": {"device": told.get(f"{prefix}OFFLOAD_OPTIMIZER_DEVICE", "none")},
            "offload_param": {"device": told.get(f"{prefix}OFFLOAD_PARAM_DEVICE", "none")},
            "stage3_gather_16bit_weights_on_model_save": _true(told, f"{prefix}ZERO3_SAVE_16BIT_MODEL"),
        }  # fmt: skip
    stage = zero.get("stage")
    if stage not in (2, 3):
        raise UserError(f"{where}: zero_stage: found {stage}; expected 2 or 3")
    optimizer, params = (
        zero.get(key, {}).get("device", "none") != "none" for key in ("offload_optimizer", "offload_param")
    )  # fmt: skip
    if params and stage == 2:
        raise UserError(
            f"{where}: offload_param_device: found one with zero_stage 2; expected none, or zero_stage 3"
        )
    return {
        "kind": f"zero{stage}",
        "offload_optimizer": optimizer,
        "offload_params": params,
        "whole_checkpoints": stage == 2 or bool(zero.get("stage3_gather_16bit_weights_on_model_save")),
    }  # fmt: skip


def _zero_section(file: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))["zero_optimization"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{where}: deepspeed_config_file: {file}: found {type(error).__name__}; expected JSON with zero_optimization"
        ) from None
    return dict(found)


def _fsdp(told: Told, where: str) -> dict[str, Any]:
    if told.get("FSDP_VERSION", "1") != "2":
        raise UserError(f"{where}: fsdp_version: found {told.get('FSDP_VERSION', 1)}; expected 2")
    offload = _true(told, "FSDP_OFFLOAD_PARAMS")
    return {
        "kind": "fsdp2",
        "offload_optimizer": offload,
        "offload_params": offload,
        "activation_checkpointing": _true(told, "FSDP_ACTIVATION_CHECKPOINTING"),
        "whole_checkpoints": told.get("FSDP_STATE_DICT_TYPE") == "FULL_STATE_DICT",
    }


def _read(path: str) -> ClusterConfig:
    if not Path(path).is_file():
        raise UserError(
            f"{path}: no such accelerate config; expected a file such as recipes/accelerate/zero2.yaml"
        )
    try:
        config = load_config_from_file(path)
    except (ValueError, AttributeError, TypeError, yaml.YAMLError) as error:
        raise UserError(
            f"{path}: not an accelerate config: {' '.join(str(error).split())}"
        ) from None
    if not isinstance(config, ClusterConfig):
        raise UserError(f"{path}: compute_environment: expected LOCAL_MACHINE")
    return config


def _as_told(config: ClusterConfig, path: str) -> dict[str, str]:
    """The variables that the launcher would set."""
    kind = str(config.distributed_type.value)
    one_of("distributed_type", kind, TYPES, path)
    if config.num_processes < 1:
        raise UserError(f"{path}: num_processes: found {config.num_processes}; expected at least 1")
    if kind in ALONE and config.num_processes > 1:
        raise UserError(
            f"{path}: distributed_type: found {kind} with num_processes {config.num_processes}, for which accelerate starts "
            f"one process without a word; expected {INSTEAD}"
        )
    if config.use_cpu and kind not in ALONE:
        raise UserError(
            f"{path}: use_cpu: found true with {kind}, which accelerate does not hand on; set trainer.use_cpu=true instead"
        )
    precision = "no" if config.mixed_precision is None else config.mixed_precision
    if not isinstance(precision, str):
        raise UserError(
            f"{path}: mixed_precision: found {precision!r}, as YAML reads an unquoted no; expected 'no' in quotes"
        )
    told = {"ACCELERATE_MIXED_PRECISION": precision}
    if kind not in ALONE:
        told["WORLD_SIZE"] = str(config.num_processes)
    told |= {key.upper(): str(value) for key, value in config.parallelism_config.items()}
    if kind == "DEEPSPEED":
        told["ACCELERATE_USE_DEEPSPEED"] = "true"
        for key, value in config.deepspeed_config.items():
            told[f"ACCELERATE_DEEPSPEED_{key.upper().removeprefix('DEEPSPEED_')}"] = str(value)
    if kind == "FSDP":
        told["ACCELERATE_USE_FSDP"] = "true"
        for key, value in config.fsdp_config.items():
            told[f"FSDP_{key.upper().removeprefix('FSDP_')}"] = str(value)
    return told
