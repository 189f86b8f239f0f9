"""What passes between token selection, arrangement and the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # the network runs where pycocotools is not
    from svg2_assets.scene.masks import FloatArray, IntArray


CELL = 28  # pixels a side of what one visual token sees
FRAMES_A_STEP = 2  # sampled frames that one visual token sees
PATCH = 14  # pixels a side of what the vision tower embeds; two by two of them are merged into a cell
PATCH_VALUES = 3 * FRAMES_A_STEP * PATCH * PATCH
MEAN = (0.48145466, 0.4578275, 0.40821073)  # CLIP's, by channel
DEVIATION = (0.26862954, 0.26130258, 0.27577711)

PLACE_FEATURES = 8
"""Of a token: seconds, y, x, coverage, then the object's box on that step: centre y, centre x, height, width."""
GROUP_FEATURES = 9
"""Of a group: first and last second, then the box at both: centre y, centre x, log area (each 0 where unknown), then
the number that its object has in the answer, 0 for the scene, -1 for the camera."""
PAIR_FEATURES = 13
"""Of an object and another on one step: its second; the other's centre less its own (y, x); how far its own centre
goes from the step before to the step after (y, x); how far the other's goes; the log of the other's area over its own;
their IoU; the gap between their boxes; how much it grows from the step before to the step after; its own number in the
answer; the other's."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The visual tokens of a clip: `steps` in time (two sampled frames each), `rows` x `cols` cells of 28 pixels.

    Token i stands at step i // (rows * cols), row and column in row-major order.
    """

    steps: int
    rows: int
    cols: int

    @property
    def cells(self) -> int:
        """Tokens of one step."""
        return self.rows * self.cols

    @property
    def tokens(self) -> int:
        """Tokens of the clip."""
        return self.steps * self.cells

    def step_of(self, tokens: IntArray) -> IntArray:
        """The step of each token."""
        return np.asarray(tokens // self.cells, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Track:
    """One object on the grid: its `tokens` (ascending), how much of each it covers (0..1), and where it is.

    `boxes` [steps, 4]: centre y, centre x, height, width as shares of the frame, NaN on steps without the object.
    `number` is its place in the input, from 0.
    """

    number: int
    tokens: IntArray
    coverage: npt.NDArray[np.float32]
    boxes: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive steps `[first, last)` that are told together, and the label that stands before them."""

    first: int
    last: int
    start: float
    end: float

    @property
    def label(self) -> str:
        """As the released model reads it."""
        return f"<{_seconds(self.start)} - {_seconds(self.end)} sec>"


class Role(StrEnum):
    """Which resampler makes a group's slots; `TOKENS` stands for the tokens themselves, unresampled, `BESIDE` for what
    two objects have to do with each other on one step, without tokens of its own.
    """

    OBJECT = "object"
    WINDOW = "window"
    TOKENS = "tokens"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class Group:
    """Slots `[start, start + slots)` of the sequence, to be filled from the visual `tokens` of the clip.

    `places` [tokens, PLACE_FEATURES] and `meta` [GROUP_FEATURES] say where, when and whose they are. A group that shows
    another object beside its own has PAIR_FEATURES as `meta`; `pair` are the places, among all groups, of the two that
    show the window of each, -1 where there is none.
    """

    role: Role
    start: int
    slots: int
    tokens: IntArray
    places: npt.NDArray[np.float32]
    meta: npt.NDArray[np.float32]
    pair: tuple[int, int] = (-1, -1)


@dataclass(frozen=True, slots=True)
class Arranged:
    """The sequence of one sample: token `ids` [L], `labels` [L] (-100 where nothing is learned), groups to fill.

    `notes` say what a cut of the sequence took (only presets that mimic the released training cut it).
    """

    ids: IntArray
    labels: IntArray
    groups: tuple[Group, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Example:
    """A sample that a network takes: `patches` [P, 1176] of the resized frames, their grid, the sequence.

    Patches are uint8 as `sampling.bytes_of_patches` gives them, which the network normalises, or float32, normalised;
    or the visual tokens [N, D] that a vision tower has made of them.

    `altered`: ids of wrong answers to learn against, by what is wrong with them. `words`: by an object's number, the
    ids of its name and attributes as the answer tells them. `stated`: by a group's place, the ids of the predicates
    that hold there: of the pair that it shows, or of the camera and the object of its window.
    """

    video_id: str
    patches: npt.NDArray[np.uint8] | npt.NDArray[np.float32]
    grid: Grid
    arranged: Arranged
    answer: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    altered: Mapping[str, IntArray] = field(default_factory=dict)
    words: Mapping[int, IntArray] = field(default_factory=dict)
    stated: Mapping[int, IntArray] = field(default_factory=dict)


def _seconds(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.1f}"


def step_times(times: FloatArray) -> FloatArray:
    """Seconds of each step [ceil(n / 2)]: the middle of its frames' times [n]; an odd last frame stands alone."""
    padded = np.append(times, times[-1:]) if len(times) % 2 else np.asarray(times)
    return np.asarray(padded.reshape(-1, FRAMES_A_STEP).mean(axis=1))
