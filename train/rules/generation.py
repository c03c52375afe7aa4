"""Completions: vLLM and transformers' generation."""

from trl.import_utils import is_vllm_available

from train.launch import Launch
from train.rules.base import caution, refusal, says

BY_SEQUENCE = ("sequence_mask", "sequence_truncate")
MODE = "vllm_importance_sampling_mode"


@refusal
def vllm_on_a_cpu(launch: Launch) -> str | None:
    """The published wheel needs CUDA."""
    if not launch.uses_vllm or not launch.on_cpu:
        return None
    return says("trainer: use_vllm", "true on a CPU", "false there")


@refusal
def vllm_missing(launch: Launch) -> str | None:
    """trl/generation/vllm_generation.py raises when the trainer is built, after the model is loaded."""
    if not launch.uses_vllm or launch.planned or launch.on_cpu or is_vllm_available():
        return None
    return says("trainer: use_vllm", "no vllm", "pip install -r requirements-gpu.txt, or false")


@refusal
def vllm_over_other_gpus(launch: Launch) -> str | None:
    """vllm_generation.py makes its groups of the run's own processes."""
    if not launch.colocated:
        return None
    size, processes = launch.config.vllm_tensor_parallel_size, launch.engine.num_processes
    if processes % size == 0:
        return None
    remedy = f"a divisor of {processes}"
    return says("trainer: vllm_tensor_parallel_size", f"{size} with {processes} processes", remedy)


@refusal
def vllm_over_odd_heads(launch: Launch) -> str | None:
    """vLLM gives each GPU the same number of heads."""
    model = launch.model_config if launch.colocated else None
    if model is None:
        return None
    size, heads = launch.config.vllm_tensor_parallel_size, model.num_attention_heads
    if heads % size == 0:
        return None
    found = f"{size} for a model of {heads} heads"
    return says("trainer: vllm_tensor_parallel_size", found, f"a divisor of {heads}")


@refusal
def vllm_share(launch: Launch) -> str | None:
    """The policy is trained on the same GPU."""
    if not launch.colocated or 0 < launch.config.vllm_gpu_memory_utilization < 1:
        return None
    found = launch.config.vllm_gpu_memory_utilization
    return says("trainer: vllm_gpu_memory_utilization", found, "a number between 0 and 1")


@refusal
def vllm_with_8_bit(launch: Launch) -> str | None:
    """vllm_generation.py, _init_vllm."""
    if not launch.colocated or launch.quantised_bits != 8:
        return None
    return says(
        "model: load_in_8bit", "true with use_vllm, which quantises to 4 bits only", "load_in_4bit"
    )


@refusal
def vllm_without_room(launch: Launch) -> str | None:
    """vLLM ends a completion where prompt and completion reach max_model_len."""
    if not launch.uses_vllm or launch.config.vllm_max_model_length is None:
        return None
    longest, room = launch.config.max_completion_length or 0, launch.config.vllm_max_model_length
    if room > longest:
        return None
    remedy = f"more than max_completion_length ({longest}), by the longest prompt"
    return says("trainer: vllm_max_model_length", room, remedy)


@refusal
def vespo_by_sequence(launch: Launch) -> str | None:
    """grpo_trainer.py refuses it once the model is loaded; the mode is the default one."""
    mode = launch.config.vllm_importance_sampling_mode if launch.corrects_vllm else None
    if mode not in BY_SEQUENCE or launch.config.loss_type != "vespo":
        return None
    return says(f"trainer: {MODE}", f"{mode} with loss_type vespo", "token_truncate or token_mask")


@refusal
def weights_cast_by_batching(launch: Launch) -> str | None:
    """grpo_trainer.py, _generate_single_turn: `unwrapped_model.to(torch.bfloat16)` on the policy itself, never undone."""
    batching = launch.is_grpo and launch.config.use_transformers_continuous_batching
    if not batching or not launch.mixed or launch.model.dtype != "float32":
        return None
    remedy = "use_vllm, or false: TRL casts them to 16 bits for good at the first generation"
    return says(
        "trainer: use_transformers_continuous_batching", "true with float32 weights", remedy
    )


@caution
def long_completions_masked(launch: Launch) -> str | None:
    """grpo_trainer.py adds up the log-ratios of a sequence: 0.012 per token is a ratio of 3.3 after 100, beyond its limit
    of 3."""
    mode = launch.config.vllm_importance_sampling_mode if launch.corrects_vllm else None
    if mode not in BY_SEQUENCE:
        return None
    default = "" if MODE in launch.given else ", the default"
    remedy = "token_truncate: the longer a completion, the likelier it is left out, which confounds a study of length"
    return says(f"trainer: {MODE}", f"{mode}{default}", remedy)
