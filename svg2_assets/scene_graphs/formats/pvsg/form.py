"""PVSG, the panoptic video scene graphs: one JSON file of all videos, and a PNG file of object ids for each frame.

**Layout.** `pvsg.json` is `{"objects": {"thing": [name], "stuff": [name]}, "relations": [predicate], "split": {source:
{"train": [id], "val": [id]}}, "data": [record]}`; a record is `{"video_id", "meta": {"height", "width", "fps",
"duration", "num_frames"}, "objects": [{"object_id", "category", "is_thing", "status"}], "relations": [[subject id,
object id, predicate, [[first, last], ...]]], "captions", "qa_pairs", "summary"}`. The file may also be one record.
Masks: `<source>/masks/<video_id>/<frame, from 0000>.png` beside it; a pixel is the id of its object, 0 of none. Where
no masks are, relations still hold: upstream has relations of objects that are out of the picture.

**Times**: frames from 0, both ends included; `[a, b]` holds from the beginning of frame a to the end of frame b.
**Boxes**: none.

Files written here number a video's objects by place, from 1, as upstream's programs index them; `graph_id` is the id
that an object has in its graph, and `svg2_origin` where that comes from.
"""

from __future__ import annotations

from pathlib import Path

from svg2_assets.scene_graphs.formats.values import Loss, ReadOptions, WriteOptions

NAME = "pvsg"
TITLE = "PVSG: one JSON file of all videos, and a PNG file of object ids for each frame"
DOCUMENT = "pvsg.json"
RECORDS = "data"
MASKS = "masks"
GRAPH_ID = "graph_id"
STUFF = "stuff"
"""Key of a graph's provenance: ids of objects that are no things."""
WITHOUT = frozenset(Loss) - {Loss.CLOCK}


class Reading(ReadOptions):
    """Options. `masks`: a folder of folders of PNG files, called by the ids of the videos, where it is not beside."""

    masks: Path | None = None


class Writing(WriteOptions):
    """Options. `source` names the folder of the masks, `split` the part of the data set that the videos are in.

    Upstream's programs read the sources `vidor`, `epic_kitchen` and `ego4d`, and the splits `train` and `val`.
    """

    source: str = "svg2-assets"
    split: str = "train"


LOST_IN = (
    "Captions, questions and answers, the summary of a video, and an object's status.",
    "The lists of names, predicates and splits of the whole release.",
    "Categories of relations, which the files lack, are guessed from predicates.",
    "Ids in pictures that no object has.",
)
LOST_OUT = (
    "True times of frames; the video's address and hash.",
    "Attributes, categories of relations, confidences, verdicts on names, parts, what made the graph but its licence.",
    "Pixels that objects share: of two on one frame, the one with fewer pixels keeps them.",
    "Relations with the camera.",
    "Times between frames: a span becomes the frames that it covers for half, at least one.",
    "Relations that repeat (subject, predicate, object): they become one, with the times of all.",
)
