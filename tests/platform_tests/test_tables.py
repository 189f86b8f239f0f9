"""What the command line prints fits the terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from svg2_assets.commands.tables import print_problems, status_table
from svg2_assets.phases import PHASES


def printed(width: int, **states: str) -> str:
    row = {
        "video": "0" * 16,
        "file": "/clips/a name of some length.mp4",
        "phases": dict.fromkeys(PHASES, "fresh") | states,
    }
    console = Console(width=width, file=io.StringIO())
    console.print(status_table([row], list(PHASES), width=width))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_wide_terminal_shows_a_column_a_phase() -> None:
    text = printed(120, relations="unchecked", scene_graphs="unchecked")
    assert all(name in text for name in ("videos", "described", "relations", "graph"))
    assert text.count("fresh") == 5
    assert text.count("unchecked") == 2


@pytest.mark.parametrize("width", [80, 100])
def test_a_narrow_terminal_shows_the_first_phase_that_is_not_fresh(width: int) -> None:
    text = printed(width, relations="stale", scene_graphs="stale")
    assert "stale from relations on" in text
    assert "fresh" not in text
    assert "0" * 16 in text
    assert max(map(len, text.splitlines())) <= width


def test_a_narrow_terminal_says_in_one_word_that_all_is_fresh() -> None:
    assert printed(80).count("fresh") == 1


def test_a_problem_names_its_file_once() -> None:
    console = Console(width=120, file=io.StringIO())
    print_problems(console, {"/clips/a.mp4": "/clips/a.mp4: videos: it is empty.", "/clips/b.mp4": "out of memory."})
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines == ["✗ /clips/a.mp4: videos: it is empty.", "✗ /clips/b.mp4: out of memory."]
