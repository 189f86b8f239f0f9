"""What an exported file says of where its graph comes from, in a member of its own that other programs pass over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.records import IMPORT
from svg2_assets.scene_graphs.formats.values import Origin

KEY = "svg2_origin"


def origin_of(graph: SceneGraph) -> dict[str, str]:
    """The origin of an imported graph, of text alone; empty for one that was made here."""
    told = graph.provenance.get(IMPORT)
    return {k: v for k, v in told.items() if isinstance(v, str)} if isinstance(told, Mapping) else {}


def licence_of(graph: SceneGraph) -> str:
    """The licence that an imported graph came under; "" where nothing says."""
    return origin_of(graph).get("licence", "")


def with_kept(origin: Origin, record: Mapping[str, Any]) -> Origin:
    """`origin` with the data set and licence that a file written here says, where the import was given none."""
    told = record.get(KEY)
    if not isinstance(told, dict):
        return origin
    licence, dataset = (told.get(name) for name in ("licence", "dataset"))
    return replace(
        origin,
        licence=origin.licence or (licence if isinstance(licence, str) else ""),
        dataset=origin.dataset or (dataset if isinstance(dataset, str) else ""),
    )
