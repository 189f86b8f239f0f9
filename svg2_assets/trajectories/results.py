"""What is handed on: objects with their trajectories and witnesses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from svg2_assets.trajectories import cleanup
from svg2_assets.trajectories.painting import fill_frames, visible
from svg2_assets.trajectories.panoptic.cleanup import Candidate, clean
from svg2_assets.trajectories.panoptic.relinking import Lost, lost_twin
from svg2_assets.trajectories.panoptic.settings import RelinkSettings
from svg2_assets.trajectories.protocols import Origin, TrackedObject, Witness
from svg2_assets.trajectories.recognisers import Recognisers
from svg2_assets.trajectories.repeats import continued, without_repeats
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Track


def tracked_objects(
    tracks: Sequence[Track], models: Recognisers, settings: TrackerSettings, *, fps: float, num_frames: int
) -> tuple[TrackedObject, ...]:
    """The tracks worth keeping, each thing once, linked to what they are a part of and to whom an earlier shot showed.

    Each pixel is given to the smaller of two nested things first: what is in front of another is no part of it.
    """
    fill = fill_frames(settings.masks, fps)
    for track in tracks:
        track.masks = {f: m for f, m in track.masks.items() if visible(track, f, fill)}
    rules, least = settings.export, settings.groups.least_seconds
    kept = [t for t in tracks if cleanup.worth_keeping(t, fps=fps, settings=rules, least_salient=least)]
    shapeless = [i for i, name in enumerate(models.detector.classes) if name in settings.masks.shapeless]
    # A surface was taken for something else while its mask was made: the mask shows what stands on it.
    shaped = [t for t in kept if not t.may_be(shapeless)]
    by_id = {t.id: t for t in sorted(continued(shaped, settings.repeats, fps=fps), key=lambda t: t.id)}
    cleaned = clean(_candidates(by_id, settings), fps=fps, num_frames=num_frames, settings=settings.cleanup)
    before = reappeared([by_id[c.id] for c in cleaned], settings.association.reappearance)
    return tuple(
        TrackedObject(
            c.id,
            c.trajectory,
            by_id[c.id].origin,
            by_id[c.id].score,
            witnesses(by_id[c.id], models, most=settings.classify.names),
            relinked_from=before.get(c.id),
            part_of=c.part_of,
            members=c.members,
        )
        for c in cleaned
    )


def _candidates(tracks: Mapping[int, Track], settings: TrackerSettings) -> list[Candidate]:
    """What clean-up is to decide on. A union, or what nothing names, is never the better one of two."""
    found = {i: cleanup.trajectory_of(t) for i, t in tracks.items() if t.origin is not Origin.SALIENT}
    named = without_repeats(found, tracks, settings.repeats)
    own = cleanup.give_to_smaller(list(named.values()), settings.export)
    single = [Candidate(i, path, tracks[i].score) for i, path in zip(named, own, strict=True) if len(path)]
    unions = [Candidate(i, cleanup.trajectory_of(t), 0.0, several=True) for i, t in tracks.items() if i not in found]
    return single + unions


def reappeared(tracks: Sequence[Track], rule: RelinkSettings) -> dict[int, int]:
    """Track -> the one of an earlier shot that it is, by class and looks."""
    found: dict[int, int] = {}
    for track in sorted(tracks, key=lambda t: t.shot):
        if track.embedding is None or track.origin is Origin.SALIENT:
            continue
        earlier = [t for t in tracks if t.shot < track.shot and t.best_class() == track.best_class()]
        replaced = {found[t.id] for t in earlier if t.id in found}
        known = {t.id: Lost(t.embedding) for t in earlier if t.embedding is not None and t.id not in replaced}
        twin = lost_twin(track.embedding, None, known, rule)
        if twin is not None:
            found[track.id] = twin
    return found


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
