"""Relations as formats count them: each (subject, predicate, object) once, spans on a grid of moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy.typing as npt

from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans, runs
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene_graphs.formats.values import Loss

SAME = 1e-6  # seconds by which times may differ and still be the same


def united(relations: Iterable[Relation]) -> list[Relation]:
    """Each (subject, predicate, object) once, the first one's category, the times of all."""
    found: dict[tuple[int, str, int], Relation] = {}
    for r in relations:
        known = found.get(r.key)
        found[r.key] = r if known is None else replace(known, spans=known.spans | r.spans)
    return list(found.values())


def between_objects(relations: Iterable[Relation], lost: Counter[Loss]) -> list[Relation]:
    """`relations` without those of the camera, which are counted."""
    found = list(relations)
    kept = [r for r in found if CAMERA_ID not in (r.subject, r.object)]
    lost[Loss.CAMERA] += len(found) - len(kept)
    return kept


def counted(
    relations: Iterable[Relation], edges: npt.ArrayLike, lost: Counter[Loss]
) -> Iterator[tuple[Relation, list[list[int]]]]:
    """`relations` with the first and last cell of each of their runs, cell i being `[edges[i], edges[i + 1])` seconds.

    Cells that are covered for half (`Spans.cells`). Those that hold in no cell go; both losses are counted.
    """
    for r in relations:
        cells = r.spans.cells(edges)
        if not cells.any():
            lost[Loss.VANISHED] += 1
            continue
        lost[Loss.TIMES] += _differ(r.spans, Spans.where(cells, edges))
        yield r, [list(run) for run in runs(cells)]


def _differ(a: Spans, b: Spans) -> bool:
    return (a | b).duration - (a & b).duration > SAME
