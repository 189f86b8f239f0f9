"""Checks of the catalog: does the video decode, and is it of a kind that the phases that follow are made for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Outcome, Problem, Severity, check

SMALLEST_SIDE = 64  # pixels; objects in a smaller frame are a handful of pixels
LONGEST = 600.0  # seconds; what phases are measured on
SLOWEST, FASTEST = 5.0, 120.0  # frames a second; motion between frames is too large, or timestamps are likely wrong
RATE_TOLERANCE = 0.05  # share by which num_frames / fps may differ from the duration at a constant rate


@check("decodes", phase="videos")
def decodes(tables: PhaseTables) -> Outcome:
    """Every frame of the video was decoded: it is in the catalog, readable, with a size, frames and a duration."""
    rows = {row["video_id"]: row for row in tables.videos.iter_rows(named=True)}
    problems = [
        Problem(video_id, message, row)
        for video_id in tables.video_ids
        for row in (rows.get(video_id, {}),)
        if (message := _undecoded(row))
    ]
    return Outcome(problems, {"decoded": len(tables.video_ids) - len(problems)})


@check("plausible", phase="videos", severity=Severity.WARN)
def plausible(tables: PhaseTables) -> Outcome:
    """The video has a constant, usual frame rate, more than one frame, and is neither tiny nor very long."""
    problems = [
        Problem(row["video_id"], message, {k: row[k] for k in ("width", "height", "fps", "num_frames", "duration")})
        for row in tables.videos.iter_rows(named=True)
        if not _undecoded(row)
        for message in _oddities(row)
    ]
    return Outcome(problems)


def _undecoded(row: Mapping[str, Any]) -> str:
    if not row:
        return "has no row in the catalog"
    if row["status"] != "ok":
        return f"status is {row['status']!r}: {row.get('error') or row.get('reason') or 'it could not be read'}"
    missing = [k for k in ("width", "height", "num_frames", "fps", "duration") if not (row[k] or 0) > 0]
    return f"{', '.join(missing)} must be positive" if missing else ""


def _oddities(row: Mapping[str, Any]) -> list[str]:
    odd: list[str] = []
    if min(row["width"], row["height"]) < SMALLEST_SIDE:
        odd.append(f"tiny: {row['width']}x{row['height']} pixels, under {SMALLEST_SIDE} on a side")
    if row["duration"] > LONGEST:
        odd.append(f"very long: {row['duration']:.0f} s, over {LONGEST:.0f} s")
    if not SLOWEST <= row["fps"] <= FASTEST:
        odd.append(f"frame rate of {row['fps']:.3g} a second, outside {SLOWEST:g} to {FASTEST:g}")
    if row["num_frames"] == 1:
        odd.append("a single frame: nothing can be said of motion or time")
    elif row["variable_rate"]:
        odd.append("variable frame rate: every frame has its own timestamp")
    elif abs(row["num_frames"] / row["fps"] / row["duration"] - 1) > RATE_TOLERANCE:
        seconds = row["num_frames"] / row["fps"]
        odd.append(f"{row['num_frames']} frames last {seconds:.2f} s, the duration is {row['duration']:.2f} s")
    return odd


CHECKS = (decodes, plausible)
