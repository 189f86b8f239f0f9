"""Panoptic maps in COCO's form: a JSON file of segments and a PNG a frame (VIPSeg) or image (COCO), kept as they are.

Ids and numbers of categories are those of the files, records stay in their order: evaluators depend on both. What the
file says waits on disk; a picture is read when its frame is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svg2_assets.evaluation.harness.sources import Card, UnusableGraphs
from svg2_assets.evaluation.panoptic.sources import Frames, UnreadableFrame
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Record
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import inside
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson, members_of
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.vipseg.form import OURS
from svg2_assets.scene_graphs.formats.vipseg.pictures import NoPicture, read_picture

LISTED, VIDEOS, CATEGORIES = "annotations", "videos", "categories"


@dataclass(frozen=True, slots=True)
class ListedFrames:
    """The frames of one entry of a file: `notes` are `{"file_name", "segments_info", ...}`, `where` the entry."""

    notes: Sequence[Any]
    folder: Path
    below: str
    where: str
    unknown: Sequence[str] = ()

    @property
    def keys(self) -> Mapping[str, Sequence[str]]:
        """By image id and by the stem of the picture's name, where every frame has one."""
        told = [n if isinstance(n, Mapping) else {} for n in self.notes]
        names = [n.get("file_name", n.get("image_id")) for n in told]
        found = {
            "image id": [str(n["image_id"]) for n in told if "image_id" in n],
            "file name": [Path(str(name)).stem for name in names if name is not None],
        }
        return {way: keys for way, keys in found.items() if len(keys) == len(told)}

    def __len__(self) -> int:
        return len(self.notes)

    def frame(self, place: int) -> Frame:
        """The picture and its records. Raises `UnreadableFrame`."""
        note = self.notes[place]
        here = f"{self.where}: frame {place}"
        records = note.get("segments_info") if isinstance(note, Mapping) else None
        if not isinstance(records, list):
            raise UnreadableFrame(f'{here}: expected {{"file_name" or "image_id", "segments_info": list}}.')
        path = self._picture(note, here)
        try:
            return Frame.of(read_picture(path, grey=False), records)
        except (NoPicture, OSError) as error:
            raise UnreadableFrame(f"{printable(str(path))}: {printable(str(error))}.") from error
        except InvalidBenchmarkInput as error:
            raise UnreadableFrame(f"{here}: {error}") from error

    def _picture(self, note: Mapping[str, Any], here: str) -> Path:
        """The file that an entry names; of another ending where that is none, or called by the image's id."""
        told = note.get("file_name")
        names = [told, f"{Path(told).stem}.png"] if isinstance(told, str) else []
        names += [f"{note['image_id']}.png"] if "image_id" in note else []
        below = (self.below,) if self.below else ()
        found = next((path for name in names if (path := inside(self.folder, *below, name)) is not None), None)
        if found is None:
            named = printable(names[0]) if names else "without a file_name or image_id"
            raise UnreadableFrame(f"{here}: no picture {named} below {printable(str(self.folder.joinpath(*below)))}.")
        return found


@dataclass(slots=True)
class _Found:
    """What a file lists: cards in its order, how many images of a video it lists, what is wrong."""

    cards: dict[str, Card] = field(default_factory=dict)
    images: dict[str, int] = field(default_factory=dict)
    other_names: dict[str, str] = field(default_factory=dict)
    categories: list[Record] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    forms: set[bool] = field(default_factory=set)


class ListedPictures:
    """What `file` says, kept in a temporary file that goes with `stack`; pictures are below `folder`.

    Raises `UnusableGraphs` where the file is no JSON, lists nothing, or lists both videos and images.
    """

    def __init__(self, name: str, file: Path, folder: Path, stack: ExitStack) -> None:
        self.name, self._file, self._folder = name, file, folder
        self._shelf = stack.enter_context(Shelf())
        found = self._collected()
        self.images = found.forms == {False}
        self.categories: Sequence[Record] = found.categories
        self.rejected: Mapping[str, str] = found.rejected
        self._cards = found.cards
        if len(found.forms) != 1:
            what = "found both" if found.forms else f"found none. {'; '.join(list(found.rejected.values())[:3])}"
            raise UnusableGraphs(
                f"{printable(str(file))}: expected `{LISTED}` of videos (with a video_id) or of images, {what}."
            )

    def cards(self) -> Mapping[str, Card]:
        """In the order of the file, which decides of sums in the last digit."""
        return self._cards

    def open(self, video_id: str, categories: Sequence[Record]) -> Frames:
        """The frames as they are listed; numbers of categories are those of the file."""
        del categories
        line, item = json.loads(self._shelf.get(video_id) or "[0, {}]")
        where = f"{printable(str(self._file))}, line {line}: {printable(video_id)}"
        if self.images:
            return ListedFrames([item], self._folder, "", where)
        return ListedFrames(item["annotations"], self._folder, video_id, where)

    def _collected(self) -> _Found:
        found = _Found()
        entries = 0
        for key, line, item in self._members():
            if key == CATEGORIES:
                found.categories.append(item)
            elif key == VIDEOS and isinstance(item, dict) and isinstance(item.get("video_id"), str):
                self._note_video(found, item)
            elif key == LISTED:
                self._keep(found, item, line, f"{printable(str(self._file))}, line {line}: {LISTED}[{entries}]")
                entries += 1
        for video, images in found.images.items():
            frames = self._frames_of(video) if video in found.cards else 0
            if images > frames:
                found.rejected[f"{printable(video)} ({printable(str(self._file))})"] = (
                    f"lists {images} images and annotations of {frames}; the others are not scored."
                )
        found.cards = {v: Card.of(v, uris=(v, found.other_names.get(v, ""))) for v in found.cards}
        return found

    def _members(self) -> Iterator[tuple[str, int, Any]]:
        where = printable(str(self._file))
        try:
            yield from members_of(self._file)
        except BrokenJson as error:
            raise UnusableGraphs(f"{where}: no JSON from {error}.") from error
        except OSError as error:
            raise UnusableGraphs(f"{where}: cannot be read: {error.strerror}.") from error

    def _note_video(self, found: _Found, item: Mapping[str, Any]) -> None:
        """How many images a video lists, and the id that it had where the file was written here."""
        listed, ours = item.get("images"), item.get(OURS)
        found.images[item["video_id"]] = len(listed) if isinstance(listed, list) else 0
        own = ours.get("video_id") if isinstance(ours, dict) else None
        found.other_names[item["video_id"]] = own if isinstance(own, str) else ""

    def _keep(self, found: _Found, item: Any, line: int, place: str) -> None:
        told = item if isinstance(item, dict) else {}
        of_video = "video_id" in told
        name = told.get("video_id" if of_video else "image_id")
        if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
            found.rejected[place] = "expected an entry with a video_id or an image_id."
        elif of_video and not (isinstance(told.get("annotations"), list) and told["annotations"]):
            found.rejected[place] = f"{printable(str(name))}: expected a list `annotations` of its frames, found none."
        elif not self._shelf.put(str(name), json.dumps([line, item])):
            found.rejected[place] = f"{printable(str(name))}: is listed already; the first one counts."
        else:
            found.cards[str(name)] = Card(str(name))
            found.forms.add(of_video)

    def _frames_of(self, video: str) -> int:
        return len(json.loads(self._shelf.get(video) or "[0, {}]")[1].get("annotations", ()))
