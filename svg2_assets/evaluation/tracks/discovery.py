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
    wait: mean over all objects, an undiscovered one counting with all the time it is visible: silence does not pay.
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
    missed = visible.sum(axis=0)[~found] / fps
    count = found.size
    return Discovery(
        delay=float(delays.mean()) if delays.size else None,
        wait=float(delays.sum() + missed.sum()) / count if count else None,
        undiscovered=int(missed.size),
        undiscovered_share=missed.size / count if count else None,
        undiscovered_seconds=float(missed.sum()),
    )
