"""What the launcher was asked for, and what an engine would silently do instead."""

import inspect
from types import SimpleNamespace

import pytest
import torch
import trl
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from transformers.training_args import OptimizerNames
from trl import ModelConfig

from recipes.engine import Engine
from recipes.errors import UserError
from train.engine_check import (
    Processes,
    asked,
    check_launch,
    check_optimizer,
    check_reference,
    keep_full_precision,
    kind_of,
    launcher_arguments,
)
from train.rollout import own_rollout
from train.varlen import VARLEN

FOLDER = "recipes/accelerate/"


@pytest.mark.parametrize(
    "command, found",
    [
        (["/bin/python", "-m", "accelerate.commands.launch", "x.py"], ["x.py"]),
        (["/bin/python", "/venv/bin/accelerate", "launch", "--cpu", "x.py"], ["--cpu", "x.py"]),
        (["/bin/python", "/venv/bin/accelerate-launch", "x.py"], ["x.py"]),
        (["/bin/python", "/venv/bin/accelerate", "config"], None),
        (["/bin/python", "train/sft.py", "--config", "accelerate.yaml"], None),
        ([], None),
    ],
)
def test_a_launcher_is_known_by_its_command_line(command, found):
    assert launcher_arguments(command) == found


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--config_file", f"{FOLDER}single.yaml"], Processes("one process", 1)),
        (["--config_file", f"{FOLDER}ddp.yaml"], Processes("DDP", 8)),
        (["--config_file", f"{FOLDER}cpu2.yaml"], Processes("DDP", 2)),
        (["--config_file", f"{FOLDER}zero2.yaml", "--num_processes", "3"], Processes("DeepSpeed", 3)),
        (["--config_file", f"{FOLDER}zero3_offload.yaml"], Processes("DeepSpeed", 8)),
        (["--config_file", f"{FOLDER}fsdp2.yaml", "--num_machines", "2", "--num_processes", "16"], Processes("FSDP", 16)),
        (["--cpu", "--num_processes", "2"], Processes("DDP", 2)),
        ([], Processes("one process", 1)),
    ],
)  # fmt: skip
def test_what_accelerate_was_asked_for(arguments, expected, monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    # The script's own arguments are not the launcher's.
    assert asked([*arguments, "train/sft.py", "--num_processes", "99"]) == expected


def test_a_config_file_for_several_cpus_is_read(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("distributed_type: MULTI_CPU\nnum_processes: 2\n", encoding="utf-8")
    assert asked(["--config_file", str(path), "x.py"]) == Processes("DDP", 2)


@pytest.mark.parametrize(
    "found, expected, message",
    [
        (Processes("one process", 1), Processes("DDP", 2), "found 1 process; expected DDP over 2 processes, .*cpu2.yaml"),
        (Processes("DDP", 2), Processes("FSDP", 2), "found DDP over 2 processes; expected FSDP over 2 .*GPUs only"),
        (Processes("one process", 1), Processes(None, 4), "found 1 process; expected 4 processes"),
        (Processes("DDP", 2), Processes("DDP", 4), "found DDP over 2 processes; expected DDP over 4"),
    ],
)  # fmt: skip
def test_another_launch_than_was_asked_for_is_refused_in_one_line(found, expected, message):
    with pytest.raises(UserError, match=f"^x.yaml: launch: {message}") as caught:
        check_launch(found, expected, "x.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "found, expected",
    [
        (Processes("one process", 1), Processes(None, 1)),
        (Processes("DDP", 1), Processes("one process", 1)),  # torchrun with one process
        (Processes("DDP", 4), Processes(None, 4)),
        (Processes("DeepSpeed", 1), Processes("DeepSpeed", 1)),
    ],
)
def test_the_launch_that_was_asked_for_passes(found, expected):
    check_launch(found, expected, "x.yaml")


def config(kind, **changes):
    facts = {"deepspeed_plugin": None, "fsdp": None, "world_size": 1, "optim": None}
    state = SimpleNamespace(distributed_type=kind)
    return SimpleNamespace(**facts | {"distributed_state": state} | changes)


@pytest.mark.parametrize(
    "kind, changes, wants_fsdp, expected",
    [
        (DistributedType.NO, {}, False, "one process"),
        (DistributedType.MULTI_CPU, {}, False, "DDP"),
        (DistributedType.MULTI_GPU, {}, False, "DDP"),
        (DistributedType.MULTI_GPU, {}, True, "FSDP"),
        (DistributedType.MULTI_CPU, {}, True, "DDP"),  # what accelerate makes of it
        (DistributedType.MULTI_CPU, {"deepspeed_plugin": object()}, False, "DeepSpeed"),
    ],
)
def test_the_kind_is_known_before_there_is_an_accelerator(
    kind, changes, wants_fsdp, expected, monkeypatch
):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", str(wants_fsdp).lower())
    assert kind_of(config(kind, **changes)) == expected


SAMPLING = {
    "bf16": True, "use_vllm": False, "use_transformers_continuous_batching": False, "generation_kwargs": None, "top_k": 0,
    "min_p": None, "repetition_penalty": 1.0, "cache_implementation": None,
}  # fmt: skip


def rollout(engine, changes=(), on_cpu=True, attention="sdpa", **model):
    """own_rollout for such a launch."""
    return own_rollout(
        SimpleNamespace(
            config=SimpleNamespace(**{**SAMPLING, **dict(changes)}), engine=Engine(engine), on_cpu=on_cpu,
            attention=attention, quantised_bits=model.pop("bits", None), model=ModelConfig(**model),
        )
    )  # fmt: skip


def test_our_rollout_needs_whole_weights():
    """Under ZeRO and FSDP a process holds parts of them."""
    for engine in ("single", "ddp"):
        assert rollout(engine) is not None and rollout(engine, on_cpu=False) is not None
    for engine in ("zero2", "zero3", "fsdp2"):
        assert rollout(engine) is None and rollout(engine, on_cpu=False) is None


def test_our_rollout_leaves_to_trl_what_it_does_not_do():
    for change in ({"top_k": 20}, {"min_p": 0.1}, {"repetition_penalty": 1.1}, {"use_vllm": True}, {"bf16": False},
                   {"generation_kwargs": {"no_repeat_ngram_size": 3}}, {"cache_implementation": "static"},
                   {"use_transformers_continuous_batching": True}):  # fmt: skip
        assert rollout("ddp", change) is None and rollout("ddp", change, on_cpu=False) is None


@pytest.mark.parametrize(
    "on_cpu, model, found",
    [
        (True, {}, "copy"),
        (True, {"use_peft": True}, "copy"),
        (True, {"use_peft": True, "use_dora": True}, None),
        (False, {}, "copy"),
        (False, {"dtype": "bfloat16"}, "itself"),
        (False, {"dtype": "bfloat16", "attention": VARLEN}, "itself"),
        (False, {"dtype": "bfloat16", "attention": "flash_attention_2"}, None),
        (False, {"dtype": "bfloat16", "use_peft": True}, "copy"),
        (False, {"use_peft": True, "use_dora": True}, "itself"),
        (False, {"use_peft": True, "lora_modules_to_save": ["lm_head"]}, "itself"),
        (False, {"use_peft": True, "bits": 4}, None),
    ],
)
def test_who_generates(on_cpu, model, found):
    one = rollout("ddp", on_cpu=on_cpu, **model)
    assert (one and ("copy" if one._copies else "itself")) == found


def test_a_reference_model_without_weights_is_refused(monkeypatch):
    """As on GPUs with recipes/accelerate/fsdp2.yaml."""
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "true")
    penalised = config(DistributedType.MULTI_GPU, beta=0.1)
    with pytest.raises(
        UserError, match=r"^x: trainer: beta: found 0.1; .*efficient_loading false$"
    ):
        check_reference(penalised, False, "x")
    check_reference(penalised, True, "x")  # the reference is the model without its adapter
    check_reference(config(DistributedType.MULTI_GPU, beta=0.0), False, "x")
    monkeypatch.setenv("FSDP_CPU_RAM_EFFICIENT_LOADING", "false")
    check_reference(penalised, False, "x")


def test_an_optimizer_that_offloading_would_replace_is_refused():
    def offloaded(device, optim):
        plugin = SimpleNamespace(offload_optimizer_device=device)
        return config(
            DistributedType.MULTI_GPU, deepspeed_plugin=plugin, optim=OptimizerNames(optim)
        )

    with pytest.raises(UserError, match=r"^x: trainer: optim: found 'sgd'; expected 'adamw_torch'"):
        check_optimizer(offloaded("cpu", "sgd"), "x")
    check_optimizer(offloaded("none", "sgd"), "x")
    check_optimizer(offloaded("cpu", "adamw_torch_fused"), "x")


def test_fsdp_returns_log_probabilities_in_full_precision():
    plugin = FullyShardedDataParallelPlugin(fsdp_version=2, mixed_precision_policy="bf16")
    assert plugin.mixed_precision_policy.output_dtype == torch.bfloat16  # accelerate's choice
    keep_full_precision(plugin)
    policy = plugin.mixed_precision_policy
    assert (policy.param_dtype, policy.reduce_dtype, policy.output_dtype) == (
        torch.bfloat16,
        torch.float32,
        None,
    )
    keep_full_precision(FullyShardedDataParallelPlugin(fsdp_version=2))  # fp32: there is no policy


def test_trl_has_one_loss_with_liger_too():
    """Our log-probabilities and weights of tokens would be passed by otherwise: Liger's kernels are those of layers."""
    source = inspect.getsource(trl.GRPOTrainer._compute_loss)
    assert "_get_per_token_logps_and_entropies" in source and "liger" not in source.lower()
