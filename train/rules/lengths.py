"""What confounds a study of length."""

from recipes.schema import GRPORecipe
from train.launch import Launch
from train.penalties.base import LengthReward
from train.rules.base import caution, says


def _terms(launch: Launch) -> list[LengthReward]:
    return [entry.reward for entry in launch.rewards if isinstance(entry.reward, LengthReward)]


@caution
def cut_off_completions_pay_nothing(launch: Launch) -> str | None:
    """Their tokens leave the loss; their rewards stay in the group's mean and standard deviation."""
    terms = _terms(launch)
    if not terms or not launch.config.mask_truncated_completions:
        return None
    found = f"true with length_penalty {terms[0].name}"
    remedy = "false, or no price on length: a completion that was cut off would never pay it, and still shift the others"
    return says("trainer: mask_truncated_completions", found, remedy)


@caution
def a_limit_out_of_reach(launch: Launch) -> str | None:
    """Generation ends before the term has said all it can say."""
    if not isinstance(launch.recipe, GRPORecipe):
        return None
    lengths = [stage.max_completion_length for stage in launch.recipe.stages]
    shortest = min([launch.config.max_completion_length or 0, *lengths])
    for term in _terms(launch):
        limit = term.limit_tokens
        if limit is not None and limit > shortest:
            key = f"length_penalty: {term.name}: {term.limited_by}"
            found = f"{limit} with completions of at most {shortest} tokens"
            return says(key, found, f"at most {shortest}: the term cannot act beyond")
    return None


@caution
def budgets_out_of_reach(launch: Launch) -> str | None:
    """data/token_budget.py would ask for more than can be written."""
    recipe = launch.recipe
    if not isinstance(recipe, GRPORecipe) or recipe.token_budget is None:
        return None
    most, high = launch.config.max_completion_length or 0, recipe.token_budget.high
    remedy = f"at most trainer.max_completion_length ({most})"
    return says("token_budget: high", high, remedy) if high > most else None


@caution
def long_mistakes_are_cheap(launch: Launch) -> str | None:
    """Dr. GRPO (https://arxiv.org/abs/2503.20783, section 3.1). With ratios of whole sequences it is GSPO's own mean."""
    if not launch.is_grpo or launch.config.importance_sampling_level == "sequence":
        return None
    if launch.config.loss_type != "grpo":
        return None
    remedy = "dapo or dr_grpo: divided by its own length, a long mistake costs less per token"
    return says("trainer: loss_type", "grpo", remedy)


@caution
def beyond_the_positions(launch: Launch) -> str | None:
    """transformers computes on; vLLM ends completions there (its max_model_len comes from the config)."""
    if launch.model_config is None:
        return None
    key = "max_completion_length" if launch.is_grpo else "max_length"
    length = getattr(launch.config, key) or 0
    positions = launch.model_config.max_position_embeddings
    if length + launch.is_grpo <= positions:  # a completion follows a prompt
        return None
    found = f"{length} for a model of {positions} positions (max_position_embeddings)"
    return says(f"trainer: {key}", found, "fewer: it was not trained beyond")
