"""What a describer is shown: the chosen objects, the chosen frames of each, and their prepared masks.

One pass over the video looks at the candidates of all objects. Of each object's stretch only the best candidate so far
is kept, and a frame only while somebody's best lies on it, as compressed pixels of bounded size: memory grows with
objects times frames an object, never with the video.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import cast

import cv2
import numpy as np

from svg2_assets.descriptions.frames import Stretch, sharpness, stretches, worth
from svg2_assets.descriptions.geometry import Course, cropped
from svg2_assets.descriptions.masking import Prepared, at_size, prepare
from svg2_assets.descriptions.presets import DEFAULT, ViewRules
from svg2_assets.descriptions.salience import Budget, spend
from svg2_assets.descriptions.stuff import is_stuff
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import BoolArray, Mask
from svg2_assets.scene.streams import ahead
from svg2_assets.scene.video import Frame, FrameSource, Pixels, Video
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

FAST_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1)


@dataclass(frozen=True, slots=True)
class View:
    """One object on one frame: `pixels` [h, w, 3] RGB and the mask to show, [h, w], which has at least one pixel."""

    frame: int
    time: float
    pixels: Pixels
    prepared: Prepared

    @property
    def mask(self) -> BoolArray:
        """The mask to show, [h, w]."""
        return self.prepared.mask


@dataclass(slots=True)
class _Shelf:
    """Compressed frames, each as long as somebody holds it."""

    held: dict[int, bytes] = field(default_factory=dict)
    holders: dict[int, int] = field(default_factory=dict)

    def take(self, frame: Frame) -> None:
        self.holders[frame.index] = self.holders.get(frame.index, 0) + 1
        if frame.index not in self.held:
            self.held[frame.index] = encoded_png(frame.pixels)

    def release(self, index: int) -> None:
        self.holders[index] -= 1
        if not self.holders[index]:
            del self.held[index], self.holders[index]


class Gallery:
    """The views of every chosen object of one video. `frames`: chosen object id -> its frames, in order of time;
    `stuff`: id of each visible object -> whether it is stuff.
    """

    def __init__(
        self, video: Video, tracks: TrackingResult, rules: ViewRules, *, budget: Budget, stuff: Mapping[int, bool]
    ) -> None:
        self.video, self.rules, self.budget, self.stuff = video, rules, budget, stuff
        self.frames: dict[int, tuple[int, ...]] = {}
        self._objects = {o.id: o for o in tracks.objects}
        self._shelf = _Shelf()
        self._present: dict[int, list[TrackedObject]] = {}

    @property
    def bytes_held(self) -> int:
        """Size of the frames in memory."""
        return sum(len(b) for b in self._shelf.held.values())

    def views(self, object_id: int) -> Iterator[View]:
        """The views of `object_id`, made one at a time, in order of time."""
        for frame in self.frames[object_id]:
            pixels = decoded_png(self._shelf.held[frame])
            prepared = self._mask(object_id, frame, height=pixels.shape[0], width=pixels.shape[1])
            yield View(frame, self.video.time_of(frame), pixels, prepared)

    def watch(self, frames: Iterator[Frame], chosen: Mapping[int, Sequence[Stretch]]) -> None:
        """Look at the candidates of `chosen` on the stream `frames` and keep the best of each stretch."""
        wanted = _by_frame(chosen)
        best: dict[tuple[int, int], tuple[float, int]] = {}
        for frame in frames:
            for object_id, place, base, contested in wanted.get(frame.index, ()):
                mask = self._objects[object_id].trajectory.at(frame.index) if contested else None
                value = worth(base, _sharpness(frame, mask), self.rules.choice) if mask else base
                before = best.get((object_id, place))
                if before is None or value > before[0]:
                    best[object_id, place] = (value, frame.index)
                    self._shelf.take(frame)
                    if before is not None:
                        self._shelf.release(before[1])
        for object_id in chosen:
            self.frames[object_id] = tuple(sorted(f for (i, _), (_, f) in best.items() if i == object_id))
        self._note_present()

    def _note_present(self) -> None:
        used = {f for frames in self.frames.values() for f in frames}
        for o in self._objects.values():
            for frame in used.intersection(o.trajectory.frames):
                self._present.setdefault(frame, []).append(o)

    def _mask(self, object_id: int, frame: int, *, height: int, width: int) -> Prepared:
        own = cast("Mask", self._objects[object_id].trajectory.at(frame))
        mask = at_size(own.to_array(), height, width)
        if self.rules.preset != DEFAULT:
            return Prepared(mask)
        # What shows of ground or wall through a gap lies behind the object: only things stand in front of it.
        near = [o for o in self._present[frame] if o.id != object_id and not self.stuff[o.id]]
        parts = [o for o in near if o.part_of == object_id]
        return prepare(
            mask,
            _pixels_of(near, frame, own, height=height, width=width),
            _pixels_of(parts, frame, own, height=height, width=width),
            stuff=self.stuff[object_id],
            rule=self.rules.masks,
        )


def look(source: FrameSource, tracks: TrackingResult, rules: ViewRules, *, frames: int) -> Gallery:
    """Choose and gather what is shown of the objects of one video, at most `frames` frames each, decoding it once.

    Objects without a frame have no views. Raises `PhaseError` when a trajectory does not fit the video, `VideoError`
    when it no longer decodes.
    """
    video = source.video
    visible = [o for o in tracks.objects if len(o.trajectory)]
    for tracked in visible:
        _check(tracked, video)
    courses = {o.id: Course.of(o.trajectory, video) for o in visible}
    budget = spend(tracks, courses, rules)
    part_of = {o.id: o.part_of for o in visible}
    stuff = {i: is_stuff(c, camera=tracks.camera, part_of=part_of[i], rule=rules.stuff) for i, c in courses.items()}
    gallery = Gallery(video, tracks, rules, budget=budget, stuff=stuff)
    chosen = {i: stretches(courses[i], rules, frames=frames) for i in budget.chosen}
    wanted = sorted({frame for parts in chosen.values() for part in parts for frame, _ in part})
    if wanted:
        with closing(ahead(source.pick(wanted, height=rows_of(video, rules.side)))) as stream:
            gallery.watch(stream, chosen)
    return gallery


def rows_of(video: Video, side: int) -> int:
    """The height at which the longer side of `video` has at most `side` pixels; never larger than it is."""
    return min(video.height, max(1, side * video.height // max(video.height, video.width)))


def encoded_png(pixels: Pixels) -> bytes:
    """`pixels` [h, w, 3 or 4] (RGB or RGBA) as a PNG of the same mode, lossless."""
    turned = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA)
    done, written = cv2.imencode(".png", turned, FAST_PNG)
    if not done:
        raise ValueError(f"a picture of {pixels.shape[1]}x{pixels.shape[0]} cannot be written as PNG")
    return bytes(written)


def decoded_png(written: bytes) -> Pixels:
    """The RGB pixels [h, w, 3] of a PNG that `encoded_png` wrote."""
    read = cv2.imdecode(np.frombuffer(written, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(read, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _by_frame(chosen: Mapping[int, Sequence[Stretch]]) -> dict[int, list[tuple[int, int, float, bool]]]:
    """Frame -> (object id, place of the stretch, worth, whether the stretch has other candidates) of each candidate."""
    wanted: dict[int, list[tuple[int, int, float, bool]]] = {}
    for object_id, parts in chosen.items():
        for place, part in enumerate(parts):
            for index, base in part:
                wanted.setdefault(index, []).append((object_id, place, base, len(part) > 1))
    return wanted


def _sharpness(frame: Frame, mask: Mask) -> float:
    silhouette, (x, y) = cropped(mask)
    scale = frame.pixels.shape[0] / mask.height
    rows = slice(int(y * scale), max(int(y * scale) + 1, int((y + silhouette.shape[0]) * scale)))
    columns = slice(int(x * scale), max(int(x * scale) + 1, int((x + silhouette.shape[1]) * scale)))
    pixels = frame.pixels[rows, columns]
    return sharpness(pixels, at_size(silhouette, *pixels.shape[:2])) if pixels.size else 0.0


def _pixels_of(objects: Sequence[TrackedObject], frame: int, own: Mask, *, height: int, width: int) -> BoolArray:
    """The pixels [height, width] of those of `objects` whose box on `frame` meets the box of `own`."""
    x, y, w, h = own.box
    masks = [cast("Mask", o.trajectory.at(frame)) for o in objects]
    boxes = mask_algebra.boxes(masks)
    meets = (boxes[:, 0] <= x + w) & (boxes[:, 0] + boxes[:, 2] >= x)
    meets &= (boxes[:, 1] <= y + h) & (boxes[:, 1] + boxes[:, 3] >= y)
    near = [m for m, there in zip(masks, meets, strict=True) if there]
    if not near:
        return np.zeros((height, width), dtype=bool)
    return at_size(mask_algebra.union(near).to_array(), height, width)


def _check(o: TrackedObject, video: Video) -> None:
    size = (video.height, video.width)
    if o.trajectory.frames[-1] >= video.num_frames or {(m.height, m.width) for m in o.trajectory.masks} != {size}:
        raise PhaseError(
            video=video.id,
            phase="descriptions",
            expected=f"object {o.id} with masks of {size[0]}x{size[1]} on frames below {video.num_frames}",
            found="a trajectory of another video",
            remedy="Redo the trajectories of this video.",
        )
