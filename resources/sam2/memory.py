"""What is remembered of one object: its prompts for good, and of other frames only what attention still reads.

SAM 2.1's rules: attention reads the spatial memories of all prompts (earlier and later ones) and of the last six
frames, and pointers of the prompts already passed and of the last fifteen frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from resources.sam2.package import make_importable
from svg2_assets.scene.masks import Mask

if TYPE_CHECKING:
    import torch

FORWARDS, BACKWARDS = 1, -1


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back attention reads: `spatial` and `pointers` count frames, the current one not among them.

    `prompts`: most prompts, the nearest in time; 0 for all.
    """

    spatial: int = 6
    pointers: int = 15
    prompts: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """One object on one frame: `spatial` memory [M, h, w] and `pointer` [C]."""

    spatial: torch.Tensor
    pointer: torch.Tensor


@dataclass(frozen=True, slots=True)
class Recalled:
    """What attention reads of one object for one frame.

    `spatial`: memories with the row of the temporal encoding each takes. `pointers`: with their distance in frames.
    """

    spatial: tuple[tuple[int, torch.Tensor], ...]
    pointers: tuple[tuple[int, torch.Tensor], ...]

    @property
    def layout(self) -> tuple[int, int]:
        """Objects of equal layout have as many tokens and go through attention together."""
        return len(self.spatial), len(self.pointers)


class Trail:
    """The last frames of one object in one direction. Holds at most `reach.spatial` and `reach.pointers` of them."""

    def __init__(self, direction: int, reach: Reach) -> None:
        self._direction, self._reach = direction, reach
        self.spatial: dict[int, torch.Tensor] = {}
        self.pointers: dict[int, torch.Tensor] = {}

    def put(self, frame: int, trace: Trace) -> None:
        """Remember `frame`; forget what the frame after it no longer reads."""
        self.spatial[frame], self.pointers[frame] = trace.spatial, trace.pointer
        self._trim(self.spatial, frame, self._reach.spatial)
        self._trim(self.pointers, frame, self._reach.pointers)

    def drop(self, frame: int) -> None:
        """Forget `frame`: it has a prompt now."""
        self.spatial.pop(frame, None)
        self.pointers.pop(frame, None)

    def _trim(self, held: dict[int, torch.Tensor], newest: int, most: int) -> None:
        for frame in [f for f in held if not 0 <= (newest - f) * self._direction < most]:
            del held[frame]


@dataclass
class Memory:
    """Everything remembered of one object. `shown`: the masks it was prompted with, by frame."""

    reach: Reach
    prompts: dict[int, Trace] = field(default_factory=dict)
    shown: dict[int, Mask] = field(default_factory=dict)
    trails: dict[int, Trail] = field(default_factory=dict)

    @property
    def begins(self) -> int:
        """The earliest prompted frame; 0 while there is none, since nothing lies before that."""
        return min(self.prompts, default=0)

    @property
    def entries(self) -> int:
        """Spatial memories held."""
        return len(self.prompts) + sum(len(trail.spatial) for trail in self.trails.values())

    def prompt(self, frame: int, mask: Mask, trace: Trace) -> None:
        """Take `mask` on `frame` for granted from now on."""
        self.prompts[frame], self.shown[frame] = trace, mask
        for trail in self.trails.values():
            trail.drop(frame)

    def put(self, frame: int, trace: Trace, direction: int) -> None:
        """Remember what was predicted on `frame`, reached in `direction`."""
        self._trail(direction).put(frame, trace)

    def recall(self, frame: int, direction: int, *, num_frames: int) -> Recalled:
        """What attention reads for `frame` of a video of `num_frames`, reached in `direction`."""
        near, far = self._prompts_for(frame)
        trail = self._trail(direction)
        return Recalled(
            self._spatial(frame, direction, trail, near=near, far=far),
            self._pointers(frame, direction, trail, near=near, far=far, most=min(num_frames - 1, self.reach.pointers)),
        )

    def _spatial(
        self, frame: int, direction: int, trail: Trail, *, near: Mapping[int, Trace], far: Mapping[int, Trace]
    ) -> tuple[tuple[int, torch.Tensor], ...]:
        last = self.reach.spatial  # the row that prompts share, whatever their distance
        found = [(last, trace.spatial) for trace in near.values()]
        for back in range(last, 0, -1):
            held = _at(frame - back * direction, trail.spatial, {f: t.spatial for f, t in far.items()})
            if held is not None:
                found.append((back - 1, held))
        return tuple(found)

    def _pointers(
        self,
        frame: int,
        direction: int,
        trail: Trail,
        *,
        near: Mapping[int, Trace],
        far: Mapping[int, Trace],
        most: int,
    ) -> tuple[tuple[int, torch.Tensor], ...]:
        distances = {f: (frame - f) * direction for f in near}
        found = [(d, near[f].pointer) for f, d in distances.items() if d >= 0]
        for back in range(1, most + 1):
            held = _at(frame - back * direction, trail.pointers, {f: t.pointer for f, t in far.items()})
            if held is not None:
                found.append((back, held))
        return tuple(found)

    def _prompts_for(self, frame: int) -> tuple[Mapping[int, Trace], Mapping[int, Trace]]:
        """The prompts that count as such, and the rest, which count as ordinary frames where these are read."""
        if self.reach.prompts == 0 or len(self.prompts) <= self.reach.prompts:
            return self.prompts, {}
        make_importable()
        from sam2.modeling.sam2_utils import select_closest_cond_frames

        near, far = select_closest_cond_frames(frame, self.prompts, self.reach.prompts)
        return near, far

    def _trail(self, direction: int) -> Trail:
        if direction not in self.trails:
            self.trails[direction] = Trail(direction, self.reach)
        return self.trails[direction]


def _at(frame: int, held: Mapping[int, torch.Tensor], otherwise: Mapping[int, torch.Tensor]) -> torch.Tensor | None:
    return held.get(frame, otherwise.get(frame))
