"""What both files say of a frame, gathered on disk by video: the files are in no order."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from svg2_assets.scene_graphs.formats.action_genome.form import CLIP, GROUPS, OBJECTS, PEOPLE
from svg2_assets.scene_graphs.formats.action_genome.pickles import Array, read_entries
from svg2_assets.scene_graphs.formats.boxes import Edges, edges_of
from svg2_assets.scene_graphs.formats.json_lists import members_of
from svg2_assets.scene_graphs.formats.origins import KEY
from svg2_assets.scene_graphs.formats.shelf import Shelf

MOST_LISTED = 1000
"""Objects and people of one frame that are looked at."""
_KEY = re.compile(r"([^\0]+)/(\d{1,7})\.\w{1,5}")
_END = "\0"
_MOST = 2**31


@dataclass(frozen=True, slots=True)
class Entry:
    """What is used of an object on a frame. `name`: its class, None where the entry is none. `box`: (x, y, w, h), None
    where it is not visible, empty where it is no box. `misfits`: predicates that are no text."""

    name: str | None
    id: int | None = None
    box: Edges | tuple[()] | None = None
    relations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    misfits: int = 0
    split: str = ""

    @classmethod
    def of(cls, told: Any) -> Entry:
        """An entry of the file."""
        if not isinstance(told, Mapping) or not isinstance(told.get("class"), str):
            return cls(None)
        box, given, metadata = told.get("bbox"), told.get("object_id"), told.get("metadata")
        listed = {group: _list(told.get(group)) for group in GROUPS}
        split = metadata.get("set") if isinstance(metadata, Mapping) else None
        return cls(
            told["class"],
            given if type(given) is int and 0 <= given < _MOST else None,
            None if box is None else edges_of(_list(box)) or (),
            {group: [p for p in predicates if isinstance(p, str)] for group, predicates in listed.items()},
            sum(not isinstance(p, str) for predicates in listed.values() for p in predicates),
            split if isinstance(split, str) else "",
        )


@dataclass(frozen=True, slots=True)
class People:
    """What is used of what is said of people on a frame. `boxes`: edges, None where one is none; `surest`: the place
    of the one with the best score. `size`: (height, width). `clip`, `origin`: what files written here say."""

    boxes: Sequence[Edges | None] = ()
    surest: int = 0
    size: tuple[int, int] | None = None
    clip: Mapping[str, Any] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Any) -> People:
        """What the file says; nobody where it is nothing."""
        if not isinstance(told, Mapping):
            return cls()
        boxes, scores = (_list(told.get(key))[:MOST_LISTED] for key in ("bbox", "bbox_score"))
        size, clip = _list(told.get("bbox_size")), told.get(CLIP)
        known = told.get("bbox_mode") in {None, "xyxy"}
        certain = [float(s) if _is_number(s) else -1.0 for s in scores[: len(boxes)]]
        whole = len(size) == 2 and all(type(n) is int and 0 < n < _MOST for n in size)
        given = clip if isinstance(clip, Mapping) else {}
        origin = given.get(KEY)
        return cls(
            [edges_of(_list(box)) if known else None for box in boxes],
            certain.index(max(certain)) if certain else 0,
            (size[1], size[0]) if whole else None,
            {k: v for k, v in given.items() if isinstance(k, str) and (isinstance(v, str) or _is_number(v))},
            {k: v for k, v in origin.items() if isinstance(k, str) and isinstance(v, str)}
            if isinstance(origin, Mapping)
            else {},
        )


@dataclass(slots=True)
class Frame:
    """One annotated frame: its place in the video from 0 on, and what both files say of it."""

    index: int
    objects: Sequence[Entry] = ()
    people: People | None = None


@dataclass(slots=True)
class Gathered:
    """All frames on disk. `unnamed`: how many keys are no video and frame, `example` the first of them; `repeated`:
    frames that came twice, by video."""

    shelf: Shelf
    unnamed: int = 0
    example: str = ""
    repeated: Counter[str] = field(default_factory=Counter)

    def add(self, file: Path) -> None:
        """Take in one of the two files. Raises `RefusedPickle`, `BrokenJson`, `OSError`."""
        people = file.stem == PEOPLE
        take = self._add_people if people else self._add_objects
        if file.suffix == ".json":
            for key, value in _members(file, people=people):
                take(key, value)
        else:
            read_entries(file, take)

    def _add_people(self, key: str, value: Any) -> None:
        self._put(key, "people", lambda: asdict(People.of(value)))

    def _add_objects(self, key: str, value: Any) -> None:
        listed = value if isinstance(value, list) else [value]
        self._put(key, "objects", lambda: [asdict(Entry.of(o)) for o in listed[:MOST_LISTED]])

    def _put(self, key: str, kind: str, plain: Callable[[], Any]) -> None:
        match = _KEY.fullmatch(key)
        if match is None or int(match[2]) < 1:
            self.example = self.example or key
            self.unnamed += 1
            return
        video, number = match[1], int(match[2])
        if not self.shelf.put(f"{video}{_END}{number:09d}{_END}{kind}", json.dumps(plain())):
            self.repeated[video] += 1

    def videos(self) -> Iterator[tuple[str, list[Frame]]]:
        """Each video, by the name that the files have for it, with its annotated frames in order."""
        parts = ((*key.split(_END), value) for key, value in self.shelf.items())
        for video, of_video in groupby(parts, key=itemgetter(0)):
            frames: dict[int, Frame] = {}
            for _, number, kind, value in of_video:
                frame = frames.setdefault(int(number), Frame(int(number) - 1))
                if kind == "people":
                    told = json.loads(value)
                    frame.people = People(**told | {"size": told["size"] and tuple(told["size"])})
                else:
                    frame.objects = [Entry(**entry) for entry in json.loads(value)]
            yield video, list(frames.values())


def _members(file: Path, *, people: bool) -> Iterator[tuple[str, Any]]:
    """Frames of a JSON file by key: of objects a list each, of people whatever is said."""
    with closing(members_of(file)) as items:
        for key, same in groupby(items, key=itemgetter(0)):
            values = [item for _, _, item in islice(same, MOST_LISTED)]
            yield from ((key, value) for value in values) if people else [(key, values)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < _MOST


def _list(value: Any) -> list[Any]:
    if isinstance(value, Array):
        value = value.to_list()
    return list(value) if isinstance(value, list | tuple) else []


def gathered(files: Iterable[Path], shelf: Shelf) -> Gathered:
    """All that the files say. Raises `RefusedPickle`, `BrokenJson`, `OSError`."""
    found = Gathered(shelf)
    for file in files:
        found.add(file)
    return found


def files_of(folder: Path) -> tuple[Path, Path] | None:
    """The files of objects and of people in a folder, JSON before pickles; None unless both are there."""
    found = []
    for stem in (OBJECTS, PEOPLE):
        there = [path for suffix in (".json", ".pkl") if (path := folder / f"{stem}{suffix}").is_file()]
        found += there[:1]
    return (found[0], found[1]) if len(found) == 2 else None
