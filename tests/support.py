"""What several tests need."""

import socket
from pathlib import Path

import pytest

from data.constraints import nlp
from recipes.errors import UserError


def _has_data() -> bool:
    try:
        nlp.sentences("Dr. One said so. Two (did not.) Three.")
        nlp.stop_words()
    except UserError:
        return False
    return True


needs_punkt = pytest.mark.skipif(not _has_data(), reason="no nltk data: punkt_tab, stopwords")

SHARED = Path(__file__).resolve().parents[2] / "shared/data"  # real benchmark rows, never committed
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no shared/ beside the checkout")


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return str(server.getsockname()[1])
