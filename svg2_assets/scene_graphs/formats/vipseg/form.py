"""Files, options and categories of VIPSeg."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.records import parsed
from svg2_assets.scene_graphs.formats.values import Loss, NotImportable, ReadOptions, UnusableSource, WriteOptions

NAME = "vipseg"
RGB, GREY = "panomasksRGB", "panomasks"
DOCUMENT, CATEGORIES = "panoptic_gt_VIPSeg.json", "panoVIPSeg_categories.json"
SOME = "panoptic_gt*.json"
"""Documents of a part of the data set."""
SEGMENTS = "segments"
"""Key of a graph's provenance: which categories and kinds of segments its objects were."""
OURS = "svg2_video"
"""Member of a video in files written here."""
MOST_CATEGORIES = 1 << 20  # bytes of a file of categories
WITHOUT = frozenset(Loss) - {Loss.CLOCK, Loss.CATEGORIES, Loss.REPEATED}


class Reading(ReadOptions):
    """Options. `masks`: the folder of pictures by video, where it is not beside the document. `categories`: their file,
    where pictures are grey and it is not beside them."""

    masks: Path | None = None
    categories: Path | None = None


class Writing(WriteOptions):
    """Options. `categories`: a file of categories whose ids names get; other names, or all without it, get new ones.
    `picture_compression`: 0 to 9."""

    categories: Path | None = None
    picture_compression: int = Field(default=3, ge=0, le=9)


@dataclass(frozen=True, slots=True)
class Category:
    """A name, and whether it is of things that are counted."""

    name: str
    thing: bool = True

    def to_json(self, category_id: int) -> dict[str, Any]:
        """As files list it."""
        return {"id": category_id, "name": self.name, "isthing": int(self.thing)}


@dataclass(slots=True)
class Categories:
    """Categories by id."""

    by_id: dict[int, Category] = field(default_factory=dict)

    def add(self, record: Any) -> None:
        """Take in a record `{"id", "name", "isthing"}`; what is none, or whose id is known, is passed over."""
        record = record if isinstance(record, Mapping) else {}
        number, name = record.get("id"), record.get("name")
        if type(number) is int and number >= 0 and isinstance(name, str) and name.strip():
            self.by_id.setdefault(number, Category(name, record.get("isthing") != 0))


def categories_in(path: Path) -> Categories:
    """The categories that a JSON file lists. Raises `UnusableSource`."""
    where = printable(str(path))
    try:
        with path.open("rb") as file:
            listed = parsed(file.read(MOST_CATEGORIES), where)
    except (OSError, NotImportable) as error:
        raise UnusableSource(f"{where}: expected a JSON list of categories ({CATEGORIES}): {error}") from error
    categories = Categories()
    for record in listed if isinstance(listed, list) else ():
        categories.add(record)
    if not categories.by_id:
        raise UnusableSource(f'{where}: expected a list of {{"id", "name", "isthing"}}, found none.')
    return categories


def stuff_of(graph: SceneGraph) -> set[int]:
    """Ids of the objects that were segments of stuff, as the provenance of an imported graph says; else none."""
    told = graph.provenance.get(SEGMENTS)
    listed = told.get("stuff") if isinstance(told, Mapping) else None
    return {i for i in listed if type(i) is int} if isinstance(listed, list) else set()
