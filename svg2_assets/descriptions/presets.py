"""What a describer of pixels is shown, as settings: which objects, which frames, which masks.

`paper` and `release` do what the paper says and what its code does, which differ from each other. `default` is ours.

| | `default` | `paper` | `release` |
| --- | --- | --- | --- |
| objects | by salience | largest by total area | largest by total area |
| frames | a stretch of time each; large, sharp, whole | largest by area | evenly over the visible ones |
| masks | prepared | as tracked | as tracked |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

DEFAULT, PAPER, RELEASE = "default", "paper", "release"
PRESETS = (DEFAULT, PAPER, RELEASE)
UPSTREAM_OBJECTS = 40


@dataclass(frozen=True, slots=True)
class FrameRule:
    """How the frames of an object are chosen by `default`.

    Frames whose mask has under `least_area` of its large frames' area (their 90th percentile) are not shown while
    enough others are left. Time is divided into as many stretches as frames are wanted; `inner` is the share of a
    stretch, in its middle, from which `candidates` are decoded, on a grid of `grid_seconds` (at least
    1/`grid_steps` of the video) so that objects share them. The best of them is the one with the highest
    area^`area_weight` · sharpness^`sharpness_weight`, times `cut_worth` where the frame's border cuts the object and it
    is not always cut.
    """

    least_area: float = 0.05
    inner: float = 0.75
    candidates: int = 3
    grid_seconds: float = 0.2
    grid_steps: int = 400
    area_weight: float = 0.5
    sharpness_weight: float = 0.5
    cut_worth: float = 0.6


@dataclass(frozen=True, slots=True)
class SalienceRule:
    """Weights of what makes an object worth a description; each term is 0..1 before its weight.

    `area`: logarithm of the median area, from `smallest` to `largest` share of the frame. `duration`: share of the
    video's frames that show it. `motion`: own speed up to `fast` own sizes a second. `central`: closeness to the
    middle. `alone`: share of its surroundings and of itself that no other object takes. A part of something that is
    described as well is worth `part_worth` of its own.
    """

    area: float = 0.35
    duration: float = 0.25
    motion: float = 0.2
    central: float = 0.1
    alone: float = 0.1
    smallest: float = 0.0002
    largest: float = 0.2
    fast: float = 1.0
    part_worth: float = 0.7


@dataclass(frozen=True, slots=True)
class StuffRule:
    """When a trajectory is stuff (ground, wall, sky) and not a thing.

    Four terms of 0..1, and their weighted mean: extent, from `small` to `large` median share of the frame; border,
    sides of the frame that it touches on half of its frames, over `sides`; rest, 1 below `still` and 0 above `moving`
    own sizes a second, camera removed; shape, the share of its box that it leaves free, over `hollow`. Stuff is what
    reaches `least`. What moves faster than `moving`, touches no two sides or is a part of another object is a thing.
    """

    extent: float = 0.35
    border: float = 0.3
    rest: float = 0.2
    shape: float = 0.15
    small: float = 0.03
    large: float = 0.3
    sides: int = 3
    still: float = 0.05
    moving: float = 0.3
    hollow: float = 0.5
    least: float = 0.55


@dataclass(frozen=True, slots=True)
class MaskRule:
    """How a mask is prepared; shares are of the mask's area, lengths of the root of it.

    A gap is filled when other things (not stuff: it lies behind) own `owned` of it, the mask encloses `enclosed` of its
    edge (the edge of the frame is nobody's) and it has at most `thing_gap` (for stuff `stuff_gap`) of the mask; a gap
    of its own parts whatever its size. A hole of nobody is filled up to `speck`. A leak is what an opening of radius
    `leak` removes; it is cut off when all leaks together are at most `most_leak`: thin things consist of what would be
    a leak elsewhere.
    """

    owned: float = 0.5
    enclosed: float = 0.7
    thing_gap: float = 0.25
    stuff_gap: float = 0.6
    speck: float = 0.005
    leak: float = 0.02
    most_leak: float = 0.08


_GROUPS: dict[str, Callable[..., object]] = {
    "choice": FrameRule,
    "salience": SalienceRule,
    "stuff": StuffRule,
    "masks": MaskRule,
}


@dataclass(frozen=True, slots=True)
class ViewRules:
    """Everything that decides what a model is shown; each group may also be given as a mapping of what differs.

    `objects`: at most so many a video. `side`: the longer side of a frame, in pixels, at most. How many frames an
    object has is its describer's to say.
    """

    preset: str = DEFAULT
    objects: int = 60
    side: int = 1024
    choice: FrameRule = field(default_factory=FrameRule)
    salience: SalienceRule = field(default_factory=SalienceRule)
    stuff: StuffRule = field(default_factory=StuffRule)
    masks: MaskRule = field(default_factory=MaskRule)

    def __post_init__(self) -> None:
        for name, kind in _GROUPS.items():
            given = getattr(self, name)
            if isinstance(given, Mapping):
                object.__setattr__(self, name, kind(**given))
        if self.preset not in PRESETS:
            raise ValueError(f"preset: expected one of {', '.join(PRESETS)}, found {self.preset!r}")
        if min(self.objects, self.choice.candidates) < 1 or self.side < 64:
            raise ValueError("objects and candidates must be at least 1, side at least 64 pixels")

    @property
    def most_objects(self) -> int:
        """How many objects are described: `objects`, for `paper` and `release` no more than upstream's 40."""
        return self.objects if self.preset == DEFAULT else min(self.objects, UPSTREAM_OBJECTS)
