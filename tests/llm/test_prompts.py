"""Prompts: files with a version that follows their text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from svg2_assets.llm.prompts import prompt


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `spoken` with a folder of prompts."""
    (tmp_path / "spoken" / "prompts").mkdir(parents=True)
    (tmp_path / "spoken" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "spoken", raising=False)
    prompt.cache_clear()
    return tmp_path / "spoken" / "prompts"


def write(package: Path, written: str) -> None:
    (package / "greet.md").write_text(written, encoding="utf-8")
    prompt.cache_clear()


def test_a_prompt_is_the_text_after_the_head_and_its_version_has_both_the_word_and_the_hash(package: Path) -> None:
    write(package, "version: 3b\n\nSay hello to {name}.\nThen stop.\n")
    read = prompt("spoken", "greet")
    assert read.text == "Say hello to {name}.\nThen stop."
    word, digest = read.version.split("-")
    assert word == "3b"
    assert len(digest) == 12


def test_changing_the_text_or_the_declared_version_changes_the_version_and_line_ends_do_not(package: Path) -> None:
    versions = []
    for written in ("version: 1\n\nSay hello.\n", "version: 1\n\nSay bye.\n", "version: 2\n\nSay hello.\n"):
        write(package, written)
        versions.append(prompt("spoken", "greet").version)
    assert len(set(versions)) == 3
    write(package, "version: 1\r\n\r\nSay hello.\r\n")
    assert prompt("spoken", "greet").version == versions[0]


@pytest.mark.parametrize("written", ["Say hello.\n", "version: 1\nSay hello.\n", "version: 1\n\n \n"])
def test_a_file_without_head_or_text_is_refused_by_name(package: Path, written: str) -> None:
    write(package, written)
    with pytest.raises(ValueError, match=r"spoken: prompts/greet.md"):
        prompt("spoken", "greet")


def test_the_prompts_that_are_shipped_can_be_read() -> None:
    import svg2_assets

    found = sorted(Path(svg2_assets.__file__).parent.glob("*/prompts/*.md"))
    assert found
    for path in found:
        assert prompt(f"svg2_assets.{path.parent.parent.name}", path.stem).text
