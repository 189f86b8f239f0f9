"""What is handed on: objects with their trajectories and witnesses."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from svg2_assets.trajectories import cleanup
from svg2_assets.trajectories.painting import fill_frames, visible
from svg2_assets.trajectories.protocols import Origin, TrackedObject, Witness
from svg2_assets.trajectories.recognisers import Recognisers
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Track


def tracked_objects(
    tracks: Sequence[Track], models: Recognisers, settings: TrackerSettings, *, fps: float
) -> tuple[TrackedObject, ...]:
    """The tracks worth keeping, without duplicates, each pixel given to the smaller of two nested things."""
    fill = fill_frames(settings.masks, fps)
    for track in tracks:
        track.masks = {f: m for f, m in track.masks.items() if visible(track, f, fill)}
    rules, least = settings.export, settings.groups.least_seconds
    kept = [t for t in tracks if cleanup.worth_keeping(t, fps=fps, settings=rules, least_salient=least)]
    shapeless = [i for i, name in enumerate(models.detector.classes) if name in settings.masks.shapeless]
    # A surface was taken for something else while its mask was made: the mask shows what stands on it.
    kept = [t for t in kept if not t.may_be(shapeless)]
    single = cleanup.without_duplicates([t for t in kept if t.origin is not Origin.SALIENT], rules)
    trajectories = cleanup.give_to_smaller([cleanup.trajectory_of(t) for t in single], rules)
    pairs = [(t, trajectory) for t, trajectory in zip(single, trajectories, strict=True) if len(trajectory)]
    for track in (t for t in kept if t.origin is Origin.SALIENT):
        whole = cleanup.trajectory_of(track)
        if cleanup.is_new(whole, [other for _, other in pairs], limit=settings.groups.novelty):
            pairs.append((track, whole))
    pairs.sort(key=lambda pair: pair[0].id)
    most = settings.classify.names
    return tuple(TrackedObject(t.id, path, t.origin, t.score, witnesses(t, models, most=most)) for t, path in pairs)


def witnesses(track: Track, models: Recognisers, *, most: int) -> tuple[Witness, ...]:
    """What each recogniser that looked at `track` thinks of it."""
    given = (
        _witness(models.detector.name, track.detector, models.detector.classes, most=most),
        _witness(models.second.name, track.second, models.second.classes, most=most),
        _witness(models.embedder.name, track.appearance, models.embedder.classes, most=most),
    )
    return tuple(w for w in given if w is not None)


def _witness(source: str, evidence: Evidence, classes: Sequence[str], *, most: int) -> Witness | None:
    """The mean scores of the `most` likeliest classes; None when it never looked."""
    if not evidence.looks:
        return None
    mean = evidence.mean()
    if mean is None:
        return Witness(source, evidence.looks, MappingProxyType({}))
    top = [int(i) for i in np.argsort(-mean, kind="stable")[:most] if mean[int(i)] > 0.005]
    return Witness(source, evidence.looks, MappingProxyType({classes[i]: round(float(mean[i]), 4) for i in top}))
