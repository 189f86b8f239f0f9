"""Synthetic videos and graphs for pictures: grey frames, coloured by nobody but the code under test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Video

GREY = 128


def video(
    width: int = 320, height: int = 240, *, frames: int = 40, fps: float = 20.0, id_: str = "0123456789abcdef"
) -> Video:
    return Video(
        id=id_,
        uri="/clips/street.mp4",
        sha256="",
        width=width,
        height=height,
        fps=fps,
        num_frames=frames,
        duration=frames / fps,
    )


@dataclass
class GreySource:
    """A `FrameSource` of grey frames that counts how many it has handed out and how many are still alive."""

    video: Video
    picked: list[int] = field(default_factory=list)

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        rows = height or self.video.height
        columns = max(1, round(self.video.width * rows / self.video.height))
        for index in indices:
            self.picked.append(index)
            pixels = np.full((rows, columns, 3), GREY, dtype=np.uint8)
            yield Frame(index, self.video.time_of(index), pixels)


def box_object(
    of: Video,
    object_id: int,
    box: tuple[int, int, int, int],
    *,
    name: str = "thing",
    frames: Sequence[int] | None = None,
) -> SceneObject:
    shown = tuple(frames if frames is not None else range(of.num_frames))
    mask = Mask.from_box(box, height=of.height, width=of.width)
    return SceneObject(object_id, name, Trajectory(shown, (mask,) * len(shown)))


def relation(
    subject: int,
    predicate: str,
    object_: int,
    *spans: tuple[float, float],
    category: Category = Category.SPATIAL,
    confidence: float = 0.8,
) -> Relation:
    return Relation(subject, predicate, object_, category, Spans.of(spans), confidence)


def graph(of: Video, *objects: SceneObject, relations: Sequence[Relation] = ()) -> SceneGraph:
    return SceneGraph(of, objects, tuple(relations))


def read_rgb(path: object) -> np.ndarray:
    picture = cv2.imread(str(path))
    assert picture is not None, f"{path} is no picture"
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
