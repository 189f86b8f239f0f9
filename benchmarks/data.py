"""Where the clips and the truths lie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from svg2_assets.evaluation.boxes import Box
from svg2_assets.evaluation.identities import LabelledFrame
from svg2_assets.evaluation.naming import Area, ClipTruth, Thing
from svg2_assets.evaluation.statements import EVERYTHING, Listed
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans

ROOT = Path(__file__).resolve().parent.parent
TRUTH = ROOT / "benchmarks" / "truth"
DEFAULT_DATA = ROOT.parent / "shared" / "data"
COMMITTED = ROOT / "tests" / "clips"

DAVIS = ("horsejump-high", "car-shadow", "dog", "cows")
REFERENCES = ("04_coffee", "05_default_juggle")
VTEST = "opencv-vtest/vtest_200_499.mp4"
_HEADINGS = ("colors", "upper", "lower", "motion", "shape")


class MissingClip(FileNotFoundError):
    """A clip that is neither in the data folder nor committed."""


class Data:
    """The clips under one folder, with the committed ones as a second place to look."""

    def __init__(self, folder: Path = DEFAULT_DATA) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """The file of a clip named as in the data folder. Raises `MissingClip`."""
        for candidate in (self.folder / name, COMMITTED / Path(name).name):
            if candidate.is_file():
                return candidate
        raise MissingClip(f"{name}: neither in {self.folder} nor in {COMMITTED}; give the folder with --data")

    def has(self, name: str) -> bool:
        """Whether the clip is there."""
        return (self.folder / name).is_file() or (COMMITTED / Path(name).name).is_file()

    def davis_masks(self, name: str) -> list[Mask]:
        """The true foreground of a DAVIS clip, one mask a frame (several are united)."""
        frames = json.loads((self.folder / "davis2016" / f"{name}_masks_rle.json").read_text())
        return [Mask.from_json(objects[0]) for objects in frames]

    def reference(self, name: str) -> dict[str, Any]:
        """A hand-written reference graph of the SAM 2 demo clips."""
        found: dict[str, Any] = json.loads((self.folder / "sam2-demo" / f"{name}.reference.json").read_text())
        return found


def named_clips() -> Iterator[tuple[str, ClipTruth]]:
    """Every clip whose things are listed, with them."""
    for clip, listed in _read("names.json")["clips"].items():
        yield clip, _clip_truth(listed)


def listed_relations() -> dict[str, tuple[list[Listed], list[Listed], frozenset[str]]]:
    """For each clip: relations that hold, that do not hold, and predicates that hold of no pair."""
    clips = _read("relations.json")["clips"]
    return {
        clip: ([_line(v) for v in c["true"]], [_line(v) for v in c["false"]], frozenset(c["never"]))
        for clip, c in clips.items()
    }


def vtest_identities(*, join_returns: bool = False) -> dict[int, LabelledFrame]:
    """The labelled frames of vtest. With `join_returns`, who leaves and comes back stays one identity."""
    doc = _read("vtest_identities.json")
    still = [_box(b) for b in doc["other_things"].values()]
    return {
        frame: LabelledFrame(
            {
                person.get("same_person_as", who) if join_returns else who: _box(person["boxes"][str(frame)])
                for who, person in doc["persons"].items()
                if str(frame) in person["boxes"]
            },
            [*still, *(_box(b) for b in doc["ignore"].get(str(frame), ()))],
        )
        for frame in doc["labelled_frames"]
    }


def vtest_people() -> dict[str, dict[int, Box]]:
    """Boxes of each pedestrian of vtest by labelled frame."""
    doc = _read("vtest_identities.json")
    return {w: {int(f): _box(b) for f, b in p["boxes"].items()} for w, p in doc["persons"].items()}


def _read(name: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((TRUTH / name).read_text(encoding="utf-8"))
    return value


def _clip_truth(listed: dict[str, Any]) -> ClipTruth:
    things = [_thing(t) for t in listed["things"]]
    if "identities" in listed:
        things += _vtest_things(listed)
    areas = (
        Area(
            r["what"],
            frozenset(r["accept"]),
            _box(r["inside"]),
            (r["frames"][0], r["frames"][1]),
            r.get("max_height", float("inf")),
        )
        for r in listed["regions"]
    )
    return ClipTruth(tuple(things), tuple(areas))


def _vtest_things(listed: dict[str, Any]) -> list[Thing]:
    doc = _read(listed["identities"])
    last = doc["frames"] - 1
    people = [
        _thing({**listed["looks"][who], "what": who, "boxes": person["boxes"]})
        for who, person in doc["persons"].items()
    ]
    still = [
        _thing({**looks, "what": what, "boxes": {"0": doc["other_things"][what], str(last): doc["other_things"][what]}})
        for what, looks in listed["other_things"].items()
    ]
    return people + still


def _thing(value: dict[str, Any]) -> Thing:
    many = value.get("many", False)
    boxes = {int(f): tuple(_box(b) for b in bs) if many else (_box(bs),) for f, bs in value["boxes"].items()}
    attributes = {h: frozenset(value[h]) for h in _HEADINGS if h in value}
    return Thing(value["what"], frozenset(value["accept"]), boxes, value.get("interpolate", True), attributes)


def _line(value: list[Any]) -> Listed:
    spans = Spans.of([value[3]]) if len(value) > 3 else EVERYTHING
    return Listed(value[0], frozenset(value[1]), value[2], spans)


def _box(value: list[float]) -> Box:
    x, y, w, h = (float(v) for v in value)
    return x, y, w, h
