"""The splitter: five shapes of completion, and the ways to cheat it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from data.response import num_reasoning_tokens, split
from data.tokenizer import Thinking


@pytest.mark.parametrize(
    "text, prefilled, reasoning, response, outcome",
    [
        ("<think>2+2=4</think>\nIt is 4.", False, "2+2=4", "It is 4.", "closed"),
        ("2+2=4</think>It is 4.", True, "2+2=4", "It is 4.", "closed"),
        ("2+2=4</think>It is 4.", False, "2+2=4", "It is 4.", "closed"),
        ("<think>2+2=4, so 4", False, "2+2=4, so 4", "", "unterminated"),
        ("2+2=4, so 4", True, "2+2=4, so 4", "", "unterminated"),
        ("It is 4.", False, "", "It is 4.", "no_thinking"),
        ("<think>a</think>b</think>c", False, "a</think>b", "c", "closed"),
        ("<think>a</think>b<think>c", False, "a</think>b<think>c", "", "unterminated"),
        ("<think></think>", False, "", "", "closed"),
        ("", False, "", "", "no_thinking"),
        ("<think>a</think> so <answer> 4 </answer> bye", False, "a", "4", "closed"),
    ],
)
def test_split(text, prefilled, reasoning, response, outcome):
    assert split(text, prefilled) == (reasoning, response, outcome)


@given(st.lists(st.sampled_from(["<think>", "</think>", r"\boxed{1}", "x", "\n"])), st.booleans())
def test_unterminated_thinking_never_leaves_a_response(parts, prefilled):
    text = "".join(parts)
    completion = split(text, prefilled)
    opened_last = text.rfind("<think>") > text.rfind("</think>")
    if opened_last or (prefilled and "</think>" not in text):
        assert completion.response == "" and completion.outcome == "unterminated"
    else:
        assert completion.outcome != "unterminated"


def test_reasoning_tokens_end_with_the_last_closing_tag():
    close = 9
    assert num_reasoning_tokens([1, 2, 9, 3, 4], close, opened=False) == 3
    assert num_reasoning_tokens([1, 9, 2, 9, 3], close, opened=False) == 4
    assert num_reasoning_tokens([1, 2, 3], close, opened=True) == 3
    assert num_reasoning_tokens([1, 2, 3], close, opened=False) == 0
    assert num_reasoning_tokens([1, 2, 3], None, opened=True) == 3


@pytest.mark.parametrize(
    "tail, prefilled",
    [("", False), ("<think>\n", True), ("<think>\n\n</think>\n\n", False)],
)
def test_a_template_that_opens_the_thinking_is_noticed(tail, prefilled):
    tokenizer = AutoTokenizer.from_pretrained("data/tiny/base_model")
    tokenizer.chat_template = "{{ messages[0]['content'] }}<|im_start|>assistant\n" + tail
    thinking = Thinking.of(tokenizer)
    assert thinking.prefilled is prefilled
    assert thinking.close_id == tokenizer.convert_tokens_to_ids("</think>")
