"""What happens before a phase goes through its videos: whether later phases can work, and calls answered by a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import dagster as dg

from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.llm.calls import Call
from svg2_assets.llm.planning import PlansCalls
from svg2_assets.recipes import ROLE_OF_PHASE, recipe_of
from svg2_assets.run_steps import steps_of
from svg2_assets.scene.errors import Svg2Error, UnusableBackend
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs.stored import read_descriptions, read_tracks, read_verified
from svg2_assets.trajectories.protocols import TrackingResult

Before = Callable[[SceneGraphStore, Sequence[CatalogEntry]], None]
VIDEOS_AT_ONCE = 256  # whose pictures are held while a batch is put together


def later_phases_ready(context: dg.AssetExecutionContext, backends: BackendsResource) -> Before:
    """Before hours on a GPU: whether the backends of the run's later phases could work at all.

    Raises `UnusableBackend`, for the whole run: a missing key or missing weights are told once, and no work is lost.
    """

    def check(_: SceneGraphStore, __: Sequence[CatalogEntry]) -> None:
        steps = steps_of(context)
        later = [phase for phase in ROLE_OF_PHASE if phase in steps and phase != "trajectories"]
        for phase in later:
            unusable = recipe_of(phase, backends).unusable
            if unusable:
                raise UnusableBackend(unusable)
        backends.check_ready([ROLE_OF_PHASE[phase] for phase in later])

    return check


def answered_by_batch(
    context: dg.AssetExecutionContext, phase: str, backends: BackendsResource, media: MediaResource
) -> Before:
    """With the Batch transport: the first calls of all videos in one batch, so that each video finds its answers.

    Video by video they would wait a day each, so a single video is asked about at once. A video whose calls cannot be
    planned is left out: its own turn tells why.
    """

    def ask(store: SceneGraphStore, todo: Sequence[CatalogEntry]) -> None:
        from resources.llm.shared import shared_gateway

        backend = getattr(backends, ROLE_OF_PHASE[phase])
        gateway = shared_gateway()
        if not isinstance(backend, PlansCalls) or gateway.settings.transport != "batch":
            return
        gateway.choose("batch" if len(todo) > 1 else "sync")
        if len(todo) == 1:
            return
        for start in range(0, len(todo), VIDEOS_AT_ONCE):
            some = todo[start : start + VIDEOS_AT_ONCE]
            calls = [call for entry in some for call in planned(store, entry, backend)]
            context.log.info(f"{phase}: {len(calls)} calls of {len(some)} videos go out as a batch")
            gateway.prefetch(calls)

    def planned(store: SceneGraphStore, entry: CatalogEntry, backend: PlansCalls) -> list[Call]:
        try:
            return list(PLANNERS[phase](backend, Stored(store, media.source(store, entry.video_id))))
        except UnusableBackend:
            raise
        except Svg2Error as error:
            context.log.warning(f"{entry.video_id}: its calls could not be planned: {error}")
            return []

    return ask


class PlanInputs(Protocol):
    """What phases read of one video when they plan their calls."""

    @property
    def source(self) -> FrameSource:
        """Its frames."""
        ...

    @property
    def tracks(self) -> TrackingResult:
        """Its trajectories."""
        ...

    @property
    def descriptions(self) -> Sequence[Description]:
        """One an object."""
        ...

    @property
    def labels(self) -> Sequence[VerifiedLabel]:
        """One an object."""
        ...


@dataclass(frozen=True)
class Stored:
    """What the store holds of the video of `source`, read when it is asked for."""

    store: SceneGraphStore
    source: FrameSource

    @cached_property
    def tracks(self) -> TrackingResult:
        """Its trajectories."""
        return read_tracks(self.store, self.source.video.id)

    @cached_property
    def descriptions(self) -> Sequence[Description]:
        """Its descriptions."""
        return read_descriptions(self.store, self.source.video.id)

    @cached_property
    def labels(self) -> Sequence[VerifiedLabel]:
        """Its verified labels."""
        return read_verified(self.store, self.source.video.id)


PLANNERS: Mapping[str, Callable[[PlansCalls, PlanInputs], Iterable[Call]]] = {
    "descriptions": lambda backend, of: backend.planned_calls(of.source, of.tracks),
    "parsed_labels": lambda backend, of: backend.planned_calls(of.descriptions, source=of.source, tracks=of.tracks),
    "relations": lambda backend, of: backend.planned_calls(of.source, of.tracks, of.labels),
}
"""phase -> the calls that its backend begins with"""
