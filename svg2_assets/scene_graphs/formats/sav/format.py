"""SA-V masklets as a format."""

from __future__ import annotations

from svg2_assets.scene_graphs.formats.sav.form import NAME, Reading, Writing
from svg2_assets.scene_graphs.formats.sav.reading import read
from svg2_assets.scene_graphs.formats.sav.writing import write
from svg2_assets.scene_graphs.formats.values import Format

FORMAT = Format(
    name=NAME,
    title="SA-V masklets: JSON files of manual and automatic masks at 6 of 24 frames a second, one or two a video",
    read=read,
    write=write,
    reading=Reading,
    writing=Writing,
    lost_in=(
        "Stability scores, counts of frames that people edited, sizes and their buckets, which follow from masks.",
        "The video's own frames between annotated ones: a graph has the annotated frames alone.",
        "The last part of a second of the clock: a graph ends where its last annotated frame does.",
    ),
    lost_out=(
        "Relations, attributes, confidences, verdicts on names, parts, what made the graph except its origin.",
        "Masks between the frames that are annotated (6 a second), unless the graph came as masklets.",
        "True times of frames; the video's address and hash, unless found again.",
    ),
)
