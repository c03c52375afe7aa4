"""From prompts to records: two generations of each, four runs read again, and what each of them attends to."""

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from data.chat import direct_prompt_text, prompt_text
from data.decoding import decode, eos_ids
from data.prompt import messages
from data.response import CLOSE
from data.tokenizer import Thinking
from eval.attention.located import Asked
from eval.attention.measure import Measures, measured
from eval.attention.records import (
    AttentionRecord,
    Dropped,
    Outcome,
    Shown,
    numbers,
    of_task,
    table,
    what_was_measured,
)
from eval.attention.runs import RUNS, Marks, Reading, Run, readings
from eval.attention.spans import PromptTokens, locate
from eval.generate import generation
from eval.marked import MarkedFile
from eval.measured import METRICS
from eval.records import Record, judge
from recipes.attention import Attention
from recipes.errors import UserError

NUM_SHOWN = 3  # prompts of which every step and every prompt token is kept
DROPPED: dict[str, Dropped] = {
    "no_thinking": "cot: no thinking", "unterminated": "cot: thinking not closed",
}  # fmt: skip


@dataclass(frozen=True)
class Model:
    """What is measured: a loaded model with its tokenizer and how that marks reasoning."""

    module: Any
    tokenizer: Any
    thinking: Thinking

    @property
    def marks(self) -> Marks:
        ends = {*eos_ids(self.module, self.tokenizer), *self.tokenizer.all_special_ids}
        return Marks(self.tokenizer, frozenset(ends))


class Written(NamedTuple):
    """One generation of a prompt, and how it was judged."""

    prompt: PromptTokens
    ids: list[int]
    record: Record


class Pair(NamedTuple):
    """The two generations of one prompt; place: among all prompts."""

    place: int
    asked: Asked
    direct: Written
    cot: Written


def attention_records(
    model: Model,
    prompts: Sequence[Asked],
    settings: Attention,
    batch_size: int,
    done: Container[str] = (),
) -> Iterator[list[AttentionRecord]]:
    """A batch at a time; one whose tasks are all done is not made again. Greedy. A prompt's filler is another one's of its
    batch."""
    for batch in _batches(prompts, batch_size):
        if not all(one.task.key in done for _, one in batch):
            yield _batch(model, batch, settings)


def filled(
    file: MarkedFile[AttentionRecord],
    load: Callable[[], Model],
    prompts: Sequence[Asked],
    settings: Attention,
    batch_size: int,
) -> Iterator[list[AttentionRecord]]:
    """Writes what is missing of a file, to its end: the records that it kept, then each further batch."""
    kept = whole(prompts, file.partial(), batch_size)
    yield kept
    model = load()
    file.start(kept)
    done = {one.key for one in kept}
    for records in attention_records(model, prompts, settings, batch_size, done):
        file.append(records)
        yield records
    file.finish()


def whole(
    prompts: Sequence[Asked], kept: Sequence[AttentionRecord], batch_size: int
) -> list[AttentionRecord]:
    """Of an interrupted run's records those of batches that were written to their end."""
    done = {one.key for one in kept if one.dropped or one.run == RUNS[-1]}
    batches = [{one.task.key for _, one in batch} for batch in _batches(prompts, batch_size)]
    finished = set().union(*(keys for keys in batches if keys <= done))
    return [one for one in kept if one.key in finished]


def _batches(prompts: Sequence[Asked], size: int) -> Iterator[list[tuple[int, Asked]]]:
    """With their places among all prompts."""
    for start in range(0, len(prompts), size):
        yield list(enumerate(prompts[start : start + size], start))


def _batch(
    model: Model, batch: list[tuple[int, Asked]], settings: Attention
) -> list[AttentionRecord]:
    prompts = [one for _, one in batch]
    pairs = [
        Pair(place, one, direct, cot)
        for (place, one), direct, cot in zip(
            batch,
            _written(model, prompts, True, settings.max_new_tokens),
            _written(model, prompts, False, settings.max_new_tokens),
            strict=True,
        )
    ]
    found = [of_task(p.asked.task, "direct", dropped=why) for p in pairs if (why := _fault(p))]
    kept = [pair for pair in pairs if not _fault(pair)]
    for number, pair in enumerate(kept):
        others = [_reasoning(other) for other in kept[number + 1 :] + kept[:number]]
        found += _records(model, pair, others, settings.per_head)
    return found


def _written(
    model: Model, prompts: list[Asked], direct: bool, max_new_tokens: int
) -> list[Written]:
    """direct: with thinking switched off"""
    rendered = direct_prompt_text if direct else prompt_text
    read = [
        _located(one, rendered(model.tokenizer, messages(one.prompt.text)), model.tokenizer)
        for one in prompts
    ]
    found = decode(model.module, model.tokenizer, [one.ids for one in read], max_new_tokens)
    thinking = model.thinking.of_direct if direct else model.thinking
    ends = eos_ids(model.module, model.tokenizer)
    generations = [generation(model.tokenizer, ids, ends) for ids in found]
    tasks = [one.task for one in prompts]
    records = judge(list(zip(tasks, generations, strict=True)), thinking)
    return [Written(*one) for one in zip(read, found, records, strict=True)]


def _located(asked: Asked, rendered: str, tokenizer: Any) -> PromptTokens:
    try:
        return locate(tokenizer, rendered, *asked.prompt)
    except ValueError as error:
        raise UserError(f"attention: {asked.task.example.id}: {error}") from None


def _fault(pair: Pair) -> Dropped | None:
    """Why there is nothing to compare."""
    if pair.direct.record.outcome != "no_thinking":
        return "direct: thinks"
    if pair.cot.record.outcome != "closed":
        return DROPPED[pair.cot.record.outcome]
    if not pair.direct.record.response_tokens or not _answer_of(pair.direct):
        return "direct: no answer"
    return None if _answer_of(pair.cot) else "cot: no answer"


def _answer_of(written: Written) -> bool:
    """Whether any text follows the thinking, white space aside."""
    return bool(written.record.completion.rpartition(CLOSE)[2].strip())


def _reasoning(pair: Pair) -> list[int]:
    return pair.cot.ids[: pair.cot.record.reasoning_tokens]


def _records(
    model: Model, pair: Pair, others: list[list[int]], per_head: bool
) -> Iterator[AttentionRecord]:
    task, direct, cot = pair.asked.task, pair.direct, pair.cot
    score = METRICS["sacc"]
    scores = {"score_direct": score(direct.record), "score_cot": score(cot.record)}
    found = readings(model.marks, direct[:2], cot[:2], cot.record.reasoning_tokens, others)
    for run, reading in found.items():
        what = measured(model.module, reading, task.key)
        more: dict[str, object] = {
            **scores,
            "outcome": _outcome(**scores),
            "met": (cot if run == "cot" else direct).record.met,
            **what_was_measured(reading, what, per_head),
        }
        if pair.place < NUM_SHOWN:
            more["shown"] = _shown(model, run, reading, what)
        yield of_task(task, run, dropped=None, **more)


def _outcome(score_direct: float | None, score_cot: float | None) -> Outcome | None:
    if score_direct is None or score_cot is None:
        return None
    if score_cot == score_direct:
        return "tie"
    return "win" if score_cot > score_direct else "lose"


def _shown(model: Model, run: Run, reading: Reading, what: Measures) -> Shown:
    prompt = reading.prompt
    numbered = prompt.constraints.argmax(axis=0) + 1  # the first, where two share a token
    return Shown(
        alpha_bar=numbers(what.alpha_bar),
        tokens=[model.tokenizer.decode([one]) for one in prompt.ids],
        constraint=[int(n) if own else 0 for n, own in zip(numbered, prompt.union, strict=True)],
        attention=table(what.tokens),
    )
