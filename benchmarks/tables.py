"""Results as tables: printed for people, JSON for programs."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

BUSY = 0.5  # load per core above which wall times say little


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; `notes` are printed below it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = field(default_factory=tuple)

    def to_json(self) -> dict[str, Any]:
        """Rows as objects by column."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


def show(tables: Sequence[Table], *, as_json: bool) -> None:
    """Print `tables` to standard output."""
    if as_json:
        print(json.dumps([t.to_json() for t in tables], indent=1))
        return
    console = Console(width=max(120, Console().width))
    for table in tables:
        console.print(_rich(table))
        for note in table.notes:
            console.print(f"  {note}", markup=False, highlight=False)
        console.print()


def percent(share: float | None, *, digits: int = 0) -> str:
    """A share as text; a dash for None."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def verdict(ok: bool) -> str:
    """Whether a target is met."""
    return "met" if ok else "MISSED"


def load_note() -> str:
    """The load average, with a warning when others compute on this machine."""
    one, five, _ = os.getloadavg()
    cores = os.cpu_count() or 1
    note = f"load average {one:.2f} (1 min), {five:.2f} (5 min) on {cores} cores"
    return note + ("; BUSY: judge by CPU seconds, not by wall time" if one > BUSY * cores else "")


def _rich(table: Table) -> RichTable:
    shown = RichTable(title=table.title, title_justify="left", title_style="bold")
    for i, column in enumerate(table.columns):
        shown.add_column(column, justify="left" if i == 0 else "right", overflow="fold")
    for row in table.rows:
        shown.add_row(*(_cell(value) for value in row))
    return shown


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)
