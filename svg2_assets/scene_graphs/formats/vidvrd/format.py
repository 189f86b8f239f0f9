"""VidVRD and VidOR as formats."""

from __future__ import annotations

from functools import partial

from svg2_assets.scene_graphs.formats.values import Format
from svg2_assets.scene_graphs.formats.vidvrd.form import LOST_IN, LOST_OUT, VIDOR, VIDVRD, VidorWriting, Writing
from svg2_assets.scene_graphs.formats.vidvrd.reading import read
from svg2_assets.scene_graphs.formats.vidvrd.writing import write

VIDVRD_FORMAT = Format(
    name=VIDVRD,
    title="ImageNet-VidVRD: a JSON file a video, with boxes and instances of relations",
    read=partial(read, name=VIDVRD),
    write=write,
    writing=Writing,
    lost_in=LOST_IN,
    lost_out=LOST_OUT,
)
VIDOR_FORMAT = Format(
    name=VIDOR,
    title="VidOR: a JSON file a video in numbered folders, of VidVRD's form",
    read=partial(read, name=VIDOR),
    write=write,
    writing=VidorWriting,
    lost_in=LOST_IN,
    lost_out=LOST_OUT,
)
