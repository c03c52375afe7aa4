"""Mitigations by hand: what is put before a model, what is read from it, and what each call costs. The model is a script
that says which ids come next, so that every count is arithmetic."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from data.chat import conversation_text, encoded, prompt_text
from data.constraints.base import check_all
from data.constraints.split import TRAIN
from data.example import Example, completion
from data.sources.tiny import Tiny
from data.tokenizer import Thinking
from eval.backends import build_backend
from eval.generate import Generation
from eval.mitigations import MITIGATIONS, build_mitigations, responses
from eval.mitigations.budget_extend import BudgetExtend
from eval.mitigations.budget_stop import BudgetStop
from eval.mitigations.demonstrations import Demonstration, demonstrations, require_right
from eval.mitigations.direct import Direct
from eval.mitigations.few_shot import FewShot
from eval.mitigations.judged import judged
from eval.mitigations.repeat_constraints import RepeatConstraints
from eval.mitigations.self_reflection import SelfReflection, reflection
from eval.mitigations.self_selective import SelfSelective, answer
from eval.records import Task
from recipes.errors import UserError
from tests.families import TINY, tokenizer_of

TOKENIZER = AutoTokenizer.from_pretrained(TINY, padding_side="left")
END = TOKENIZER.eos_token_id
CLOSE = TOKENIZER.convert_tokens_to_ids("</think>")


def ids(text):
    return encoded(TOKENIZER, text)


class Script:
    """An engine whose model writes the next of `turns`, the same for every ask, as far as budgets and stops let it."""

    def __init__(self, *turns, limit=1000, thinking=None, odds=(-1.0, -2.0)):
        self.turns, self.max_new_tokens, self.asked = list(turns), limit, []
        self.tokenizer, self.thinking = TOKENIZER, thinking or Thinking.of(TOKENIZER)
        self.odds = odds

    def write(self, asks, stop_ids=()):
        turn = self.turns.pop(0)
        self.asked.append((asks, tuple(stop_ids)))
        return [
            self._cut(turn, ask.max_new_tokens or self.max_new_tokens, stop_ids) for ask in asks
        ]

    def _cut(self, turn, budget, stop_ids):
        stops = [n + 1 for n, one in enumerate(turn) if one in (*stop_ids, END)]
        written = turn[: min([*stops, budget])]
        whole = bool(written) and written[-1] in (*stop_ids, END)
        return Generation(TOKENIZER.decode(written, skip_special_tokens=True), written, not whole)

    def log_probs(self, asks, words):
        self.asked.append((asks, words))
        return [list(self.odds) for _ in asks]


def task(constraints=2, condition="with"):
    (example,) = Tiny(1, steps=(1,), num_constraints=(constraints,)).load(3)
    return Task(example, condition)


# ---------------------------------------------------------------------- budgets


def test_thinking_stops_after_its_budget_and_the_response_follows():
    thought, said = ids("<think>\n1+1=2\n2+2=4\n"), [*ids("It is 4."), END]
    engine = Script(thought, said)
    (found,) = BudgetStop(5).respond(engine, [task()])
    forced = ids("\n</think>\n")
    assert found.generation.token_ids == thought[:5] + forced + said
    assert (found.num_calls, found.generated_tokens) == (2, 5 + len(said))
    assert (found.forced_tokens, found.decision) == (len(forced), "stopped")
    assert not found.generation.truncated
    # The second call goes on behind exactly these ids.
    ((ask,), _) = engine.asked[1]
    assert list(ask.written) == thought[:5] + forced
    assert ask.prompt.key != engine.asked[0][0][0].prompt.key


@pytest.mark.parametrize("budget", range(1, 12))
def test_no_budget_is_exceeded(budget):
    thought = ids("<think>\n1+1=2\n")
    engine = Script(thought + ids("3+3=6\n4+4=8\n"), [*ids("x"), END])
    (found,) = BudgetStop(budget).respond(engine, [task()])
    _, reasoning = engine.thinking.read(found.generation.text, found.generation.token_ids)
    opened = budget >= len(ids("<think>"))
    assert opened and reasoning == budget + len(ids("\n</think>"))


def test_what_ends_in_time_is_left_alone():
    whole = [*ids(completion("1+1=2", "It is 2.")), END]
    engine = Script(whole)
    (found,) = BudgetStop(100).respond(engine, [task()])
    assert found.generation.token_ids == whole
    assert (found.num_calls, found.forced_tokens, found.decision) == (1, 0, "none")
    # Thinking that ends within the budget; the response goes on beyond it.
    cut = whole.index(CLOSE) + 2
    engine = Script(whole, whole[cut:])
    (found,) = BudgetStop(cut).respond(engine, [task()])
    assert found.generation.token_ids == whole
    assert (found.num_calls, found.forced_tokens, found.decision) == (2, 0, "none")


def test_a_reply_without_thinking_is_not_forced_to_end_it():
    said = [*ids("It is 4, and nothing else."), END]
    (found,) = BudgetStop(3).respond(Script(said, said[3:]), [task()])
    assert found.generation.token_ids == said and found.decision == "none"


def test_thinking_is_extended_k_times_and_its_end_put_back():
    first, more, said = ids("<think>\n1+1=2\n"), ids(" 2-1=1\n"), [*ids("\nIt is 2."), END]
    engine = Script([*first, CLOSE], [*more, CLOSE], [*more, CLOSE], said)
    (found,) = BudgetExtend(2).respond(engine, [task()])
    wait = ids("Wait")
    assert found.generation.token_ids == first + wait + more + wait + more + [CLOSE] + said
    assert found.num_calls == 4 and found.forced_tokens == 2 * len(wait)
    # three ends of thinking were written, two of them taken away; the third stands
    assert found.generated_tokens == len(first) + 2 * len(more) + 3 + len(said)
    assert found.decision == "extended"
    assert [stop for _, stop in engine.asked] == [(CLOSE,)] * 3 + [()]


def test_only_short_thinking_is_extended():
    first = ids("<think>\n1+1=2\n")
    engine = Script([*first, CLOSE], [*ids("x"), END])
    (found,) = BudgetExtend(2, min_reasoning_tokens=len(first)).respond(engine, [task()])
    assert (found.decision, found.forced_tokens, found.num_calls) == ("none", 0, 2)
    engine = Script([*first, CLOSE], [*ids("y"), CLOSE], [*ids("x"), END])
    (found,) = BudgetExtend(2, min_reasoning_tokens=len(first) + 1).respond(engine, [task()])
    assert (found.decision, found.forced_tokens) == ("extended", len(ids("Wait")))


def test_a_reply_ends_at_the_sweeps_limit():
    first = ids("<think>\n1+1=2\n")
    limit = len(first) + 3
    engine = Script([*first, CLOSE], ids("2+2=4 and so on and on"), limit=limit)
    (found,) = BudgetExtend(1).respond(engine, [task()])
    # what was taken away makes room; forced tokens come on top
    assert len(found.generation.token_ids) == limit + len(ids("Wait"))
    assert found.generation.truncated and found.num_calls == 2
    assert found.generated_tokens == limit + 1


def test_where_the_end_of_thinking_is_several_tokens_replies_are_cut_there():
    split = Thinking(False, None, TOKENIZER.convert_ids_to_tokens)
    spelled = [token for char in "</think>" for token in ids(char)]
    first, said = ids("<think>\n1+1=2\n"), [*ids("\nIt is 2."), END]
    engine = Script(first + spelled + said, ids("3") + spelled + said, said, thinking=split)
    (found,) = BudgetExtend(1).respond(engine, [task()])
    back = ids("</think>")
    assert found.generation.token_ids == first + ids("Wait") + ids("3") + back + said
    # thrown away, and counted: two ends with a response each
    assert found.generated_tokens == len(first) + 1 + 2 * (len(spelled) + len(said)) + len(said)


def test_thinking_that_we_prolonged_and_the_model_ended_with_its_turn_is_closed():
    first, said = ids("<think>\n1+1=2\n"), [*ids("It is 2."), END]
    engine = Script([*first, CLOSE], [*ids("hm"), END], said)
    (found,) = BudgetExtend(1).respond(engine, [task()])
    assert (
        found.generation.token_ids == first + ids("Wait") + ids("hm") + ids("\n</think>\n") + said
    )


# ---------------------------------------------------------------------- constraints, repeated


def test_constraints_are_repeated_as_the_prompt_words_them():
    one = task()
    text = RepeatConstraints().restated(one)
    lines = text.splitlines()
    assert lines[0] == "Wait. Before I answer, the requirements again:"
    assert RepeatConstraints(wait=False).restated(one) == text.removeprefix("Wait. ")
    for constraint in one.constraints:
        assert constraint.describe().strip() in text and constraint.describe() in one.prompt


def test_constraints_are_repeated_where_thinking_would_end():
    first, more, said = ids("<think>\n1+1=2\n"), ids("Yes.\n"), [*ids("\nIt is 2."), END]
    one = task()
    engine = Script([*first, CLOSE], [*more, CLOSE], said)
    (found,) = RepeatConstraints().respond(engine, [one])
    again = ids(RepeatConstraints().restated(one))
    assert found.generation.token_ids == first + again + more + [CLOSE] + said
    assert (found.num_calls, found.forced_tokens) == (3, len(again))
    assert found.decision == "repeated"


def test_a_second_end_that_does_not_come_is_forced():
    first, said = ids("<think>\n1+1=2\n"), [*ids("It is 2."), END]
    one = task()
    engine = Script([*first, CLOSE], ids("Yes and yes and yes and yes"), said)
    (found,) = RepeatConstraints(max_extra_tokens=3).respond(engine, [one])
    again, forced = ids(RepeatConstraints().restated(one)), ids("\n</think>\n")
    extra = ids("Yes and yes and yes and yes")[:3]
    assert found.generation.token_ids == first + again + extra + forced + said
    assert found.forced_tokens == len(again) + len(forced)


def test_repeats_inside_and_in_the_response():
    thought, said = ids("<think>\n1+1=2\n2+2=4\n"), [*ids("\nIt is 4."), END]
    one = task()
    again = ids(RepeatConstraints().restated(one))
    engine = Script(thought[:4], [*thought[4:], CLOSE], said)
    every = RepeatConstraints(where="every", every=4)
    (found,) = every.respond(engine, [one])
    assert found.generation.token_ids == thought[:4] + again + thought[4:] + [CLOSE] + said
    engine = Script([*thought, CLOSE], said)
    (found,) = RepeatConstraints(where="start_of_response").respond(engine, [one])
    assert found.generation.token_ids == [*thought, CLOSE, *ids("\n"), *again, *said]


def test_controls_have_the_words_alone_or_as_many_tokens():
    first, said = ids("<think>\n1+1=2\n"), [*ids("\nIt is 2."), END]
    one = task()
    lengths = {}
    for text in ("constraints", "wait", "neutral"):
        engine = Script([*first, CLOSE], [CLOSE], said)
        (found,) = RepeatConstraints(text=text).respond(engine, [one])
        lengths[text] = found.forced_tokens
        written = TOKENIZER.decode(found.generation.token_ids)
        assert ("requirements again" in written) is (text == "constraints")
    assert lengths["neutral"] == lengths["constraints"] > lengths["wait"] == len(ids("Wait.\n"))


def test_prompts_without_constraints_are_left_alone():
    whole = [*ids(completion("1+1=2", "It is 2.")), END]
    cut = whole.index(CLOSE)
    engine = Script(whole, whole[cut + 1 :])
    (found,) = RepeatConstraints().respond(engine, [task(condition="without")])
    assert found.generation.token_ids == whole and found.decision == "none"


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"name": "budget_stop", "max_reasoning_tokens": 0}, "max_reasoning_tokens: found 0"),
        ({"name": "budget_extend"}, "missing key 'num_waits'"),
        ({"name": "repeat_constraints", "every": 5}, "every: found 5; expected"),
        ({"name": "repeat_constraints", "where": "every"}, "every: found None; expected"),
        ({"name": "repeat_constraints", "text": "wait", "wait": False}, "wait: found False"),
        ({"name": "few_shot", "num_demonstrations": 5}, "found 5; simple has 4"),
        ({"name": "reflect"}, "unknown mitigation 'reflect'.*Accepted"),
    ],
)  # fmt: skip
def test_settings_are_checked(settings, message):
    with pytest.raises(UserError, match=f"s.yaml: mitigations.0: .*{message}"):
        build_mitigations((settings,), build_backend({"name": "transformers"}, "s"), "s.yaml")


# ---------------------------------------------------------------------- reflection


@pytest.mark.parametrize(
    "text, expected",
    [
        ("All met.\nKEEP", ("keep", "")),
        ("All met.\n KEEP \n\n", ("keep", "")),
        ("One is not.\nREVISED\nNew reply.", ("revised", "New reply.")),
        ("REVISED\n\nNew\n\nreply.\n", ("revised", "New\n\nreply.")),
        ("REVISED\nold\nREVISED\nnew", ("revised", "new")),
        ("REVISED\nnew\nKEEP", ("keep", "")),
        ("REVISED", ("unparsed", "")),
        ("REVISED\n \n", ("unparsed", "")),
        ("It was REVISED\nhere", ("unparsed", "")),
        ("I would keep it: KEEP", ("unparsed", "")),
        ("", ("unparsed", "")),
    ],
)
def test_reflections_are_read(text, expected):
    assert tuple(reflection(text)) == expected


@given(st.text(max_size=60), st.text(min_size=1, max_size=60))
def test_any_reply_is_read_and_a_revision_comes_back(before, reply):
    assert reflection(before).decision in ("keep", "revised", "unparsed")
    lines = [line.strip() for line in reply.split("\n")]
    if reply.strip() and not {"KEEP", "REVISED"} & set(lines) and reply == reply.rstrip():
        found = reflection(f"{before}\nREVISED\n{reply}")
        assert found == ("revised", reply.removeprefix("\n"))


def second(text):
    return [*ids(text), END]


def test_a_revision_stands_under_the_first_reasoning_and_both_calls_count():
    first, other = second(completion("1+1=2", "It is 2.")), second("No.\nREVISED\nIT IS 2.")
    engine = Script(first, other)
    (found,) = SelfReflection().respond(engine, [task()])
    assert found.generation.text == "<think>\n1+1=2\n</think>\nIT IS 2."
    assert found.generation.token_ids[: first.index(CLOSE) + 1] == first[: first.index(CLOSE) + 1]
    assert (found.num_calls, found.generated_tokens) == (2, len(first) + len(other))
    assert found.decision == "revised" and found.forced_tokens == 0
    ((ask,), _) = engine.asked[1]
    (turn,) = ask.prompt.messages
    for part in (task().prompt, "1+1=2", "It is 2."):
        assert part in turn["content"]


@pytest.mark.parametrize("text, decision", [("Fine.\nKEEP", "keep"), ("Fine.", "unparsed")])
def test_what_is_kept_or_not_read_is_the_first_reply(text, decision):
    first = second(completion("1+1=2", "It is 2."))
    thought = second(completion("hm\nREVISED\nx", text))  # its own reasoning decides nothing
    (found,) = SelfReflection().respond(Script(first, thought), [task()])
    assert found.generation.token_ids == first and found.decision == decision
    (record,) = judged([(task(), found)], Thinking.of(TOKENIZER))
    assert (record.decision, record.num_calls) == (decision, 2)
    assert record.generated_tokens == len(first) + len(thought)
    assert record.reasoning_tokens + record.response_tokens == len(first)


def test_long_reasoning_is_quoted_without_its_middle():
    first = second(completion("a b c d e f g h i j k l", "It is 2."))
    engine = Script(first, second("KEEP"))
    (found,) = SelfReflection(max_quoted_tokens=4).respond(engine, [task()])
    count = len(ids("a b c d e f g h i j k l"))
    assert found.note == f"quoted 4 of {count} reasoning tokens"
    shown = engine.asked[1][0][0].prompt.messages[0]["content"]
    assert "\n[...]\n" in shown and "f g" not in shown


# ---------------------------------------------------------------------- selecting


@pytest.mark.parametrize(
    "text, decision",
    [("YES", "reason"), ("No.", "direct"), (" yes, it", "reason"), ("Yesterday", "unparsed"), ("4", "unparsed"),
     ("", "unparsed"), ("I say YES", "unparsed")],
)  # fmt: skip
def test_one_word_decides(text, decision):
    assert answer(text) == decision


@given(st.text())
def test_any_word_decides_something(text):
    assert answer(text) in ("reason", "direct", "unparsed")


@pytest.mark.parametrize("odds, direct", [((-1.0, -2.0), False), ((-2.0, -1.0), True), ((-1.0, -1.0), False)])  # fmt: skip
def test_the_more_probable_word_decides(odds, direct):
    said = second("It is 2.")
    engine = Script(said, odds=odds)
    (found,) = SelfSelective().respond(engine, [task()])
    assert found.direct is direct and found.decision == ("direct" if direct else "reason")
    assert (found.num_calls, found.generated_tokens) == (2, len(said))
    assert found.note == f"log p(YES) {odds[0]:.3f}, log p(NO) {odds[1]:.3f}"
    asks, words = engine.asked[0]
    assert words == ("YES", "NO") and asks[0].direct
    assert engine.asked[1][0][0].direct is direct


def test_words_are_written_and_what_is_none_of_them_reasons():
    said = second("It is 2.")
    for word, direct, decision in ((second("NO"), True, "direct"), (second("5"), False, "unparsed")):  # fmt: skip
        (found,) = SelfSelective(by="word").respond(Script(word, said), [task()])
        assert (found.direct, found.decision) == (direct, decision)
        assert found.generated_tokens == len(word) + len(said)


def test_a_direct_reply_has_no_reasoning_even_where_the_template_opens_it():
    said = second("It is 2.")
    (found,) = Direct().respond(Script(said), [task()])
    (record,) = judged([(task(), found)], Thinking(prefilled=True, close_id=CLOSE))
    assert (record.outcome, record.reasoning_tokens) == ("no_thinking", 0)
    assert record.response_tokens == len(said)


# ---------------------------------------------------------------------- demonstrations


@pytest.mark.parametrize("source, count", [("simple", 4), ("complex", 3), ("tiny", 4), ("tiny", 3)])
def test_demonstrations_are_of_training_kinds_and_right(source, count):
    found = demonstrations(source, count)
    assert len(found) == count
    for one in found:
        assert {c.name for c in one.constraints} <= set(TRAIN) and one.constraints
        _, _, response = one.reply.partition("</think>\n")
        assert all(check_all(one.constraints, response)) and one.reply.startswith("<think>\n")
        for constraint in one.constraints:
            assert constraint.describe().strip() in one.prompt


def test_demonstrations_that_are_wrong_are_refused():
    right = demonstrations("tiny", 1)[0]
    with pytest.raises(ValueError, match="its reply breaks "):
        require_right(right._replace(reply=completion("1+1=2", "no")), "d")
    with pytest.raises(ValueError, match=r"found answer .*; expected -7"):
        require_right(right._replace(answer="-7"), "d")
    with pytest.raises(ValueError, match="found no reasoning"):
        require_right(right._replace(reply=right.reply.partition("</think>\n")[2]), "d")
    (example,) = Tiny(1, num_constraints=(1,), kinds="held_out").load(0)
    held_out = Demonstration(example.prompt, example.completion, example.constraints)
    with pytest.raises(ValueError, match="expected kinds of TRAIN"):
        require_right(held_out, "d")


@pytest.mark.parametrize("family", ["tiny", "qwen3", "r1-distill", "qwen2.5-instruct", "llama-3"])
def test_demonstrations_keep_their_reasoning_in_every_template(family):
    tokenizer = tokenizer_of(family)
    turns = [*FewShot("tiny", 2).turns(), {"role": "user", "content": "And this?"}]
    text = conversation_text(tokenizer, turns)
    places = [text.index(turn["content"]) for turn in turns]
    assert places == sorted(places)
    assert text.count("</think>") == 2
    alone = [{"role": "user", "content": "And this?"}]
    assert conversation_text(tokenizer, alone) == prompt_text(tokenizer, alone)
    # the turn of the model starts as it does without demonstrations
    assert (
        text.rpartition("And this?")[2] == prompt_text(tokenizer, alone).rpartition("And this?")[2]
    )


def test_a_template_that_loses_turns_is_refused():
    class Forgets:
        def apply_chat_template(self, messages, **kwargs):
            return messages[-1]["content"]

    turns = [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]
    with pytest.raises(ValueError, match="writes earlier assistant messages 0 times"):
        conversation_text(Forgets(), turns)


# ---------------------------------------------------------------------- which there are


NEEDED = {"budget_stop": {"max_reasoning_tokens": 9}, "budget_extend": {"num_waits": 1}}


def backend(messages_only=False):
    return SimpleNamespace(messages_only=messages_only)


def test_labels_tell_settings_apart_and_repeats_are_refused():
    entries = ({"name": "budget_extend", "num_waits": 2}, {"name": "budget_extend", "num_waits": 4},
               {"name": "repeat_constraints", "wait": False})  # fmt: skip
    found = build_mitigations(entries, backend(), "s.yaml")
    assert [one.label for one in found] == [
        "none", "direct", "budget_extend_2", "budget_extend_4", "repeat_constraints_no_wait",
    ]  # fmt: skip
    with pytest.raises(UserError, match=r"s.yaml: mitigations: found budget_extend_2 twice"):
        build_mitigations(entries[:1] * 2, backend(), "s.yaml")
    assert [one.label for one in build_mitigations((), backend(), "s.yaml")] == ["none"]


def test_backends_that_take_messages_alone_refuse_what_needs_more():
    able = ({"name": "few_shot"}, {"name": "self_reflection"})
    found = build_mitigations(able, backend(True), "s.yaml")
    assert [one.label for one in found] == ["none", "few_shot", "self_reflection"]
    for name in set(MITIGATIONS) - {"none", "few_shot", "self_reflection", "classifier_selective"}:
        entry = {"name": name} | NEEDED.get(name, {})
        with pytest.raises(UserError, match=rf"mitigations.0: found {name} with a backend that"):
            build_mitigations((entry,), backend(True), "s.yaml")


def test_batches_are_cut_from_all_prompts_and_never_half():
    tasks = [Task(Example(str(n), "s", "q" * n, None), "with") for n in range(5)]
    whole = second("x")
    engine = Script(*[whole] * 9)
    found = list(responses(Direct(), engine, tasks, 2, done={4, 3, 2}))
    assert [[index for index, _ in batch] for batch in found] == [[2, 1], [0]]
