"""What a recipe may say. Each section builds exactly one thing; `model` and `trainer` hold TRL's
own keys.

`load_recipe(path, cls, overrides)` refuses an unknown key, a wrong type, a wrong enum value and
impossible batch arithmetic in one line each (file, key, found, expected), before a model or a data
set is touched. What recipes share stands in files that they extend (recipes/extends.py).
"""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from recipes.attention import Attention
from recipes.errors import UserError
from recipes.extends import read
from recipes.ranges import above_zero, require
from recipes.rl import Alarms, Bound, Curriculum, DynamicSampling, Monitoring, Stage, TokenBudget
from recipes.typed import build

R = TypeVar("R", bound="Recipe")
Dtype = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class Recipe:
    """Sections that every recipe has. `name` names the run directory, `runs/<name>`."""

    name: str
    seed: int

    def __post_init__(self) -> None:
        if not self.name or self.name != Path(self.name).name or self.name.startswith("."):
            raise ValueError(f"name: found {self.name!r}; expected a plain folder name")


@dataclass(frozen=True)
class Decontaminate:
    """Rows whose question is in a benchmark are not trained on: data/decontaminate.

    against: names of question sets (data/held_out), each of which must be readable; None for all, of which those that
             cannot be read are named in a warning
    ngram:   words that a training row and a question must share in a row. 8 is Tulu 3's (GPT-3: 13); of questions with one
             word in ten exchanged it finds 80 %, 13 finds 48 % (scripts/bench/decontaminate.py)
    share:   a row goes when more than this share of a question's words lie in such n-grams, in [0, 1); 0: with any one
    """

    against: tuple[str, ...] | None = None
    ngram: int = 8
    share: float = 0.5

    def __post_init__(self) -> None:
        require(self.ngram > 1, "ngram", self.ngram, "at least 2")
        require(0 <= self.share < 1, "share", self.share, "a number in [0, 1)")
        require(self.against != (), "against", [], "names; `decontaminate: null` switches it off")


@dataclass(frozen=True)
class TrainRecipe(Recipe):
    """model: trl.ModelConfig keys; trainer: trl.SFTConfig or trl.GRPOConfig keys; data: a list of
    sources (data/sources).

    system_prompt: in front of every prompt; None leaves it to the chat template
    chat_template_kwargs: what the chat template is told, e.g. {enable_thinking: false}; it becomes the default of the
        tokenizer that is saved with each checkpoint (data/chat.py)
    decontaminate: None trains on the benchmarks' own questions too
    """

    model: dict[str, Any]
    data: tuple[dict[str, Any], ...]
    trainer: dict[str, Any] = field(default_factory=dict)
    system_prompt: str | None = None
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    decontaminate: Decontaminate | None = field(default_factory=Decontaminate)


@dataclass(frozen=True)
class Muon:
    """Train the weight matrices of linear layers with Muon (train/muon.py) at this learning rate,
    which is in AdamW's units; the trainer's scheduler scales it too."""

    learning_rate: float
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        for key in ("learning_rate", "weight_decay"):
            if getattr(self, key) < 0:
                raise ValueError(f"{key}: found {getattr(self, key)}; expected at least 0")


@dataclass(frozen=True)
class SFTRecipe(TrainRecipe):
    """muon: None trains everything with the trainer's own optimizer.

    config_overrides: values of the model's own config that differ from the checkpoint's, e.g.
        {rope_parameters: {rope_theta: 20000}}; saved with each checkpoint. SFT only: GRPO's reference model and vLLM read
        the config from disk.
    """

    muon: Muon | None = None
    config_overrides: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GRPORecipe(TrainRecipe):
    """rewards: a list (train/rewards). length_penalty: one or a list (train/penalties), None for none.

    constrained:      bounds on the means of rewards, whose weights become multipliers; () for fixed weights
    stages:           of the context, in order; () leaves `trainer.max_completion_length` as it is
    dynamic_sampling: None takes every group as it comes
    curriculum:       None has all prompts open from the start
    methods:          changes of the trainer that are no rewards (train/methods), each once
    token_budget:     None leaves prompts alone; else each states how long to think, for l1_exact and l1_max
    max_prompt_length: in tokens, chat template included; longer prompts are left out and counted. None keeps all
    monitoring:       a held-out set that is scored during training; None for none
    reference:        a file of scripts/reference.py, for length terms that compare with a reference model; None without
    """

    rewards: tuple[dict[str, Any], ...] = ()
    length_penalty: dict[str, Any] | tuple[dict[str, Any], ...] | None = None
    constrained: tuple[Bound, ...] = ()
    stages: tuple[Stage, ...] = ()
    dynamic_sampling: DynamicSampling | None = None
    curriculum: Curriculum | None = None
    methods: tuple[dict[str, Any], ...] = ()
    monitoring: Monitoring | None = None
    reference: str | None = None
    token_budget: TokenBudget | None = None
    max_prompt_length: int | None = None
    alarms: Alarms = field(default_factory=Alarms)

    @property
    def length_penalties(self) -> tuple[dict[str, Any], ...]:
        if isinstance(self.length_penalty, dict):
            return (self.length_penalty,)
        return self.length_penalty or ()

    def __post_init__(self) -> None:
        super().__post_init__()
        starts = [stage.start for stage in self.stages]
        if starts != sorted(set(starts)):
            raise ValueError(f"stages: found starts {starts}; expected rising numbers")
        if not self.rewards:
            raise ValueError(
                "rewards: found none; expected a list such as [{name: answer, weight: 1.0}]"
            )


@dataclass(frozen=True)
class Sampling:
    """How completions are generated. temperature 0 is greedy; max_new_tokens counts CoT and
    response together.

    num_samples: completions of every prompt, for avg@k; the sweep's alone
    """

    max_new_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    batch_size: int = 64
    num_samples: int = 1

    def __post_init__(self) -> None:
        lows = {"max_new_tokens": 1, "batch_size": 1, "temperature": 0, "num_samples": 1}
        for key, low in lows.items():
            if getattr(self, key) < low:
                raise ValueError(f"{key}: found {getattr(self, key)}; expected at least {low}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p: found {self.top_p}; expected a number in (0, 1]")
        if self.num_samples > 1 and self.temperature == 0:
            raise ValueError(
                f"num_samples: found {self.num_samples} with temperature 0; expected 1: greedy samples are all the same"
            )


@dataclass(frozen=True)
class TracesRecipe(Recipe):
    """A teacher's reasoning on training problems: `scripts/traces.py`.

    teacher: a folder or a Hub name; dtype: of its weights, as in SweepRecipe
    data, chat_template_kwargs, decontaminate: as in a training recipe
    max_reasoning_tokens: traces with more are dropped, counted in the teacher's tokens
    """

    teacher: str
    data: tuple[dict[str, Any], ...]
    max_reasoning_tokens: int = 8192
    dtype: Dtype = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    decontaminate: Decontaminate | None = field(default_factory=Decontaminate)

    def __post_init__(self) -> None:
        super().__post_init__()
        above_zero(max_reasoning_tokens=self.max_reasoning_tokens)
        found = self.sampling.num_samples
        require(found == 1, "sampling.num_samples", found, "1: each prompt is sampled once")


@dataclass(frozen=True)
class SweepRecipe(Recipe):
    """Which checkpoints meet which benchmarks.

    base:       the checkpoint that every run started from, scored once (a path or a Hub name), or
        None
    runs:       label of a line in the curve -> the runs behind it (folders of `runs/`); several
        runs are seeds of one regime
    checkpoints: label -> what else is scored under it, each a folder, a run's checkpoint (`name/checkpoint-50`), a Hub name
        (`Qwen/Qwen3-1.7B`), a folder with a LoRA adapter, or interpolations `a:b@0.0,0.25,1.0`: (1 - x) a + x b
    benchmarks: a list of benchmarks (eval/benchmarks); the curve is drawn for the first
    mitigations: a list of mitigations (eval/mitigations), each for every checkpoint on every benchmark, beside the model as
        it is and the model without its reasoning; () for the model as it is alone. The curve is that of the model as it is
    backend:    what generates (eval/backends), with its settings
    adapters:   swap: a LoRA adapter stays beside its base model's weights; merge: it is added to them when it is loaded
    num_workers: processes that score checkpoints side by side, each on a GPU of its own or with its share of the cores; None
        for one on each GPU, or one
    slurm:      submitit's own keys for `--submit`, e.g. {slurm_partition: gpu, gpus_per_node: 1, timeout_min: 240}
    dtype:      of the weights while generating, as in from_pretrained; "auto" is the checkpoint's
        own
    chat_template_kwargs: as in a training recipe; a checkpoint of ours brings its own along, the base does not
    attention:  how much answers attend to constraints, measured on every checkpoint; None: not at all
    wandb:      log the tables and the curve there, offline unless WANDB_MODE=online
    """

    benchmarks: tuple[dict[str, Any], ...]
    runs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    base: str | None = None
    checkpoints: dict[str, tuple[str, ...]] = field(default_factory=dict)
    title: str = ""
    dtype: Dtype = "auto"
    sampling: Sampling = field(default_factory=Sampling)
    mitigations: tuple[dict[str, Any], ...] = ()
    backend: dict[str, Any] = field(default_factory=lambda: {"name": "transformers"})
    adapters: Literal["swap", "merge"] = "swap"
    num_workers: int | None = None
    slurm: dict[str, Any] = field(default_factory=dict)
    chat_template_kwargs: dict[str, Any] = field(default_factory=dict)
    attention: Attention | None = None
    wandb: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.benchmarks:
            raise ValueError(
                "benchmarks: found none; expected a list such as [{name: tiny, per_cell: 50}]"
            )
        if self.num_workers is not None and self.num_workers < 1:
            raise ValueError(f"num_workers: found {self.num_workers}; expected at least 1")
        if not (self.base or self.runs or self.checkpoints):
            raise ValueError("base, runs, checkpoints: found none; expected what is to be scored")


@dataclass(frozen=True)
class Regime:
    """A training recipe with overrides of its own, e.g. ["length_penalty={name: kimi}"].

    start: label of a regime above, from whose last checkpoint of the same seed this one starts; "": from the recipe's model
    """

    recipe: str
    overrides: tuple[str, ...] = ()
    start: str = ""


@dataclass(frozen=True)
class StudyRecipe(Recipe):
    """Training runs and the sweep over them: `scripts/study.py`. Each regime is trained once for
    every seed.

    regimes:   label -> recipe file, or a Regime; a recipe in a folder named `sft` or `grpo` goes to
        train/sft.py or train/grpo.py
    overrides: applied to every training recipe, e.g. ["trainer.max_steps=200"]
    sweep:     the sections of a SweepRecipe except name, seed and runs
    """

    regimes: dict[str, str | Regime]
    sweep: dict[str, Any]
    num_seeds: int = 1
    num_workers: int = 1
    overrides: tuple[str, ...] = ()


def load_recipe(path: str, cls: type[R], overrides: list[str]) -> R:
    """The recipe at `path`, with what it extends and `section.key=value` overrides applied. Raises UserError with one
    line per problem."""
    raw, extended = read(path)
    for override in overrides:
        _override(raw, override)
    return build(cls, raw, f"{path} (extends {', '.join(extended)})" if extended else path)


def _override(raw: Any, text: str) -> None:
    """Set one dotted key (`trainer.learning_rate=1e-5`, `rewards.0.weight=2`) in place; the value
    is read as YAML."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UserError(f"override {text!r}: expected section.key=value")
    *sections, last = key.split(".")
    for section in sections:
        try:
            raw = raw[int(section)] if isinstance(raw, list) else raw.setdefault(section, {})
        except (ValueError, IndexError):
            raise UserError(
                f"override {text!r}: {section!r} is no index of a list of {len(raw)}"
            ) from None
    parsed = yaml.safe_load(value)
    if isinstance(raw, dict):
        raw[last] = parsed
    elif isinstance(raw, list) and last.isdigit() and int(last) < len(raw):
        raw[int(last)] = parsed
    else:
        raise UserError(f"override {text!r}: {last!r} is not a key here")


def to_yaml(recipe: Recipe) -> str:
    """The resolved recipe, loadable again."""
    plain = _plain(dataclasses.asdict(recipe))
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
