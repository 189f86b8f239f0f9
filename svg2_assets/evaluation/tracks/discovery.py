"""How long it takes until an object that came into view is followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.evaluation.tracks.pairing import Pair


@dataclass(frozen=True, slots=True)
class Discovery:
    """Times in seconds, None where no object is there to average over.

    delay: mean over the discovered objects, from the first frame that shows one to the first that has it.
    wait: mean over all objects of the time that one is visible before it is discovered, all its visible time where it
        never is. What is out of sight does not count here, so that saying nothing is never better than being late.
    undiscovered, undiscovered_share, undiscovered_seconds: how many, of all, and their visible time in sum.
    """

    delay: float | None
    wait: float | None
    undiscovered: int
    undiscovered_share: float | None
    undiscovered_seconds: float


def discovery(overlaps: Overlaps, pairs: Sequence[Pair], *, fps: float, least: float) -> Discovery:
    """Delay of a truth object: (first frame on which its paired prediction reaches IoU `least` - first frame with at
    least one pixel of it) / fps. An object without pair, or whose pair never reaches `least`, is undiscovered.
    """
    visible = overlaps.truth_areas > 0
    seen = np.zeros_like(visible)
    seen[:, [i for i, _ in pairs]] = overlaps.pair_iou(pairs) >= least
    found = seen.any(axis=0)
    delays = (seen.argmax(axis=0) - visible.argmax(axis=0))[found] / fps
    waits = (visible & ~np.maximum.accumulate(seen, axis=0)).sum(axis=0) / fps
    missed = waits[~found]
    return Discovery(
        delay=float(delays.mean()) if delays.size else None,
        wait=float(waits.mean()) if waits.size else None,
        undiscovered=int(missed.size),
        undiscovered_share=missed.size / waits.size if waits.size else None,
        undiscovered_seconds=float(missed.sum()),
    )
