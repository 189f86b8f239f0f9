"""Trajectory-aligned arrangement: one block of slots per object in place of the clip's visual tokens (§6.5).

    <obj_traj_start> "Object k: " <vision_start> OTR slots ("<0 - 4 sec>" TWR slots)* <vision_end> <obj_traj_end>

A slot is a video-pad id whose embedding the network overwrites. Preset `default` adds a block for the tokens of no
object and one for the camera (the rim of the frame, where its motion shows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.traser.presets import Arranging
from svg2_assets.traser.values import (
    GROUP_FEATURES,
    PLACE_FEATURES,
    Arranged,
    Grid,
    Group,
    Role,
    Track,
    Window,
    step_times,
)
from svg2_assets.traser.windows import windows_of

IGNORED = -100
SCENE, CAMERA = "Scene: ", "Camera: "


class Tokenizer(Protocol):
    """Text to ids and back, and the ids of the marks around blocks."""

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; marks in it stay text."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, marks left out."""
        ...

    @property
    def marks(self) -> Marks:
        """Ids of the marks."""
        ...


@dataclass(frozen=True, slots=True)
class Marks:
    """Ids of special tokens; the figures of Qwen2.5-VL and of the released TRASER."""

    object_start: int = 151665
    object_end: int = 151666
    vision_start: int = 151652
    vision_end: int = 151653
    video: int = 151656
    start: int = 151644
    end: int = 151645
    pad: int = 151643


@dataclass(frozen=True, slots=True)
class Slots:
    """How many latents each resampler gives."""

    object: int = 32
    window: int = 32


@dataclass(frozen=True, slots=True)
class Clip:
    """What arrangement reads of a clip: its grid, the `times` [n] of the sampled frames, the objects' tracks."""

    grid: Grid
    times: FloatArray
    tracks: Sequence[Track]


@dataclass
class _Sequence:
    """The sequence as it grows."""

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)

    def say(self, ids: Sequence[int], *, learned: bool = False) -> None:
        self.ids += ids
        self.labels += ids if learned else [IGNORED] * len(ids)


def arrange(
    clip: Clip, prompt: tuple[Sequence[int], Sequence[int]], answer: Sequence[int] = (), *, plan: Plan
) -> Arranged:
    """The sequence of one sample.

    `prompt` are the ids before and after the place of the video (whose own span, marks included, is gone), `answer`
    what follows and is learned. Objects are numbered from 1 in the order of `clip.tracks`.
    """
    windows = windows_of(
        clip.times, clip.grid, seconds=plan.arranging.window_seconds, true_times=plan.arranging.true_times
    )
    grown = _Sequence()
    grown.say(prompt[0])
    for number, track in enumerate(clip.tracks, 1):
        places = object_places(track, clip)
        _block(grown, f"Object {number}: ", track.tokens, places=places, clip=clip, windows=windows, plan=plan)
    for label, tokens in _surroundings(clip, plan.arranging):
        places = cell_places(tokens, clip)
        _block(grown, label, tokens, places=places, clip=clip, windows=windows, plan=plan)
    grown.say(prompt[1])
    grown.say(answer, learned=True)
    return Arranged(np.asarray(grown.ids), np.asarray(grown.labels), tuple(grown.groups))


@dataclass(frozen=True, slots=True)
class Plan:
    """What arrangement follows."""

    arranging: Arranging
    slots: Slots
    tokenizer: Tokenizer


def _block(
    grown: _Sequence,
    label: str,
    tokens: IntArray,
    *,
    places: np.ndarray,
    clip: Clip,
    windows: Sequence[Window],
    plan: Plan,
) -> None:
    marks, roles = plan.tokenizer.marks, plan.arranging.roles
    grown.say([marks.object_start, *plan.tokenizer.encode(label), marks.vision_start])
    if Role.OBJECT in roles:
        _group(grown, Role.OBJECT, tokens, places, slots=plan.slots.object, plan=plan)
    if roles != {Role.OBJECT}:
        step = clip.grid.step_of(tokens)
        for window in windows:
            inside = (step >= window.first) & (step < window.last)
            if not inside.any():
                continue
            grown.say(plan.tokenizer.encode(window.label))
            role = Role.WINDOW if Role.WINDOW in roles else Role.TOKENS
            slots = plan.slots.window if role is Role.WINDOW else int(inside.sum())
            _group(grown, role, tokens[inside], places[inside], slots=slots, plan=plan)
    grown.say([marks.vision_end, marks.object_end])


def _group(grown: _Sequence, role: Role, tokens: IntArray, places: np.ndarray, *, slots: int, plan: Plan) -> None:
    grown.groups.append(Group(role, len(grown.ids), slots, tokens, places, _meta(places)))
    grown.say([plan.tokenizer.marks.video] * slots)


def _surroundings(clip: Clip, arranging: Arranging) -> list[tuple[str, IntArray]]:
    """Scene and camera, where asked for and there is something to show."""
    if not arranging.roles & {Role.OBJECT, Role.WINDOW}:
        return []  # without resamplers they would be most of the clip
    grid, found = clip.grid, []
    if arranging.scene:
        taken = np.concatenate([t.tokens for t in clip.tracks]) if clip.tracks else np.zeros(0, dtype=np.int64)
        found.append((SCENE, np.setdiff1d(np.arange(grid.tokens), taken)))
    if arranging.camera:
        found.append((CAMERA, _rim(grid)))
    return [(label, tokens) for label, tokens in found if tokens.size]


def _rim(grid: Grid) -> IntArray:
    cell = np.arange(grid.cells).reshape(grid.rows, grid.cols)
    inner = cell[1:-1, 1:-1].ravel()
    rim = np.setdiff1d(cell.ravel(), inner)
    return np.asarray((np.arange(grid.steps)[:, None] * grid.cells + rim).ravel())


def cell_places(tokens: IntArray, clip: Clip) -> np.ndarray:
    """[tokens, PLACE_FEATURES] of tokens that belong to no object: when and where they are, the rest 0."""
    grid = clip.grid
    step, cell = np.divmod(tokens, grid.cells)
    row, col = np.divmod(cell, grid.cols)
    places = np.zeros((len(tokens), PLACE_FEATURES), dtype=np.float32)
    places[:, 0] = step_times(clip.times)[np.minimum(step, (len(clip.times) - 1) // 2)]
    places[:, 1], places[:, 2] = (row + 0.5) / grid.rows, (col + 0.5) / grid.cols
    return places


def object_places(track: Track, clip: Clip) -> np.ndarray:
    """[tokens, PLACE_FEATURES] of an object's tokens."""
    places = cell_places(track.tokens, clip)
    places[:, 3] = track.coverage
    places[:, 4:] = np.nan_to_num(track.boxes[clip.grid.step_of(track.tokens)])
    return places


def _meta(places: np.ndarray) -> np.ndarray:
    """[GROUP_FEATURES]: when the group begins and ends, and where its object is then."""
    meta = np.zeros(GROUP_FEATURES, dtype=np.float32)
    first, last = places[0], places[-1]
    meta[0], meta[1] = first[0], last[0]
    for at, place in ((2, first), (5, last)):
        area = place[6] * place[7]
        if area > 0:
            meta[at : at + 3] = place[4], place[5], np.log(area)
    return meta
