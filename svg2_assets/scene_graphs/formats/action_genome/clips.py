"""One video of Action Genome: who is who on its frames, where, and when relations hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.action_genome.form import GROUPS, NEGATIVES, PERSON, VIDEO_SUFFIX
from svg2_assets.scene_graphs.formats.action_genome.frames import Entry, Frame
from svg2_assets.scene_graphs.formats.annotations import Named
from svg2_assets.scene_graphs.formats.boxes import Edges, mask_of
from svg2_assets.scene_graphs.formats.values import Repair, Repairs
from svg2_assets.traser.samples.values import DraftRelation

MOST_FPS = 1000
MOST_FRAMES = 10**7
Identity: TypeAlias = int | str
"""Of an object: the id that a file written here says, else its class."""


@dataclass(frozen=True, slots=True)
class Clip:
    """What the entries of people say of their video; of files that were written here, all that reading needs.

    `step`: frames that an annotated one stands for at most. `person`: the id of the person, None where nothing says.
    `size`: (height, width).
    """

    video_id: str
    fps: float | None
    num_frames: int | None
    step: int
    person: int | None
    name: str
    size: tuple[int, int] | None
    origin: Mapping[str, str]

    @classmethod
    def of(cls, video: str, frames: Sequence[Frame]) -> Clip:
        """Of the video that the files call `video`, with its annotated frames in order."""
        people = [f.people for f in frames if f.people is not None]
        told: Mapping[str, Any] = next((p.clip for p in people if p.clip), {})
        sizes = Counter(p.size for p in people if p.size is not None)
        given, fps, name = told.get("video_id"), told.get("fps"), told.get("name")
        steps = np.diff([f.index for f in frames])
        usual = max(1, int(np.median(steps))) if steps.size else 1
        return cls(
            given if isinstance(given, str) and given.strip() else video.removesuffix(VIDEO_SUFFIX),
            float(fps) if isinstance(fps, int | float) and 0 < fps < MOST_FPS else None,
            _whole(told.get("num_frames"), least=1),
            _whole(told.get("step"), least=1) or usual,
            _whole(told.get("person"), least=0),
            name if isinstance(name, str) and name.strip() else PERSON,
            max(sizes, key=lambda size: sizes[size], default=None),
            next((p.origin for p in people if p.origin), {}),
        )


@dataclass(frozen=True, slots=True)
class Things:
    """The person and the objects of a video: their ids, and names by id."""

    person: int
    ids: Mapping[Identity, int]
    named: Mapping[int, Named]

    @classmethod
    def of(cls, frames: Sequence[Frame], clip: Clip, repairs: Repairs) -> Things:
        """Ids that files written here say; else 0 for the person and the next for objects as they come."""
        names: dict[Identity, str] = {}
        for frame in frames:
            told = [(_identity(entry), entry.name) for entry in frame.objects if entry.name is not None]
            repairs[Repair.OBJECT_FORM] += len(frame.objects) - len(told)
            repairs[Repair.REPEATED_ID] += len(told) - len(dict(told))
            for identity, name in told:
                names.setdefault(identity, name)
        repairs[Repair.NAMELESS] += sum(not name.strip() for name in names.values())
        taken = {i for i in names if isinstance(i, int)}
        free = (i for i in range(len(names) + len(taken) + 2) if i not in taken)
        person = clip.person if clip.person is not None and clip.person not in taken else next(free)
        free = (i for i in free if i != person)
        ids = {identity: identity if isinstance(identity, int) else next(free) for identity in names}
        things = {ids[identity]: name if name.strip() else UNKNOWN_NAME for identity, name in names.items()}
        return cls(person, ids, {i: Named(i, name) for i, name in {person: clip.name, **things}.items()})

    def on(self, frame: Frame) -> Iterator[tuple[int, Entry]]:
        """The first entry of each object on a frame, by id."""
        seen: set[int] = set()
        for entry in frame.objects:
            if entry.name is not None and (i := self.ids[_identity(entry)]) not in seen:
                seen.add(i)
                yield i, entry


def masks_of(frames: Sequence[Frame], things: Things, video: Video, repairs: Repairs) -> dict[int, dict[int, Mask]]:
    """Masks of the boxes of everybody, by id and frame."""
    found: dict[int, dict[int, Mask]] = {}
    size = {"height": video.height, "width": video.width}
    for frame in frames:
        shown = [(i, _ends(entry.box)) for i, entry in things.on(frame) if entry.box is not None]
        if frame.people is not None and frame.people.boxes:
            boxes = frame.people.boxes
            repairs[Repair.MORE_PEOPLE] += len(boxes) - 1
            shown.append((things.person, boxes[frame.people.surest]))
        for i, edges in shown:
            mask = mask_of(edges, **size, repairs=repairs)
            if mask is not None:
                found.setdefault(i, {})[frame.index] = mask
    return found


def times_of(frames: Sequence[Frame], video: Video, step: int) -> list[tuple[float, float]]:
    """Seconds that each annotated frame stands for: to the next one, at most `step` frames."""
    places = [f.index for f in frames]
    after = [*places[1:], video.num_frames]
    edges = video.edges
    return [(float(edges[a]), float(edges[min(a + step, b)])) for a, b in zip(places, after, strict=True)]


def drafts_of(
    frames: Sequence[Frame], things: Things, times: Sequence[tuple[float, float]], repairs: Repairs, *, negatives: bool
) -> list[DraftRelation]:
    """The person's relations, each with the times of the frames that say it."""
    found: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    for frame, time in zip(frames, times, strict=True):
        for i, entry in things.on(frame):
            repairs[Repair.RELATION_FORM] += entry.misfits
            for group, predicates in entry.relations.items():
                for predicate in predicates:
                    if negatives or predicate.replace("_", "").lower() not in NEGATIVES:
                        found.setdefault((group, predicate, i), []).append(time)
    return [
        DraftRelation(things.person, predicate, i, [(s.start, s.end) for s in Spans.of(spans)], GROUPS[group])
        for (group, predicate, i), spans in found.items()
    ]


def _identity(entry: Entry) -> Identity:
    return entry.id if entry.id is not None else str(entry.name)


def _ends(box: Edges | tuple[()]) -> Edges | None:
    """Edges of (x, y, w, h)."""
    return (box[0], box[1], box[0] + box[2], box[1] + box[3]) if box else None


def _whole(value: Any, *, least: int) -> int | None:
    return value if type(value) is int and least <= value < MOST_FRAMES else None
