"""Clips built from DAVIS cut-outs whose truth is exact by construction: what nobody tunes on.

Cut-outs are pasted with soft edges on real backgrounds from which the original thing is painted out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.data import Data
from resources.media.reader import open_video
from svg2_assets.scene.masks import BoolArray, Mask
from svg2_assets.scene.video import Pixels

WIDTH, HEIGHT, FPS = 854, 480, 24
X264 = {"crf": "18", "preset": "veryfast", "x264-params": "mbtree=0"}
"""Macroblock trees look at memory beyond the picture: with them the same frames give other bits on every run."""
GREY_BAR = (96, 92, 88)

Place = tuple[float, float, float]
"""Centre x, centre y and height of a cut-out in pixels."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """One thing cut out of a clip: pixels and mask of each frame, cropped to the thing."""

    pixels: tuple[Pixels, ...]
    masks: tuple[BoolArray, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """A cut-out on its way: `where` gives its place on a frame, None when it is out of the picture."""

    cutout: CutOut
    where: Callable[[int], Place | None]
    flip: bool = False
    start: int = 0


@dataclass(slots=True)
class StressClip:
    """A written clip with its truth: the visible mask of each thing by frame, and the first frames after cuts.

    `same`: thing -> the one of an earlier shot that it is.
    """

    name: str
    path: Path
    truth: dict[int, dict[int, Mask]] = field(default_factory=dict)
    cuts: tuple[int, ...] = ()
    frames: int = 0
    same: Mapping[int, int] = field(default_factory=dict)


Scene = Iterator[tuple[Pixels, dict[int, BoolArray]]]
"""Frames with the visible mask of each thing."""


def build(data: Data, folder: Path, names: Sequence[str]) -> Iterator[StressClip]:
    """Write the stress clips `names` under `folder`, one after the other."""
    for name in names:
        scene, cuts = _SCENES[name]
        clip = write_clip(name, scene(data), folder / f"{name.replace(' ', '-')}.mp4", cuts=cuts)
        clip.same = _SAME.get(name, {})
        yield clip


def write_clip(name: str, scene: Scene, path: Path, *, cuts: tuple[int, ...] = ()) -> StressClip:
    """Encode `scene` to H.264 as it comes, keeping only its masks."""
    clip = StressClip(name, path, cuts=cuts)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=X264)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for index, (pixels, masks) in enumerate(scene):
            for thing, mask in masks.items():
                if mask.any():
                    clip.truth.setdefault(thing, {})[index] = Mask.from_array(mask)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            clip.frames = index + 1
        container.mux(stream.encode())
    return clip


def compose(background: Pixels, actors: Sequence[Actor], frame: int) -> tuple[Pixels, dict[int, BoolArray]]:
    """Paste `actors` back to front; a later one hides an earlier one."""
    picture, visible = background.astype(np.float32), dict[int, BoolArray]()
    for thing, actor in enumerate(actors):
        mask = np.zeros(background.shape[:2], dtype=bool)
        place = actor.where(frame)
        if place is not None:
            mask = _paste(picture, actor, place, frame)
        for other in visible:
            visible[other] &= ~mask
        visible[thing] = mask
    return picture.round().astype(np.uint8), visible


def hidden(pixels: Pixels, masks: dict[int, BoolArray], bars: Sequence[tuple[int, int]]) -> None:
    """Paint vertical grey bars (left, right) over `pixels` and take them out of `masks`, in place."""
    for left, right in bars:
        pixels[:, left:right] = GREY_BAR
        for mask in masks.values():
            mask[:, left:right] = False


def _hard_cuts(data: Data) -> Scene:
    """Dog, car, dog again from the start: two cuts, and the second dog is a new object after a cut."""
    shots = (("dog", 0), ("car-shadow", 1), ("dog", 2))
    for name, thing in shots:
        for pixels, mask in _clip(data, name, count=36):
            yield pixels, {thing: mask}


def _thin_occluder(data: Data) -> Scene:
    bars = [(x, x + 9) for x in range(60, WIDTH, 110)]
    for pixels, mask in _clip(data, "dog", count=60):
        painted, masks = pixels.copy(), {0: mask.copy()}
        hidden(painted, masks, bars)
        yield painted, masks


def _scale_change(data: Data) -> Scene:
    """A cow that comes from 36 to 360 pixels of height in five seconds."""
    count = 120
    cow = Actor(cut_out(data, "cows"), lambda f: (427, 300 - 60 * f / count, 36 * 10 ** (f / (count - 1))))
    return _staged(background(data, "horsejump-high"), [cow], count)


def _twenty_small(data: Data) -> Scene:
    """Twenty cut-outs of 34 to 58 pixels on lanes of their own, some faster, all moving."""
    names = ("dog", "cows", "horsejump-high", "car-shadow")
    actors = []
    for i in range(20):
        row, column = divmod(i, 5)
        height, speed = 34 + 6 * (i % 5), (12 + 5 * (i % 4)) * (1 if i % 2 else -1)
        where = _lane(x=90 + 165 * column, y=150 + 88 * row, height=height, speed=speed)
        actors.append(Actor(cut_out(data, names[(i + row) % 4]), where, flip=bool(i % 2), start=7 * i))
    return _staged(background(data, "cows"), actors, 96)


def _crossing(data: Data) -> Scene:
    """A dog and a cow walk through each other's way."""
    dog = Actor(cut_out(data, "dog"), lambda f: (130 + 5.5 * f, 270, 190))
    cow = Actor(cut_out(data, "cows"), lambda f: (730 - 5.5 * f, 240, 200), flip=True)
    return _staged(background(data, "horsejump-high"), [cow, dog], 108)


def _alike_crossing(data: Data) -> Scene:
    """Two copies of one cow cross; only motion tells them apart."""
    first = Actor(cut_out(data, "cows"), lambda f: (130 + 5.5 * f, 270, 170))
    second = Actor(cut_out(data, "cows"), lambda f: (730 - 5.5 * f, 240, 170), flip=True, start=40)
    return _staged(background(data, "horsejump-high"), [second, first], 108)


def _short_occlusion(data: Data) -> Scene:
    """A car drives behind a wall for about a second."""
    car = Actor(cut_out(data, "car-shadow"), lambda f: (110 + 6.5 * f, 300, 110))
    for pixels, masks in _staged(background(data, "cows"), [car], 100):
        hidden(pixels, masks, [(330, 590)])
        yield pixels, masks


def _staged(backdrop: Pixels, actors: Sequence[Actor], count: int) -> Scene:
    """`count` frames of `actors` before `backdrop`, with the grain of a camera."""
    noise = np.random.default_rng(7)
    for frame in range(count):
        pixels, masks = compose(backdrop, actors, frame)
        grain = noise.normal(0, 2, size=pixels.shape[:2])[..., None]
        yield np.clip(pixels + grain, 0, 255).astype(np.uint8), masks


def background(data: Data, name: str) -> Pixels:
    """The first frame of a DAVIS clip, its thing and the shadow around it painted out."""
    pixels, mask = next(_clip(data, name, count=1))
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((31, 31), np.uint8))
    return np.asarray(cv2.inpaint(pixels, wide, 7, cv2.INPAINT_TELEA), dtype=np.uint8)


@lru_cache(maxsize=4)
def cut_out(data: Data, name: str) -> CutOut:
    """The thing of a DAVIS clip, frame by frame."""
    pixels, masks = [], []
    for frame, mask in _clip(data, name):
        ys, xs = np.nonzero(mask)
        window = slice(ys.min(), ys.max() + 1), slice(xs.min(), xs.max() + 1)
        pixels.append(frame[window].copy())
        masks.append(mask[window].copy())
    return CutOut(tuple(pixels), tuple(masks))


def _clip(data: Data, name: str, *, count: int | None = None) -> Iterator[tuple[Pixels, BoolArray]]:
    truth = data.davis_masks(name)
    for frame in open_video(data.path(f"davis2016/{name}.mp4")).frames():
        if count is not None and frame.index >= count:
            return
        yield frame.pixels, truth[frame.index].to_array()


def _lane(*, x: float, y: float, height: float, speed: float, reach: float = 60) -> Callable[[int], Place]:
    """To and fro around (x, y) at `speed` pixels a second."""

    def where(frame: int) -> Place:
        way = (abs(speed) * frame / FPS) / (2 * reach)
        swing = reach * (2 * abs(2 * (way - math.floor(way + 0.5))) - 1)
        return x + math.copysign(swing, speed), y, height

    return where


def _paste(
    picture: np.ndarray[tuple[int, ...], np.dtype[np.float32]], actor: Actor, place: Place, frame: int
) -> BoolArray:
    """Paste `actor` into `picture` in place; returns its mask before anything hides it."""
    x, y, height = place
    index = (actor.start + frame) % len(actor.cutout.pixels)
    pixels, mask = actor.cutout.pixels[index], actor.cutout.masks[index]
    if actor.flip:
        pixels, mask = pixels[:, ::-1], mask[:, ::-1]
    scale = height / max(m.shape[0] for m in actor.cutout.masks)
    size = max(1, round(mask.shape[1] * scale)), max(1, round(mask.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=how).astype(np.float32)
    alpha = cv2.resize(np.ascontiguousarray(mask).astype(np.float32), size, interpolation=how)
    left, top = round(x - size[0] / 2), round(y - size[1] / 2)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(WIDTH, left + size[0]), min(HEIGHT, top + size[1])
    shown = np.zeros(picture.shape[:2], dtype=bool)
    if x1 <= x0 or y1 <= y0:
        return shown
    window = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
    soft = alpha[window][..., None]
    picture[y0:y1, x0:x1] = soft * small[window] + (1 - soft) * picture[y0:y1, x0:x1]
    shown[y0:y1, x0:x1] = alpha[window] > 0.5
    return shown


_SCENES: dict[str, tuple[Callable[[Data], Scene], tuple[int, ...]]] = {
    "hard cuts": (_hard_cuts, (36, 72)),
    "thin occluder": (_thin_occluder, ()),
    "tenfold scale": (_scale_change, ()),
    "twenty small": (_twenty_small, ()),
    "crossing": (_crossing, ()),
    "alike crossing": (_alike_crossing, ()),
    "short occlusion": (_short_occlusion, ()),
}
_SAME = {"hard cuts": {2: 0}}
SCENE_NAMES = tuple(_SCENES)
