"""Whose graphs become samples: those of the phases whose checks passed, or an import's, with its videos' files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from svg2_assets.catalog.lookup import CatalogEntry, Tables, entries, states
from svg2_assets.phases import State, digest
from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs import imports
from svg2_assets.scene_graphs.formats.records import IMPORT
from svg2_assets.scene_graphs.sources import OWN, PREFIXES, Kind
from svg2_assets.traser.footage import Footage
from svg2_assets.traser.samples.counting import Reason
from svg2_assets.traser.samples.reading import read_draft
from svg2_assets.traser.samples.values import WHOLE, Draft, draft_of

LAST_PHASE = "scene_graphs"

Open = Callable[[str], FrameSource]
"""Video id -> its frames."""


class NothingImported(Svg2Error):
    """A source of graphs that the store has none of; the text says what there is."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a sample is made of, `facts` of its row (whose graph it is, what it came under), and what to count."""

    draft: Draft
    frames: FrameSource
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Reason, ...] = ()


class Supply(Protocol):
    """Graphs of one source. Their samples have `sample_id`; `versions` are those of graphs that may be learned from, by
    video, `blocked` says why others may not."""

    @property
    def sample_id(self) -> str:
        """Tells the samples of one video from different sources apart."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Video id -> what changes when its graph does."""
        ...

    @property
    def blocked(self) -> Mapping[str, str]:
        """Video id -> why its graph is not to be used."""
        ...

    def name(self, video_id: str) -> str:
        """What a line about the video calls it."""
        ...

    def draw(self, video_id: str) -> Drawn:
        """Raises `Unfit`, `VideoError`, `PhaseError`, `InvalidSceneValue`."""
        ...


class OwnGraphs:
    """Those of the phases whose checks passed."""

    sample_id = WHOLE

    def __init__(self, store: Tables, open_video: Open) -> None:
        self._store, self._open = store, open_video
        self._catalog = {v: e for v, e in entries(store).items() if e.superseded_by is None}
        usable, self.blocked = _usable(self._catalog, states(store, list(self._catalog)))
        self.versions = {v: s.output_version for v, s in usable.items()}

    def name(self, video_id: str) -> str:
        """Its address."""
        return self._catalog[video_id].uri

    def draw(self, video_id: str) -> Drawn:
        """What the rows of all phases say. Raises `VideoError`, `PhaseError`."""
        return Drawn(read_draft(self._store, video_id), self._open(video_id), {"source": OWN})


class ImportedGraphs:
    """Those that an import brought, with the files of `footage`. Raises `NothingImported`."""

    blocked: Mapping[str, str] = {}

    def __init__(self, store: imports.ImportStore, name: str, footage: Footage) -> None:
        self._store, self._name, self._footage = store, name, footage
        self._source = self.sample_id = f"{PREFIXES[Kind.IMPORTED]}:{name}"
        columns = ("video_id", "uri", "created_at", "code_version")
        rows = store.read(imports.TABLE, columns=columns, where={"source": name}).sort("video_id")
        if rows.is_empty():
            names = sorted(set(store.read(imports.TABLE, columns=["source"])["source"]))
            there = f"There are {', '.join(map(printable, names))}." if names else "Import something: `svg2 import`."
            raise NothingImported(f"source {printable(self._source)}: the store has no graph of it. {there}")
        self.versions = {v: digest(str(at), version) for v, _, at, version in rows.iter_rows()}
        self._uris = {v: uri or "" for v, uri, *_ in rows.iter_rows()}

    def name(self, video_id: str) -> str:
        """Its id."""
        return video_id

    def draw(self, video_id: str) -> Drawn:
        """The graph and its file's frames. Raises `Unfit`, `VideoError`, `PhaseError`, `InvalidSceneValue`."""
        path = self._footage.path(video_id, self._uris[video_id])
        graph = imports.read_imported(self._store, video_id, self._name)
        frames = self._footage.of(graph, path)
        cut = (Reason.FILE_END,) if frames.video.num_frames < graph.video.num_frames else ()
        origin = graph.provenance.get(IMPORT, {})
        facts = {"source": self._source, "licence": origin.get("licence", ""), "origin": json.dumps(origin)}
        return Drawn(replace(draft_of(graph), video=frames.video), frames, facts, cut)


def _usable(
    catalog: Mapping[str, CatalogEntry], known: Mapping[str, Mapping[str, State]]
) -> tuple[dict[str, State], dict[str, str]]:
    """The states of the graphs that may be learned from, and why the others may not."""
    usable: dict[str, State] = {}
    blocked: dict[str, str] = {}
    for video_id in sorted(catalog):
        state = known.get(video_id, {}).get(LAST_PHASE)
        if state is not None and state.usable:
            usable[video_id] = state
        else:
            found = "has not run" if state is None else f"is {state.status}, gate {state.gate}"
            blocked[video_id] = f"{LAST_PHASE} {found}"
    return usable, blocked
