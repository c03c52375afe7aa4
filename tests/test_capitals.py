"""Tokens in capitals are counted as nltk counts them, and hardly ever need punkt's data."""

import os
import subprocess
import sys

import nltk
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.constraints.nlp import _capitals_in, num_capital_tokens

WORDS = ("STOP", "GO", "I", "Mr", "U.S.A", "CANNOT", "it", "'S", "N'T", "3")
MARKS = (".", "!", "?", ")", '"', "”", "-", "$", ".)", " ", " ", "\n")
NEEDS_DATA = pytest.mark.skipif(
    "NLTK_DATA" not in os.environ, reason="punkt's data is not here (NLTK_DATA)"
)


@NEEDS_DATA
@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(WORDS + MARKS), max_size=14).map("".join))
def test_the_count_is_nltks(text):
    assert num_capital_tokens(text) == sum(map(str.isupper, nltk.word_tokenize(text)))


@pytest.mark.parametrize(
    "text, count",
    [
        ("STOP.)GO on", 2),
        ('NO!"YES and I', 3),
        ("x=A.*B.", 1),
        ("WAIT.\u201dNOW", 2),
    ],
)
def test_a_sentence_that_may_end_inside_a_word_needs_no_data(text, count):
    """By hand: where the sentence ends changes no token in capitals. (`x=A` has a small letter.)"""
    program = (
        f"from data.constraints.nlp import num_capital_tokens; print(num_capital_tokens({text!r}))"
    )
    environment = {key: os.environ[key] for key in os.environ.keys() - {"NLTK_DATA", "TETHER_DATA"}}
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment | {"HOME": "/"}, check=True
    )
    assert int(done.stdout) == count


def test_what_depends_on_it_is_left_to_punkt():
    assert _capitals_in("IT'S.") is None  # IT'S. inside of a sentence, IT and 'S at its end
