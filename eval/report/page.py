"""The page: its parts and its data inlined, and a policy that lets it load nothing else."""

import base64
import gzip
import hashlib
import html as escaping
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SCRIPTS = (
    "dom.js", "data.js", "rates.js", "scatter.js", "table.js", "heatmap.js", "attention.js", "samples.js", "sample.js",
    "choose.js", "filters.js", "page.js",
)  # fmt: skip


def html(title: str, index: dict[str, Any], chunks: Sequence[dict[str, Any]]) -> str:
    style = _read("page.css")
    script = "\n".join(_read(name) for name in SCRIPTS)
    assert "</script" not in script and "</style" not in style
    parts = {
        "title": escaping.escape(title),
        "policy": f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'",
        "style": style,
        "script": script,
        "index": _data("index", index),
        "chunks": "\n".join(_data(f"chunk-{n}", chunk) for n, chunk in enumerate(chunks)),
    }
    # In one pass: what a title says is not a placeholder.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("page.html"))


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(name: str, value: dict[str, Any]) -> str:
    """Base64, so that nothing a model writes can be markup; no date, so that equal data give equal files."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    packed = base64.b64encode(gzip.compress(plain, compresslevel=6, mtime=0)).decode()
    return f'<script type="text/plain" id="{name}">{packed}</script>'
