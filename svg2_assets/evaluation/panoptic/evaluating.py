"""Several systems against one truth, frame by frame: `evaluate`.

A true frame is read once and compared with the frame of every system; nothing else of a video is held but counts. What
is missing counts as void, which predicts nothing, and is told: a true video or frame without a prediction, or whose
prediction cannot be read. Predicted videos and frames that the truth does not have are left out, and told. A true frame
that cannot be read ends the evaluation: the figures would not be those of this truth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from svg2_assets.evaluation.harness.pairing import Pairing, paired
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.panoptic.counting import Counting, Figures
from svg2_assets.evaluation.panoptic.sources import Frames, PanopticSource, UnreadableFrame
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import Record
from svg2_assets.evaluation.public.vipseg import WINDOWS
from svg2_assets.scene.errors import printable

BY_PLACE = "place in the video"
Heard = Callable[[int, int], None]
"""Videos done, videos in all."""


@dataclass(frozen=True, slots=True)
class SystemMaps:
    """One system. `missing`, `extra`: video -> frames that only the truth, only the prediction has. `unreadable`: what
    could not be read -> why. `void`: name that is no category -> videos with it. `renamed`: categories that the system
    lists under another name than the truth.
    """

    name: str
    spec: str
    pairing: Pairing
    figures: Figures
    frames_by: Mapping[str, int]
    unpredicted: tuple[str, ...]
    missing: Mapping[str, int]
    extra: Mapping[str, int]
    unreadable: Mapping[str, str]
    rejected: Mapping[str, str]
    void: Mapping[str, int]
    renamed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Maps:
    """All systems on the same `frames` of `videos` videos, or as many images."""

    truth: str
    images: bool
    categories: Sequence[Record]
    windows: Sequence[int]
    videos: int
    frames: int
    rejected: Mapping[str, str]
    systems: tuple[SystemMaps, ...]

    @property
    def broken(self) -> int:
        """How many files, records or metrics could not be used."""
        own = (len(s.unreadable) + len(s.rejected) + len(s.figures.failed) for s in self.systems)
        return len(self.rejected) + sum(own)


def evaluate(
    truth: PanopticSource,
    systems: Sequence[tuple[str, PanopticSource]],
    categories: Sequence[Record],
    *,
    windows: Sequence[int] = WINDOWS,
    heard: Heard = lambda *_: None,
) -> Maps:
    """Score each of `systems` (name, source) on every video of `truth`.

    Raises `UnusableGraphs` where the truth has no video, or one that cannot be read.
    """
    cards = truth.cards()
    if not cards:
        told = "; ".join(f"{place}: {why}" for place, why in list(truth.rejected.items())[:3])
        raise UnusableGraphs(f"{printable(truth.name)}: no true video could be read. {told}")
    scoring = [_Scoring(name, source, truth, categories, windows) for name, source in systems]
    frames = 0
    for done, video in enumerate(cards):
        heard(done, len(cards))
        try:
            frames += _score_video(video, truth.open(video, categories), scoring)
        except UnreadableFrame as error:
            raise UnusableGraphs(f"the truth cannot be read: {error} Nothing was scored.") from error
    return Maps(
        truth.name,
        truth.images,
        categories,
        () if truth.images else tuple(windows),
        len(cards),
        frames,
        truth.rejected,
        tuple(s.found() for s in scoring),
    )


def _score_video(video: str, true: Frames, scoring: Sequence[_Scoring]) -> int:
    """Count all frames of a true video; gives their number."""
    for system in scoring:
        system.start(video, true)
    for place in range(len(true)):
        frame = true.frame(place)
        for system in scoring:
            system.add(place, frame)
    for system in scoring:
        system.counting.end()
    return len(true)


@dataclass(slots=True)
class _Open:
    """A video of a system: its frames, None where there are none, and which of them is which true one."""

    video: str = ""
    frames: Frames | None = None
    place_of: Mapping[int, int] = field(default_factory=dict)


class _Scoring:
    """One system on all videos."""

    def __init__(
        self,
        name: str,
        source: PanopticSource,
        truth: PanopticSource,
        categories: Sequence[Record],
        windows: Sequence[int],
    ) -> None:
        self.name, self.source, self.categories = name, source, categories
        self.pairing = paired(truth.cards(), source.cards())
        self.counting = Counting(categories, windows, images=truth.images)
        self.frames_by: Counter[str] = Counter()
        self.unpredicted: list[str] = []
        self.missing: dict[str, int] = {}
        self.extra: dict[str, int] = {}
        self.unreadable: dict[str, str] = {}
        self.void: Counter[str] = Counter()
        self._now = _Open()

    def start(self, video: str, true: Frames) -> None:
        """The frames that come are of `video`."""
        self.counting.start(video)
        self._now = _Open(video)
        if video not in self.pairing.pairs:
            self.unpredicted.append(video)
            return
        try:
            found = self.source.open(self.pairing.pairs[video], self.categories)
        except UnreadableFrame as error:
            self.unreadable[video] = str(error)
            return
        way, place_of = which(true, found)
        self.frames_by[way] += len(place_of)
        for told, count in ((self.missing, len(true)), (self.extra, len(found))):
            if count > len(place_of):
                told[video] = count - len(place_of)
        self.void.update(found.unknown)
        self._now = _Open(video, found, place_of)

    def add(self, place: int, true: Frame) -> None:
        """Compare a true frame with what is predicted of it."""
        if self.counting.open:
            found = self._found(place)
            self.counting.add(true, found or _void(true), f"{printable(self._now.video)}: frame {place}")

    def found(self) -> SystemMaps:
        """What came of it."""
        return SystemMaps(
            name=self.name,
            spec=self.source.name,
            pairing=self.pairing,
            figures=self.counting.figures(),
            frames_by=dict(self.frames_by),
            unpredicted=tuple(self.unpredicted),
            missing=self.missing,
            extra=self.extra,
            unreadable=self.unreadable,
            rejected=self.source.rejected,
            void=dict(sorted(self.void.items())),
            renamed=renamed(self.categories, self.source.categories),
        )

    def _found(self, place: int) -> Frame | None:
        now = self._now
        if now.frames is None or place not in now.place_of:
            return None
        try:
            return now.frames.frame(now.place_of[place])
        except UnreadableFrame as error:
            self.unreadable[f"{now.video}: frame {place}"] = str(error)
            return None


def which(true: Frames, found: Frames) -> tuple[str, Mapping[int, int]]:
    """By what frames are paired, and true place -> predicted place.

    Image ids, else names of pictures, where both sides have them, each once, and share any; else places: without such
    keys, frame i is frame i, and so it is with keys that have nothing in common where both sides have as many.
    """
    for way, keys in true.keys.items():
        others = found.keys.get(way, ())
        shared = set(keys) & set(others)
        if shared and len(set(keys)) == len(keys) and len(set(others)) == len(others):
            places = {key: place for place, key in enumerate(others)}
            return way, {place: places[key] for place, key in enumerate(keys) if key in shared}
    counted = not true.keys or not found.keys or len(true) == len(found)
    return BY_PLACE, {i: i for i in range(min(len(true), len(found)))} if counted else {}


def renamed(categories: Sequence[Record], listed: Sequence[Record]) -> list[str]:
    """Categories of one number that `listed` calls otherwise: evaluators compare numbers alone."""
    names = {c["id"]: c.get("name") for c in categories}
    told = [c for c in listed if isinstance(c, Mapping) and isinstance(c.get("id"), int) and c.get("name")]
    return [
        f"{c['id']} is {printable(str(c['name']))}, in the truth {printable(str(names[c['id']]))}"
        for c in told
        if names.get(c["id"]) not in {None, c["name"]}
    ]


def _void(true: Frame) -> Frame:
    """A frame of which nothing is predicted."""
    return Frame(np.zeros_like(true.ids), ())
