"""Action Genome: relations of one person to things, on annotated frames of Charades videos.

**Layout.** `object_bbox_and_relationship` is `{"VIDEO.mp4/FRAME.png": [{"class", "bbox": (x, y, w, h) or None,
"attention_relationship": [predicate] or None, "spatial_relationship", "contacting_relationship", "visible",
"metadata": {"tag", "set"}}, ...]}`; `person_bbox` is `{"VIDEO.mp4/FRAME.png": {"bbox": [N, 4], "bbox_score": [N],
"bbox_size": (width, height), "bbox_mode": "xyxy", "keypoints"}}`. Upstream they are pickles (`.pkl`), read without
running anything in them and entry by entry (`pickles`); the same as JSON (`.json`) is read, too, and taken where both
are there. `frame_list.txt`, `object_classes.txt` and `relationship_classes.txt` say the same again: written, not read.

**Identity.** There is one person, and one object of a class in a video. Relations are the person's to the object.

**Times**: a frame's number counts from 1, at the rate of the video. An annotated frame stands for the time from it to
the next annotated one of its video, but for no longer than the middle one (median) of these spacings, and the last for
that long; an only one for its own frame. `spacing` is another length, in seconds. Masks are on annotated frames alone.
**Boxes**: pixels with fractions, no edge included: `x + w` and `x2` are where a box ends. Edges go to the nearest
pixel's; boxes become masks of these pixels, and the graph's provenance says so. Of several people on a frame the one
with the best score is taken. No frame rate: it is the option `fps`, else that of the video's file.

**Categories**: attention is attentional, spatial spatial; contacting is guessed from its predicate.

Files written here have `object_id` in objects, and in `clip` of people what else is needed to read them: the video's
id, rate and length, spacing, who the person is, and where the graph comes from.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene_graphs.formats.values import Loss, ReadOptions, WriteOptions

NAME = "action-genome"
TITLE = "Action Genome: boxes and relations of one person on annotated frames, as pickles or JSON"
OBJECTS, PEOPLE = "object_bbox_and_relationship", "person_bbox"
FRAMES, CLASSES, PREDICATES = "frame_list.txt", "object_classes.txt", "relationship_classes.txt"
ANNOTATIONS = "annotations"
VIDEO_SUFFIX = ".mp4"
CLIP = "clip"
SET = "set"
"""Key of a graph's provenance: the part of the data set that the video is in."""
PERSON = "person"
GROUPS: dict[str, Category | None] = {
    "attention_relationship": Category.ATTENTIONAL,
    "spatial_relationship": Category.SPATIAL,
    "contacting_relationship": None,
}
NEGATIVES = frozenset({"unsure", "notlookingat", "notcontacting", "otherrelationship"})
"""Predicates, without underscores, that say that there is no relation, or none that has a name."""
WITHOUT = frozenset(Loss) - {Loss.CLOCK, Loss.CATEGORIES}


class Form(StrEnum):
    """How the two large files are written."""

    PICKLE = "pkl"
    JSON = "json"


class Reading(ReadOptions):
    """Options. `spacing`: seconds that an annotated frame stands for at most. `negatives`: whether predicates such as
    not_looking_at and unsure come in."""

    spacing: float | None = Field(default=None, gt=0)
    negatives: bool = True


class Writing(WriteOptions):
    """Options. `files`: pkl, which upstream's programs read, or json. `sample_fps`: annotated frames a second, all
    where it is not given. `split` is train or test."""

    files: Form = Form.PICKLE
    sample_fps: float | None = Field(default=None, gt=0)
    split: str = "train"


LOST_IN = (
    "Key points and scores of people; people beside the most certain one of a frame.",
    "Frames without annotations: objects have masks on annotated frames alone.",
    "Categories of contacting relations are guessed from predicates.",
)
LOST_OUT = (
    "Shapes of masks: the boxes around them are kept.",
    "Relations of all but one subject: of that with the most relations, of equal ones a person's. Those of the camera.",
    "Categories but attentional and spatial: the others are contacting.",
    "True times of frames; the video's address and hash.",
    "Attributes, confidences, verdicts on names, parts, what made the graph but its licence.",
    "Times between annotated frames: a span becomes the frames that it covers for half, at least one.",
    "Relations that repeat (subject, predicate, object): they become one, with the times of all.",
)
