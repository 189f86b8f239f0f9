"""Columns of the data set, as Arrow has them and as `datasets` calls them.

`datasets` takes its features from the schema metadata of a parquet file: under the key `huggingface` JSON text,
`{"info": {"features": {column: feature}}}`. A feature is `{"_type": "Value", "dtype": ...}`, a sequence of such
`{"_type": "Sequence", "feature": ...}`, an object of features, or a list of one feature (huggingface/datasets,
`features.generate_from_dict`). Lists of objects are written as a list of one, not as `Sequence` or `List`: all versions
read it alike, where `Sequence` of an object is turned into an object of sequences and `List` is new in 4.0.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pyarrow as pa

Column: TypeAlias = "str | dict[str, Column] | list[Column]"
"""The name of a type, an object of columns, or a list of one."""

SPAN: Column = {"start": "float64", "end": "float64"}
ATTRIBUTE: Column = {"value": "string", "type": "string", "confidence": "float64"}
OBJECT: Column = {
    "id": "int32",
    "name": "string",
    "part_of": "int32",
    "verdict": "string",
    "score": "float64",
    "attributes": [ATTRIBUTE],
    "frames": ["int32"],
    "masks": ["string"],
}
RELATION: Column = {
    "subject": "int32",
    "predicate": "string",
    "object": "int32",
    "category": "string",
    "spans": [SPAN],
    "confidence": "float64",
}
COLUMNS: dict[str, Column] = {
    "video_id": "string",
    "uri": "string",
    "sha256": "string",
    "width": "int32",
    "height": "int32",
    "fps": "float64",
    "num_frames": "int32",
    "duration": "float64",
    "frame_times": ["float64"],
    "objects": [OBJECT],
    "relations": [RELATION],
    "licence": "string",
    "provenance": "string",
}
_ARROW = {"string": pa.string(), "int32": pa.int32(), "float64": pa.float64()}


def arrow_of(column: Column) -> pa.DataType:
    """The Arrow type of a column."""
    if isinstance(column, str):
        return _ARROW[column]
    if isinstance(column, list):
        return pa.list_(arrow_of(column[0]))
    return pa.struct([(name, arrow_of(part)) for name, part in column.items()])


def feature_of(column: Column) -> Any:
    """What `datasets` calls a column, as JSON."""
    if isinstance(column, str):
        return {"dtype": column, "_type": "Value"}
    if isinstance(column, dict):
        return {name: feature_of(part) for name, part in column.items()}
    part = feature_of(column[0])
    return {"feature": part, "_type": "Sequence"} if isinstance(column[0], str) else [part]


def schema() -> pa.Schema:
    """The schema of the files, features included."""
    features = {name: feature_of(column) for name, column in COLUMNS.items()}
    told = json.dumps({"info": {"features": features}})
    return pa.schema([(name, arrow_of(column)) for name, column in COLUMNS.items()], metadata={"huggingface": told})
