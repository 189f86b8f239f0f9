"""The curve of a run as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from svg2_assets.charts import write_lines

Points = Sequence[tuple[int, float]]


def write_curve(path: Path, learned: Points, held_out: Points) -> Path:
    """A PNG of both losses over the steps. Nothing is drawn of points that are no number."""
    return write_lines(path, {"learned from": learned, "held out": held_out})
