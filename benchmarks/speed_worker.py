"""Annotates videos through the platform in this process and prints what it cost, as one line of JSON.

Started by `benchmarks.speed` in a fresh process with `SVG2_HOME` in the environment, so that times and the peak of
memory belong to this work alone. With `--warm`, a first video pays for imports, weights and the job's definition. With
`--direct`, the phases run one after the other without Dagster, store and previews, and CPU time is told by phase.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console


def main(arguments: Sequence[str] | None = None) -> int:
    """Annotate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", type=Path)
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("videos", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    if given.direct:
        print(json.dumps(direct_seconds(given.videos[0], warm=given.warm)))
        return 0
    if given.warm is not None:
        annotate_paths([given.warm])
    wall, cpu = time.perf_counter(), time.process_time()
    code = annotate_paths(given.videos)
    measured = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "exit_code": code}
    measured["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**measured, "videos": stored_seconds(given.videos)}))
    return 0  # what failed is in the result


def direct_seconds(video: Path, *, warm: Path | None) -> dict[str, Any]:
    """Duration of `video`, and wall and CPU seconds of each phase on it."""
    from benchmarks.chain import Chain

    chain = Chain()
    if warm is not None:
        chain.annotate(warm)
    graph = chain.annotate(video)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"duration": graph.video.duration, "wall": graph.clock.wall, "cpu": graph.clock.cpu, "peak_mb": peak}


def annotate_paths(paths: Sequence[Path]) -> int:
    """What `svg2 annotate` does, silently."""
    from svg2_assets.commands.annotate import annotate
    from svg2_assets.commands.installation import Installation

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        return annotate(Installation(), Console(file=nowhere), paths=[str(p) for p in paths], json_folder=None)


def stored_seconds(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """For each of `paths` that is in the store: duration, frames, objects, and seconds by phase."""
    from svg2_assets.commands.installation import Installation

    store = Installation().store
    named = {str(p.resolve()) for p in paths}
    found = []
    for video in store.read("videos").iter_rows(named=True):
        if video["uri"].removeprefix("file://") not in named:
            continue
        states = store.read("phase_state", video_ids=[video["video_id"]])
        seconds = dict(zip(states["phase"].to_list(), states["seconds"].to_list(), strict=True))
        failed = [e for e in states["error"].to_list() if e]
        objects = store.read("masks", video_ids=[video["video_id"]], columns=["object_id"]).height
        kept = {k: video[k] for k in ("uri", "width", "height", "duration", "num_frames")}
        found.append({**kept, "objects": objects, "seconds": seconds, "errors": failed})
    return found


if __name__ == "__main__":
    raise SystemExit(main())
