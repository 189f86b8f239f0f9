"""Random masks, spans, trajectories and graphs."""

from __future__ import annotations

import math
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

Bits = npt.NDArray[np.bool_]

sides = st.integers(1, 24)
units = st.integers(0, 10_000).map(lambda n: n / 10_000)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda s: bool(s.strip()))


def bits(height: int, width: int) -> st.SearchStrategy[Bits]:
    """Pixels of every density, blocks included."""
    noise = hnp.arrays(np.bool_, (height, width))
    block = st.tuples(*(st.integers(0, n) for n in (height, height, width, width))).map(
        lambda e: _block(height, width, *e)
    )
    return st.one_of(noise, block, st.just(np.ones((height, width), bool)), st.just(np.zeros((height, width), bool)))


def _block(height: int, width: int, top: int, bottom: int, left: int, right: int) -> Bits:
    pixels = np.zeros((height, width), dtype=bool)
    pixels[min(top, bottom) : max(top, bottom), min(left, right) : max(left, right)] = True
    return pixels


@st.composite
def mask_sets(draw: st.DrawFn, *, least: int = 1, most: int = 4) -> list[Bits]:
    """Some masks of one size."""
    height, width = draw(sides), draw(sides)
    return draw(st.lists(bits(height, width), min_size=least, max_size=most))


@st.composite
def span_sets(draw: st.DrawFn, *, ticks: int = 40) -> list[tuple[int, int]]:
    """Some spans with whole ends, in any order, overlapping or not."""
    pairs = draw(st.lists(st.tuples(st.integers(0, ticks), st.integers(0, ticks)), max_size=6))
    return [(min(p), max(p)) for p in pairs if p[0] != p[1]]


@st.composite
def trajectories(draw: st.DrawFn, video: Video) -> Trajectory:
    """Non-empty masks on some frames of `video`."""
    frames = sorted(draw(st.sets(st.integers(0, video.num_frames - 1), max_size=5)))
    masks = [Mask.from_array(draw(bits(video.height, video.width))) for _ in frames]
    return Trajectory.of(frames, masks)


@st.composite
def videos(draw: st.DrawFn) -> Video:
    """Videos of a constant or a variable rate."""
    frames, fps = draw(st.integers(1, 20)), draw(st.sampled_from([1.0, 24.0, 25.0, 29.97002997002997, 60.0]))
    steps = draw(st.lists(st.integers(1, 500), min_size=frames, max_size=frames))
    times = tuple(float(t) / 1000 for t in np.cumsum(steps) - steps[0])
    variable = draw(st.booleans())
    return Video(
        id=draw(names),
        uri=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
        sha256=draw(st.sampled_from(["", "ab" * 32])),
        width=draw(sides),
        height=draw(sides),
        fps=fps,
        num_frames=frames,
        duration=times[-1] + 0.04 if variable else frames / fps,
        frame_times=times if variable else None,
    )


@st.composite
def objects(draw: st.DrawFn, video: Video, object_id: int, wholes: list[int]) -> SceneObject:
    attribute = st.builds(Attribute, names, st.sampled_from(AttributeType), units)
    return SceneObject(
        id=object_id,
        name=draw(names),
        trajectory=draw(trajectories(video)),
        attributes=tuple(draw(st.lists(attribute, max_size=3))),
        verification=Verification(draw(st.sampled_from(Verdict)), draw(units)),
        part_of=draw(st.sampled_from([None, *wholes])),
    )


@st.composite
def relations(draw: st.DrawFn, ids: list[int]) -> Relation:
    subject, object_ = draw(st.permutations([CAMERA_ID, *ids]))[:2]
    parts = draw(span_sets().filter(bool))
    spans = Spans.of((a / 8, b / 8) for a, b in parts)
    return Relation(subject, draw(names), object_, draw(st.sampled_from(Category)), spans, draw(units))


@st.composite
def graphs(draw: st.DrawFn) -> SceneGraph:
    """Valid graphs with numbers that a document holds exactly."""
    video = draw(videos())
    ids = draw(st.lists(st.integers(0, 500), max_size=3, unique=True))
    related = draw(st.lists(relations(ids), max_size=3)) if ids else []
    note = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(-math.isqrt(2**60), 9), st.text(max_size=5)))
    return SceneGraph(
        video=video,
        objects=tuple(draw(objects(video, object_id, ids[:i])) for i, object_id in enumerate(ids)),
        relations=tuple(related),
        provenance=MappingProxyType(draw(note)),
    )
