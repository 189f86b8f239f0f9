"""`svg2 import`, `svg2 export`, `svg2 formats`: scene graphs from and to the files of others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import print_problems, show_json, table
from svg2_assets.scene.errors import PhaseError, Svg2Error, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs import imports
from svg2_assets.scene_graphs.formats.registry import FORMATS, format_named
from svg2_assets.scene_graphs.formats.values import Format, Videos, Written, no_videos
from svg2_assets.scene_graphs.formats.video_files import VideoFiles
from svg2_assets.scene_graphs.stored import read_graph
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.predicting import TABLE as PREDICTIONS
from svg2_assets.traser.predicting import read_prediction

WRONG = 1
SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NoSuchSource(Svg2Error):
    """A name that no import or prediction of this store has, or that cannot be one."""


@dataclass(frozen=True, slots=True)
class Import:
    """What `svg2 import` is asked for; `videos` is a folder of files called by the ids of the videos."""

    format: str
    path: Path
    source: str = ""
    licence: str = ""
    limit: int | None = None
    videos: Path | None = None
    changes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Export:
    """What `svg2 export` is asked for; without `source` the graphs of the phases, without `videos` all there are."""

    format: str
    target: Path
    source: str = ""
    videos: Sequence[str] = ()
    resume: bool = False
    changes: Sequence[str] = ()


def import_graphs(installation: Installation, console: Console, wanted: Import, *, as_json: bool) -> int:
    """Bring graphs into the store. The exit code is 1 where a video was rejected, or none came."""
    chosen = format_named(wanted.format, wanted="read")
    source = wanted.source or chosen.name
    if not SOURCE_NAME.fullmatch(source):
        raise NoSuchSource(f"--source {printable(source)}: use letters, digits, '.', '-' and '_', at most 64.")
    options = read_form(chosen.reading, changes=wanted.changes, defaults={"licence": wanted.licence})
    assert chosen.read is not None  # noqa: S101 (narrows the type)
    with (
        _videos(installation, wanted.videos) as videos,
        Console(stderr=True).status("Importing ...", refresh_per_second=2) as status,
    ):
        brought = imports.bring_in(
            installation.store,
            chosen.read(wanted.path, options, videos=videos),
            source=source,
            limit=wanted.limit,
            run_id="svg2 import",
            heard=lambda videos, rejected: status.update(f"{videos} videos imported, {rejected} rejected"),
        )
    if as_json:
        show_json(_told(brought, source))
    else:
        _print(console, brought, source)
    return 0 if brought.videos and not brought.faults else WRONG


def export_graphs(installation: Installation, console: Console, wanted: Export, *, as_json: bool) -> int:
    """Write graphs of the store as files. The exit code is 1 where a video could not be written, or none was."""
    chosen = format_named(wanted.format, wanted="write")
    options = read_form(chosen.writing, changes=wanted.changes, defaults={"resume": wanted.resume})
    assert chosen.write is not None  # noqa: S101 (narrows the type)
    graphs = Graphs(installation, wanted.source, wanted.videos)
    with Console(stderr=True).status("Exporting ..."):
        written = chosen.write(graphs, wanted.target, options)
    if as_json:
        lost = {loss.value: count for loss, count in written.lost.items()}
        show_json({"videos": written.videos, "kept": written.kept, "files": written.files, "lost": lost}
                  | {"problems": graphs.problems})  # fmt: skip
    else:
        _print_written(console, written, wanted.target)
        print_problems(console, graphs.problems)
    return 0 if (written.videos or written.kept) and not graphs.problems else WRONG


def list_formats(console: Console, *, as_json: bool) -> int:
    """What formats there are, their options, and what is lost each way. The exit code is 0."""
    if as_json:
        show_json([_format(f) for f in FORMATS.values()])
        return 0
    for f in FORMATS.values():
        console.print(f"[bold]{f.name}[/]  {escape(f.title)}", highlight=False)
        for way, told in (("import", f.lost_in), ("export", f.lost_out)):
            able = f.read if way == "import" else f.write
            if able is None:
                console.print(f"  {way}: no", highlight=False)
                continue
            console.print(f"  {way}, --set {', '.join(_options(f, way))}; lost:", highlight=False, markup=False)
            for sentence in told:
                console.print(f"    - {sentence}", highlight=False, markup=False, soft_wrap=True)
    return 0


@dataclass(slots=True)
class Graphs:
    """The graphs that are to be exported, read one by one; why others are none is in `problems` (by video) afterwards.

    Raises `NoSuchSource` where `source` brought nothing.
    """

    installation: Installation
    source: str = ""
    wanted: Sequence[str] = ()
    problems: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[SceneGraph]:
        store = self.installation.store
        if not self.source:
            own = self._own()
            if not own:
                raise NoSuchSource(
                    "no video here has a graph of its own: annotate one first (`svg2 annotate`), or name what was "
                    f"imported or predicted (`--source`). There are {self._sources()}."
                )
            for video_id in own:
                yield from self._tried(video_id, partial(read_graph, store, video_id))
            return
        where = {"source": self.source}
        imported = imports.imported_ids(store, self.source)
        if imported:
            if self.wanted:
                yield from imports.imported_graphs(store, self.source, self._among(imported))
            else:
                yield from imports.all_imported(store, self.source)
            return
        predicted = store.read(PREDICTIONS, columns=["video_id"], where=where)["video_id"].sort().to_list()
        if not predicted:
            raise NoSuchSource(f"--source {printable(self.source)}: nothing has it. There are {self._sources()}.")
        for video_id in self._among(predicted):
            yield from self._tried(video_id, partial(read_prediction, store, video_id, self.source))

    def _own(self) -> list[str]:
        if self.wanted:
            return [self.installation.entry(name).video_id for name in self.wanted]
        current = self.installation.store.read("videos", columns=["video_id"], where={"superseded_by": None})
        return list(current["video_id"])

    def _among(self, there: list[str]) -> list[str]:
        if not self.wanted:
            return there
        known = set(there)
        self.problems |= {v: f"{self.source} has no graph of it." for v in self.wanted if v not in known}
        return [v for v in dict.fromkeys(self.wanted) if v in known]

    def _tried(self, video_id: str, read: Callable[[], SceneGraph]) -> Iterator[SceneGraph]:
        try:
            graph = read()
        except PhaseError as error:
            self.problems[video_id] = str(error)
        else:
            yield graph

    def _sources(self) -> str:
        found: set[str] = set()
        for name in (imports.TABLE, PREDICTIONS):
            found.update(self.installation.store.read(name, columns=["source"])["source"].unique())
        return ", ".join(sorted(found)) or "none: import something first (`svg2 import`)"


@contextmanager
def _videos(installation: Installation, folder: Path | None) -> Iterator[Videos]:
    """What the files below `folder` say of the videos that they are called by."""
    if folder is None:
        yield no_videos
        return
    media = installation.media
    with VideoFiles(folder, option="--videos") as files:
        yield lambda video_id: None if (path := files.of(video_id)) is None else media.glance(path)


def _told(brought: imports.Brought, source: str) -> dict[str, Any]:
    return {
        "source": source,
        "videos": brought.videos,
        "repairs": {repair.value: count for repair, count in sorted(brought.repairs.items())},
        "rejected": {fault.value: count for fault, count in sorted(brought.faults.items())},
        "examples": [{"video": r.video_id, "place": r.origin.place, "why": r.detail} for r in brought.rejected],
    }


def _print(console: Console, brought: imports.Brought, source: str) -> None:
    if brought.repairs:
        rows = [(*_halves(r.value), str(count)) for r, count in sorted(brought.repairs.items())]
        console.print(table("What was mended or left out", ("", "", "count"), rows))
    if brought.faults:
        counts = [(fault.value, str(count)) for fault, count in sorted(brought.faults.items())]
        console.print(table("Videos and files that are not imported", ("", "count"), counts))
        for rejected in brought.rejected:
            console.print(f"[red]✗[/] {escape(str(rejected))}", highlight=False, soft_wrap=True)
        more = brought.faults.total() - len(brought.rejected)
        if more:
            console.print(f"and {more} more.", highlight=False)
    said = f"Videos imported as {source}: {brought.videos}, rejected: {brought.faults.total()}."
    console.print(said, highlight=False)


def _halves(text: str) -> tuple[str, str]:
    what, _, why = text.partition(": ")
    return what, why


def _print_written(console: Console, written: Written, target: Path) -> None:
    if written.lost:
        rows = [(loss.value, str(count)) for loss, count in sorted(written.lost.items())]
        console.print(table("What the format has no place for", ("", "count"), rows))
    kept = f", there already: {written.kept}" if written.kept else ""
    said = f"Videos written: {written.videos}{kept}; files in {target}: {written.files}."
    console.print(said, markup=False, highlight=False, soft_wrap=True)


def _format(f: Format) -> Mapping[str, Any]:
    return {
        "name": f.name,
        "title": f.title,
        "import": None if f.read is None else {"options": _options(f, "import"), "lost": list(f.lost_in)},
        "export": None if f.write is None else {"options": _options(f, "export"), "lost": list(f.lost_out)},
    }


def _options(f: Format, way: str) -> list[str]:
    form = f.reading if way == "import" else f.writing
    given = {"licence", "resume"}  # by options of the command
    return [name for name in form.model_fields if name not in given]
