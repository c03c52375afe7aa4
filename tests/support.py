"""What several tests need: nltk's data lies in shared/ beside a checkout, or where $NLTK_DATA says; without it the tests
that need it are skipped."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
if (SHARED / "nltk_data").is_dir():
    os.environ.setdefault("NLTK_DATA", str(SHARED / "nltk_data"))

from data.constraints import nlp  # noqa: E402  nltk reads NLTK_DATA when it is imported
from recipes.errors import UserError  # noqa: E402


def _has_data() -> bool:
    try:
        nlp.sentences("One. Two.")
        nlp.stop_words()
    except UserError:
        return False
    return True


HAS_DATA = _has_data()
needs_punkt = pytest.mark.skipif(not HAS_DATA, reason="no nltk data (punkt_tab, stopwords)")
