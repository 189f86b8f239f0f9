"""Graphs of the store as sources: those of the phases, of an import, of predictions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from svg2_assets.catalog.lookup import entries
from svg2_assets.evaluation.harness.sources import Card, UnreadableGraph, UnusableGraphs
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs import imports
from svg2_assets.scene_graphs.sources import OWN, PREFIXES, Kind
from svg2_assets.scene_graphs.stored import read_graph
from svg2_assets.traser.predicting import TABLE as PREDICTIONS
from svg2_assets.traser.predicting import read_prediction

GRAPHS = "scene_graphs"
PIPELINE, IMPORTED, PREDICTED = OWN, PREFIXES[Kind.IMPORTED], PREFIXES[Kind.PREDICTED]


class GraphStore(Protocol):
    """The store as evaluation uses it."""

    def read(
        self,
        table: str,
        *,
        video_ids: Iterable[str] | None = None,
        columns: Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> pl.DataFrame:
        """Rows of a table."""
        ...

    def upsert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> Any:
        """Not used here: readers of imports and predictions are written for a store that they also write to."""
        ...


class StoredGraphs:
    """`kind` is `pipeline`, `imported` or `predictions`, the last two of one `source`. Raises `UnusableGraphs`."""

    has_masks = True
    rejected: Mapping[str, str] = {}

    def __init__(self, store: GraphStore, kind: str, source: str = "") -> None:
        self._store, self._source = store, source
        self.kind, self.name = kind, f"store:{kind}" + (f":{source}" if source else "")
        ways: Mapping[str, tuple[Callable[[], dict[str, Card]], Callable[[str], SceneGraph]]] = {
            PIPELINE: (self._of_phases, lambda v: read_graph(store, v)),
            IMPORTED: (self._of_import, lambda v: imports.read_imported(store, v, source)),
            PREDICTED: (self._of_predictions, lambda v: read_prediction(store, v, source)),
        }
        if kind not in ways or bool(source) == (kind == PIPELINE):
            raise UnusableGraphs(
                f"{printable(self.name)}: expected store:{PIPELINE}, store:{IMPORTED}:NAME or store:{PREDICTED}:NAME."
            )
        find, self._read = ways[kind]
        self._cards = dict(sorted(find().items()))
        if not self._cards:
            raise UnusableGraphs(f"{printable(self.name)}: the store has no graph of it. {_there(store)}")

    def cards(self) -> Mapping[str, Card]:
        """Of all videos that have a graph."""
        return self._cards

    def graph(self, video_id: str) -> SceneGraph:
        """The graph of one video, its masks included. Raises `UnreadableGraph`."""
        try:
            return self._read(video_id)
        except (PhaseError, InvalidSceneValue) as error:
            raise UnreadableGraph(str(error)) from error

    def _of_phases(self) -> dict[str, Card]:
        return self._catalog(self._store.read(GRAPHS, columns=["video_id"])["video_id"].to_list())

    def _of_predictions(self) -> dict[str, Card]:
        rows = self._store.read(PREDICTIONS, columns=["video_id"], where={"source": self._source})
        return self._catalog(rows["video_id"].to_list())

    def _catalog(self, video_ids: Sequence[str]) -> dict[str, Card]:
        """Videos of the catalog; those that another one has taken the place of are none of them."""
        known = {v: e for v, e in entries(self._store).items() if e.superseded_by is None}
        return {
            v: Card.of(v, sha256=known[v].sha256 or "", uris=(known[v].uri, *known[v].names))
            for v in video_ids
            if v in known
        }

    def _of_import(self) -> dict[str, Card]:
        columns = ("video_id", "sha256", "uri")
        rows = self._store.read(imports.TABLE, columns=columns, where={"source": self._source})
        return {r["video_id"]: Card.of(r["video_id"], sha256=r["sha256"], uris=(r["uri"],)) for r in rows.to_dicts()}


def sources_of(store: GraphStore, kind: str) -> list[str]:
    """Names of the imports or predictions that the store has, in order."""
    table = {IMPORTED: imports.TABLE, PREDICTED: PREDICTIONS}[kind]
    return sorted(set(store.read(table, columns=["source"])["source"].to_list()))


def _there(store: GraphStore) -> str:
    named = [f"store:{kind}:{printable(s)}" for kind in (IMPORTED, PREDICTED) for s in sources_of(store, kind)]
    if named:
        return f"There are {', '.join(named)}."
    return "There are neither imports nor predictions: `svg2 import`, or materialize traser_predictions."
