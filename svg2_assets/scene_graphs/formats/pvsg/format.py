"""PVSG as a format."""

from __future__ import annotations

from svg2_assets.scene_graphs.formats.pvsg.form import LOST_IN, LOST_OUT, NAME, TITLE, Reading, Writing
from svg2_assets.scene_graphs.formats.pvsg.reading import read
from svg2_assets.scene_graphs.formats.pvsg.writing import write
from svg2_assets.scene_graphs.formats.values import Format

FORMAT = Format(
    name=NAME,
    title=TITLE,
    read=read,
    write=write,
    reading=Reading,
    writing=Writing,
    lost_in=LOST_IN,
    lost_out=LOST_OUT,
)
