"""VIPSeg as a format."""

from __future__ import annotations

from svg2_assets.scene_graphs.formats.values import Format
from svg2_assets.scene_graphs.formats.vipseg.form import NAME, Reading, Writing
from svg2_assets.scene_graphs.formats.vipseg.reading import read
from svg2_assets.scene_graphs.formats.vipseg.writing import write

FORMAT = Format(
    name=NAME,
    title="VIPSeg: a PNG of segments a frame and one JSON file in COCO's panoptic form; or grey PNG as released",
    read=read,
    write=write,
    reading=Reading,
    writing=Writing,
    lost_in=(
        "Ids of segments, which become small numbers; colours and numbers of categories.",
        "Which segments are crowds; areas, which follow from masks.",
        "Names of the frames' pictures: frames count from 0.",
    ),
    lost_out=(
        "Pixels that several objects have: the smallest one on a frame keeps them, so parts stay on wholes.",
        "Objects without a pixel of their own on any frame.",
        "Relations, attributes, confidences, verdicts on names, parts, what made the graph except its origin.",
        "True times of frames; the video's address and hash, unless found again.",
    ),
)
