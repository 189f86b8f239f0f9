"""Writing Action Genome's files, frame by frame as graphs come."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.taxonomy import CAMERA_ID, Category, is_person
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.action_genome.form import (
    CLASSES,
    CLIP,
    FRAMES,
    GROUPS,
    OBJECTS,
    PEOPLE,
    PERSON,
    PREDICATES,
    SET,
    VIDEO_SUFFIX,
    WITHOUT,
    Form,
    Writing,
)
from svg2_assets.scene_graphs.formats.boxes import boxes_of, has_shape
from svg2_assets.scene_graphs.formats.files import file_name, require_new, unfinished
from svg2_assets.scene_graphs.formats.losses import lost_of
from svg2_assets.scene_graphs.formats.moments import Moments
from svg2_assets.scene_graphs.formats.origins import KEY, origin_of
from svg2_assets.scene_graphs.formats.telling import between_objects, counted, united
from svg2_assets.scene_graphs.formats.values import Loss, Written

PROTOCOL = 3
"""The newest without frames, and whose places in memory are numbered: values can be written one after the other."""
_OTHER = "contacting_relationship"
_GROUP_OF = {category: group for group, category in GROUPS.items() if category is not None}
_NEW_CORE, _OLD_CORE = b"numpy._core.", b"numpy.core."
Box = tuple[int, int, int, int]
Listed = Mapping[tuple[int, int], Mapping[str, list[str]]]
"""Predicates by group, of an object (id) on an annotated frame (place)."""


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write both files, and the lists of frames, classes and predicates, into `target`. Raises `UnusableTarget`.

    Each is one file of all videos: with `resume` they are written anew. In memory are one video, and all names.
    """
    stems = [f"{stem}.{options.files.value}" for stem in (OBJECTS, PEOPLE)]
    paths = [target / name for name in (*stems, FRAMES, CLASSES, PREDICATES)]
    for path in paths:
        if not options.resume:
            require_new(path)
    lost: Counter[Loss] = Counter()
    videos, classes = 0, set[str]()
    predicates: dict[str, set[str]] = {group: set() for group in GROUPS}
    with ExitStack() as stack:
        objects, people, frames, names, verbs = (stack.enter_context(unfinished(path)) for path in paths)
        tables = [stack.enter_context(_Table(path, options.files)) for path in (objects, people)]
        listed = stack.enter_context(frames.open("w", encoding="utf-8"))
        for graph in graphs:
            lost += lost_of(graph, WITHOUT)
            told = _Told.of(graph, options, lost)
            for key, entries, person in told.frames():
                tables[0].add(key, entries)
                tables[1].add(key, person)
                listed.write(f"{key}\n")
            classes.update(o.name for o in graph.objects if o.id != told.person)
            for said in told.listed.values():
                for group, texts in said.items():
                    predicates[group].update(texts)
            videos += 1
        names.write_text(_lines([PERSON, *sorted(classes - {PERSON})]), encoding="utf-8")
        verbs.write_text(_lines(p for group in GROUPS for p in sorted(predicates[group])), encoding="utf-8")
    return Written(videos=videos, files=len(paths), lost=+lost)


@dataclass(slots=True)
class _Table:
    """A context manager: a file of one object of values by key, written value by value."""

    path: Path
    form: Form
    file: IO[bytes] = field(init=False)
    empty: bool = True

    def __enter__(self) -> _Table:
        self.file = self.path.open("wb")
        self.file.write(b"{" if self.form is Form.JSON else _opening())
        return self

    def __exit__(self, *_: object) -> None:
        self.file.write(b"}\n" if self.form is Form.JSON else pickle.STOP)
        self.file.close()

    def add(self, key: str, value: Any) -> None:
        if self.form is Form.JSON:
            text = f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, default=_plain)}"
            self.file.write(("" if self.empty else ",\n").encode() + text.encode())
        else:
            self.file.write(pickle.MARK + _pickled(key) + _pickled(value) + pickle.SETITEMS)
        self.empty = False


def _plain(value: np.ndarray[Any, Any]) -> Any:
    return value.tolist()


def _opening() -> bytes:
    return pickle.PROTO + bytes([PROTOCOL]) + pickle.EMPTY_DICT


def _pickled(value: Any) -> bytes:
    """The instructions that make `value`, without opening and end."""
    if isinstance(value, dict):
        items = b"".join(_pickled(key) + _pickled(item) for key, item in value.items())
        return pickle.EMPTY_DICT + pickle.MARK + items + pickle.SETITEMS
    made = pickle.dumps(value, protocol=PROTOCOL)[2:-1]
    # The name that both numpy 1 and 2 know; nothing but numbers stands beside it.
    return made.replace(_NEW_CORE, _OLD_CORE) if isinstance(value, np.ndarray) else made


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{' '.join(text.split())}\n" for text in texts)


@dataclass(frozen=True, slots=True)
class _Told:
    """One graph as the files tell it: annotated frames `places`, every `step`-th of the video."""

    graph: SceneGraph
    places: list[int]
    step: int
    person: int | None
    listed: Listed
    split: str

    @classmethod
    def of(cls, graph: SceneGraph, options: Writing, lost: Counter[Loss]) -> _Told:
        video = graph.video
        step = 1 if options.sample_fps is None else max(1, round(video.fps / options.sample_fps))
        places = list(range(0, video.num_frames, step))
        person = person_of(graph)
        relations = between_objects(graph.relations, lost)
        kept = [r for r in relations if r.subject == person]
        lost[Loss.SUBJECTS] += len(relations) - len(kept)
        lost[Loss.CATEGORIES] += sum(r.category not in _GROUP_OF for r in kept)
        lost[Loss.SHAPES] += sum(has_shape(o.trajectory) for o in graph.objects)
        lost[Loss.BETWEEN] += sum(any(f % step for f in o.trajectory.frames) for o in graph.objects)
        told = graph.provenance.get(SET)
        split = told if isinstance(told, str) and told else options.split
        return cls(graph, places, step, person, _listed(kept, places, video, lost), split)

    def frames(self) -> Iterator[tuple[str, list[dict[str, Any]], dict[str, Any]]]:
        """Key, objects and person of each annotated frame."""
        video = self.graph.video
        name = file_name(video.id) + VIDEO_SUFFIX
        boxes = {o.id: boxes_of(o.trajectory) for o in self.graph.objects}
        for place, frame in enumerate(self.places):
            entries = [
                self._entry(o.id, o.name, boxes[o.id].get(frame), place, f"{name}/{o.name}/{frame + 1:06d}")
                for o in self.graph.objects
                if o.id != self.person
            ]
            shown = None if self.person is None else boxes[self.person].get(frame)
            yield f"{name}/{frame + 1:06d}.png", entries, self._person(shown)

    def _entry(self, object_id: int, name: str, box: Box | None, place: int, tag: str) -> dict[str, Any]:
        said = self.listed.get((object_id, place))
        nothing = box is None and said is None
        groups = {group: None if nothing else list((said or {}).get(group, [])) for group in GROUPS}
        return {
            "class": name,
            "bbox": None if box is None else tuple(map(float, box)),
            **groups,
            "metadata": {"tag": tag, "set": self.split},
            "visible": box is not None,
            "object_id": object_id,
        }

    def _person(self, box: Box | None) -> dict[str, Any]:
        x, y, w, h = box or (0, 0, 0, 0)
        boxes = np.asarray([[x, y, x + w, y + h]] if box else np.zeros((0, 4)), dtype=np.float32)
        video = self.graph.video
        return {
            "bbox": boxes,
            "bbox_score": np.ones(len(boxes), dtype=np.float32),
            "bbox_size": (video.width, video.height),
            "bbox_mode": "xyxy",
            CLIP: self._clip(video),
        }

    def _clip(self, video: Video) -> dict[str, Any]:
        clip: dict[str, Any] = {
            "video_id": video.id,
            "fps": video.fps,
            "num_frames": video.num_frames,
            "step": self.step,
        }
        if self.person is not None:
            clip |= {"person": self.person, "name": self.graph.object(self.person).name}
        origin = origin_of(self.graph)
        return clip | ({KEY: origin} if origin else {})


def person_of(graph: SceneGraph) -> int | None:
    """The object that is the person: that with the most relations as subject, of equal ones one whose name is a
    person's, then the first; None where nothing has a relation and nobody such a name."""
    counts = Counter(r.subject for r in graph.relations if CAMERA_ID not in (r.subject, r.object))
    able = [o for o in graph.objects if counts[o.id] or is_person(o.name)]
    best = max(able, key=lambda o: (counts[o.id], is_person(o.name)), default=None)
    return None if best is None else best.id


def _listed(relations: Iterable[Relation], places: list[int], video: Video, lost: Counter[Loss]) -> Listed:
    """Which annotated frames say which predicates of which object."""
    found: dict[tuple[int, int], dict[str, list[str]]] = {}
    for r, times in counted(united(relations), Moments.of(places, video).edges, lost):
        group = _group(r.category)
        for first, last in times:
            for place in range(first, last + 1):
                found.setdefault((r.object, place), {}).setdefault(group, []).append(r.predicate)
    return found


def _group(category: Category) -> str:
    return _GROUP_OF.get(category, _OTHER)
