"""Real masklets of SA-V through both clean-ups: what survives, and what is linked to a whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.tables import Table, verdict
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.panoptic.cleanup import Candidate, clean
from svg2_assets.trajectories.panoptic.released_rules import released_cleanup
from svg2_assets.trajectories.panoptic.settings import CleanupSettings, ReleaseSettings

FILES = ("sa-v/sav_000001_manual.json", "sa-v/sav_000001_auto.json")
RATE = 6.0  # annotated frames a second


def masklets_of(path: Path) -> list[Trajectory]:
    """Every masklet of one SA-V file."""
    frames: list[list[dict[str, Any]]] = json.loads(path.read_text())["masklet"]
    return [
        Trajectory.of(range(len(frames)), [Mask(*f[o]["size"], f[o]["counts"].encode()) for f in frames])
        for o in range(len(frames[0]))
    ]


def masklet_table(data: str | Path) -> Table:
    """Preset `default` beside `release`."""
    paths = [Path(data) / name for name in FILES]
    masklets = [m for p in paths if p.is_file() for m in masklets_of(p)]
    candidates = [Candidate(i, m, 1.0) for i, m in enumerate(masklets)]
    num_frames = max((m.frames[-1] + 1 for m in masklets), default=1)
    ours = clean(candidates, fps=RATE, num_frames=num_frames, settings=CleanupSettings())
    theirs = released_cleanup(dict(enumerate(masklets)), ReleaseSettings())
    parts = sum(c.part_of is not None for c in ours)
    rows = [["default", len(masklets), len(ours), parts], ["release", len(masklets), len(theirs), "-"]]
    note = f"all survive in default: {verdict(len(ours) == len(masklets) > 0)}"
    return Table("SA-V masklets after clean-up", ("preset", "masklets", "survive", "linked to a whole"), rows, [note])
