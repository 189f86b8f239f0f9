"""Data sets side by side: those of the store, and others as they were published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from svg2_assets.scene_graphs.sources import Figures, Kind

HERE = "this store"
PAPER = "arXiv 2602.23543, table 1"
FILES = "counted in the released files"
COLUMNS = (
    "data set", "annotator", "videos", "frames/video", "objects", "object classes", "relations", "relation classes",
    "attributes", "from",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One data set; None is what is not stated. `told_by` says where the figures are from."""

    name: str
    annotator: str
    videos: int
    told_by: str
    frames_per_video: float | None = None
    objects: int | None = None
    object_classes: int | None = None
    relations: int | None = None
    relation_classes: int | None = None
    attributes: int | None = None

    def cells(self) -> tuple[str, ...]:
        """The line as text, in the order of `COLUMNS`."""
        frames = "–" if self.frames_per_video is None else f"{self.frames_per_video:.4g}"
        counts = (self.objects, self.object_classes, self.relations, self.relation_classes, self.attributes)
        shown = (_short(count) for count in counts)
        return (self.name, self.annotator, _short(self.videos), frames, *shown, self.told_by)

    def to_json(self) -> dict[str, Any]:
        """The line as JSON types."""
        return asdict(self)


PUBLISHED = (
    Line("SVG2", "models", 636_000, PAPER, objects=6_600_000, relations=6_700_000, attributes=52_000_000),
    Line("PVSG", "people", 338, PAPER, objects=6_300, relations=3_600),
    Line("VidOR", "people", 7_000, PAPER, objects=34_600, relations=300_000),
    Line(
        "PVSG, whole", "people", 400, "arXiv 2311.17058", frames_per_video=375, object_classes=126, relation_classes=57
    ),
    Line("Action Genome", "people", 10_000, "arXiv 1912.06992", objects=400_000, relations=1_700_000),
    Line("SVG2, cleaned", "models", 589_841, FILES, objects=6_550_673, relations=7_155_903),
    Line("SVG2_test", "people", 100, FILES, objects=3_305, relations=3_187),
    Line("VIPSeg, in SVG2", "people", 2_750, FILES, objects=37_614, object_classes=124, relations=0),
    Line("VidOR, in SVG2", "people", 7_000, FILES, objects=34_598, object_classes=80, relations=165_282),
    Line("VidVRD, in SVG2", "people", 800, FILES, objects=2_430, object_classes=35, relations=14_363),
    Line("LV-VIS, in SVG2", "people", 3_054, FILES, objects=16_005, object_classes=1_021, relations=0),
    Line("OVIS, in SVG2", "people", 607, FILES, objects=3_579, object_classes=25, relations=0),
)
"""Other data sets, as published. The paper rounds its figures. `FILES` are counts that others made of the files of
`UWGZQ/Synthetic_Visual_Genome2`, which hold a part of each academic set; object classes are labels as spelled there."""


def line_of(figures: Figures) -> Line:
    """The line of a data set of the store."""
    told = figures.statistics
    kind = "" if figures.dataset.kind is Kind.OWN else f" ({figures.dataset.kind.value})"
    return Line(
        f"{figures.dataset.name}{kind}",
        ", ".join(figures.annotators) or "–",
        told.videos,
        HERE,
        frames_per_video=told.frames_per_video.mean,
        objects=told.objects,
        object_classes=told.object_classes,
        relations=told.relations,
        relation_classes=told.relation_classes,
        attributes=told.attributes,
    )


def compared(found: Iterable[Figures]) -> list[Line]:
    """The data sets of the store, then the published ones."""
    return [*map(line_of, found), *PUBLISHED]


def as_markdown(lines: Iterable[Line]) -> str:
    """The table for Dagster. Names and annotators come from outside, so marks that would break it are taken out."""
    rows = ["| " + " | ".join(_plain(cell) for cell in line.cells()) + " |" for line in lines]
    numbers = ["---:"] * (len(COLUMNS) - 3)
    head = ["| " + " | ".join(cells) + " |" for cells in (COLUMNS, ["---", "---", *numbers, "---"])]
    return "\n".join([*head, *rows])


def _short(count: int | None) -> str:
    if count is None:
        return "–"
    for unit, sign in ((1_000_000, "M"), (1_000, "K")):
        if count >= 10 * unit or (sign == "M" and count >= unit):
            return f"{count / unit:.1f}{sign}"
    return f"{count:,}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable() and c not in "|<>[]`*\\")
