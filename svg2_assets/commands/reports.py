"""Tables of an evaluation on a console, and its report in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from svg2_assets.commands.tables import table
from svg2_assets.evaluation.harness.tables import Block
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import unfinished
from svg2_assets.scene_graphs.formats.values import UnusableTarget

_FORMS = (".json", ".md")
_LONGEST = 1000  # characters of a note


def show_blocks(console: Console, blocks: Iterable[Block]) -> None:
    """Print tables with their notes; empty ones without notes are left out."""
    for block in blocks:
        if block.rows or block.notes:
            console.print(table(block.title, block.columns, block.rows))
        for note in block.notes:
            console.print(printable(note, limit=_LONGEST), markup=False, highlight=False, soft_wrap=True)


def write_report(path: Path, *, markdown: Callable[[], str], document: Callable[[], Any]) -> None:
    """The JSON `document` or the tables in Markdown, by the ending of `path`. Raises `UnusableTarget`."""
    require_form(path)
    text = markdown() if path.suffix == ".md" else json.dumps(document(), indent=1) + "\n"
    with unfinished(path) as part:
        part.write_text(text, encoding="utf-8")


def require_form(path: Path) -> None:
    """Raise `UnusableTarget` where `path` does not end like a report."""
    if path.suffix not in _FORMS:
        raise UnusableTarget(f"--out {printable(str(path))}: expected a name that ends in {' or '.join(_FORMS)}.")
