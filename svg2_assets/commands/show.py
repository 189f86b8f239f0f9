"""`svg2 show`: the graph of one video, as the phases made it, an import brought it or a model told it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from svg2_assets.commands.installation import Installation, NoSuchVideo
from svg2_assets.commands.tables import objects_table, relations_table, show_json
from svg2_assets.scene.document import write
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.records import IMPORT
from svg2_assets.scene_graphs.imports import read_imported
from svg2_assets.scene_graphs.sources import OWN, TABLES, Dataset, Kind, one_of
from svg2_assets.scene_graphs.stored import read_graph
from svg2_assets.traser.predicting import read_prediction

_ID = 4
"""Characters that the beginning of an id has at least."""


def show(installation: Installation, console: Console, *, video: str, source: str = OWN, as_json: bool) -> int:
    """Objects, attributes, relations of one video, its previews, or where its graph was imported from.

    Raises `NoSuchVideo`, which says what other sources have the video, and `NoSuchDataset`.
    """
    dataset = one_of(installation.store, source)
    graph = _graph(installation, video, dataset)
    previews = _previews(installation, graph.video.id) if dataset.kind is Kind.OWN else {}
    if as_json:
        document = write(graph)
        levels = graph.levels
        for o in document["objects"]:
            del o["trajectory"]["masks"]
            o["level"] = levels[o["id"]]
        show_json({**document, "source": dataset.spec, "previews": previews})
        return 0
    v = graph.video
    clock = f"{v.fps:.2f} fps, {v.num_frames} frames, {v.duration:.2f} s"
    console.print(f"[bold]{escape(printable(v.id))}[/]  {v.width}×{v.height}, {clock}", highlight=False)
    for line in filter(None, (v.uri, *_origin(graph, dataset))):
        console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    console.print(objects_table(graph))
    console.print(relations_table(graph))
    for kind, path in previews.items():
        console.print(f"preview ({kind}): {path}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _graph(installation: Installation, wanted: str, dataset: Dataset) -> SceneGraph:
    store = installation.store
    read: Mapping[Kind, Callable[[str], SceneGraph]] = {
        Kind.OWN: lambda v: read_graph(store, v),
        Kind.IMPORTED: lambda v: read_imported(store, v, dataset.name),
        Kind.PREDICTED: lambda v: read_prediction(store, v, dataset.name),
    }
    try:
        found = _own(installation, wanted) if dataset.kind is Kind.OWN else _of(installation, wanted, dataset)
    except NoSuchVideo as error:
        others = [s for s in sources_of(installation, wanted) if s != dataset.spec]
        if not others:
            raise
        shown = printable(wanted)
        raise NoSuchVideo(
            f"{shown}: {dataset.spec} has no graph of it; there is one in {', '.join(map(printable, others))}. "
            f"svg2 show {shown} --source {printable(others[0])}"
        ) from error
    return read[dataset.kind](found)


def sources_of(installation: Installation, video_id: str) -> list[str]:
    """The data sets that have a graph of this video, by `Dataset.spec`."""
    store = installation.store
    own = [OWN] if store.count("scene_graphs", where={"video_id": video_id}) else []
    found = [
        Dataset(kind, name).spec
        for kind, table in TABLES.items()
        for name in sorted(store.read(table, video_ids=[video_id], columns=["source"])["source"])
    ]
    return own + found


def _own(installation: Installation, wanted: str) -> str:
    return installation.entry(wanted).video_id


def _of(installation: Installation, wanted: str, dataset: Dataset) -> str:
    """The id of the video of an import or of predictions that `wanted` names: whole, by its beginning, by its file."""
    store, table, where = installation.store, TABLES[dataset.kind], {"source": dataset.name}
    if store.count(table, where={"video_id": wanted, **where}):
        return wanted
    files = "videos" if dataset.kind is Kind.PREDICTED else table
    there = set(store.read(table, columns=["video_id"], where=where)["video_id"])
    known = store.read(files, columns=["video_id", "uri"], where=where if files == table else None)
    found: list[str] = sorted({v for v, uri in known.iter_rows() if v in there and _fits(wanted, v, uri or "")})
    if len(found) == 1:
        return found[0]
    shown = printable(wanted)
    if not found:
        raise NoSuchVideo(f"{shown}: {printable(dataset.spec)} has no such video.")
    options = ", ".join(map(printable, found[:5]))
    raise NoSuchVideo(f"{shown}: fits {len(found)} videos of {printable(dataset.spec)}: {options}. Give the id.")


def _fits(wanted: str, video_id: str, uri: str) -> bool:
    return wanted in {uri, uri.rsplit("/", 1)[-1]} or (len(wanted) >= _ID and video_id.startswith(wanted))


def _previews(installation: Installation, video_id: str) -> dict[str, str]:
    rows = installation.store.read("scene_graphs", video_ids=[video_id]).to_dicts()
    previews: dict[str, str] = json.loads(rows[0]["previews"]) if rows else {}
    return previews


def _origin(graph: SceneGraph, dataset: Dataset) -> list[str]:
    """Where a graph that is not the phases' comes from, in lines."""
    if dataset.kind is Kind.OWN:
        return []
    known: Mapping[str, Any] = graph.provenance.get(IMPORT if dataset.kind is Kind.IMPORTED else "predictions", {})
    told = ", ".join(f"{key} {value}" for key, value in known.items() if value and key != "source")
    return [f"{dataset.spec}: {told}"]
