"""Graphs of many short videos, made one by one while they are asked for: a seed and a place give the same graph.

A video has 6 frames a second, 12 to 24 frames of 64 x 48 pixels, and 3 to 6 objects that are visible in a run of
frames, each in a part of the picture that is its own, so that no format loses a mask to another. The first object is a
person. All objects are there in the middle of a video, and relations hold then: begun and ended at whole seconds, some
with the camera, some of no person. So no format loses a relation for want of a moment. The masks are drawn once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

FPS, WIDTH, HEIGHT = 6.0, 64, 48
COLUMNS, ROWS, SHAPES = 3, 2, 16
"""Parts of the picture, one an object, and masks that are drawn for each."""
NAMES, PREDICATES, VALUES = 2000, 200, 500
"""How many there are to draw from."""
CATEGORIES, TYPES = tuple(Category), tuple(AttributeType)
CAMERA_SHARE = 0.1


@dataclass(slots=True)
class Counts:
    """What graphs add up to."""

    videos: int = 0
    objects: int = 0
    masks: int = 0
    relations: int = 0

    def add(self, graph: SceneGraph) -> None:
        """Count a graph in."""
        self.videos += 1
        self.objects += len(graph.objects)
        self.masks += sum(len(o.trajectory) for o in graph.objects)
        self.relations += len(graph.relations)

    def to_json(self) -> dict[str, int]:
        """The figures by name."""
        return asdict(self)


def graphs(videos: int, *, seed: int = 0) -> Iterator[SceneGraph]:
    """The first so many graphs of a seed."""
    shapes = _shapes(np.random.default_rng(seed))
    for place in range(videos):
        yield _graph(place, shapes, np.random.default_rng((seed, place)))


def video_id(place: int) -> str:
    """What the video at a place is called."""
    return f"video-{place:07d}"


def _graph(place: int, shapes: list[list[Mask]], rng: np.random.Generator) -> SceneGraph:
    seconds = int(rng.integers(2, 5))
    frames = round(seconds * FPS)
    video = Video(video_id(place), "", "", WIDTH, HEIGHT, FPS, frames, frames / FPS)
    things = int(rng.integers(3, COLUMNS * ROWS + 1))
    objects = [_object(i, frames, shapes[i], rng) for i in range(things)]
    return SceneGraph(video, tuple(objects), _relations(things, seconds, rng), MappingProxyType({"made": "at random"}))


def _object(number: int, frames: int, shapes: list[Mask], rng: np.random.Generator) -> SceneObject:
    first = int(rng.integers(0, frames // 2))
    shown = range(first, int(rng.integers(frames // 2 + 1, frames + 1)))
    said = Attribute(f"quality {rng.integers(VALUES)}", TYPES[rng.integers(len(TYPES))])
    name = f"thing {rng.integers(NAMES)}" if number else "person"
    masks = tuple(shapes[i] for i in rng.integers(0, SHAPES, len(shown)))
    return SceneObject(number, name, Trajectory(tuple(shown), masks), (said,))


def _relations(things: int, seconds: int, rng: np.random.Generator) -> tuple[Relation, ...]:
    """Statements that differ, so that none is united with another."""
    found: dict[tuple[int, str, int], Relation] = {}
    for _ in range(int(rng.integers(2, 8))):
        subject, other = (int(i) for i in rng.permutation(things)[:2])
        subject = CAMERA_ID if rng.random() < CAMERA_SHARE else subject
        middle = seconds // 2
        spans = Spans.of([(float(rng.integers(0, middle + 1)), float(rng.integers(middle + 1, seconds + 1)))])
        category = CATEGORIES[rng.integers(len(CATEGORIES))]
        told = Relation(subject, f"does {rng.integers(PREDICATES)} to", other, category, spans)
        found.setdefault(told.key, told)
    return tuple(found.values())


def _shapes(rng: np.random.Generator) -> list[list[Mask]]:
    """Masks of each part of the picture: ellipses with ragged edges."""
    return [[_shape(part, rng) for _ in range(SHAPES)] for part in range(COLUMNS * ROWS)]


def _shape(part: int, rng: np.random.Generator) -> Mask:
    height, width = HEIGHT // ROWS, WIDTH // COLUMNS
    y, x = np.mgrid[:height, :width]
    inside = ((y / height - 0.5) / rng.uniform(0.2, 0.5)) ** 2 + ((x / width - 0.5) / rng.uniform(0.2, 0.5)) ** 2 < 1
    pixels = np.zeros((HEIGHT, WIDTH), dtype=bool)
    top, left = part // COLUMNS * height, part % COLUMNS * width
    pixels[top : top + height, left : left + width] = inside & (rng.random((height, width)) < 0.9)
    return Mask.from_array(pixels)


def counted(found: Iterator[SceneGraph], counts: Counts) -> Iterator[SceneGraph]:
    """`found`, counted as it goes by."""
    for graph in found:
        counts.add(graph)
        yield graph
