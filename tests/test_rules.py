"""Each refusal and each caution, by a launch that breaks exactly that rule."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config
from trl import ModelConfig, get_quantization_config
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

import train.grpo
import train.sft
from recipes.engine import Engine
from recipes.errors import UserError
from train.penalties import PENALTIES
from train.rules import cautions, refuse
from train.rules.base import CAUTIONS, REFUSALS

SFT, GRPO = "recipes/sft/qwen3_1.7b_gsm8k.yaml", "recipes/grpo/qwen3_1.7b_gsm8k.yaml"
ZERO2 = Engine("zero2", 8, mixed_precision="bf16")
ZERO3, FSDP2, DDP = (replace(ZERO2, kind=kind) for kind in ("zero3", "fsdp2", "ddp"))
ONE = Engine("single")
BY_SEQUENCE = ["trainer.use_vllm=true", "trainer.vllm_importance_sampling_mode=sequence_mask"]
VLLM = ["trainer.use_vllm=true", "trainer.vllm_importance_sampling_mode=token_truncate"]
LORA = ["model.use_peft=true"]
FOUR_BIT = [*LORA, "model.load_in_4bit=true", "model.dtype=bfloat16"]
CPU = ["trainer.use_cpu=true", "trainer.bf16=false"]
PACKED = ["trainer.packing=true", "model.attn_implementation=flash_attention_2"]
SDPA = "model.attn_implementation=sdpa"
SELECTIVE = "trainer.gradient_checkpointing_kwargs={selective: true}"
PLAIN = replace(DDP, mixed_precision="no")


@pytest.fixture(autouse=True)
def runs(monkeypatch, tmp_path):
    monkeypatch.setenv("TETHER_RUNS", str(tmp_path))


def launch(path, overrides=(), engine=ZERO2):
    module = train.grpo if "/grpo/" in path else train.sft
    return module.plan(path, list(overrides), engine).launch


# rule, recipe, overrides, engine, what is said
BROKEN = [
    ("fsdp_on_a_cpu", SFT, CPU, replace(FSDP2, mixed_precision="no"), "found FSDP on a CPU; expected zero2, zero3 or ddp"),
    ("sequences_divided_in_grpo", GRPO, [], replace(FSDP2, context_parallel=2), "cp_size 2 and sp_size 1 with GRPO"),
    ("sequences_divided_in_grpo", GRPO, [], replace(ZERO3, sequence_parallel=4), "cp_size 1 and sp_size 4 with GRPO"),
    ("tensor_parallel", SFT, [], replace(FSDP2, tensor_parallel=2), "found tp_size 2; expected 1"),
    ("context_parallel", SFT, [], replace(ZERO2, context_parallel=2), "cp_size with zero2; expected fsdp2"),
    ("context_parallel", SFT, ["model.attn_implementation=eager"], replace(FSDP2, context_parallel=2), "eager with cp_size"),
    ("context_parallel", SFT, ["trainer.packing=true"], replace(FSDP2, context_parallel=2), "packing: found true with cp_s"),
    ("sequence_parallel", SFT, [], replace(FSDP2, sequence_parallel=2), "sp_size with fsdp2; expected zero2 or zero3"),
    ("sequence_parallel", SFT, ["trainer.loss_type=dft"], replace(ZERO3, sequence_parallel=2), "dft with sp_size"),
    ("sequence_parallel", SFT, ["trainer.label_smoothing_factor=0.1"], replace(ZERO3, sequence_parallel=2), "one with sp_s"),
    ("muon_on_shards", SFT, ["muon={learning_rate: 0.001}"], ZERO2, "muon: found it with zero2; expected one process or dd"),
    ("checkpointed_twice", SFT, [], replace(FSDP2, activation_checkpointing=True), "gradient_checkpointing: found true, wi"),
    ("smaller_batches_under_zero3", SFT, ["trainer.auto_find_batch_size=true"], ZERO3, "auto_find_batch_size: found true"),
    ("checkpoints_in_shards", SFT, [], replace(ZERO3, whole_checkpoints=False), "zero3_save_16bit_model: found checkpoints"),
    ("checkpoints_in_shards", SFT, [], replace(FSDP2, whole_checkpoints=False), "expected FULL_STATE_DICT"),
    ("two_precisions", SFT, ["trainer.bf16=false"], ZERO2, "found mixed_precision bf16 in the accelerate config, and no he"),
    ("two_precisions", SFT, [], replace(ZERO2, mixed_precision="fp16"), "mixed_precision fp16 in the accelerate config, an"),
    ("fp16_on_a_cpu", SFT, [*CPU, "trainer.fp16=true"], PLAIN, "fp16: found true on a CPU"),
    ("float16_weights", SFT, ["model.dtype=float16"], DDP, "dtype: found float16 for weights that are trained"),
    ("adapters_switched_off", SFT, ["model.lora_r=32"], ZERO2, "lora_r: found it without use_peft"),
    ("a_lone_target", SFT, [*LORA, "model.lora_target_modules=[q_proj]"], ZERO2, "found [q_proj] alone; expected '.*q_proj"),
    ("an_adapter_on_the_head", GRPO, [*LORA, "model.lora_target_modules=[q_proj, lm_head]"], ZERO2, "found lm_head"),
    ("quantised_without_adapters", SFT, FOUR_BIT[1:], ZERO2, "load_in_4bit: found true without use_peft"),
    ("quantised_on_a_cpu", SFT, [*FOUR_BIT, *CPU], PLAIN, "load_in_4bit: found true on a CPU"),
    ("quantised_in_shards", SFT, FOUR_BIT, ZERO3, "load_in_4bit: found true with zero3; expected ddp or zero2"),
    ("no_type_to_compute_in", SFT, [*FOUR_BIT, "model.dtype=auto"], ZERO2, "dtype: found auto with load_in_4bit"),
    ("a_reference_to_keep_up", GRPO, ["trainer.sync_ref_model=true"], ZERO2, "sync_ref_model: found true with beta 0"),
    ("a_reference_to_keep_up", GRPO, [*LORA, "trainer.sync_ref_model=true", "trainer.beta=0.1"], ZERO2, "true with use_pef"),
    ("unknown_attention", SFT, ["model.attn_implementation=flash_attn"], ZERO2, "found 'flash_attn'. Did you mean 'flash_a"),
    ("kernels_on_a_cpu", SFT, [*CPU, "model.attn_implementation=flex_attention"], PLAIN, "found flex_attention on a CPU"),
    ("flash_in_float32", SFT, ["model.attn_implementation=flash_attention_2", "trainer.bf16=false"], PLAIN, "with float32"),
    ("packing_into_nothing", SFT, [*PACKED, "trainer.max_length=null"], ZERO2, "max_length: found null with packing"),
    ("vllm_on_a_cpu", GRPO, [*VLLM, *CPU], PLAIN, "use_vllm: found true on a CPU"),
    ("vllm_over_other_gpus", GRPO, [*VLLM, "trainer.vllm_tensor_parallel_size=16"], ZERO2, "found 16 with 8 processes"),
    ("vllm_over_odd_heads", GRPO, [*VLLM, "trainer.vllm_tensor_parallel_size=3"], replace(ZERO2, num_processes=6), "16 hea"),
    ("vllm_share", GRPO, [*VLLM, "trainer.vllm_gpu_memory_utilization=30"], ZERO2, "found 30.0; expected a number between"),
    ("vllm_with_8_bit", GRPO, [*VLLM, *LORA, "model.load_in_8bit=true"], ZERO2, "load_in_8bit: found true with use_vllm"),
    ("vllm_without_room", GRPO, [*VLLM, "trainer.vllm_max_model_length=4096"], ZERO2, "found 4096; expected more than max_"),
    ("vespo_by_sequence", GRPO, [*BY_SEQUENCE, "trainer.loss_type=vespo"], ZERO2, "found sequence_mask with loss_type"),
    ("weights_cast_by_batching", GRPO, ["trainer.use_transformers_continuous_batching=true"], ZERO2, "true with float32 we"),
    ("saves_inside_a_generation_cycle", GRPO, ["trainer.num_iterations=4"], ZERO2, "found 50; expected a multiple of 4"),
    ("groups_over_processes", GRPO, ["dynamic_sampling={}", "trainer.per_device_train_batch_size=2"], ZERO2, "found 4; exp"),
    ("stages_beyond_the_run", GRPO, ["stages=[{start: 0, max_completion_length: 9999}]"], ZERO2, "stages.0: max_completion"),
    ("too_few_prompts", GRPO, ["data.0.num_rows=15"], ZERO2, "data: found 15 prompts; expected at least 16"),
    ("evaluation_without_data", SFT, ["trainer.eval_strategy=epoch"], ZERO2, "found epoch without an evaluation set; expec"),
    ("evaluation_without_data", GRPO, ["trainer.eval_strategy=epoch"], ZERO2, "expected a section monitoring:, or no"),
    ("settings_for_another_loader", SFT, ["trainer.model_init_kwargs={use_kernels: true}"], ZERO2, "which nothing would re"),
    ("chunks_and_liger", SFT, ["trainer.liger_kernel_config={fused_linear_cross_entropy: true}"], ZERO2, "in chunks itself"),
    ("liger_missing", SFT, [*CPU, "trainer.use_liger_kernel=true"], PLAIN, "use_liger_kernel: found true on a CPU"),
    ("selective_checkpointing", GRPO, [SELECTIVE], ZERO2, "selective with GRPO"),
    ("selective_checkpointing", SFT, [SELECTIVE, "trainer.gradient_checkpointing=false"], ZERO2, "with gradient_checkpoint"),
    ("selective_checkpointing", SFT, [SELECTIVE.replace("}", ", use_reentrant: true}")], ZERO2, "with use_reentrant true"),
    ("selective_checkpointing", SFT, [SELECTIVE, *LORA], ZERO3, "with use_peft and zero3"),
]  # fmt: skip


@pytest.mark.parametrize("rule, path, overrides, engine, said", BROKEN)
def test_a_refusal_is_one_line(rule, path, overrides, engine, said):
    with pytest.raises(UserError) as error:
        launch(path, overrides, engine)
    assert str(error.value).startswith(f"{path}: ") and said in str(error.value)
    assert "\n" not in str(error.value)


# On the machine that it is launched on: what is installed or visible there. rule, recipe, overrides, engine, what is said
HERE = [
    ("several_gpus_in_one_process", SFT, [], ONE, "launch: found one process and 2 visible GPUs"),
    ("bitsandbytes_missing", SFT, FOUR_BIT, DDP, "load_in_4bit: found no bitsandbytes"),
    ("bitsandbytes_missing", SFT, ["trainer.optim=adamw_bnb_8bit"], DDP, "optim: found no bitsandbytes"),
    ("flash_missing", SFT, ["model.attn_implementation=flash_attention_2"], DDP, "found flash_attention_2, and no flash-at"),
    ("flash_missing", SFT, ["model.attn_implementation=kernels-community/flash-attn3"], DDP, "and no kernels; expected pip"),
    ("vllm_missing", GRPO, VLLM, DDP, "use_vllm: found no vllm; expected pip install -r requirements-gpu.txt"),
    ("liger_missing", SFT, ["trainer.use_liger_kernel=true"], DDP, "use_liger_kernel: found no liger-kernel"),
]  # fmt: skip


@pytest.mark.parametrize("rule, path, overrides, engine, said", HERE)
def test_a_plan_for_elsewhere_becomes_a_refusal_here(
    monkeypatch, rule, path, overrides, engine, said
):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    planned = launch(path, overrides, engine)  # not refused: it may be installed there
    with pytest.raises(UserError) as error:
        refuse(replace(planned, planned=False))
    assert said in str(error.value) and "\n" not in str(error.value)


MASKED = "trainer.mask_truncated_completions=true"
CAREFUL = [
    ("generation_layer_by_layer", GRPO, [], FSDP2, "use_vllm: found false with fsdp2"),
    ("updates_below_resolution", SFT, ["model.dtype=bfloat16"], DDP, "found bfloat16 with ddp and learning_rate 1e-05"),
    ("quantised_and_whole", SFT, FOUR_BIT, FSDP2, "bnb_4bit_quant_storage: found none with fsdp2"),
    ("documents_that_see_each_other", SFT, [*PACKED, "trainer.packing_strategy=wrapped"], ZERO2, "packing_strategy: found"),
    ("a_mask_of_whole_rows", SFT, [PACKED[0], SDPA], ZERO2, "found sdpa with packing: right, with a mask of tokens"),
    ("long_completions_masked", GRPO, BY_SEQUENCE, ZERO2, "found sequence_mask; expected token_truncate"),
    ("long_completions_masked", GRPO, [VLLM[0], "trainer.vllm_importance_sampling_mode=sequence_truncate"], ZERO2, "found"),
    ("cut_off_completions_pay_nothing", GRPO, [MASKED], ZERO2, "found true with length_penalty soft_overlong"),
    ("a_limit_out_of_reach", GRPO, ["trainer.max_completion_length=3071"], ZERO2, "max_tokens: found 3072 with completions"),
    ("a_limit_out_of_reach", GRPO, ["stages=[{start: 0.5, max_completion_length: 2048}]"], ZERO2, "at most 2048 tokens"),
    ("budgets_out_of_reach", GRPO, ["token_budget={high: 5000}"], ZERO2, "token_budget: high: found 5000; expected at most"),
    ("long_mistakes_are_cheap", GRPO, ["trainer.loss_type=grpo"], ZERO2, "loss_type: found grpo"),
    ("beyond_the_positions", GRPO, ["model.model_name_or_path=Qwen/Qwen2.5-Math-1.5B"], ZERO2, "4096 for a model of 4096 p"),
    ("beyond_the_positions", SFT, ["model.model_name_or_path=Qwen/Qwen2.5-Math-1.5B", "trainer.max_length=4097"], ZERO2, ""),
]  # fmt: skip


@pytest.mark.parametrize("rule, path, overrides, engine, said", CAREFUL)
def test_a_caution_is_one_line_and_runs(rule, path, overrides, engine, said):
    found = cautions(launch(path, overrides, engine))
    assert len(found) == 1 and said in found[0] and "\n" not in found[0]
    assert found[0].startswith(f"{path}: ")


def test_every_rule_is_broken_here():
    tested = {case[0] for case in (*BROKEN, *HERE, *CAREFUL)}
    assert {rule.__name__ for rule in (*REFUSALS, *CAUTIONS)} == tested


WORKS = [
    (SFT, []),
    (SFT, LORA),
    (SFT, [*PACKED, "trainer.packing_strategy=bfd"]),
    (GRPO, VLLM),
    (GRPO, [*LORA, "trainer.beta=0.01"]),
    (GRPO, ["trainer.importance_sampling_level=sequence", "trainer.loss_type=grpo"]),
    (GRPO, ["length_penalty={name: soft_overlong, max_tokens: 4096, buffer_tokens: 512}"]),
]


@pytest.mark.parametrize("engine", [ZERO2, ZERO3, DDP, replace(ZERO2, num_processes=1)])
@pytest.mark.parametrize("path, overrides", WORKS)
def test_what_works_is_let_through(path, overrides, engine):
    assert cautions(launch(path, overrides, engine)) == []


@pytest.mark.parametrize("engine", [ZERO2, DDP])
def test_quantised_weights_are_let_through_where_they_stay_whole(engine):
    assert cautions(launch(SFT, FOUR_BIT, engine)) == []


def test_several_problems_are_several_lines():
    with pytest.raises(UserError) as error:
        launch(GRPO, ["trainer.num_iterations=4", "trainer.eval_strategy=epoch"])
    assert len(str(error.value).splitlines()) == 2


def test_only_the_main_process_says_so():
    found = launch(GRPO)
    broken = replace(found, sizes=replace(found.sizes, rows=1))
    with pytest.raises(UserError):
        refuse(broken)
    other = type(found.config)
    process = type("Other", (other,), {"process_index": property(lambda self: 1)})
    config = process(output_dir="x", use_cpu=True, report_to="none")
    refuse(replace(broken, config=config))


def test_keys_that_name_an_engine_or_a_loss_of_the_past():
    with pytest.raises(
        UserError, match=r"trainer: fsdp is set by Tether .*accelerate launch --config_file"
    ):
        launch(SFT, ["trainer.fsdp=full_shard"])
    with pytest.raises(UserError, match="loss_type: found 'chunked_nll'; expected nll"):
        launch(SFT, ["trainer.loss_type=chunked_nll", "trainer.use_liger_kernel=true"])
    with pytest.raises(UserError, match="vllm_importance_sampling_mode: found 'token_mas'"):
        launch(GRPO, ["trainer.vllm_importance_sampling_mode=token_mas"])


# What the rules rest on


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("config_class", [LlamaConfig, Qwen2Config, Qwen3Config])
def test_packed_documents_do_not_see_each_other(config_class, attention):
    config = config_class(
        hidden_size=64, num_attention_heads=4, num_key_value_heads=2, head_dim=16, intermediate_size=128, vocab_size=100,
        num_hidden_layers=2,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention).train()
    rows = [list(range(1, 12)), list(range(30, 37))]
    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)(
        [{"input_ids": row, "labels": row} for row in rows]
    )
    batch.pop("labels")
    with torch.no_grad():
        together = model(**batch, use_cache=False).logits[0]
        alone = model(input_ids=torch.tensor([rows[1]]), use_cache=False).logits[0]
    assert torch.allclose(together[len(rows[0]) :], alone, atol=1e-5)


def test_bitsandbytes_gets_no_type_from_auto():
    with pytest.raises(AttributeError, match="auto"):
        get_quantization_config(ModelConfig(load_in_4bit=True, dtype="auto"))


# Tokens at which a term has said all that it can, as its paper or its file names them.
LIMITS = {
    "soft_overlong": ({"max_tokens": 4096, "buffer_tokens": 512}, 4096),
    "cosine": ({"max_tokens": 6144}, 6144),
    "budget": ({"target_tokens": 100}, 100),
    "conditioned": ({"max_tokens": 4000}, 4000),
    "dler": ({"target_tokens": 4000}, 4000),
    "da_dler": ({"target_tokens": 4000, "easy_target_tokens": 2000}, 4000),
    "laser": ({"target_tokens": 8192}, 8192),
    "laser_d": ({"target_tokens": 8192}, 8192),
    "laser_de": ({}, None),
    "l1_exact": ({"target_tokens": 1000}, 1000),
    "l1_max": ({"target_tokens": 1000}, 1000),
    "thinkprune": ({"limits": (4096, 3072, 2048)}, 4096),
    "grpo_lead": ({"free_tokens": 4000}, 4000),
    "arm": ({"long_tokens": 500}, 500),
}


@pytest.mark.parametrize("name", list(PENALTIES))
def test_terms_know_their_limit(name):
    settings, limit = LIMITS.get(name, ({}, None))
    assert PENALTIES[name](**settings).limit_tokens == limit
