"""Drafts to build samples of: boxes that stand still or move, said to be things."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from svg2_assets.scene.graph import Attribute, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Pixels, Video
from svg2_assets.traser.samples.settings import BuildSettings, PictureSettings, SamplingSettings, Stored
from svg2_assets.traser.samples.values import Draft, DraftRelation
from svg2_assets.traser.sampling import Sampled

HEIGHT, WIDTH = 56, 84
BARE = BuildSettings(pictures=PictureSettings(stored=Stored.NONE), sampling=SamplingSettings(least_pixels=0))
"""Settings that store no picture and scale nothing."""


def clip(*, seconds: float = 10.0, fps: float = 2.0, name: str = "v", **more: object) -> Video:
    frames = max(1, round(seconds * fps))
    given = {"width": WIDTH, "height": HEIGHT} | more
    return Video(name, f"{name}.mp4", "", fps=fps, num_frames=frames, duration=frames / fps, **given)  # type: ignore[arg-type]


def box(x: int, y: int, w: int = 28, h: int = 28, *, height: int = HEIGHT, width: int = WIDTH) -> Mask:
    return Mask.from_box((x, y, w, h), height=height, width=width)


def thing(
    id_: int,
    name: str = "dog",
    *,
    frames: Iterable[int] = range(20),
    attributes: Sequence[str | tuple[str, AttributeType]] = (),
    verdict: Verdict = Verdict.UNVERIFIED,
    mask: Mask | None = None,
    part_of: int | None = None,
) -> SceneObject:
    shown = tuple(frames)
    masks = (mask or box(0, 0),) * len(shown)
    typed = tuple(Attribute(a, AttributeType.COLOR) if isinstance(a, str) else Attribute(*a) for a in attributes)
    return SceneObject(id_, name, Trajectory(shown, masks), typed, Verification(verdict, 0.5), part_of)


def said(
    subject: int,
    predicate: str,
    object_: int,
    *spans: tuple[float, float],
    category: Category | None = Category.SPATIAL,
) -> DraftRelation:
    return DraftRelation(subject, predicate, object_, spans or ((0.0, 4.0),), category)


def draft(objects: Sequence[SceneObject], *relations: DraftRelation, video: Video | None = None) -> Draft:
    return Draft(video or clip(), tuple(objects), relations)


def look(sampled: Sampled) -> Pixels:
    """Frames of one grey each, by their number."""
    frames = np.zeros((len(sampled.indices), sampled.height, sampled.width, 3), dtype=np.uint8)
    return frames + (sampled.indices[:, None, None, None] % 256).astype(np.uint8)
