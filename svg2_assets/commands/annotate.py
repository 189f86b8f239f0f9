"""`svg2 annotate`: register videos, run every phase over them under Dagster, write their graphs, say how it went."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from resources import progress
from svg2_assets.catalog.intake import find_files, register
from svg2_assets.catalog.lookup import CatalogEntry, entries, states
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import print_problems, said_once
from svg2_assets.partitions import VIDEO_BATCHES, add_partitions, contiguous
from svg2_assets.phases import PHASES
from svg2_assets.run_steps import problems_by_video
from svg2_assets.scene.document import write
from svg2_assets.scene.errors import UnusableBackend, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.stored import read_graph

if TYPE_CHECKING:
    import dagster as dg

LAST_PHASE = list(PHASES)[-1]
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def annotate(
    installation: Installation, console: Console, *, paths: Sequence[str], json_folder: Path | None, alone: int = 8
) -> int:
    """Annotate `paths` (files, or folders of videos); the exit code is 0 when every video came through.

    Up to `alone` new videos become partitions of their own; more become batches.
    """
    batch = installation.settings.batch_size
    files, refused = find_files(paths)
    intake = register(
        installation.store, files, installation.media.prober(), batch_size=lambda n: 1 if n <= alone else batch
    )
    print_problems(console, refused)
    broken = annotate_registered(installation, console, video_ids=intake.video_ids)
    wrong = report(installation, console, video_ids=intake.video_ids, broken=broken, json_folder=json_folder)
    return 1 if wrong or broken or refused or not intake.video_ids else 0


def refresh(installation: Installation, console: Console) -> int:
    """Bring every video of the catalog up to date; what is fresh is left alone. The exit code is that of `annotate`."""
    video_ids = list(entries(installation.store))
    broken = annotate_registered(installation, console, video_ids=video_ids)
    return 1 if report(installation, console, video_ids=video_ids, broken=broken) or broken else 0


def annotate_registered(installation: Installation, console: Console, *, video_ids: Sequence[str]) -> dict[str, str]:
    """Run all phases over the partitions of `video_ids`, one Dagster run per range of neighbouring keys.

    Returns steps that broke down as a whole, with the reason; what befell single videos is in the store.
    """
    from svg2_assets.instance import fail_abandoned_runs

    broken: dict[str, str] = {}
    if not video_ids:
        return broken
    catalog = entries(installation.store, video_ids=list(video_ids))
    keys = list(dict.fromkeys(catalog[v].partition for v in video_ids))
    fail_abandoned_runs(installation.instance)  # one that was killed would be waited for
    add_partitions(installation.instance, keys)
    assert VIDEO_BATCHES.name is not None  # noqa: S101 - narrows the type
    known = installation.instance.get_dynamic_partitions(VIDEO_BATCHES.name)
    with _bar(console) as bar, progress.listening(bar):
        for first, last in contiguous(known, keys):
            broken |= breakdowns(run_range(installation, first, last))
    return broken


def run_range(installation: Installation, first: str, last: str) -> dg.ExecuteInProcessResult:
    """One run of all phases over the partitions from `first` to `last`, in this process."""
    from svg2_assets.definitions import defs
    from svg2_assets.instance import process_tags

    job = defs().resolve_job_def("annotate_videos")
    whole = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    where: dict[str, Any] = {"partition_key": first} if first == last else {}
    where["tags"] = process_tags() if first == last else {**process_tags(), **whole}
    return job.execute_in_process(instance=installation.instance, raise_on_error=False, run_config=QUIET, **where)


def breakdowns(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Steps that failed for another reason than their videos (an unusable backend, a store out of reach)."""
    found: dict[str, str] = {}
    for event in result.get_step_failure_events():
        error = event.step_failure_data.error
        cause = error.cause if error is not None and error.cause is not None else error
        if cause is not None and cause.cls_name not in {"Failure", "DagsterAssetCheckFailedError"}:
            # What is wrong with a backend is told in words; of other errors the kind says something, too.
            kind = f"{UnusableBackend.__module__}.{UnusableBackend.__qualname__}: "
            found[str(event.step_key)] = cause.message.strip().removeprefix(kind)
    return found


def report(
    installation: Installation,
    console: Console,
    *,
    video_ids: Sequence[str],
    broken: Mapping[str, str],
    json_folder: Path | None = None,
) -> int:
    """What is wrong with the steps that are `broken`, and one line a video; writes graphs to `json_folder` when given.

    Returns how many videos did not come through.
    """
    print_problems(console, broken)
    catalog = entries(installation.store, video_ids=list(video_ids))
    problems = problems_by_video(states(installation.store, list(video_ids)), catalog, upto=LAST_PHASE)
    for video_id in video_ids:
        entry = catalog[video_id]
        if video_id in problems:
            print_problems(console, {entry.uri: said_once(problems[video_id], broken)})
            continue
        graph = read_graph(installation.store, video_id)
        written = _write_document(graph, json_folder) if json_folder is not None else None
        console.print(_line(entry, graph, written), highlight=False, soft_wrap=True)
    return len(problems)


def _line(entry: CatalogEntry, graph: SceneGraph, written: Path | None) -> str:
    names = ", ".join(sorted({o.name for o in graph.objects})) or "nothing found"
    file = escape(printable(entry.uri.rsplit("/", 1)[-1]))
    text = f"[green]✓[/] {file} [dim]{entry.video_id}[/]: {len(graph.objects)} objects ({escape(names)}), "
    return text + f"{len(graph.relations)} relations" + (f" → {escape(str(written))}" if written else "")


def _write_document(graph: SceneGraph, folder: Path) -> Path:
    """`<folder>/<video id>.json`, complete or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{graph.video.id}.json"
    handle, unfinished = tempfile.mkstemp(dir=folder, prefix=".unfinished-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(write(graph), file, ensure_ascii=False)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    return path


class _Bar(Progress):
    """A progress bar that hears what the phases tell."""

    def started(self, phase: str, video: str, number: int, total: int) -> None:
        """A phase begins with a video."""
        for task in self.task_ids:
            self.remove_task(task)
        name = escape(printable(video.rsplit("/", 1)[-1], limit=40))
        self.add_task(f"{phase.replace('_', ' ')}  {name}  ({number + 1}/{total})", total=None)

    def frames(self, done: int, total: int) -> None:
        """Frames of the present video."""
        for task in self.task_ids:
            self.update(task, completed=done, total=total)


def _bar(console: Console) -> _Bar:
    columns: list[Any] = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    return _Bar(*columns, console=console, transient=True, disable=not console.is_terminal)
