"""`svg2 evaluate baseline`: a vision model tells graphs of videos whose trajectories are known."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from svg2_assets.catalog.intake import VIDEO_SUFFIXES
from svg2_assets.catalog.lookup import entries
from svg2_assets.commands.baseline_results import Folder, keep_in_store, predicting_of
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.judging import estimate_line
from svg2_assets.commands.tables import print_problems, show_json, table
from svg2_assets.evaluation.baselines.settings import Baseline
from svg2_assets.evaluation.baselines.telling import Asked, Opened, Told, ask_all, planned_calls
from svg2_assets.evaluation.table.documents import Documents
from svg2_assets.scene.errors import UnusableBackend, VideoError, printable
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.predicting import trajectories_of, what_to_ask

WRONG = 1
MOST_PLANNED = 8
"""Videos whose pictures are made for an estimate; of more, these stand for all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which videos: those of the store (all, or `videos`), or with `truth` those of a folder of documents, whose files
    are where the documents say or below `files`; then documents are written to `out`.
    """

    config: Path
    changes: Sequence[str] = ()
    videos: Sequence[str] = ()
    truth: Path | None = None
    files: Path | None = None
    out: Path | None = None
    estimate: bool = False


@dataclass(slots=True)
class Work:
    """What is to be asked: video id -> what opens it; what keeps an answer; what is done already or cannot be."""

    videos: dict[str, Callable[[], Opened]]
    keep: Callable[[str, Told], None]
    fresh: int = 0
    blocked: Mapping[str, str] = field(default_factory=dict)


def ask_baseline(installation: Installation, console: Console, wanted: Wanted, *, as_json: bool) -> int:
    """Ask about every video that has no fresh answer. The exit code is 1 where one has none afterwards."""
    baseline = read_form(Baseline, wanted.config, changes=wanted.changes)
    overrides = server_of(baseline)
    work = _from_files(baseline, wanted) if wanted.truth else _from_store(installation, baseline, wanted)
    told = Console(stderr=True) if as_json else console
    told.print(_ahead(installation, baseline, work, overrides), highlight=False, soft_wrap=True)
    asked = Asked()
    if work.videos and not wanted.estimate:
        from resources.llm.shared import shared_gateway

        with Console(stderr=True).status("Asking ...") as status:
            asked = ask_all(
                work.videos,
                baseline,
                shared_gateway(**overrides),
                keep=work.keep,
                heard=lambda video, n, of: status.update(f"{n + 1} of {of}: {printable(video)}"),
            )
    _show(console, asked, work, as_json=as_json)
    return WRONG if asked.failed or work.blocked else 0


def server_of(baseline: Baseline) -> dict[str, Any]:
    """What the gateway of `baseline` has in place of SVG2_LLM's settings. Raises `UnusableBackend`."""
    server = baseline.server
    url = os.environ.get(server.url_variable, "").strip() if server.url_variable else ""
    if server.url_variable and not url and not server.url:
        raise UnusableBackend(
            f"{baseline.source}: {server.url_variable} is not set. Put the address of the server of {baseline.model} "
            "into it, such as http://127.0.0.1:8000/v1."
        )
    given = {
        "base_url": url or server.url or None,
        "key_variable": server.key_variable,
        "requests_per_minute": server.requests_per_minute,
        "tokens_per_minute": server.tokens_per_minute,
        "concurrency": server.concurrency,
        "timeout": server.timeout,
        "prices": server.prices or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _from_store(installation: Installation, baseline: Baseline, wanted: Wanted) -> Work:
    store = installation.store
    ids = [installation.entry(name).video_id for name in wanted.videos]
    catalog = entries(store, video_ids=ids or None)
    catalog = {v: e for v, e in catalog.items() if ids or e.superseded_by is None}
    how = predicting_of(baseline)
    todo, fresh, blocked = what_to_ask(store, catalog, how)

    def opener(video_id: str) -> Callable[[], Opened]:
        return lambda: (installation.media.source(store, video_id), trajectories_of(store, video_id))

    keep = keep_in_store(store, how, todo, run_id="svg2 evaluate baseline")
    return Work({v: opener(v) for v in todo}, keep, len(fresh), blocked)


def _from_files(baseline: Baseline, wanted: Wanted) -> Work:
    from resources.media.reader import open_video

    if wanted.truth is None or wanted.out is None:
        raise UnusableBackend("--truth needs --out, a folder for the graphs that are told.")
    truth, folder = Documents(wanted.truth), Folder(wanted.out, baseline)
    ids = [v for v in truth if not wanted.videos or v in set(wanted.videos)]
    fresh = {v for v in ids if folder.is_fresh(v, truth.files[v])}

    def opener(video_id: str) -> Callable[[], Opened]:
        def opened() -> Opened:
            graph = truth[video_id]
            source = open_video(_file_of(video_id, graph.video.uri, wanted.files))
            return source, {o.id: o.trajectory for o in graph.objects}

        return opened

    def keep(video_id: str, told: Told) -> None:
        folder.keep(truth[video_id], truth.files[video_id], told)

    return Work({v: opener(v) for v in ids if v not in fresh}, keep, len(fresh))


def _file_of(video_id: str, uri: str, files: Path | None) -> Path:
    found = [p for s in sorted(VIDEO_SUFFIXES) if files is not None and (p := files / f"{video_id}{s}").is_file()]
    if found:
        return found[0]
    if uri and Path(uri).is_file():
        return Path(uri)
    raise VideoError(
        video=video_id,
        reason="missing",
        detail="its file is not found",
        remedy="Give the folder that holds <video id>.mp4 with --videos.",
        phase="baseline",
    )


def _ahead(installation: Installation, baseline: Baseline, work: Work, overrides: Mapping[str, Any]) -> str:
    some = _spread(list(work.videos), MOST_PLANNED)
    problems: dict[str, str] = {}
    calls = list(planned_calls({v: work.videos[v] for v in some}, baseline, problems))
    said = f"{len(work.videos)} videos to ask {baseline.model} about, {work.fresh} are told already"
    if not calls:
        return said + "."
    times = len(work.videos) / max(1, len(some) - len(problems))
    of = f" (by {len(some)} of them)" if len(some) < len(work.videos) else ""
    return f"{said}; estimated{of}: {estimate_line(installation, calls, times=times, **overrides)}"


def _spread(names: list[str], most: int) -> list[str]:
    count = min(most, len(names))
    return [names[int((i + 0.5) * len(names) / count)] for i in range(count)]


def _show(console: Console, asked: Asked, work: Work, *, as_json: bool) -> None:
    problems = {**work.blocked, **asked.failed}
    if as_json:
        flaws = {flaw.value: n for flaw, n in asked.flaws.items()}
        show_json({"told": asked.done, "fresh": work.fresh, "problems": problems, "cut": asked.cut, "flaws": flaws}
                  | {"money": asked.money})  # fmt: skip
        return
    if asked.done:
        console.print(
            f"{len(asked.done)} videos told, ${asked.money:.4f}; {asked.cut} answers are cut.", highlight=False
        )
    if asked.flaws:
        rows = [(flaw.value, str(n)) for flaw, n in asked.flaws.most_common()]
        console.print(table("What was wrong in answers", ("", "times"), rows))
    print_problems(console, problems)
