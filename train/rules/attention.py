"""Attention: which implementation, and what it makes of packed rows."""

from importlib.util import find_spec

from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import (
    is_flash_attn_2_available,
    is_flash_attn_3_available,
    is_flash_attn_4_available,
)

from recipes.registry import did_you_mean
from train.launch import Launch
from train.rules.base import caution, refusal, says

KEY = "model: attn_implementation"
FLASH = {
    "flash_attention_2": (is_flash_attn_2_available, "flash-attn"),
    "flash_attention_3": (is_flash_attn_3_available, "flash-attn-3"),
    "flash_attention_4": (is_flash_attn_4_available, "flash-attn-4"),
}


@refusal
def unknown_attention(launch: Launch) -> str | None:
    """modeling_utils.py, get_correct_attn_implementation. A name with a slash is a kernel of the Hub; `paged|...` is for
    continuous batching."""
    paged = (key for key in ALL_ATTENTION_FUNCTIONS.valid_keys() if "|" not in key)
    known = ["eager", *paged]
    if launch.attention in known or "/" in launch.attention:
        return None
    return f"{KEY}: found {launch.attention!r}.{did_you_mean(launch.attention, known)}"


@refusal
def kernels_on_a_cpu(launch: Launch) -> str | None:
    """modeling_utils.py, _flash_attn_can_dispatch, once the weights are there; torch's flex_attention raises at the first
    backward."""
    gpu_only = launch.flash or "/" in launch.attention or launch.attention == "flex_attention"
    return (
        says(KEY, f"{launch.attention} on a CPU", "sdpa or eager")
        if gpu_only and launch.on_cpu
        else None
    )


@refusal
def flash_missing(launch: Launch) -> str | None:
    """modeling_utils.py, _check_and_adjust_attn_implementation: the package, or a kernel of the Hub through `kernels`."""
    if launch.planned or launch.on_cpu or find_spec("kernels") is not None:
        return None
    if "/" in launch.attention:
        return says(KEY, f"{launch.attention}, and no kernels", "pip install kernels, or sdpa")
    if launch.attention not in FLASH:
        return None
    available, package = FLASH[launch.attention]
    remedy = f"pip install {package} (or kernels), or sdpa"
    return None if available() else says(KEY, f"{launch.attention}, and no {package}", remedy)


@refusal
def flash_in_float32(launch: Launch) -> str | None:
    """Its kernels take 16 bits only; transformers warns, and the first forward fails."""
    if not launch.flash or launch.sixteen_bit:
        return None
    return says(KEY, f"{launch.attention} with float32", "trainer.bf16=true, or sdpa")


@refusal
def packing_into_nothing(launch: Launch) -> str | None:
    """sft_trainer.py, _prepare_dataset, after the model is loaded and the data tokenized."""
    if launch.is_grpo or not launch.config.packing or launch.config.max_length is not None:
        return None
    return says("trainer: max_length", "null with packing", "the length of a packed row")


@caution
def documents_that_see_each_other(launch: Launch) -> str | None:
    """data_utils.py, pack_dataset: `wrapped` rows carry no borders. Those of `bfd` do, as position_ids, of which
    transformers 5.17.0 makes a mask for eager and sdpa alike (masking_utils.py; held by tests/test_rules.py)."""
    if launch.is_grpo or not launch.config.packing or launch.config.packing_strategy != "wrapped":
        return None
    remedy = "bfd: documents would see each other, and prompts be cut from their completions"
    return says("trainer: packing_strategy", "wrapped", remedy)


@caution
def a_mask_of_whole_rows(launch: Launch) -> str | None:
    """masking_utils.py builds tokens x tokens for sdpa and eager, which costs sdpa its flash kernel."""
    dense = launch.attention in ("sdpa", "eager")
    if not launch.padding_free or not dense or launch.on_cpu:
        return None
    key = "packing" if launch.config.packing else "padding_free"
    found = f"{launch.attention} with {key}: right, with a mask of tokens x tokens"
    return says(KEY, found, "null, whose kernel needs none")
