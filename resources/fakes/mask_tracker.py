"""A mask tracker for tests: follows the colour that an object was prompted with, no model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from resources.fakes.colours import codes, commonest, regions
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, FrameSource, Pixels
from svg2_assets.trajectories.panoptic.protocols import Tracked, Vectors

UNSEEN = Tracked(None, 0.0, 0.0)


class FakeMaskTracker:
    """Follows colours. `fail_for` holds video ids, `fail_on` frame indices; `sessions` are those begun."""

    def __init__(self, *, fail_for: Iterable[str] = (), fail_on: Iterable[int] = ()) -> None:
        self.fail_for, self.fail_on = frozenset(fail_for), frozenset(fail_on)
        self.sessions: list[FakeTrackSession] = []

    @property
    def model_id(self) -> str:
        """Says that it is a fake."""
        return "fake-mask-tracker/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Nothing to set."""
        return {}

    @contextmanager
    def session(self, source: FrameSource) -> Iterator[FakeTrackSession]:
        """Begin with one video."""
        if source.video.id in self.fail_for:
            raise _told_to_fail(source.video.id)
        session = FakeTrackSession(source, self.fail_on)
        self.sessions.append(session)
        try:
            yield session
        finally:
            session.closed = True


@dataclass
class _Followed:
    """One object: its prompts by frame, its colour, where it was last seen in each direction."""

    colour: int
    prompts: dict[int, Mask] = field(default_factory=dict)
    ahead: Mask | None = None
    behind: Mask | None = None


class FakeTrackSession:
    """One video's session. `calls` holds (what, frame, ids) in order; `closed` tells that the session was left."""

    def __init__(self, source: FrameSource, fail_on: frozenset[int]) -> None:
        self.calls: list[tuple[str, int, tuple[int, ...]]] = []
        self.closed = False
        self._source, self._fail_on = source, fail_on
        self._objects: dict[int, _Followed] = {}
        self._encoded: set[int] = set()

    def prompt(self, frame: Frame, masks: Mapping[int, Mask]) -> None:
        """Each of `masks` is of the colour that most of it has."""
        self._note("prompt", frame.index, masks)
        for i, mask in masks.items():
            self._check(mask)
            colour = commonest(codes(frame.pixels)[mask.to_array()]) if mask.area else -1
            known = self._objects.setdefault(i, _Followed(colour))
            known.colour = colour
            known.prompts[frame.index] = known.ahead = mask
            if frame.index == min(known.prompts):
                known.behind = mask

    def advance(self, frame: Frame) -> dict[int, Tracked]:
        """The region of each object's colour that overlaps most with where it was, or the largest one."""
        self._note("advance", frame.index, self._objects)
        return {i: self._ahead(known, frame) for i, known in self._objects.items()}

    def retrace(self, index: int, ids: Collection[int]) -> dict[int, Tracked]:
        """As `advance`, from where each object begins; decodes the frame again."""
        self._note("retrace", index, ids)
        for i in ids:
            if i not in self._objects or index >= min(self._objects[i].prompts):
                raise InvalidSceneValue(f"object {i} cannot be retraced to frame {index}")
        pixels = next(iter(self._source.pick([index]))).pixels
        return {i: self._behind(self._objects[i], pixels) for i in ids}

    def forget(self, ids: Collection[int]) -> None:
        """Follow these no more."""
        self.calls.append(("forget", -1, tuple(ids)))
        for i in ids:
            self._objects.pop(i, None)

    def embed(self, frame: Frame, masks: Sequence[Mask]) -> Vectors:
        """[N, 4]: the mean colour of each mask, unit length; zeros for an empty mask."""
        self._note("embed", frame.index, ())
        rows = np.zeros((len(masks), 4), dtype=np.float32)
        for row, mask in zip(rows, masks, strict=True):
            self._check(mask)
            if mask.area:
                row[:3] = frame.pixels[mask.to_array()].mean(axis=0) - 127.5
                row[3] = 1.0  # never all zeros
                row /= np.linalg.norm(row)
        return rows

    @property
    def statistics(self) -> Mapping[str, float]:
        """Every frame counts once."""
        return {"image_encoder_passes": float(len(self._encoded))}

    def _ahead(self, known: _Followed, frame: Frame) -> Tracked:
        if frame.index in known.prompts:
            prompt = known.prompts[frame.index]
            return Tracked(prompt, 1.0) if prompt.area else UNSEEN
        tracked = _found(known.colour, frame.pixels, known.ahead)
        known.ahead = tracked.mask or known.ahead
        return tracked

    def _behind(self, known: _Followed, pixels: Pixels) -> Tracked:
        tracked = _found(known.colour, pixels, known.behind)
        known.behind = tracked.mask or known.behind
        return tracked

    def _check(self, mask: Mask) -> None:
        video = self._source.video
        if (mask.height, mask.width) != (video.height, video.width):
            raise InvalidSceneValue(f"a mask of {mask.height}x{mask.width} does not fit video {video.id}")

    def _note(self, what: str, index: int, ids: Iterable[int]) -> None:
        self.calls.append((what, index, tuple(ids)))
        self._encoded.add(index)
        if index in self._fail_on:
            raise _told_to_fail(self._source.video.id)


def _found(colour: int, pixels: Pixels, before: Mask | None) -> Tracked:
    parts = regions(codes(pixels) == colour)
    if not parts:
        return UNSEEN
    if before is None:
        return Tracked(Mask.from_array(parts[0]), 1.0)
    was = before.to_array()
    return Tracked(Mask.from_array(max(parts, key=lambda part: int((part & was).sum()))), 1.0)


def _told_to_fail(video: str) -> PhaseError:
    return PhaseError(video=video, phase="trajectories", expected="a mask tracker that works", found="one told to fail")
