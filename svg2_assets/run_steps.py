"""What a Dagster run is made of: which phase and check steps it has, and how its problems are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import dagster as dg

from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.phases import PHASES, State
from svg2_assets.scene.errors import printable

MOST_NAMED = 20  # videos that one error text names


def checks_step(phase: str) -> str:
    """The name of the step that shows the checks of `phase`."""
    return f"{phase}_checks"


def problems_by_video(
    known: Mapping[str, Mapping[str, State]], video_ids: Iterable[str], *, upto: str
) -> dict[str, str]:
    """video id -> why it did not come through the phases up to `upto`; videos that did are left out."""
    problems: dict[str, str] = {}
    for video_id in video_ids:
        for name in list(PHASES)[: list(PHASES).index(upto) + 1]:
            text = _problem(name, known.get(video_id, {}).get(name))
            if text:
                problems[video_id] = text
                break
    return problems


def _problem(phase: str, state: State | None) -> str:
    if state is None:
        return f"{phase} has not run"
    if state.status == "failed":
        return state.error or f"{phase} failed"
    return f"a check of {phase} closed the gate" if state.gate == "closed" else ""


def failure_text(phase: str, problems: Mapping[str, str], catalog: Mapping[str, CatalogEntry]) -> str:
    """The text of a run's failure: which videos, and why."""
    if not catalog:
        return f"{phase}: no video is registered under these partitions; add videos with `svg2 annotate` or a drop"
    lines = [_line(catalog[v], text) for v, text in list(problems.items())[:MOST_NAMED]]
    more = len(problems) - len(lines)
    if more > 0:
        lines.append(f"and {more} more; `svg2 status` lists them all")
    return f"{len(problems)} of {len(catalog)} videos did not come through {phase}:\n" + "\n".join(lines)


def _line(entry: CatalogEntry, text: str) -> str:
    """Most errors begin with the name of their file; it is said once."""
    name = printable(entry.uri)
    return f"{name} ({entry.video_id}): {text.removeprefix(f'{name}: ')}"


def is_last_step(context: dg.AssetExecutionContext | dg.OpExecutionContext, step: str) -> bool:
    """Whether no later phase or check follows in this run: then problems must turn the run red here."""
    steps = steps_of(context)
    ran = [s for name in PHASES for s in (name, checks_step(name)) if s in steps]
    return not ran or ran[-1] == step


def steps_of(context: dg.AssetExecutionContext | dg.OpExecutionContext) -> frozenset[str]:
    """The step keys of this run's plan; empty outside a real run."""
    plan_id = context.run.execution_plan_snapshot_id
    if plan_id is None:
        return frozenset()
    return frozenset(context.instance.get_execution_plan_snapshot(plan_id).step_keys_to_execute)
