"""Where constraints stand in prompts, and which tokens they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from data.chat import prompt_text
from data.constraints.base import from_spec
from data.example import Example
from data.prompt import INSTRUCTION, Span, assemble, assemble_spanned, messages, plain
from eval.attention.extract import extracted
from eval.attention.located import asked, read_passages, spread
from eval.attention.spans import find, locate
from eval.benchmarks.tiny import Tiny
from eval.records import Task
from recipes.errors import UserError

TINY = "data/tiny/base_model"
NO_COMMA = from_spec("punctuation:no_comma", {}, "test")
NO_SUM = from_spec("keywords:forbidden_words", {"forbidden_words": ["sum"]}, "test")


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(TINY)


@pytest.fixture(scope="module")
def bytes_only():
    """A byte-level tokenizer with no merges: a token for each byte."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain_bytes = Tokenizer(models.BPE(vocab={one: n for n, one in enumerate(letters)}, merges=[]))
    plain_bytes.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain_bytes.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=plain_bytes)


# ---------------------------------------------------------------------- characters


def test_the_builder_says_where_each_constraint_stands():
    text, spans = assemble_spanned("What is 1 + 2?", (NO_COMMA, NO_SUM))
    assert text == f"What is 1 + 2?{INSTRUCTION}{NO_COMMA.describe()} {NO_SUM.describe()}"
    assert [text[a:b] for a, b in spans] == [NO_COMMA.describe().strip(), NO_SUM.describe().strip()]
    assert assemble_spanned("x", ()) == ("x" + INSTRUCTION, ())
    assert plain("x", ()) == "x" and plain("x", (NO_COMMA,)) == f"x\n\n{NO_COMMA.describe()}"


def test_a_description_that_the_question_quotes_is_found_where_the_builder_put_it():
    question = f"Explain: {NO_COMMA.describe()}"
    text, ((start, end),) = assemble_spanned(question, (NO_COMMA,))
    assert start >= len(question) and text.count(text[start:end]) == 2


@pytest.mark.parametrize("condition", ["with", "without"])
def test_every_prompt_of_the_tiny_world_has_its_constraints_in_place(condition):
    for example in Tiny(per_cell=2).examples(0):
        task = Task(example, condition)
        text, spans = task.spanned
        assert text == task.prompt == assemble(example.question, task.constraints)
        assert [text[a:b] for a, b in spans] == [c.describe().strip() for c in task.constraints]


def test_a_passage_stands_in_the_prompt_once():
    assert find("Do it. Use no comma.", ["Use no comma.", "Do"]) == ((7, 20), (0, 2))
    for text, part in (("ab ab", "ab"), ("aaa", "aa")):
        with pytest.raises(ValueError, match="found more than once in the prompt; expected once"):
            find(text, [part])
    for part in ("d", ""):
        with pytest.raises(ValueError, match="found not at all in the prompt; expected once"):
            find("abc", [part])


# ---------------------------------------------------------------------- tokens


def covered(found, tokenizer, mask):
    return tokenizer.decode([one for one, own in zip(found.ids, mask, strict=True) if own])


def locate_in(tokenizer, text, *parts):
    rendered = f"<user>{text}</user>"
    return locate(tokenizer, rendered, text, find(text, parts))


def test_first_middle_and_last_place(bytes_only):
    text = "No commas. What is it? Be short. End with x."
    found = locate_in(bytes_only, text, "No commas.", "Be short.", "End with x.")
    assert [covered(found, bytes_only, mask) for mask in found.constraints] == [
        "No commas.", "Be short.", "End with x.",
    ]  # fmt: skip
    assert covered(found, bytes_only, found.text) == text
    assert found.union.sum() == 10 + 9 + 11


def test_a_character_of_several_tokens_at_an_edge_is_in_or_out_as_a_whole(bytes_only):
    """é has two bytes, 😀 four."""
    found = locate_in(bytes_only, "aé😀b", "é")
    assert covered(found, bytes_only, found.union) == "é" and found.union.sum() == 2
    found = locate_in(bytes_only, "aé😀b", "😀b")
    assert covered(found, bytes_only, found.union) == "😀b" and found.union.sum() == 5


def test_a_token_that_straddles_an_edge_is_in(tokenizer):
    text = "answer"
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert len(ids) < len(text), "of more than a letter"
    found = locate(tokenizer, text, text, [Span(1, 2)])
    assert found.union.sum() == 1 and len(covered(found, tokenizer, found.union)) > 1


def test_two_constraints_may_share_a_token(tokenizer):
    found = locate(tokenizer, "answer", "answer", [Span(0, 1), Span(1, 2)])
    assert found.constraints.sum() >= found.union.sum() >= 1


def test_the_template_is_passed_through(tokenizer):
    example = Tiny(per_cell=1).examples(0)[-1]
    text, spans = Task(example, "with").spanned
    rendered = prompt_text(tokenizer, messages(text))
    found = locate(tokenizer, rendered, text, spans)
    for mask, span in zip(found.constraints, spans, strict=True):
        part = covered(found, tokenizer, mask)
        assert text[slice(*span)] in part and len(part) <= len(text[slice(*span)]) + 6
    assert covered(found, tokenizer, ~found.text).startswith("<|im_start|>user")


@pytest.mark.parametrize(
    "rendered, text, said",
    [
        ("<user>other</user>", "text", "found no copy in the rendered chat; expected one"),
        ("<system>text</system><user>text</user>", "text", "found more than one copy"),
        ("<user>text</user>", "te", None),
    ],
)
def test_the_text_is_in_the_rendered_prompt_once(bytes_only, rendered, text, said):
    if said is None:
        assert locate(bytes_only, rendered, text, []).text.sum() == 2
        return
    with pytest.raises(ValueError, match=said):
        locate(bytes_only, rendered, text, [])


def test_a_template_that_strips_the_text_moves_nothing(bytes_only):
    found = locate(bytes_only, "<user>no comma</user>", "\n no comma \n", [Span(5, 10)])
    assert covered(found, bytes_only, found.union) == "comma"


def test_a_span_without_a_token_is_an_error(bytes_only):
    with pytest.raises(ValueError, match="constraint '': found no token for it"):
        locate(bytes_only, "<user>abc</user>", "abc", [Span(1, 1)])


words = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@settings(deadline=None, max_examples=150)
@given(words, words.filter(bool), words, st.booleans())
def test_a_token_is_in_exactly_if_one_of_its_characters_is(before, part, after, coarse):
    """Of both tokenizers, whatever the text: the mask covers the passage, and its first and last token touch it."""
    found_tokenizer = TOKENIZERS[coarse]
    text = before + part + after
    rendered = f"<|im_start|>user\n{text}<|im_end|>"
    span = Span(len(before), len(before) + len(part))
    try:
        found = locate(found_tokenizer, rendered, text, [span])
    except ValueError as error:
        assert rendered.count(text) != 1 or "found no token" in str(error)
        return
    start = rendered.index(text)
    edges = found_tokenizer(rendered, return_offsets_mapping=True, add_special_tokens=False)["offset_mapping"]  # fmt: skip
    inside = set(range(start + span.start, start + span.end))
    expected = [bool(inside & set(range(s, e))) for s, e in edges]
    assert found.union.tolist() == expected


TOKENIZERS = {}


@pytest.fixture(autouse=True, scope="module")
def _tokenizers(tokenizer, bytes_only):
    TOKENIZERS.update({True: tokenizer, False: bytes_only})


# ---------------------------------------------------------------------- files and judges


def worded(key, text):
    return Task(Example(key, "free", text, None, (NO_COMMA,), text=text), "with")


def test_passages_of_a_file_are_found_in_their_prompts(tmp_path):
    path = tmp_path / "spans.jsonl"
    path.write_text('{"id": "a", "text": "Go. No comma.", "constraints": ["No comma."]}\n', encoding="utf-8")  # fmt: skip
    task = worded("a", "Go. No comma.")
    passages = read_passages(path, {"a": task.prompt})
    ((_, prompt),) = asked([task], passages, "x.yaml: attention")
    assert prompt.text[slice(*prompt.spans[0])] == "No comma."
    with pytest.raises(UserError, match=r"jsonl:1: text: found 'Go. No comma.'; expected the prompt of 'a'"):  # fmt: skip
        read_passages(path, {"a": "Another."})


@pytest.mark.parametrize(
    "passages, said",
    [
        ({}, "found no passages for 'a'; expected a row for every prompt"),
        ({"a": ["No comma"]}, "a: constraint 'No comma': found more than once"),
        ({"a": []}, "a: found no constraint"),
    ],
)
def test_what_cannot_be_located_is_named(passages, said):
    with pytest.raises(UserError, match=said) as caught:
        asked([worded("a", "No comma. No comma.")], passages, "x.yaml: attention")
    assert str(caught.value).startswith("x.yaml: attention: ") and "\n" not in str(caught.value)


def test_prompts_are_spread_over_a_benchmark():
    every = [Task(e, c) for c in ("with", "without") for e in Tiny(per_cell=1).examples(0)]
    found = spread(every, 6)
    assert [task.example.difficulty for task in found] == [1, 2, 3, 4, 5, 6]
    assert {task.condition for task in spread(every, 10_000)} == {"with"}
    assert len(spread(every, 10_000)) == 18


class Says:
    """A judge with one answer."""

    def __init__(self, answer):
        self.answer = answer

    def ask(self, prompt):
        assert "Go. No comma." in prompt
        return self.answer


@pytest.mark.parametrize("answer", ['["No comma."]', 'Sure:\n```json\n["No comma."]\n```'])
def test_a_judge_copies_passages(answer):
    assert extracted(Says(answer), "Go. No comma.") == ["No comma."]


@pytest.mark.parametrize(
    "answer, said",
    [
        ('["No commas."]', "found not at all"),
        ("none", "judge: found 'none'; expected a JSON list"),
        ('[{"a": 1}]', "expected a JSON list of passages"),
    ],
)
def test_what_a_judge_makes_up_is_refused(answer, said):
    with pytest.raises(ValueError, match=said):
        extracted(Says(answer), "Go. No comma.")
