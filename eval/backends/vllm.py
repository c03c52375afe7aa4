"""Completions by vLLM in this process. Weights are loaded into its model as TRL does it (trl/generation/vllm_generation.py),
adapters by its own LoRA requests.

Not run by us on a GPU yet: tests call it with a stand-in of the package.
"""

import os
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from data.chat import stop_at_turn_end
from data.decoding import eos_ids
from data.tokenizer import Thinking
from eval.backends import BACKENDS, How
from eval.generate import Batch, Generation, Prompt, batches, row_seed
from eval.tokenizers import Tokenizers
from eval.warm import generation_config
from eval.weights import Between, Tensors, Weights, config_of
from recipes.errors import UserError


@BACKENDS.register("vllm")
@dataclass(frozen=True)
class VLLM:
    """args: keys of vllm.LLM, e.g. {max_model_len: 8192, gpu_memory_utilization: 0.85}"""

    args: dict[str, Any] = field(default_factory=dict)

    served = False
    drafts = False

    def engine(self, how: How) -> "Engine":
        try:
            import vllm  # noqa: F401  # optional, and slow to import
        except ImportError as error:
            raise UserError(
                f"backend: vllm: found no such package ({error}); expected `pip install -r requirements-gpu.txt`, or "
                "backend: {name: transformers}"
            ) from None
        if self.args.get("tensor_parallel_size", 1) > 1:
            raise UserError(
                "backend: args: tensor_parallel_size: found more than 1; expected 1: weights are exchanged in one process. "
                "For larger models: a server, and backend: {name: openai}"
            )
        if how.adapters == "merge":
            raise UserError("adapters: found merge with backend vllm; expected swap")
        return Engine(self, how)

    def mark(self) -> str:
        return f"vllm {sorted(self.args.items())}"


class Engine:
    thinking: Thinking

    def __init__(self, settings: VLLM, how: How) -> None:
        self._settings, self._how = settings, how
        self._tokenizers = Tokenizers(how.chat_template_kwargs)
        self._llm: Any = None
        self._built_for: tuple[Any, bool] | None = None
        self._shown: str | None = None  # the folder that the model's weights are those of
        self._lora: Any = None
        self._loras: dict[str, int] = {}
        self._digest = ""
        self._ends: list[int] = []
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        if how.device.startswith("cuda:"):  # vLLM takes the first that it sees
            number = int(how.device.removeprefix("cuda:"))
            own = visible.split(",")[number] if visible else str(number)
            os.environ["CUDA_VISIBLE_DEVICES"] = own
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # the model has to be in this process

    def load(self, weights: Weights, digest: str) -> None:
        folder = weights.architecture
        wanted = (
            config_of(folder),
            self._built_for == (config_of(folder), True) or bool(weights.base),
        )
        if self._llm is None or self._built_for != wanted:
            self._build(folder, lora=wanted[1])
            self._built_for, self._shown = wanted, folder
        if weights.other is not None or self._shown != folder:
            tensors = Between(weights) if weights.other else Tensors(folder)
            model = self._llm.llm_engine.model_executor.driver_worker.model_runner.model
            model.load_weights((name, tensors.read(name)) for name in tensors)
            self._llm.reset_prefix_cache()  # keys and values of other weights
            self._shown = folder if weights.other is None else None
        self._lora = self._request(weights.path) if weights.base else None
        tokenizer = self._tokenizers.use(weights.tokenizer)
        ends = SimpleNamespace(generation_config=generation_config(weights))
        stop_at_turn_end(ends, tokenizer)
        self._ends = eos_ids(ends, tokenizer)
        self.thinking = Thinking.of(tokenizer)
        self._digest = digest

    def _build(self, folder: str, lora: bool) -> None:
        import vllm

        self._llm = None
        more = {"enable_lora": True, "max_lora_rank": 64} if lora else {}
        args = {"dtype": self._how.dtype, "seed": self._how.seed} | more | self._settings.args
        self._llm = vllm.LLM(model=folder, **args)

    def _request(self, folder: str) -> Any:
        from vllm.lora.request import LoRARequest

        number = self._loras.setdefault(folder, len(self._loras) + 1)
        return LoRARequest(f"adapter{number}", number, folder)

    def generate(self, prompts: Sequence[Prompt], done: Container[int] = ()) -> Iterator[Batch]:
        from vllm import SamplingParams

        how, ids = self._how.sampling, self._tokenizers.ids(prompts)
        for batch in batches([len(one) for one in ids], how.batch_size):
            if all(index in done for index in batch):
                continue
            params = [
                SamplingParams(
                    max_tokens=how.max_new_tokens, temperature=how.temperature, top_p=how.top_p, stop_token_ids=self._ends,
                    seed=row_seed(self._how.seed, prompts[index], self._digest) % 2**63,
                )
                for index in batch
            ]  # fmt: skip
            asked = [{"prompt_token_ids": ids[index]} for index in batch]
            found = self._llm.generate(
                asked, sampling_params=params, use_tqdm=False, lora_request=self._lora
            )
            written = [self._generation(one.outputs[0]) for one in found]
            yield list(zip(batch, written, strict=True))

    def _generation(self, output: Any) -> Generation:
        token_ids = list(output.token_ids)
        text = self._tokenizers.current.decode(token_ids, skip_special_tokens=True)
        return Generation(text, token_ids, output.finish_reason == "length")
