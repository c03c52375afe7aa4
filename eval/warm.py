"""One module on a device, built once; further checkpoints of its architecture are copied into its weights.

What from_pretrained would convert on the way (experts that are fused, quantised weights, names of older versions) does not
match by name, and such a checkpoint is built anew. LoRA adapters are exchanged through peft on a base that stays, or are
merged into it.
"""

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftConfig, PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

from data.attention import use_decoding_attention
from eval.weights import Between, Tensors, Weights, config_of, weight_files
from recipes.errors import UserError

DTYPE_KEYS = ("dtype", "torch_dtype")  # of a config: what its weights were saved in


class WarmModel:
    """built: how many times a module was made, of as many checkpoints as were shown."""

    def __init__(self, dtype: str, device: str, adapters: Literal["swap", "merge"]) -> None:
        self._dtype, self._device, self._adapters = dtype, device, adapters
        self._module: Any = None
        self._architecture = ""
        self._base: str | None = (
            None  # whose weights the module has, where they are as in its folder
        )
        self._adapted: Any = None  # a PeftModel around the module
        self._count = 0  # of adapters
        self.built = 0

    def show(self, weights: Weights) -> Any:
        """The module with these weights, and how this checkpoint ends a completion."""
        with torch.no_grad():
            if weights.base is None:
                self._plain(weights)
                shown = self._module
            else:
                shown = self._with_adapter(weights)
        shown.generation_config = generation_config(weights)
        return shown

    def _plain(self, weights: Weights) -> None:
        self._take_off()
        architecture = self._architecture_of(weights.architecture)
        self._base = None
        swappable = self._module is not None and architecture == self._architecture
        if not (swappable and _copied(self._module, weights)):
            self._build(weights, architecture)
        if weights.other is None:
            self._base = weights.path

    def _build(self, weights: Weights, architecture: str) -> None:
        self._module = None
        gc.collect()
        if self._device.startswith("cuda"):
            torch.cuda.empty_cache()  # before the next one needs the room
        found = AutoModelForCausalLM.from_pretrained(weights.path, dtype=self._dtype)
        self._module = found.to(self._device).eval().requires_grad_(False)
        use_decoding_attention(self._module)
        self._architecture = architecture
        self.built += 1
        if weights.other is not None and not _copied(self._module, weights):
            raise UserError(
                f"{weights.path}:{weights.other}: found other names of weights than the module's; expected a model that "
                "transformers loads as it is saved"
            )

    def _with_adapter(self, weights: Weights) -> Any:
        config = PeftConfig.from_pretrained(weights.path)
        assert weights.base is not None
        if self._base != weights.base:
            self._plain(Weights(weights.base))
        stays = self._adapters == "swap" and not getattr(config, "modules_to_save", None)
        self._count += 1
        name = f"adapter{self._count}"  # torch allows no path, with its dots, for a module
        if self._adapted is None or not stays:
            self._take_off()
            self._adapted = PeftModel.from_pretrained(self._module, weights.path, name)
        else:
            (before,) = self._adapted.peft_config
            self._adapted.load_adapter(weights.path, name)
            self._adapted.set_adapter(name)
            self._adapted.delete_adapter(before)
        self._adapted.eval().requires_grad_(False)
        if not stays:
            # The base's weights are changed, and the next checkpoint overwrites all of them.
            self._module = self._adapted.merge_and_unload()
            self._adapted, self._base = None, None
            if getattr(config, "modules_to_save", None):
                self._architecture = ""  # a module was exchanged: built anew
        return self._module

    def _take_off(self) -> None:
        if self._adapted is not None:
            self._module = self._adapted.unload()
            self._adapted = None

    def _architecture_of(self, folder: str) -> str:
        """What has to be the same for a swap: the config, and with dtype "auto" what the weights are saved in."""
        config, dtypes = config_of(folder), set[str]()
        if self._dtype != "auto":
            config = {key: value for key, value in config.items() if key not in DTYPE_KEYS}
        if self._dtype == "auto" and weight_files(folder)[0].suffix == ".safetensors":
            tensors = Tensors(folder)
            dtypes = {tensors.dtype(name) for name in tensors}
        return json.dumps([config, sorted(dtypes)], sort_keys=True)


def generation_config(weights: Weights) -> Any:
    """How a checkpoint ends a completion, with what its config says where nothing else does."""
    for folder in (weights.path, weights.base):
        if folder and (Path(folder) / "generation_config.json").is_file():
            return GenerationConfig.from_pretrained(folder)
    return GenerationConfig.from_model_config(AutoConfig.from_pretrained(weights.architecture))


def _copied(module: Any, weights: Weights) -> bool:
    """Copies weights into the module, or leaves it as it is where the names or shapes are not its own."""
    if weight_files(weights.path)[0].suffix != ".safetensors":
        return False
    tensors = Between(weights) if weights.other else Tensors(weights.path)
    places = dict(_places(module))
    found = {name: target for name, target in places.items() if name in tensors}
    filled = {target.data_ptr() for target in found.values()}
    if set(tensors) - set(places) or any(t.data_ptr() not in filled for t in places.values()):
        return False
    if any(tensors.shape(name) != tuple(target.shape) for name, target in found.items()):
        return False
    done: set[int] = set()
    for name, target in found.items():
        if (
            target.data_ptr() not in done
        ):  # tied weights may be saved under every name: the first counts
            target.copy_(tensors.read(name))
            done.add(target.data_ptr())
    return True


def _places(module: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """Everything that is saved, input embeddings before what is tied to them, as transformers ties."""
    if getattr(module, "hf_quantizer", None) is None:
        yield from module.state_dict(keep_vars=True).items()
