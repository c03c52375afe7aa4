"""What an accelerate file or a launched process says, and what accelerate would not follow."""

from pathlib import Path

import pytest

from recipes.engine import Engine
from recipes.errors import UserError

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "recipes/accelerate"


@pytest.mark.parametrize(
    "name, engine",
    [
        ("cpu2", Engine("ddp", 2)),
        ("ddp", Engine("ddp", 8)),
        ("zero2", Engine("zero2", 8)),
        ("zero3", Engine("zero3", 8)),
        ("fsdp2", Engine("fsdp2", 8)),
    ],
)
def test_shipped_files(name, engine):
    assert Engine.load(str(FOLDER / f"{name}.yaml")) == engine


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_is_an_engine(path):
    assert Engine.load(str(path)).num_processes >= 1


BASE = (
    "compute_environment: LOCAL_MACHINE\nnum_machines: 1\nmixed_precision: 'no'\nnum_processes: 2\n"
)


def load(tmp_path, text, base=BASE):
    path = tmp_path / "a.yaml"
    path.write_text(base + text, encoding="utf-8")
    return Engine.load(str(path))


ZERO = "distributed_type: DEEPSPEED\ndeepspeed_config: "
FSDP = "distributed_type: FSDP\nfsdp_config: "


@pytest.mark.parametrize(
    "text, said",
    [
        ("distributed_type: MULTI_CPU", "found MULTI_CPU with num_processes 2, for which accelerate starts one process"),
        ("distributed_type: 'NO'", "found NO with num_processes 2, for which accelerate starts one process"),
        ("distributed_type: MULTI_GPU\nuse_cpu: true", "use_cpu: found true with MULTI_GPU"),
        ("distributed_type: MEGATRON_LM", "distributed_type: found 'MEGATRON_LM'"),
        ("distributed_type: MULTI_GPUS", "not an accelerate config: 'MULTI_GPUS' is not a valid"),
        ("distributed_type: MULTI_GPU\nnum_procs: 3", "had unknown keys (['num_procs'])"),
        (ZERO + "{zero_stage: 1}", "zero_stage: found 1; expected 2 or 3"),
        (ZERO + "{zero_stage: two}", "ZERO_STAGE: found 'two'; expected a number"),
        ("distributed_type: [MULTI", "not an accelerate config: while parsing"),
        (ZERO + "{zero_stage: 2, offload_param_device: cpu}", "offload_param_device: found one with zero_stage 2"),
        (ZERO + "{deepspeed_config_file: no.json}", "no.json: found FileNotFoundError"),
        (FSDP + "{}", "fsdp_version: found 1; expected 2"),
    ],
)  # fmt: skip
def test_what_accelerate_would_not_follow_is_one_line(tmp_path, text, said):
    with pytest.raises(UserError) as error:
        load(tmp_path, text)
    assert said in str(error.value) and "\n" not in str(error.value) and ".yaml" in str(error.value)


def test_an_unquoted_no_is_explained(tmp_path):
    with pytest.raises(UserError, match=r"mixed_precision: found False.*expected 'no' in quotes"):
        load(tmp_path, "distributed_type: 'NO'", "num_processes: 1\nmixed_precision: no\n")


def test_a_missing_file_is_one_line():
    with pytest.raises(UserError, match=r"x\.yaml: no such accelerate config; expected a file"):
        Engine.load("x.yaml")


def test_offloading_shards_and_parallel_sequences(tmp_path):
    zero3 = load(tmp_path, ZERO + "{zero_stage: 3, offload_optimizer_device: cpu, offload_param_device: cpu}")  # fmt: skip
    assert (zero3.offload_optimizer, zero3.offload_params) == (True, True)
    assert not zero3.whole_checkpoints
    parallel = "\nparallelism_config: {parallelism_config_cp_size: 2}"
    checkpointing = "{fsdp_version: 2, fsdp_activation_checkpointing: true}"
    fsdp = load(tmp_path, FSDP + checkpointing + parallel)
    assert (fsdp.activation_checkpointing, fsdp.whole_checkpoints) == (True, False)
    assert (fsdp.context_parallel, fsdp.data_parallel) == (2, 1)


def test_a_deepspeed_file_of_its_own(tmp_path):
    file = tmp_path / "ds.json"
    file.write_text('{"zero_optimization": {"stage": 3, "offload_param": {"device": "cpu"}}}')
    engine = load(tmp_path, ZERO + f"{{deepspeed_config_file: {file}}}")
    assert (engine.kind, engine.offload_params, engine.offload_optimizer) == ("zero3", True, False)


# As accelerate 1.15.0 sets them: printed by a script under `accelerate launch`.
ALONE = {"ACCELERATE_USE_CPU": "True", "ACCELERATE_MIXED_PRECISION": "no"}
MEETING = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
RANK = {"LOCAL_RANK": "1", "WORLD_SIZE": "2", **MEETING}
ZERO3 = {
    "ACCELERATE_MIXED_PRECISION": "bf16", "ACCELERATE_USE_DEEPSPEED": "true", "ACCELERATE_DEEPSPEED_ZERO_STAGE": "3",
    "ACCELERATE_DEEPSPEED_OFFLOAD_OPTIMIZER_DEVICE": "none", "ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL": "true",
}  # fmt: skip
FSDP2 = {
    "ACCELERATE_MIXED_PRECISION": "bf16", "ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2",
    "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT", "FSDP_OFFLOAD_PARAMS": "false",
}  # fmt: skip


@pytest.mark.parametrize(
    "told, engine",
    [
        ({}, Engine("single")),
        (ALONE, Engine("single")),
        (MEETING, Engine("single")),  # a cluster's own, under plain python
        (RANK, Engine("ddp", 2)),
        (RANK | ZERO3, Engine("zero3", 2, mixed_precision="bf16")),
        (RANK | FSDP2, Engine("fsdp2", 2, mixed_precision="bf16")),
    ],
)
def test_what_a_launched_process_is_told(told, engine):
    assert Engine.of_environment(told) == engine


def test_one_process_in_place_of_two_is_refused():
    with pytest.raises(UserError, match="found several processes with --cpu, MULTI_CPU or NO"):
        Engine.of_environment(ALONE | MEETING)
