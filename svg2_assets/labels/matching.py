"""Trajectories against concept tracks: spatio-temporal overlap, summed frame by frame on run lengths.

Within a window each concept's tracks go to the objects that claim its name, one to one (Hungarian). Pieces of a broken
track follow the piece that was given. Over windows, pixels add up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from svg2_assets.labels.concept_tracks import ConceptFrame
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask

Key = tuple[str, int]
"""(concept, track) within a window"""

Found = tuple[int, Key]
"""(window, key)"""


@dataclass(frozen=True, slots=True)
class Matching:
    """`least`: volume IoU from which a track can be given to an object. `rest_inside`: share of another track of the
    concept within the object from which it is taken for a further piece of the same thing. `owner_margin`: how much
    worse than its best object a track may fit another and still say something of it."""

    least: float = 0.1
    rest_inside: float = 0.5
    owner_margin: float = 0.15


@dataclass(slots=True)
class Overlaps:
    """Sums over the frames of one window: pixels of each object, of each track, and of both together. `parts`: the same
    of each stretch of it."""

    objects: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    tracks: dict[Key, float] = field(default_factory=lambda: defaultdict(float))
    common: dict[tuple[int, Key], float] = field(default_factory=lambda: defaultdict(float))
    shared: dict[tuple[int, Key], list[int]] = field(default_factory=lambda: defaultdict(list))
    seen: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    scores: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    frames: dict[Key, set[int]] = field(default_factory=lambda: defaultdict(set))
    parts: tuple[Overlaps, ...] = ()

    @classmethod
    def of(cls, parts: Sequence[Overlaps]) -> Overlaps:
        """The sums over all `parts`, one after the other in time; they are kept."""
        whole = cls(parts=tuple(parts))
        for part in parts:
            for object_id, pixels in part.objects.items():
                whole.objects[object_id] += pixels
                whole.seen[object_id] += part.seen[object_id]
            for key, pixels in part.tracks.items():
                whole.tracks[key] += pixels
                whole.scores[key] += part.scores[key]
                whole.frames[key] |= part.frames[key]
            for pair, pixels in part.common.items():
                whole.common[pair] += pixels
                whole.shared[pair] += part.shared[pair]
        return whole

    def add(self, frame: ConceptFrame, shown: Mapping[int, Mask]) -> None:
        """Count one frame, on which `shown` are the objects' masks. One pycocotools call, nothing is decoded."""
        keys = [(s.concept, s.track) for s in frame.sightings]
        for key, sighting in zip(keys, frame.sightings, strict=True):
            self.tracks[key] += sighting.mask.area
            self.scores[key].append(sighting.score)
            self.frames[key].add(frame.index)
        masks = list(shown.values())
        pixels = mask_algebra.areas(masks)
        together = mask_algebra.intersection_areas(masks, [s.mask for s in frame.sightings])
        for i, object_id in enumerate(shown):
            self.objects[object_id] += float(pixels[i])
            self.seen[object_id] += 1
            for j in np.flatnonzero(together[i]):
                self.common[object_id, keys[j]] += float(together[i, j])
                self.shared[object_id, keys[j]].append(frame.index)

    def viou(self, object_id: int, key: Key) -> float:
        """Volume IoU of an object and a track on the frames looked at."""
        common = self.common.get((object_id, key), 0.0)
        total = self.objects.get(object_id, 0.0) + self.tracks.get(key, 0.0) - common
        return common / total if total > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Fit:
    """How well tracks of `concept` fit one object: `tracks` (window, track); pixels of object, tracks and both; the
    frames that show both; the tracks' mean score."""

    concept: str
    tracks: tuple[tuple[int, int], ...] = ()
    own: float = 0.0
    theirs: float = 0.0
    common: float = 0.0
    frames: tuple[int, ...] = ()
    score: float = 0.0

    @property
    def viou(self) -> float:
        """Common pixels through time over those of either, 0..1."""
        total = self.own + self.theirs - self.common
        return self.common / total if total > 0 else 0.0

    @property
    def inside(self) -> float:
        """Share of the object within the tracks: 1 for a part of what was found."""
        return self.common / self.own if self.own else 0.0

    @property
    def covers(self) -> float:
        """Share of the tracks within the object: 1 for a whole of which a part was found."""
        return self.common / self.theirs if self.theirs else 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """All that was found of one object: frames looked at on which it is visible, the fit of its own name (with the
    tracks it was given), of its name regardless of who else claims them, and of every other name, best first.
    `stretches`: the same of each stretch in which it is visible, with the numbers of its window and within that."""

    object_id: int
    looks: int
    own: Fit
    near: Fit
    others: tuple[Fit, ...]
    stretches: tuple[tuple[int, int, Match], ...] = ()


class _Keys(NamedTuple):
    """The tracks that say something of one object: of its own name, near it, of each other name."""

    given: list[Found]
    near: list[Found]
    others: dict[str, list[Found]]


def match(windows: Sequence[Overlaps], claims: Mapping[int, str], rule: Matching | None = None) -> dict[int, Match]:
    """What the windows say of each object of `claims` (object id -> concept that it is called, "" for none)."""
    rule = rule or Matching()
    keys = _keys_of(windows, claims, rule)
    numbered = dict(enumerate(windows))
    return {
        o: replace(_match_of(o, name, keys[o], numbered), stretches=_stretches_of(o, name, keys[o], windows, rule))
        for o, name in claims.items()
    }


def _stretches_of(
    object_id: int, name: str, keys: _Keys, windows: Sequence[Overlaps], rule: Matching
) -> tuple[tuple[int, int, Match], ...]:
    """The object keeps the tracks of its name that its windows gave it. Rivals are those of the stretch: a track that
    fits another object all along can fit this one for a while."""
    found = []
    for number, window in enumerate(windows):
        for place, part in enumerate(window.parts):
            if part.seen.get(object_id):
                there = _Keys(keys.given, [], defaultdict(list))
                _hear(number, part, {object_id: name}, {object_id: there}, rule)
                found.append((number, place, _match_of(object_id, name, there, {number: part})))
    return tuple(found)


def _keys_of(windows: Sequence[Overlaps], claims: Mapping[int, str], rule: Matching) -> dict[int, _Keys]:
    keys = {o: _Keys([], [], defaultdict(list)) for o in claims}
    for number, window in enumerate(windows):
        for object_id, given in assigned(window, claims, rule).items():
            keys[object_id].given.extend((number, key) for key in given)
        _hear(number, window, claims, keys, rule)
    return keys


def _hear(number: int, window: Overlaps, claims: Mapping[int, str], keys: Mapping[int, _Keys], rule: Matching) -> None:
    """Note for each object what is near it, under its name and under others."""
    owned = _best_of_tracks(window)
    for (object_id, concept), key in _best_of_objects(window).items():
        if concept == claims.get(object_id):
            keys[object_id].near.append((number, key))
        # A track that fits another object much better says nothing of this one: a shirt is not its wearer.
        elif object_id in claims and window.viou(object_id, key) >= owned[key] - rule.owner_margin:
            keys[object_id].others[concept].append((number, key))


def _match_of(object_id: int, name: str, keys: _Keys, windows: Mapping[int, Overlaps]) -> Match:
    """What these windows (by number) say, pixels added up over them."""
    return Match(
        object_id=object_id,
        looks=sum(w.seen.get(object_id, 0) for w in windows.values()),
        own=_fit(object_id, name, keys.given, windows),
        near=_fit(object_id, name, keys.near, windows),
        others=_ranked(_fit(object_id, concept, found, windows) for concept, found in keys.others.items()),
    )


def assigned(window: Overlaps, claims: Mapping[int, str], rule: Matching) -> dict[int, list[Key]]:
    """Object id -> the tracks of its own concept that it gets, the best first, then pieces of the same thing."""
    result: dict[int, list[Key]] = {}
    for concept in dict.fromkeys(c for c in claims.values() if c):
        claimers = [o for o, c in claims.items() if c == concept and window.objects.get(o)]
        keys = [k for k in window.tracks if k[0] == concept]
        if not claimers or not keys:
            continue
        fits = np.asarray([[window.viou(o, k) for k in keys] for o in claimers])
        rows, columns = linear_sum_assignment(np.where(fits >= rule.least, fits, 0.0), maximize=True)
        pairs = [(i, j) for i, j in zip(rows, columns, strict=True) if fits[i, j] >= rule.least]
        result |= {claimers[i]: [keys[j]] for i, j in pairs}
        _join_pieces(window, result, claimers, [k for j, k in enumerate(keys) if j not in {c for _, c in pairs}], rule)
    return result


def _join_pieces(
    window: Overlaps, result: dict[int, list[Key]], claimers: Sequence[int], left: Sequence[Key], rule: Matching
) -> None:
    """Give each track of `left` to the object that holds most of it, where it does not run beside what that has."""
    for key in left:
        inside = {o: window.common.get((o, key), 0.0) / window.tracks[key] for o in claimers if window.tracks[key]}
        owner = max(inside, key=lambda o: inside[o], default=None)
        if owner is None or owner not in result or inside[owner] < rule.rest_inside:
            continue
        if all(window.frames[key].isdisjoint(window.frames[k]) for k in result[owner]):
            result[owner].append(key)


def _best_of_objects(window: Overlaps) -> dict[tuple[int, str], Key]:
    """(object id, concept) -> the single track that fits it best."""
    best: dict[tuple[int, str], Key] = {}
    for object_id, key in window.common:
        at = object_id, key[0]
        if at not in best or window.viou(object_id, key) > window.viou(object_id, best[at]):
            best[at] = key
    return best


def _best_of_tracks(window: Overlaps) -> dict[Key, float]:
    """Track -> volume IoU with the object that it fits best."""
    best: dict[Key, float] = {}
    for object_id, key in window.common:
        best[key] = max(best.get(key, 0.0), window.viou(object_id, key))
    return best


def _fit(object_id: int, concept: str, found: Sequence[Found], windows: Mapping[int, Overlaps]) -> Fit:
    """Pixels added up over windows; the object's own pixels count in all of them, also where nothing was found."""
    keys = [(n, k) for n, k in found if n in windows]
    scores = [s for n, k in keys for s in windows[n].scores[k]]
    frames = sorted({f for n, k in keys for f in windows[n].shared.get((object_id, k), ())})
    return Fit(
        concept=concept,
        tracks=tuple((n, k[1]) for n, k in keys),
        own=sum(w.objects.get(object_id, 0.0) for w in windows.values()),
        theirs=sum(windows[n].tracks[k] for n, k in keys),
        common=sum(windows[n].common.get((object_id, k), 0.0) for n, k in keys),
        frames=tuple(frames),
        score=float(np.mean(scores)) if scores else 0.0,
    )


def _ranked(fits: Iterable[Fit]) -> tuple[Fit, ...]:
    return tuple(sorted(fits, key=lambda fit: (-fit.viou, fit.concept)))
