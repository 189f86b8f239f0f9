"""Commands that only read: status, query, stats."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from svg2_assets.catalog.lookup import entries, states
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import (
    matches_table,
    print_problems,
    said_once,
    show_json,
    status_table,
    table,
)
from svg2_assets.phases import PHASES, Recipe, State
from svg2_assets.quality.verdict import reason
from svg2_assets.recipes import recipes
from svg2_assets.runner import expected_states
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.graph_statements import find_in
from svg2_assets.scene_graphs.query import Question
from svg2_assets.scene_graphs.sources import chosen, datasets_of


def status(installation: Installation, console: Console, *, as_json: bool) -> int:
    """Per video and phase: fresh, stale, missing, failed, stopped by a check, blocked; and why. The exit code is 0."""
    made = recipes(installation.backends)
    rows = status_rows(installation, made)
    if as_json:
        show_json(rows)
    elif not rows:
        console.print("No videos yet. `svg2 annotate clip.mp4`, or drop files into", installation.settings.drop_folder)
    else:
        console.print(status_table(rows, list(PHASES), width=console.width))
        unusable = {phase: recipe.unusable for phase, recipe in made.items() if recipe.unusable}
        print_problems(console, _by_reason(unusable))
        print_problems(console, {row["file"]: said_once(row["why"], unusable) for row in rows if row["why"]})
    return 0


def _by_reason(unusable: Mapping[str, str]) -> dict[str, str]:
    """Phases that cannot run for one reason under one name, each reason once."""
    phases: dict[str, list[str]] = {}
    for phase, text in unusable.items():
        phases.setdefault(text, []).append(phase)
    return {", ".join(names): text for text, names in phases.items()}


def status_rows(installation: Installation, made: Mapping[str, Recipe]) -> list[dict[str, Any]]:
    """One entry a video: id, file, other names, state by phase, and the first reason why it is not through.

    `made` maps a phase to its recipe.
    """
    catalog = entries(installation.store)
    known = states(installation.store)
    shown = expected_states(known, made, {v: e.content for v, e in catalog.items()})
    checks = _closed_reasons(installation)
    return [
        {
            "video": v,
            "file": e.uri,
            "names": [n for n in e.names if n != e.uri],
            "partition": e.partition,
            "phases": shown[v],
            "why": next(
                filter(None, (_why(shown[v][p], known.get(v, {}).get(p), checks.get((v, p)), made[p]) for p in PHASES)),
                "",
            ),
        }
        for v, e in sorted(catalog.items(), key=lambda item: item[1].uri)
    ]


def _why(shown: str, state: State | None, closed: str | None, recipe: Recipe) -> str:
    """Why a phase shown as `shown` is not through, empty where it is or waits for another."""
    if shown in {"failed", "stopped"}:
        return (state.error if state is not None else "") or closed or "a check closed the gate"
    return recipe.unusable if shown in {"missing", "stale"} else ""


def query(
    installation: Installation, console: Console, question: Question, *, sources: Sequence[str] = (), as_json: bool
) -> int:
    """Relations over the whole store by subject, predicate, object and duration: of the phases' graphs, or `sources`.

    Those of one source follow those of another, in the order given.
    """
    store = installation.store
    asked = chosen(store, sources)
    found = [match for dataset in asked for match in find_in(store, question, dataset)]
    if as_json:
        show_json([match.to_json() for match in found])
    elif not found:
        others = [d.spec for d in datasets_of(store) if d not in asked]
        more = f" Other sources were not asked (--source): {', '.join(map(printable, others))}." if others else ""
        said = f"No such relations. `svg2 stats` lists the names and predicates that there are.{more}"
        console.print(said, markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(matches_table(found, sources=bool(sources)))
    return 0


def stats(installation: Installation, console: Console, *, source: str = "", as_json: bool) -> int:
    """The data sets of the store beside published ones; all figures of `source`, or of the only one there is."""
    from svg2_assets.scene_graphs.comparison import COLUMNS, PUBLISHED, compared
    from svg2_assets.scene_graphs.sources import datasets_of, figures_of

    store = installation.store
    found = [figures_of(store, dataset) for dataset in datasets_of(store, named=source or None)]
    if as_json:
        show_json(
            {"sources": [figures.to_json() for figures in found], "published": [line.to_json() for line in PUBLISHED]}
        )
        return 0
    console.print(table("Data sets", COLUMNS, [line.cells() for line in compared(found)]))
    if source or len(found) == 1:
        for figures in found:
            title = f"{figures.dataset.name} ({figures.dataset.kind.value})"
            console.print(table(title, ("figure", "value"), figures.statistics.as_rows()))
    else:
        console.print("All figures of one of them: svg2 stats --source NAME", highlight=False, markup=False)
    return 0


def _closed_reasons(installation: Installation) -> dict[tuple[str, str], str]:
    rows = installation.store.read(
        "phase_state", columns=["video_id", "phase", "checks"], where={"gate": "closed", "status": "done"}
    )
    return {(r["video_id"], r["phase"]): reason({"checks": json.loads(r["checks"] or "{}")}) for r in rows.to_dicts()}
