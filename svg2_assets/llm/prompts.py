"""Prompts are files beside the code that sends them; whoever changes one changes its version."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"\Aversion: *([A-Za-z0-9._-]+) *\n\n")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told, and the version that provenance keeps: `declared version`-`hash of the text`."""

    text: str
    version: str


@cache
def prompt(package: str, name: str) -> Prompt:
    """The file `prompts/<name>.md` of `package` (`svg2_assets.descriptions`).

    It begins with the line `version: <word>` and an empty line; what follows, without white space at both ends, is the
    text. The hash (12 hex digits of SHA-256) is of the text alone. Raises `FileNotFoundError` where there is no such
    file and `ValueError` where its head is missing or nothing follows it.
    """
    written = files(package).joinpath("prompts", f"{name}.md").read_text(encoding="utf-8").replace("\r\n", "\n")
    head = _HEAD.match(written)
    text = written[head.end() :].strip() if head else ""
    if head is None or not text:
        raise ValueError(f"{package}: prompts/{name}.md begins with 'version: <word>', an empty line, then the text")
    return Prompt(text, f"{head.group(1)}-{hashlib.sha256(text.encode()).hexdigest()[:12]}")
