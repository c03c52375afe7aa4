"""Classifier-selective reasoning: a classifier, one for each target model, says from the prompt whether reasoning helps
("When Thinking Fails", https://arxiv.org/abs/2505.11423). It is measured on the half of the problems that it was not trained
on."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.reason_classifier import INFO, Saved, folder_of, probabilities_by, saved
from data.sweep_records import DIRECT
from eval.backends import Engine
from eval.generate import Response
from eval.mitigations.base import MITIGATIONS, Mitigation
from eval.mitigations.selecting import REASON, Choice, select
from eval.records import Task
from recipes.errors import UserError
from recipes.ranges import require


@MITIGATIONS.register("classifier_selective")
@dataclass(frozen=True)
class ClassifierSelective(Mitigation):
    """classifier: a run of train/classifier.py, with a classifier for every checkpoint of the sweep
    threshold:  of the probability that reasoning helps, from which on the model reasons

    Its records leave out the problems that the classifier was trained on, so that whatever is paired with them leaves them
    out too. The classifier's own call is none of the model's, and not counted.
    """

    classifier: str
    threshold: float = 0.5

    name = "classifier_selective"

    def __post_init__(self) -> None:
        require(0 <= self.threshold <= 1, "threshold", self.threshold, "a number in [0, 1]")

    def for_checkpoint(self, run: str, step: int) -> Mitigation:
        folder = folder_of(self.classifier, run, step)
        if not (folder / INFO).is_file():
            raise UserError(
                f"mitigations: classifier_selective: found no {folder / INFO}; expected a classifier for {run}@{step}: "
                "sweep without it, then `python train/classifier.py`, then sweep with it (docs/mitigations.md)"
            )
        return ForCheckpoint(self.classifier, self.threshold, saved(folder))

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        raise AssertionError("of no checkpoint: see for_checkpoint")


@dataclass(frozen=True)
class ForCheckpoint(Mitigation):
    """`ClassifierSelective` with the classifier of one checkpoint."""

    classifier: str
    threshold: float
    saved: Saved

    name = "classifier_selective"

    @property
    def label(self) -> str:
        return ClassifierSelective(self.classifier, self.threshold).label

    def mark(self) -> str:
        return f"{self.name} {self.threshold} {self.saved.digest}"

    def measures(self, task: Task) -> bool:
        return task.example.id not in self.saved.train_problems

    def respond(self, engine: Engine, tasks: Sequence[Task]) -> list[Response]:
        odds = probabilities_by(self.saved, [task.prompt for task in tasks])
        choices = [
            Choice(REASON if p >= self.threshold else DIRECT, note=f"p(reason) {p:.3f}")
            for p in odds
        ]
        return select(engine, tasks, choices)
