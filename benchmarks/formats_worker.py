"""One piece of work of `benchmarks.formats`, measured; prints one line of JSON.

Started in a fresh process, so that times and the peak of memory belong to this work alone. Two cores at most.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.formats_graphs import FPS, Counts, counted, graphs

CORES = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Work, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("format")
    parser.add_argument("files", type=Path, help="folder of the format's files")
    parser.add_argument("--store", default="")
    parser.add_argument("--videos", type=int, default=0)
    given = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    from svg2_assets.memory import peak_megabytes

    begun, cpu = time.perf_counter(), time.process_time()
    told = WORK[given.work](given)
    measured = {"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "peak_mb": peak_megabytes()}
    print(json.dumps(told | measured))
    return 0


def _write(given: argparse.Namespace) -> dict[str, Any]:
    """Graphs as they are made, into files."""
    from svg2_assets.scene_graphs.formats.registry import format_named

    chosen, counts = format_named(given.format, wanted="write"), Counts()
    assert chosen.write is not None
    done = chosen.write(counted(graphs(given.videos), counts), given.files, chosen.writing())
    assert done.videos == given.videos, done
    return {"counts": counts.to_json(), "lost": {loss.name: count for loss, count in done.lost.items()}}


def _read(given: argparse.Namespace) -> dict[str, Any]:
    """Files into a fresh store, as `svg2 import` does."""
    from resources.store.store import SceneGraphStore
    from svg2_assets.scene_graphs import imports
    from svg2_assets.scene_graphs.formats.registry import format_named

    chosen, counts = format_named(given.format, wanted="read"), Counts()
    assert chosen.read is not None
    found = chosen.read(given.files, chosen.reading(fps=FPS))
    done = imports.bring_in(SceneGraphStore(given.store), _counted(found, counts), source=given.format)
    rejected = [[r.fault.value, r.origin.place, r.video_id, r.detail] for r in done.rejected]
    return {
        "counts": counts.to_json(),
        "imported": done.videos,
        "repairs": {repair.name: count for repair, count in done.repairs.items() if count},
        "faults": done.faults.total(),
        "rejected": rejected,
    }


def _parse(given: argparse.Namespace) -> dict[str, Any]:
    """Files alone, without a store."""
    from svg2_assets.scene_graphs.formats.registry import format_named

    chosen, counts = format_named(given.format, wanted="read"), Counts()
    assert chosen.read is not None
    for _ in _counted(chosen.read(given.files, chosen.reading(fps=FPS)), counts):
        pass
    return {"counts": counts.to_json()}


def _take(given: argparse.Namespace) -> dict[str, Any]:
    """All graphs of a store, as `svg2 export` takes them."""
    from resources.store.store import SceneGraphStore
    from svg2_assets.scene_graphs import imports

    store, counts = SceneGraphStore(given.store), Counts()
    assert imports.imported_ids(store, given.format)
    for _ in counted(imports.all_imported(store, given.format), counts):
        pass
    return {"counts": counts.to_json()}


def _counted(found: Iterator[Any], counts: Counts) -> Iterator[Any]:
    from svg2_assets.scene_graphs.formats.values import Imported

    for item in found:
        if isinstance(item, Imported):
            counts.add(item.graph)
        yield item


WORK: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "write": _write,
    "parse": _parse,
    "read": _read,
    "take": _take,
}

if __name__ == "__main__":
    raise SystemExit(main())
