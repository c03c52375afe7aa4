"""The shape of a model that a recipe names, without its weights and without the network where that can be.

Its own config.json comes first, from a folder or the Hub's cache. Where it is not on this machine, architectures.yaml
stands in: asking the Hub without a network costs half a minute of retries. Only a name that is in neither is asked for.
"""

import functools
import socket
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlparse

import yaml
from huggingface_hub import constants
from transformers import AutoConfig, PretrainedConfig

SHIPPED = Path(__file__).with_name("architectures.yaml")


class Architecture(NamedTuple):
    """source: where it was read, for a report."""

    config: PretrainedConfig
    source: str


@functools.cache
def shipped() -> dict[str, dict[str, Any]]:
    """Hub name -> the keys of its config."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return found


def config_of(name: str, revision: str = "main") -> PretrainedConfig:
    """Of a folder with a saved model, or a Hub name. Raises OSError where there is none."""
    return architecture_of(name, revision).config


def architecture_of(name: str, revision: str = "main") -> Architecture:
    """Raises OSError where no config can be read."""
    try:
        own = AutoConfig.from_pretrained(name, revision=revision, local_files_only=True)
    except OSError:
        if name in shipped():
            return Architecture(_shipped_config(name), f"recipes/{SHIPPED.name}")
        if name.count("/") != 1 or not _hub_is_there():
            raise
        own = AutoConfig.from_pretrained(name, revision=revision)
    return Architecture(own, f"{name}, config.json")


def _hub_is_there() -> bool:
    try:
        socket.getaddrinfo(urlparse(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True


def _shipped_config(name: str) -> PretrainedConfig:
    keys = dict(shipped()[name])
    rope = {"rope_type": "default", "rope_theta": keys.pop("rope_theta")}
    return AutoConfig.for_model(
        keys.pop("model_type"), rope_parameters=rope, dtype="bfloat16", **keys
    )
