"""Two classifiers of prompts: a model with a new head, fully trained, and logistic regression on TF-IDF, which says how far
words alone get."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from transformers import DataCollatorWithPadding, Trainer, TrainingArguments, set_seed

from data.reason_classifier import load, probabilities
from recipes.reason import ClassifierRecipe

Predict = Callable[[Sequence[str]], list[float]]  # prompts -> probabilities that reasoning helps


def fit_model(
    prompts: Sequence[str],
    labels: Sequence[int],
    recipe: ClassifierRecipe,
    config: TrainingArguments,
    save_to: Path | None,
) -> Predict:
    set_seed(config.seed)  # the head is drawn
    model, tokenizer = load(recipe.model_name_or_path, "model_name_or_path")
    ids = tokenizer(list(prompts), truncation=True, max_length=recipe.max_length)["input_ids"]
    rows = Dataset.from_dict({"input_ids": ids, "labels": list(labels)})
    Trainer(
        model,
        config,
        DataCollatorWithPadding(tokenizer),
        rows,
        compute_loss_func=_weighted(labels) if recipe.class_weights else None,
    ).train()
    model.eval()
    if save_to is not None:
        model.save_pretrained(save_to)
        tokenizer.save_pretrained(save_to)
    return lambda asked: probabilities(model, tokenizer, asked, recipe.max_length)


def _weighted(labels: Sequence[int]) -> Callable[..., torch.Tensor]:
    """Cross-entropy in which both classes weigh the same."""
    ones = sum(labels)
    weights = torch.tensor([len(labels) / (2 * (len(labels) - ones)), len(labels) / (2 * ones)])

    def loss(outputs: Any, targets: torch.Tensor, **_: Any) -> torch.Tensor:
        logits = outputs.logits.float()
        return torch.nn.functional.cross_entropy(logits, targets, weights.to(logits.device))

    return loss


def fit_words(prompts: Sequence[str], labels: Sequence[int], recipe: ClassifierRecipe) -> Predict:
    """Words and pairs of words."""
    weight = "balanced" if recipe.class_weights else None
    pipeline = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=1000, class_weight=weight),
    )
    pipeline.fit(list(prompts), list(labels))
    return lambda asked: [float(p) for p in pipeline.predict_proba(list(asked))[:, 1]]
