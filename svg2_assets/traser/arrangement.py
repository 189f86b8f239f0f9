"""Trajectory-aligned arrangement: one block of slots per object in place of the clip's visual tokens (§6.5).

    <obj_traj_start> "Object k: " <vision_start> OTR slots ("<0 - 4 sec>" TWR slots)* <vision_end> <obj_traj_end>

A slot is a video-pad id whose embedding the network overwrites. Preset `default` adds a block for the tokens of no
object and one for the camera (the rim of the frame, where its motion shows).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.boxes import box_text
from svg2_assets.traser.neighbours import Beside, Neighbours
from svg2_assets.traser.presets import Arranging, Representing
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

if TYPE_CHECKING:  # the network runs where pycocotools is not
    from svg2_assets.scene.masks import FloatArray, IntArray

IGNORED = -100
_NO_TOKENS, _NO_PLACES = np.zeros(0, dtype=np.int64), np.zeros((0, PLACE_FEATURES), dtype=np.float32)
SCENE, CAMERA = "Scene: ", "Camera: "
MARKS_A_BLOCK = 4
MARKS_OF_SAID = 2  # a block that is text has no vision in it


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What arrangement follows. Labels and stamps are encoded once a plan: they stand once for every object."""

    arranging: Arranging
    slots: Slots
    tokenizer: Tokenizer
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def encode(self, label: str) -> tuple[int, ...]:
        """Ids of a label or stamp."""
        if label not in self._known:
            self._known[label] = tuple(self.tokenizer.encode(label))
        return self._known[label]


class Subject(StrEnum):
    """What a block shows."""

    OBJECT = "object"
    SCENE = "scene"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class Part:
    """What a block tells of one window: its tokens `[first, last)`, and the objects beside its own, nearest first."""

    window: Window
    first: int
    last: int
    beside: tuple[Beside, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the sequence before it is written: its `tokens` and their `places` [tokens, PLACE_FEATURES].

    `track` is its object's place in the clip's tracks, None for scene and camera. A block without one of its parts
    still shows the whole to the object resampler. `said`: ids of the text that stands for an object, without any slots.
    """

    subject: Subject
    track: int | None
    tokens: IntArray
    places: npt.NDArray[np.float32]
    parts: tuple[Part, ...]
    said: tuple[int, ...] = ()


def arrange(
    clip: Clip,
    prompt: tuple[Sequence[int], Sequence[int]],
    answer: Sequence[int] = (),
    *,
    plan: Plan,
    blocks: Sequence[Block] | None = None,
) -> Arranged:
    """The sequence of one sample.

    `prompt` are the ids before and after the place of the video (whose own span, marks included, is gone), `answer`
    what follows and is learned. `blocks`: those of `blocks_of`, or what a budget leaves of them. Their objects are
    numbered from 1. Nothing is cut, unless the plan mimics the released training, which cuts the end.
    """
    grown = _Sequence()
    grown.say(prompt[0])
    number = 0
    for block in blocks_of(clip, plan) if blocks is None else blocks:
        number += block.subject is Subject.OBJECT
        _write(grown, block, number, plan=plan)
    grown.say(prompt[1])
    grown.say(answer, learned=True)
    whole = Arranged(np.asarray(grown.ids, dtype=np.int64), np.asarray(grown.labels), grown.all_groups())
    cut = plan.arranging.cut_at
    return whole if cut is None or not answer or len(whole) <= cut else _cut(whole, cut)


def blocks_of(clip: Clip, plan: Plan) -> list[Block]:
    """One block per object in order, then scene and camera where asked for, each with all of its windows."""
    arranging = plan.arranging
    windows = windows_of(clip.times, clip.grid, seconds=arranging.window_seconds, true_times=arranging.true_times)
    if arranging.representing is not Representing.TOKENS:
        return _said_blocks(clip, plan, windows)
    if arranging.roles == {Role.OBJECT}:
        windows = ()
    near = Neighbours(clip, arranging.beside if Role.WINDOW in arranging.roles else 0)
    found = []
    for at, track in enumerate(clip.tracks):
        parts = _parts(track.tokens, clip.grid, windows)
        parts = tuple(replace(part, beside=near.of(at, part.window)) for part in parts)
        found.append(Block(Subject.OBJECT, at, track.tokens, object_places(track, clip), parts))
    for subject, tokens in _surroundings(clip, arranging):
        parts = _parts(tokens, clip.grid, windows)
        found.append(Block(subject, None, tokens, cell_places(tokens, clip), parts))
    return found


def length_of(block: Block, number: int, *, plan: Plan) -> int:
    """Ids that `block` takes as object `number`; with both resamplers 36 + |label| + Σ (32 + |stamp|)."""
    label = len(plan.encode(label_of(block.subject, number)))
    if block.said:
        return MARKS_OF_SAID + label + len(block.said)
    whole = plan.slots.object if Role.OBJECT in plan.arranging.roles else 0
    return MARKS_A_BLOCK + label + whole + sum(length_of_part(part, plan=plan) for part in block.parts)


def length_of_part(part: Part, *, plan: Plan) -> int:
    """Ids that a window takes within a block, its stamp and what is beside its object included."""
    beside = sum(len(plan.encode(str(b.number))) + len(b.pairs) for b in part.beside)
    return len(plan.encode(part.window.label)) + _slots_of(part, plan) + beside


def label_of(subject: Subject, number: int) -> str:
    """What stands at the head of a block."""
    return (
        f"Object {number}: " if subject is Subject.OBJECT else {Subject.SCENE: SCENE, Subject.CAMERA: CAMERA}[subject]
    )


@dataclass
class _Sequence:
    """The sequence as it grows."""

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    windows: dict[tuple[int, int], int] = field(default_factory=dict)  # number, first step -> group
    pairs: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # group -> own and other number, first step

    def all_groups(self) -> tuple[Group, ...]:
        """The groups, those of pairs with the windows that they are of."""
        for place, (own, other, first) in self.pairs.items():
            pair = self.windows.get((own, first), -1), self.windows.get((other, first), -1)
            self.groups[place] = replace(self.groups[place], pair=pair)
        return tuple(self.groups)

    def say(self, ids: Sequence[int], *, learned: bool = False) -> None:
        self.ids += ids
        self.labels += ids if learned else [IGNORED] * len(ids)


def _write(grown: _Sequence, block: Block, number: int, *, plan: Plan) -> None:
    marks, roles = plan.tokenizer.marks, plan.arranging.roles
    label = plan.encode(label_of(block.subject, number))
    if block.said:
        grown.say([marks.object_start, *label, *block.said, marks.object_end])
        return
    grown.say([marks.object_start, *label, marks.vision_start])
    told = {Subject.OBJECT: number, Subject.SCENE: 0, Subject.CAMERA: CAMERA_ID}[block.subject]
    if Role.OBJECT in roles:
        _fill(grown, Role.OBJECT, block, slice(None), number=told, slots=plan.slots.object, plan=plan)
    for part in block.parts:
        grown.say(plan.encode(part.window.label))
        inside = slice(part.first, part.last)
        role = Role.WINDOW if Role.WINDOW in roles else Role.TOKENS
        grown.windows[told, part.window.first] = len(grown.groups)
        _fill(grown, role, block, inside, number=told, slots=_slots_of(part, plan), plan=plan)
        for beside in part.beside:
            grown.say(plan.encode(str(beside.number)))
            shown = (told, beside.number, part.window.first)
            for pair in beside.pairs:
                grown.pairs[len(grown.groups)] = shown
                grown.groups.append(Group(Role.BESIDE, len(grown.ids), 1, _NO_TOKENS, _NO_PLACES, pair))
                grown.say([marks.video])
    grown.say([marks.vision_end, marks.object_end])


def _fill(grown: _Sequence, role: Role, block: Block, inside: slice, *, number: int, slots: int, plan: Plan) -> None:
    """Slots for the tokens `inside` the block."""
    tokens, places = block.tokens[inside], block.places[inside]
    grown.groups.append(Group(role, len(grown.ids), slots, tokens, places, _meta(places, number)))
    grown.say([plan.tokenizer.marks.video] * slots)


def _said_blocks(clip: Clip, plan: Plan, windows: Sequence[Window]) -> list[Block]:
    """The objects as text, then all tokens of the clip as the block of the scene, window by window."""
    how, steps = plan.arranging.representing, step_times(clip.times)
    blocks = []
    for at, track in enumerate(clip.tracks):
        text = box_text(track.boxes, steps, windows, first=how is Representing.FIRST_BOX)
        blocks.append(Block(Subject.OBJECT, at, _NO_TOKENS, _NO_PLACES, (), tuple(plan.tokenizer.encode(text))))
    every = np.arange(clip.grid.tokens)
    return [*blocks, Block(Subject.SCENE, None, every, cell_places(every, clip), _parts(every, clip.grid, windows))]


def _slots_of(part: Part, plan: Plan) -> int:
    return plan.slots.window if Role.WINDOW in plan.arranging.roles else part.last - part.first


def _parts(tokens: IntArray, grid: Grid, windows: Sequence[Window]) -> tuple[Part, ...]:
    """The windows that hold some of `tokens`, which ascend."""
    bounds = [(w.first * grid.cells, w.last * grid.cells) for w in windows]
    places = np.searchsorted(tokens, np.asarray(bounds, dtype=np.int64).reshape(-1, 2)).tolist()
    return tuple(Part(w, a, b) for w, (a, b) in zip(windows, places, strict=True) if b > a)


def _cut(whole: Arranged, at: int) -> Arranged:
    """The first `at` ids. A group that the cut divides is no longer filled: nothing learned comes after it."""
    learned = int((whole.labels != IGNORED).sum())
    groups = [g for g in whole.groups if g.start + g.slots <= at]  # those before the cut: their places stay
    own, other = (tuple(k if k < len(groups) else -1 for k in (g.pair[i] for g in groups)) for i in (0, 1))
    groups = [replace(g, pair=pair) for g, pair in zip(groups, zip(own, other, strict=True), strict=True)]
    kept = Arranged(whole.ids[:at], whole.labels[:at], tuple(groups), whole.notes)
    lost = learned - int((kept.labels != IGNORED).sum())
    note = f"the sequence of {len(whole)} tokens is cut at {at}: {lost} of the answer's {learned} tokens are lost"
    return Arranged(kept.ids, kept.labels, kept.groups, (*whole.notes, note))


def _surroundings(clip: Clip, arranging: Arranging) -> list[tuple[Subject, IntArray]]:
    """Scene and camera, where asked for and there is something to show."""
    if not arranging.roles & {Role.OBJECT, Role.WINDOW}:
        return []  # without resamplers they would be most of the clip
    grid, found = clip.grid, []
    if arranging.scene:
        taken = np.concatenate([t.tokens for t in clip.tracks]) if clip.tracks else np.zeros(0, dtype=np.int64)
        found.append((Subject.SCENE, np.setdiff1d(np.arange(grid.tokens), taken)))
    if arranging.camera:
        found.append((Subject.CAMERA, _rim(grid)))
    return [(subject, tokens) for subject, tokens in found if tokens.size]


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


def _meta(places: np.ndarray, number: int) -> np.ndarray:
    """[GROUP_FEATURES]: when the group begins and ends, where its object is then, and its number."""
    meta = np.zeros(GROUP_FEATURES, dtype=np.float32)
    meta[8] = number
    first, last = places[0], places[-1]
    meta[0], meta[1] = first[0], last[0]
    for at, place in ((2, first), (5, last)):
        area = place[6] * place[7]
        if area > 0:
            meta[at : at + 3] = place[4], place[5], np.log(area)
    return meta
