"""Columns, conventions and options of the released SVG2 data set."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from svg2_assets.scene_graphs.formats.values import Loss, ReadOptions, WriteOptions

NAME = "svg2"
TITLE = "SVG2 data set: parquet files of scene graphs and of masks"
TEST_GROUP = "SVG2_test"
GRAPH_COLUMNS = ("video_id", "source", "objects", "relationships")
MASK_COLUMNS = ("video_id", "num_frames", "mask_height", "mask_width", "num_objects", "counts")


class Convention(StrEnum):
    """How times and attributes are told."""

    TRAINING = "training"
    TEST = "test"


class Reading(ReadOptions):
    """Options. `convention`: as each record looks and its folder is called, where it is not given. `masks`: the folder
    or file of masks, where it is not `masks` in the place of `data` in the path of the scene graphs."""

    convention: Convention | None = None
    masks: Path | None = None


class Writing(WriteOptions):
    """Options. `group` (cleaned or SVG2_test when empty) and `source` name the folders, `shard` is videos a file."""

    convention: Convention = Convention.TRAINING
    group: str = ""
    source: str = "svg2-assets"
    shard: int = Field(default=512, ge=1)

    @property
    def folder(self) -> str:
        """The group's folder."""
        return self.group or (TEST_GROUP if self.convention is Convention.TEST else "cleaned")


WITHOUT = {
    Convention.TRAINING: frozenset(Loss) - {Loss.ATTRIBUTES, Loss.CATEGORIES},
    Convention.TEST: frozenset(Loss) - {Loss.ATTRIBUTES, Loss.ATTRIBUTE_TYPES, Loss.CATEGORIES},
}
"""What each convention has no place for."""

LOST_IN = (
    "Objects of another object: a level says that one is a part, not of what; it stays in the graph's provenance.",
    "Types of attributes that this project does not have: they become `other`.",
    "Mask columns that no object has the id of.",
    "Confidence: all of the release counts as sure, and names as unverified.",
)
LOST_OUT = (
    "The video's clock: frame rate, duration, true times of frames; its address and hash.",
    "Confidences, verdicts on names, what made the graph.",
    "Which object a part belongs to (the test convention keeps its level).",
    "Training convention: types of attributes, and times between whole seconds; a span becomes the seconds that it "
    "covers for half, at least one.",
    "Relations that repeat (subject, predicate, object): they become one, with the times of all.",
)
