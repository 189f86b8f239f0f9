"""A video's clock, from the timestamps of its decoded frames."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from svg2_assets.catalog.protocols import Clock

USUAL_RATE = 25.0  # frames a second where a file says nothing of time
MAX_RATE = 1000.0  # a declared rate above this is a tick rate, not a frame rate
_SHARE_OF_FRAME = 0.1  # frames may stand this share of a frame away from i / fps and still be of constant rate


@dataclass(frozen=True, slots=True)
class Timing:
    """`frame_times` [n] seconds from the first frame, None where frame i stands at i / fps; `duration` in seconds."""

    clock: Clock
    fps: float
    duration: float
    frame_times: tuple[float, ...] | None = None


def timing_of(
    timestamps: Sequence[float | None], *, declared_rates: Iterable[float | None], last_duration: float, tick: float
) -> Timing:
    """The clock of a video of at least one frame.

    `timestamps` in seconds from any origin, in order of display; `last_duration` of the last frame (0 = unknown);
    `tick` is the container's time unit: a constant rate may be rounded to it.
    """
    rates = [r for r in declared_rates if r is not None and 0 < r <= MAX_RATE]
    nominal = rates[0] if rates else USUAL_RATE
    times = _relative(timestamps)
    if times is None:
        return Timing(Clock.NOMINAL, nominal, len(timestamps) / nominal)
    if len(times) == 1:
        fps = 1 / last_duration if last_duration > 1 / MAX_RATE else nominal
        return Timing(Clock.CONSTANT, fps, 1 / fps)
    fitted = (len(times) - 1) / float(times[-1])
    for rate in (*rates, fitted):
        if _is_constant(times, rate, tick):
            return Timing(Clock.CONSTANT, rate, len(times) / rate)
    last = last_duration if last_duration > 0 else float(np.median(np.diff(times)))
    duration = float(times[-1]) + last
    return Timing(Clock.VARIABLE, len(times) / duration, duration, tuple(times.tolist()))


def _relative(timestamps: Sequence[float | None]) -> npt.NDArray[np.float64] | None:
    """Seconds from the first frame; None where one is missing or does not follow the one before it."""
    known = [t for t in timestamps if t is not None]
    if len(known) < len(timestamps):
        return None
    times = np.asarray(known) - known[0]
    return times if bool((np.diff(times) > 0).all()) else None


def _is_constant(times: npt.NDArray[np.float64], rate: float, tick: float) -> bool:
    tolerance = min(1.01 * tick, _SHARE_OF_FRAME / rate) + 1e-6
    return bool(np.abs(times - np.arange(len(times)) / rate).max() <= tolerance)
