"""Who is followed where more is found than can be."""

from __future__ import annotations

import math
from collections.abc import Sequence


def salience(sure: float, share: float) -> float:
    """How much something deserves to be followed: `sure` (0..1), and large on a logarithmic scale of its `share` of
    the frame's area.
    """
    return sure * (1.0 + math.log10(max(share, 1e-6)) / 6.0)


def most_salient(saliences: Sequence[float], *, room: int) -> list[int]:
    """Positions of the `room` most salient, in order of position; of equals the earlier."""
    ranked = sorted(range(len(saliences)), key=lambda i: -saliences[i])
    return sorted(ranked[: max(0, room)])
