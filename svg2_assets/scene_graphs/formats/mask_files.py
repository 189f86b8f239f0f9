"""Masks of one video in a file as TRASER takes them: `[[{"size": [H, W], "counts": str}, ...], ...]`.

A list of frames of lists of objects; object k is column k of every frame, an RLE without a pixel where it is not
visible. The list may be shorter than the video: the rest counts as empty (specification §4).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import printable
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.columns import frames_of_columns
from svg2_assets.scene_graphs.formats.files import unfinished
from svg2_assets.scene_graphs.formats.records import parsed
from svg2_assets.scene_graphs.formats.values import Fault, NotImportable

SUFFIX = "_rle.json"


def read_masks(path: Path) -> list[Any]:
    """The frames in a file, masks not read yet (`columns.frames_of_rles`). Raises `NotImportable`."""
    name = printable(str(path))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotImportable(Fault.UNREADABLE, f"{name}: its masks cannot be read: {error.strerror}.") from error
    frames = parsed(data, name)
    if not isinstance(frames, list):
        raise NotImportable(Fault.FORM, f"{name}: expected a list of frames of masks, found {type(frames).__name__}.")
    return frames


def write_masks(path: Path, columns: Mapping[int, Trajectory], video: Video, *, num_columns: int) -> None:
    """Write the file, frame by frame. Raises `UnusableTarget`."""
    frames = frames_of_columns(
        columns, num_columns=num_columns, num_frames=video.num_frames, height=video.height, width=video.width
    )
    size = [video.height, video.width]
    with unfinished(path) as temporary, temporary.open("w", encoding="ascii") as file:
        for number, row in enumerate(frames):
            file.write(",\n" if number else "[")
            file.write(json.dumps([{"size": size, "counts": counts} for counts in row]))
        file.write("]\n")
