"""VidVRD and VidOR: a JSON file for each video, with boxes of objects and instances of relations.

**Layout.** ImageNet-VidVRD `<split>/<video>.json`, VidOR `<split>/<group>/<video>.json`: `{"video_id", "frame_count",
"fps", "width", "height", "subject/objects": [{"tid", "category"}], "trajectories": [[{"tid", "bbox": {"xmin", "ymin",
"xmax", "ymax"}, "generated", "tracker"}, ...] for each frame], "relation_instances": [{"subject_tid", "object_tid",
"predicate", "begin_fid", "end_fid"}]}`; VidOR has `version` ("VERSION 1.0"), `video_hash` and `video_path`, too. Both
are read by either name; they differ in what is written.

**Times**: frames from 0, the end excluded; `[b, e)` holds from the beginning of frame b to that of frame e.
**Boxes**: whole pixels, all four included: a box is `xmax - xmin + 1` wide. They become masks of the same pixels, and
the graph's provenance says so. An instance needs a box of both objects on every frame, so a relation is written as one
instance for each run of frames that show both, and instances of one statement come back as one relation.

Files written here have `svg2_origin`, too: where the graph comes from.
"""

from __future__ import annotations

from typing import TypeAlias

from svg2_assets.scene_graphs.formats.values import Loss, WriteOptions

VIDVRD, VIDOR = "vidvrd", "vidor"
OBJECTS, TRAJECTORIES, RELATIONS = "subject/objects", "trajectories", "relation_instances"
VERSION = "VERSION 1.0"
CORNERS = ("xmin", "ymin", "xmax", "ymax")
WITHOUT = frozenset(Loss) - {Loss.CLOCK}


class Writing(WriteOptions):
    """Options of VidVRD. `split` names the folder."""

    split: str = "train"


class VidorWriting(WriteOptions):
    """Options of VidOR. `split` (training, validation) and `group` name the folders."""

    split: str = "training"
    group: str = "0000"


AnyWriting: TypeAlias = Writing | VidorWriting

LOST_IN = (
    "Whether a box was drawn by a person or a tracker, and by which; VidOR's hash of the video.",
    "How relations are cut into instances: those of one statement become one, with the times of all.",
    "Categories of relations, which the files lack, are guessed from predicates.",
)
LOST_OUT = (
    "Shapes of masks: the boxes around them are kept.",
    "Relations with the camera, and relations while one of their objects is not visible.",
    "True times of frames; the video's address and hash.",
    "Attributes, categories of relations, confidences, verdicts on names, parts, what made the graph but its licence.",
    "Times between frames: a span becomes the frames that it covers for half, at least one.",
    "Relations that repeat (subject, predicate, object): they become one, with the times of all.",
)
