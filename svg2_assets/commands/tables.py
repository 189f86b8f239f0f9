"""Rich tables and JSON of what the store says: status, objects, relations, query results, statistics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene_graphs.query import Match
from svg2_assets.scene_graphs.show import ObjectRow, RelationRow, object_rows, relation_rows

STYLES = {
    "fresh": "green",
    "stale": "yellow",
    "missing": "dim",
    "unchecked": "yellow",
    "failed": "bold red",
    "stopped": "red",
    "blocked": "dim red",
}


def show_json(value: Any) -> None:
    """`value` as JSON on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))  # noqa: T201 - this is the output


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A plain table; cells are text, never markup."""
    made = Table(title=escape(title), box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*[escape(printable(cell)) for cell in row])
    return made


_WIDE = 110  # characters that the table with a column a phase takes
SHORT = {
    "trajectories": "tracks",
    "descriptions": "described",
    "parsed_labels": "parsed",
    "verified_labels": "verified",
    "scene_graphs": "graph",
}


def status_table(rows: Sequence[Mapping[str, Any]], phases: Sequence[str], *, width: int) -> Table:
    """One line a video, one column a phase; where `width` characters are too few, the first phase that is not fresh."""
    made = Table(box=box.SIMPLE_HEAD)
    made.add_column("video", no_wrap=True, min_width=16)
    made.add_column("file", overflow="fold", min_width=12)
    wide = width >= _WIDE
    for name in phases if wide else ("state",):
        made.add_column(SHORT.get(name, name), no_wrap=wide)
    for row in rows:
        states = [_styled(row["phases"][p]) for p in phases] if wide else [_in_short(row["phases"], phases)]
        made.add_row(row["video"], escape(printable(row["file"].rsplit("/", 1)[-1])), *states)
    return made


def _styled(state: str, more: str = "") -> str:
    return f"[{STYLES[state]}]{state}{more}[/]"


def _in_short(states: Mapping[str, str], phases: Sequence[str]) -> str:
    first = next((p for p in phases if states[p] != "fresh"), None)
    return _styled("fresh") if first is None else _styled(states[first], f" from {first.replace('_', ' ')} on")


def objects_table(graph: SceneGraph) -> Table:
    """Objects with attributes, verdicts and when they are visible; wholes and levels where there are parts."""
    rows = object_rows(graph)
    parts = any(row.part_of is not None for row in rows)
    columns = ("id", "name", *(("part of", "level") if parts else ()), "verdict", "attributes", "visible (s)", "frames")
    return table("Objects", columns, [_object_cells(row, parts=parts) for row in rows])


def _object_cells(row: ObjectRow, *, parts: bool) -> tuple[str, ...]:
    whole = "" if row.part_of is None else _tag(row.whole or "", row.part_of)
    return (
        str(row.id),
        row.name,
        *((whole, str(row.level)) if parts else ()),
        f"{row.verdict} {row.score:.2f}",
        ", ".join(f"{value} ({kind})" for kind, value in row.attributes),
        f"{row.first:.1f}–{row.last:.1f}",
        str(row.frames),
    )


def relations_table(graph: SceneGraph) -> Table:
    """Relations with names, category, spans and confidence."""
    return table(
        "Relations",
        ("subject", "predicate", "object", "category", "when (s)", "confidence"),
        [_relation_cells(row) for row in relation_rows(graph)],
    )


def matches_table(matches: Sequence[Match], *, sources: bool = False) -> Table:
    """What a query found, with the video it is in and, with `sources`, the data set that says so."""
    first = ("source",) if sources else ()
    return table(
        "1 relation" if len(matches) == 1 else f"{len(matches)} relations",
        (*first, "video", "file", "subject", "predicate", "object", "category", "when (s)", "confidence"),
        [
            (*((m.source,) if sources else ()), m.video_id, m.uri.rsplit("/", 1)[-1], *_relation_cells(m))
            for m in matches
        ],
    )


def _relation_cells(row: RelationRow | Match) -> tuple[str, ...]:
    return (
        _tag(row.subject, row.subject_id),
        row.predicate,
        _tag(row.object, row.object_id),
        row.category,
        _spans(row.spans),
        f"{row.confidence:.2f}",
    )


def print_problems(console: Console, problems: Mapping[str, str]) -> None:
    """Why videos did not come through, one line each."""
    for file, reason in problems.items():
        name = printable(file)
        said = reason.removeprefix(f"{name}: ")  # most errors begin with the name of their file
        console.print(f"[red]✗[/] {escape(name)}: {escape(said)}", highlight=False, soft_wrap=True)


def said_once(reason: str, steps: Mapping[str, str]) -> str:
    """`reason`, or where to find it when it is that of one of `steps` (step -> reason), which are printed before."""
    step = next((name for name, text in steps.items() if text == reason), None)
    return reason if step is None else f"{step} cannot run, see above"


def _tag(name: str, object_id: int) -> str:
    return name if object_id == CAMERA_ID else f"{name} {object_id}"


def _spans(spans: Sequence[Sequence[float]], most: int = 4) -> str:
    shown = ", ".join(f"{a:.1f}–{b:.1f}" for a, b in spans[:most])
    return shown + (f" +{len(spans) - most}" if len(spans) > most else "")
