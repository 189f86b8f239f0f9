"""The exact truth of a synthetic clip: objects, masks, relations, cuts."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from svg2_assets.scene import document
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import IntArray, Mask
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.synthetic.clips import encode_video
from svg2_assets.synthetic.objects import Kind, TrueObject, list_objects
from svg2_assets.synthetic.relations import Scene, relate
from svg2_assets.synthetic.rendering import Painter
from svg2_assets.synthetic.stage import Stage
from svg2_assets.synthetic.survey import Survey, extents, pixels_of, survey

if TYPE_CHECKING:
    from svg2_assets.synthetic.world import World

__all__ = ["Kind", "TrueObject", "Truth", "write_clip"]

REMEMBERED = 16  # frames whose masks are kept


@dataclass(eq=False)
class Truth:
    """What is true of a clip whose shots are `stages`, drawn by `painters`. Everything is computed when asked for."""

    video: Video
    stages: list[Stage] = field(repr=False)
    painters: list[Painter] = field(repr=False)
    _remembered: OrderedDict[int, dict[int, Mask]] = field(default_factory=OrderedDict, repr=False)

    @cached_property
    def objects(self) -> tuple[TrueObject, ...]:
        """The objects that show a pixel on some frame, by id. Ids of those that never do are left out."""
        seen = np.concatenate([s.visible.any(axis=1) for s in self._surveys])
        found = [o for o in list_objects(self.stages) if seen[o.id]]
        return tuple(o if o.same_as is None or seen[o.same_as] else _unlinked(o) for o in found)

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """Every relation, spans in seconds of the clip, within the time both ends are visible."""
        found: list[Relation] = []
        for stage, painter, seen, first in zip(self.stages, self.painters, self._surveys, self._first_ids, strict=True):
            found += relate(Scene(stage, seen, painter.boxes / painter.height), self.video, first_id=first)
        return tuple(found)

    @property
    def cuts(self) -> tuple[int, ...]:
        """The first frames of the shots after the first."""
        return tuple(s.start for s in self.stages[1:])

    def masks_at(self, index: int) -> dict[int, Mask]:
        """The visible pixels of each object that has any on frame `index`, by id, at the video's size.

        The masks of level 1 tile the frame; that of a whole includes its parts. Raises `IndexError` outside.
        """
        if index not in self._remembered:
            self._remembered[index] = self._encode(index)
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        self._remembered.move_to_end(index)
        return dict(self._remembered[index])

    def amodal_at(self, index: int) -> dict[int, Mask]:
        """As `masks_at`, of the things (level 1) alone, as if nothing hid them; only what lies within the frame."""
        shot, frame = self.locate(index)
        found: dict[int, Mask] = {}
        for number, actor in enumerate(self.stages[shot].actors):
            shape = self.painters[shot].silhouette(number, frame)
            if shape.any():
                found[self._first_ids[shot] + actor.index] = Mask.from_array(shape)
        return found

    def trajectories(self) -> dict[int, Trajectory]:
        """The visible masks of each object over the clip, by id."""
        frames: dict[int, list[int]] = {o.id: [] for o in self.objects}
        masks: dict[int, list[Mask]] = {o.id: [] for o in self.objects}
        for index in range(self.video.num_frames):
            for id_, mask in self.masks_at(index).items():
                frames[id_].append(index)
                masks[id_].append(mask)
        return {id_: Trajectory(tuple(frames[id_]), tuple(masks[id_])) for id_ in frames}

    def graph(self, video: Video | None = None) -> SceneGraph:
        """The scene graph of the clip, as of `video` (its written file) when given; every name is supported."""
        shown, tracks = video or self.video, self.trajectories()
        objects = tuple(
            SceneObject(o.id, o.name, tracks[o.id], o.attributes, Verification(Verdict.SUPPORTED, 1.0), o.part_of)
            for o in self.objects
        )
        provenance = MappingProxyType({"source": "svg2_assets.synthetic", "world": self.video.id})
        return SceneGraph(shown, objects, self.relations, provenance)

    def locate(self, index: int) -> tuple[int, int]:
        """The shot that shows frame `index` and the frame's number within it. Raises `IndexError` outside."""
        if not 0 <= index < self.video.num_frames:
            raise IndexError(f"{self.video.id} has {self.video.num_frames} frames; there is no frame {index}")
        shot = int(np.searchsorted([s.start for s in self.stages], index, side="right")) - 1
        return shot, index - self.stages[shot].start

    @cached_property
    def _surveys(self) -> list[Survey]:
        return [survey(s, p) for s, p in zip(self.stages, self.painters, strict=True)]

    @cached_property
    def _extents(self) -> list[IntArray]:
        return [extents(s) for s in self.stages]

    @cached_property
    def _first_ids(self) -> list[int]:
        counts = [s.objects for s in self.stages]
        return [sum(counts[:i]) for i in range(len(counts))]

    def _encode(self, index: int) -> dict[int, Mask]:
        shot, frame = self.locate(index)
        # RLE runs down the columns: laid out that way once, no mask is copied to be encoded.
        owners, sizes = np.asfortranarray(self.painters[shot].owners(frame)), self._extents[shot]
        shown = np.flatnonzero(pixels_of(owners, sizes))
        first = self._first_ids[shot]
        # An object and its parts have indices in a row: unsigned differences wrap, so one comparison finds them all.
        return {first + int(i): Mask.from_array((owners - np.uint8(i)) < np.uint8(sizes[i])) for i in shown}


def write_clip(world: World, folder: Path) -> tuple[Path, Path, Path]:
    """Write a clip and its truth into `folder`; returns the paths of video, masks and graph.

    The masks file is a JSON list over frames of lists over objects (in the order of the graph's objects) of COCO RLEs
    `{"size", "counts"}`, without a pixel where the object is not visible.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name, truth = world.video.id, world.truth
    empty = Mask.empty(world.video.height, world.video.width).to_json()
    ids = [o.id for o in truth.objects]
    rows = []
    for index in range(world.video.num_frames):
        masks = truth.masks_at(index)
        rows.append([masks[i].to_json() if i in masks else empty for i in ids])
    video = encode_video(world, folder / f"{name}.mp4")
    masks_path, graph_path = folder / f"{name}.masks.json", folder / f"{name}.graph.json"
    masks_path.write_text(json.dumps(rows))
    graph_path.write_text(json.dumps(document.write(truth.graph())))
    return video, masks_path, graph_path


def _unlinked(o: TrueObject) -> TrueObject:
    """A thing whose first appearance was never visible appears for the first time."""
    return TrueObject(o.id, o.name, o.kind, o.part_of, o.level, o.attributes, o.appearance, o.shot, None)
