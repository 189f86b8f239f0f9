"""Tracks of named concepts: what a promptable tracker finds when it is asked for a name, and which frames it is shown.

Masks of a window are never held: a tracker hands over frame by frame, whoever reads keeps sums of pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource, Video

MOST_WORDS = 8  # of a prompt; text encoders of promptable trackers take 32 tokens
MOST_CHARACTERS = 80  # of a prompt


@dataclass(frozen=True, slots=True)
class Sighting:
    """One instance of `concept` on one frame: its `track` (unique within a window), `score` 0..1, mask of the video's
    size."""

    concept: str
    track: int
    score: float
    mask: Mask


@dataclass(frozen=True, slots=True)
class ConceptFrame:
    """All that was found on frame `index` of the video."""

    index: int
    sightings: tuple[Sighting, ...] = ()


class ConceptTracker(Protocol):
    """Finds and follows every instance of what a name means."""

    @property
    def model_id(self) -> str:
        """Name and revision of the model."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def follow(self, source: FrameSource, concepts: Sequence[str], indices: Sequence[int]) -> Iterator[ConceptFrame]:
        """Look for all `concepts` on the frames `indices` (ascending) of one window, in order; one item a frame.

        A frame that could not be judged is left out. Memory is bounded by the number of `indices`.
        Raises `UnusableBackend` where no video can be looked at, `PhaseError` for this video alone.
        """
        ...


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """`rate`: frames looked at a second. `most_frames`: of one window; a longer video has several. `stretch`: frames of
    a window that are also judged on their own, so that another name is seen to take over; 12 last 6 s."""

    rate: float = 2.0
    most_frames: int = 48
    stretch: int = 12

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.most_frames < 1 or self.stretch < 1:
            raise InvalidSceneValue("windows: `rate` takes a positive number, `most_frames` and `stretch` at least 1")


def windows_of(
    video: Video, trajectories: Sequence[Trajectory], settings: WindowSettings | None = None
) -> tuple[tuple[int, ...], ...]:
    """The frames to look at, ascending, cut into windows of nearly equal length.

    Frames stand `1 / rate` seconds apart; a trajectory that would be missed adds the middle one of its frames.
    """
    settings = settings or WindowSettings()
    moments = np.arange(0.0, float(video.edges[-1]), 1 / settings.rate)
    found = np.searchsorted(video.edges, moments, side="right") - 1
    chosen = {int(i) for i in np.clip(found, 0, video.num_frames - 1)} or {0}
    for trajectory in trajectories:
        if trajectory.frames and chosen.isdisjoint(trajectory.frames):
            chosen.add(trajectory.frames[len(trajectory) // 2])
    count = math.ceil(len(chosen) / settings.most_frames)
    return tuple(tuple(int(i) for i in part) for part in np.array_split(np.asarray(sorted(chosen)), count))


def stretches_of(indices: Sequence[int], settings: WindowSettings | None = None) -> tuple[tuple[int, ...], ...]:
    """The frames of one window cut into stretches of nearly equal length, none longer than `stretch`."""
    settings = settings or WindowSettings()
    parts = np.array_split(np.asarray(indices), math.ceil(len(indices) / settings.stretch))
    return tuple(tuple(int(i) for i in part) for part in parts)


def prompt_of(name: str) -> str:
    """What a tracker is asked for when a thing is called `name`; "" where nothing is claimed.

    Names are untrusted: control characters go, length is bounded, `(uncertain)` says nothing about the thing.
    """
    text = "".join(c if c.isprintable() else " " for c in name).lower().replace("(uncertain)", " ").replace("_", " ")
    prompt = " ".join(text.split()[:MOST_WORDS])[:MOST_CHARACTERS].strip()
    return "" if prompt == UNKNOWN_NAME else prompt


def concepts_of(names: Sequence[str]) -> tuple[str, ...]:
    """The distinct prompts of `names`, in order of first use."""
    return tuple(dict.fromkeys(p for p in map(prompt_of, names) if p))
