"""Tables of the scene-graph store: Arrow schemas and keys.

One row per object, per label, per relation or per video, never per frame. The masks of an object are one row of their
own, so a changed label never rewrites them. Times are seconds on the video's clock, boxes are pixels.

Key fields are non-nullable and carry Lance's unenforced primary key metadata: without it, two processes that insert the
same new key at once both succeed and the row exists twice.
"""

from __future__ import annotations

import pyarrow as pa

CAMERA_ROW = -1
"""`object_id` of the row of `trajectories` that holds what tracking found about the whole video (column `facts`)."""

STATUS_DONE = "done"
STATUS_FAILED = "failed"
STATUS_BLOCKED = "blocked"

_TEXT = pa.string()
_TEXTS = pa.list_(pa.string())
_FRAMES = pa.list_(pa.int32())
_TIME = pa.timestamp("us", tz="UTC")
_PRIMARY_KEY = {b"lance-schema:unenforced-primary-key": b"true"}

PROVENANCE: dict[str, pa.DataType] = {
    "input_version": _TEXT,
    "code_version": _TEXT,
    "config_hash": _TEXT,
    "model_id": _TEXT,
    "prompt_version": _TEXT,
    "run_id": _TEXT,
    "created_at": _TIME,
}
"""Columns that every row of a phase carries: which inputs, code, settings, model and run made it, and when (UTC)."""

_VIDEO: dict[str, pa.DataType] = {
    "partition": _TEXT,
    "uri": _TEXT,
    "names": _TEXTS,
    "fingerprints": _TEXTS,
    "sha256": _TEXT,
    "size_bytes": pa.int64(),
    "width": pa.int32(),
    "height": pa.int32(),
    "rotation": pa.int32(),
    "fps": pa.float64(),
    "variable_rate": pa.bool_(),
    "num_frames": pa.int32(),
    "duration": pa.float64(),
    "frame_times": pa.list_(pa.float64()),
    "codec": _TEXT,
    "pixel_format": _TEXT,
    "container": _TEXT,
    "status": _TEXT,
    "reason": _TEXT,
    "error": _TEXT,
    "superseded_by": _TEXT,
}
_TRAJECTORY: dict[str, pa.DataType] = {
    "origin": _TEXT,
    "score": pa.float64(),
    "relinked_from": pa.int32(),
    "part_of": pa.int32(),
    "registered": pa.int32(),
    "num_frames": pa.int32(),
    "first_frame": pa.int32(),
    "last_frame": pa.int32(),
    "start": pa.float64(),
    "end": pa.float64(),
    "mean_area": pa.float64(),
    "frames": _FRAMES,
    "boxes": pa.list_(pa.float32()),
    "witnesses": _TEXT,
    "facts": _TEXT,
}
_MASKS: dict[str, pa.DataType] = {
    "height": pa.int32(),
    "width": pa.int32(),
    "frames": _FRAMES,
    "counts": pa.list_(pa.binary()),
}
_DESCRIPTION: dict[str, pa.DataType] = {"text": _TEXT, "frames": _FRAMES, "reason": _TEXT}
_LABEL: dict[str, pa.DataType] = {
    "name": _TEXT,
    "confidence": pa.float64(),
    "uncertain": pa.bool_(),
    "reason": _TEXT,
    "alternatives": _TEXTS,
    "attributes": pa.list_(pa.struct([("value", _TEXT), ("type", _TEXT), ("confidence", pa.float64())])),
    "actions": _TEXTS,
    "relationships": _TEXTS,
    "original": _TEXT,
    "verdict": _TEXT,
    "score": pa.float64(),
    "evidence": _TEXT,
    "evidence_concept": _TEXT,
    "evidence_tracks": pa.list_(pa.struct([("window", pa.int32()), ("track", pa.int32())])),
    "evidence_viou": pa.float64(),
    "evidence_frames": _FRAMES,
    "evidence_score": pa.float64(),
    "evidence_looks": pa.int32(),
    "rival_concept": _TEXT,
    "rival_viou": pa.float64(),
    "evidence_stretches": pa.list_(
        pa.struct(
            [
                ("window", pa.int32()),
                ("start", pa.float64()),
                ("end", pa.float64()),
                ("looks", pa.int32()),
                ("concept", _TEXT),
                ("viou", pa.float64()),
                ("rival", _TEXT),
                ("rival_viou", pa.float64()),
            ]
        )
    ),
}
_RELATION: dict[str, pa.DataType] = {
    "subject": pa.int32(),
    "predicate": _TEXT,
    "object": pa.int32(),
    "category": _TEXT,
    "spans": pa.list_(pa.struct([("start", pa.float64()), ("end", pa.float64())])),
    "confidence": pa.float64(),
}
_SCENE_GRAPH: dict[str, pa.DataType] = {
    "num_objects": pa.int32(),
    "num_relations": pa.int32(),
    "num_attributes": pa.int32(),
    "object_names": _TEXTS,
    "predicates": _TEXTS,
    "previews": _TEXT,
    "summary": _TEXT,
}
_TRASER_SAMPLE: dict[str, pa.DataType] = {
    "dataset": _TEXT,
    "split": _TEXT,
    "tasks": _TEXTS,
    "uri": _TEXT,
    "width": pa.int32(),
    "height": pa.int32(),
    "num_frames": pa.int32(),
    "duration": pa.float64(),
    "frames": _FRAMES,
    "times": pa.list_(pa.float64()),
    "objects": pa.list_(
        pa.struct(
            [
                ("id", pa.int32()),
                ("name", _TEXT),
                ("attributes", pa.list_(pa.struct([("value", _TEXT), ("type", _TEXT), ("confidence", pa.float64())]))),
                ("part_of", pa.int32()),
                ("verdict", _TEXT),
                ("score", pa.float64()),
                ("salience", pa.float64()),
            ]
        )
    ),
    "relations": pa.list_(
        pa.struct(
            [
                ("subject", pa.int32()),
                ("predicate", _TEXT),
                ("object", pa.int32()),
                ("category", _TEXT),
                ("spans", pa.list_(pa.struct([("start", pa.float64()), ("end", pa.float64())]))),
                ("confidence", pa.float64()),
            ]
        )
    ),
    "mask_height": pa.int32(),
    "mask_width": pa.int32(),
    "masks": pa.list_(pa.binary()),
    "picture_height": pa.int32(),
    "picture_width": pa.int32(),
    "pictures": pa.list_(pa.binary()),
    "categories": _TEXTS,
    "category_counts": pa.list_(pa.int32()),
    "num_objects": pa.int32(),
    "num_relations": pa.int32(),
    "num_attributes": pa.int32(),
    "size_bytes": pa.int64(),
    "checksum": pa.int64(),
    "report": _TEXT,
    "source": _TEXT,
    "licence": _TEXT,
    "origin": _TEXT,
}
"""A training sample of TRASER: all that training reads, so that it opens no video and joins no table.

`frames` [n] are the sampled ones and `times` when they appear. `masks` are COCO RLEs of `mask_height` x `mask_width`,
object by object in the order of `objects`, n each, empty where the object is not visible. `pictures` are the sampled
frames as JPEG or PNG, none where they are read from `uri` instead. `checksum` is the CRC-32 of masks and pictures.
`source` is the data set that the graph was of, `licence` what it came under, `origin` (JSON) the file that it was in.
"""
_PREDICTION: dict[str, pa.DataType] = {
    "task": _TEXT,
    "objects": pa.list_(pa.struct([("id", pa.int32()), ("name", _TEXT), ("attributes", pa.list_(_TEXT))])),
    "relations": _TRASER_SAMPLE["relations"],
    "texts": _TEXTS,
    "tokens": pa.int32(),
    "complete": pa.bool_(),
    "remarks": _TEXTS,
    "notes": _TEXTS,
    "seconds": pa.float64(),
}
"""What a model told of a video: `source` names who. Its objects are those of `trajectories`, by id; `texts` are the
answers as they were written, a pass each, `remarks` what was wrong with them, `notes` what was not asked about.
"""
_IMPORTED_GRAPH: dict[str, pa.DataType] = {
    "format": _TEXT,
    "format_version": _TEXT,
    "dataset": _TEXT,
    "licence": _TEXT,
    "file": _TEXT,
    "record": _TEXT,
    "details": _TEXT,
    "repairs": _TEXT,
    "uri": _TEXT,
    "sha256": _TEXT,
    "width": pa.int32(),
    "height": pa.int32(),
    "fps": pa.float64(),
    "num_frames": pa.int32(),
    "duration": pa.float64(),
    "frame_times": pa.list_(pa.float64()),
    "num_objects": pa.int32(),
    "num_relations": pa.int32(),
    "objects": pa.list_(
        pa.struct(
            [
                ("id", pa.int32()),
                ("name", _TEXT),
                ("attributes", pa.list_(pa.struct([("value", _TEXT), ("type", _TEXT), ("confidence", pa.float64())]))),
                ("part_of", pa.int32()),
                ("verdict", _TEXT),
                ("score", pa.float64()),
                ("frames", _FRAMES),
            ]
        )
    ),
    "masks": pa.list_(pa.binary()),
    "relations": _TRASER_SAMPLE["relations"],
}
"""A scene graph that came from a file: `source` names the import. Ids of videos are those of the file, not hashes of
content. `masks` are COCO RLEs of `height` x `width`, object by object, as many as its `frames`; `record` is a place in
`file`, `details` (JSON) the rest of the provenance, `repairs` (JSON) what was mended, by how often.
"""
_STATEMENT: dict[str, pa.DataType] = {
    "subject_name": _TEXT,
    "predicate": _TEXT,
    "object_name": _TEXT,
    "marks": _TEXT,
    "names": _TEXTS,
    "predicates": _TEXTS,
}
"""A relation by the names of its ends, to be found by them. Derived and made anew as a whole; the row of video "" says
of what: `marks` (JSON), and all `names` and `predicates` of the others, for which it has none itself.
"""
_GRAPH_STATEMENT: dict[str, pa.DataType] = _RELATION | _STATEMENT
"""The same for graphs that are one row each, imported ones and predictions, and whole: times and ids beside the names.
`source` is the kind and the name (`imported:NAME`); each source has a row of video "" of its own.
"""
_PHASE_STATE: dict[str, pa.DataType] = {
    "partition": _TEXT,
    "status": _TEXT,
    "gate": _TEXT,
    "input_version": _TEXT,
    "code_version": _TEXT,
    "config_hash": _TEXT,
    "model_id": _TEXT,
    "prompt_version": _TEXT,
    "output_version": _TEXT,
    "attempts": pa.int32(),
    "error": _TEXT,
    "checks": _TEXT,
    "seconds": pa.float64(),
    "rows": pa.int64(),
    "run_id": _TEXT,
    "updated_at": _TIME,
}
_LLM_CALL: dict[str, pa.DataType] = {
    "video_id": _TEXT,
    "phase": _TEXT,
    "purpose": _TEXT,
    "model": _TEXT,
    "prompt_version": _TEXT,
    "tokens_in": pa.int64(),
    "tokens_cached": pa.int64(),
    "tokens_out": pa.int64(),
    "tokens_reasoning": pa.int64(),
    "tokens_expected": pa.int64(),
    "answer_expected": pa.float64(),
    "reasoning_expected": pa.float64(),
    "server": _TEXT,
    "money": pa.float64(),
    "money_unknown": pa.float64(),
    "latency": pa.float64(),
    "step": _TEXT,
    "transport": _TEXT,
    "outcome": _TEXT,
    "reason": _TEXT,
    "at": _TIME,
}
_FAILURE: dict[str, pa.DataType] = {
    "video_id": _TEXT,
    "phase": _TEXT,
    "reason": _TEXT,
    "error": _TEXT,
    "run_id": _TEXT,
    "at": _TIME,
}


def _table(key: dict[str, pa.DataType], columns: dict[str, pa.DataType]) -> pa.Schema:
    keys = [pa.field(name, kind, nullable=False, metadata=_PRIMARY_KEY) for name, kind in key.items()]
    return pa.schema([*keys, *(pa.field(name, kind) for name, kind in columns.items())])


_VIDEO_KEY: dict[str, pa.DataType] = {"video_id": _TEXT}
_OBJECT_KEY: dict[str, pa.DataType] = {"video_id": _TEXT, "object_id": pa.int32()}
_LABEL_KEY: dict[str, pa.DataType] = {"video_id": _TEXT, "stage": _TEXT, "object_id": pa.int32()}

TABLES: dict[str, pa.Schema] = {
    "videos": _table(_VIDEO_KEY, _VIDEO | PROVENANCE),
    "trajectories": _table(_OBJECT_KEY, _TRAJECTORY | PROVENANCE),
    "masks": _table(_OBJECT_KEY, _MASKS | PROVENANCE),
    "descriptions": _table(_OBJECT_KEY, _DESCRIPTION | PROVENANCE),
    "labels": _table(_LABEL_KEY, _LABEL | PROVENANCE),
    "relations": _table({"video_id": _TEXT, "relation_id": pa.int32()}, _RELATION | PROVENANCE),
    "scene_graphs": _table(_VIDEO_KEY, _SCENE_GRAPH | PROVENANCE),
    "traser_samples": _table({"video_id": _TEXT, "sample_id": _TEXT}, _TRASER_SAMPLE | PROVENANCE),
    "predictions": _table({"video_id": _TEXT, "source": _TEXT}, _PREDICTION | PROVENANCE),
    "imported_graphs": _table({"video_id": _TEXT, "source": _TEXT}, _IMPORTED_GRAPH | PROVENANCE),
    "statements": _table({"video_id": _TEXT, "relation_id": pa.int32()}, _STATEMENT),
    "graph_statements": _table({"video_id": _TEXT, "source": _TEXT, "relation_id": pa.int32()}, _GRAPH_STATEMENT),
    "phase_state": _table({"video_id": _TEXT, "phase": _TEXT}, _PHASE_STATE),
    "llm_calls": _table({"call_id": _TEXT}, _LLM_CALL),
    "failures": _table({"failure_id": _TEXT}, _FAILURE),
}
"""Schema of every table, in the order in which a flush writes them (`phase_state` after all rows)."""

KEYS: dict[str, tuple[str, ...]] = {
    name: tuple(field.name for field in schema if not field.nullable) for name, schema in TABLES.items()
}
"""Columns that identify a row."""

KEYED_TABLES = ("videos", "predictions", "imported_graphs", "phase_state", "llm_calls", "failures")
"""Tables written key by key (upsert). The others are replaced video by video."""

WIDE_TABLES = ("videos", "trajectories", "masks", "traser_samples", "imported_graphs")
"""Tables with a long list per row, of which a query for some rows must not read all."""

STAGED_TABLES = ("labels",)
"""Tables in which a video's rows are divided by `stage`."""

FOUND_BY = {
    "statements": ("subject_name", "predicate", "object_name"),
    "graph_statements": ("source", "subject_name", "predicate", "object_name"),
}
"""Columns with few values beside many rows, that have an index besides the key's first column."""

LATER_TABLES = ("traser_samples", "predictions", "imported_graphs", "statements", "graph_statements")
"""Tables that came after the first tags were made: a tag of before has none of them, and they read as empty there."""
