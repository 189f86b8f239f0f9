"""How well shot boundaries are found: our test beside PySceneDetect on clips whose cuts are known."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.data import Data
from benchmarks.shot_clips import ShotClip, build
from benchmarks.tables import Table, verdict
from resources.media.reader import open_video
from svg2_assets.trajectories.panoptic.shots import frames_with_flow

FIRST_SEED = 20_000
"""Clips with lower seeds are those that the test may be tuned on."""
TOLERANCE = 5  # frames between a cut and where it is found
OURS = "ours"
LIBRARY = ("ContentDetector", "AdaptiveDetector")
WORKER = Path(__file__).with_name("scenedetect_worker.py")

Found = Mapping[Path, Sequence[int]]


@dataclass(slots=True)
class Tally:
    """Cuts that are there, that were found, and found ones that are none; `errors` in frames of those found."""

    true: int = 0
    hits: int = 0
    false: int = 0
    errors: list[int] = field(default_factory=list)

    def add(self, truth: Sequence[int], found: Sequence[int]) -> None:
        """Count one clip: cuts are paired one to one, as near as possible, at most `TOLERANCE` apart."""
        pairs = paired(truth, found)
        self.true += len(truth)
        self.hits += len(pairs)
        self.false += len(found) - len(pairs)
        self.errors += [abs(a - b) for a, b in pairs]

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where there is neither a cut nor a found one."""
        return 2 * self.hits / total if (total := self.true + self.hits + self.false) else None

    def cells(self, seconds: float) -> list[Any]:
        """Precision, recall, F1, mean error, false cuts, false cuts a minute of `seconds`."""
        found = self.hits + self.false
        return [
            self.hits / found if found and self.true else "-",
            self.hits / self.true if self.true else "-",
            self.f1 if self.true and self.f1 is not None else "-",
            float(np.mean(self.errors)) if self.errors else "-",
            self.false,
            60 * self.false / seconds,
        ]


def paired(truth: Sequence[int], found: Sequence[int]) -> list[tuple[int, int]]:
    """(true, found) cuts, one to one, as many as possible and then as near as possible."""
    if not truth or not found:
        return []
    apart = np.abs(np.subtract.outer(np.asarray(truth), np.asarray(found)))
    rows, columns = linear_sum_assignment(np.where(apart <= TOLERANCE, apart, 1e6))
    pairs = zip(rows, columns, strict=True)
    return [(truth[int(r)], found[int(c)]) for r, c in pairs if apart[r, c] <= TOLERANCE]


def shots_table(data: str | Path, *, clips: int, first: int, library: str | None = None) -> Table:
    """A row for each kind of clip and detector; `library`: a Python that has PySceneDetect, none leaves its rows empty.

    Raises `RuntimeError` with what it said when that Python fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        built = list(build(Data(Path(data)), Path(folder), clips=clips, first=first))
        found: dict[str, Found] = {OURS: by_ours([c.path for c in built])}
        if library is not None:
            found |= by_library(library, [c.path for c in built])
    kinds = list(dict.fromkeys(c.kind for c in built))
    groups = {kind: [c for c in built if c.kind == kind] for kind in kinds} | {"all": built}
    rows, worse = list[list[Any]](), list[str]()
    for kind, group in groups.items():
        tallies = {name: tally(group, cuts) for name, cuts in found.items()}
        seconds, cuts = sum(c.seconds for c in group), sum(len(c.cuts) for c in group)
        for name in (OURS, *LIBRARY):
            cells = tallies[name].cells(seconds) if name in tallies else ["-"] * 6
            rows.append([kind, name, len(group), cuts, *cells])
        worse += [f"{kind}: {name}" for name in LIBRARY if name in tallies and _beats(tallies[name], tallies[OURS])]
    columns = ("clips", "detector", "n", "cuts", "precision", "recall", "F1", "error", "false", "false / minute")
    notes = [
        f"error: mean frames between a cut and where it is found; they are paired up to {TOLERANCE} frames apart",
        "no detector better than ours on any kind of clip, by F1 or, where nothing is cut, by false cuts: "
        + (verdict(not worse) if library is not None else "not compared, see --scenedetect-python")
        + (f" ({', '.join(worse)})" if worse else ""),
    ]
    return Table(f"Shot boundaries, seeds from {first}", columns, rows, notes)


def tally(clips: Sequence[ShotClip], found: Found) -> Tally:
    """All of `clips` in one account."""
    counted = Tally()
    for clip in clips:
        counted.add(clip.cuts, found[clip.path])
    return counted


def by_ours(paths: Sequence[Path]) -> Found:
    """First frames of shots as both trackers see them."""
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        return dict(zip(paths, pool.map(cuts_of, paths, chunksize=4), strict=True))


def cuts_of(path: Path) -> list[int]:
    """The cuts of one clip by our test."""
    return [frame.index for frame, flow in frames_with_flow(open_video(path)) if flow is None and frame.index]


def by_library(python: str, paths: Sequence[Path]) -> dict[str, Found]:
    """Cuts by each detector of PySceneDetect, run by the interpreter `python`. Raises `RuntimeError` if that fails."""
    asked = json.dumps([str(p) for p in paths])
    done = subprocess.run([python, str(WORKER)], input=asked, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{python} {WORKER.name}: exit code {done.returncode}\n{done.stderr[-2000:]}")
    told: dict[str, dict[str, list[int]]] = json.loads(done.stdout)
    return {name: {Path(p): cuts for p, cuts in by_path.items()} for name, by_path in told.items()}


def _beats(other: Tally, ours: Tally) -> bool:
    if ours.true:
        return (other.f1 or 0.0) > (ours.f1 or 0.0)
    return other.false < ours.false
