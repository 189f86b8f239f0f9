"""The file formats by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene_graphs.formats import coco_video, stage6, traser, webdataset
from svg2_assets.scene_graphs.formats.action_genome import format as action_genome
from svg2_assets.scene_graphs.formats.huggingface import format as huggingface
from svg2_assets.scene_graphs.formats.pvsg import format as pvsg
from svg2_assets.scene_graphs.formats.sav import format as sav
from svg2_assets.scene_graphs.formats.svg2 import format as svg2
from svg2_assets.scene_graphs.formats.values import Format
from svg2_assets.scene_graphs.formats.vidvrd import format as vidvrd
from svg2_assets.scene_graphs.formats.vipseg import format as vipseg

_ALL = (
    svg2.FORMAT,
    traser.FORMAT,
    stage6.FORMAT,
    sav.FORMAT,
    vipseg.FORMAT,
    coco_video.FORMAT,
    huggingface.FORMAT,
    webdataset.FORMAT,
    pvsg.FORMAT,
    vidvrd.VIDVRD_FORMAT,
    vidvrd.VIDOR_FORMAT,
    action_genome.FORMAT,
)
FORMATS: Mapping[str, Format] = MappingProxyType({f.name: f for f in _ALL})
"""Every format; a new adapter is added here and nowhere else."""


class NoSuchFormat(Svg2Error, ValueError):
    """A name of no format, or of one that goes the other way only."""


def format_named(name: str, *, wanted: str) -> Format:
    """The format called `name` that can `wanted` (`read` or `write`). Raises `NoSuchFormat`."""
    able = [f.name for f in FORMATS.values() if getattr(f, wanted) is not None]
    if name not in able:
        raise NoSuchFormat(f"{printable(name)}: no format that can be {_done(wanted)}. There are {', '.join(able)}.")
    return FORMATS[name]


def _done(wanted: str) -> str:
    return {"read": "imported", "write": "exported"}[wanted]
