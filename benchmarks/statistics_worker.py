"""One piece of work on the store of `benchmarks.statistics`, measured; prints one line of JSON.

Started in a fresh process, so that times and the peak of memory belong to this work alone. Two cores at most.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

CORES = 2
REPEATS = 5
QUESTIONS = {
    "frequent": ("person", "left of", "tree"),
    "common": ("man", "holding", "chair"),
    "rare": ("kite", "kicking", "fence"),
    "synonyms, from the other end": ("sofas", "held by", "person"),
    "none": ("no such thing", "near", "person"),
}
"""Subject, predicate and object of each question."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Work, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORK)
    parser.add_argument("store")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--imported", action="store_true")
    given = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    from svg2_assets.memory import peak_megabytes

    begun, cpu = time.perf_counter(), time.process_time()
    told = WORK[given.work](given.store, given)
    measured = {"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "peak_mb": peak_megabytes()}
    print(json.dumps(told | measured))
    return 0


def _generate(uri: str, given: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.statistics_imported import write_imported
    from benchmarks.statistics_store import Size, write_store

    def heard(done: int, every: int) -> None:
        print(f"{done} of {every} videos", file=sys.stderr, flush=True)

    write = write_imported if given.imported else write_store
    return {"rows": write(uri, Size().scaled(given.scale), heard=heard), "bytes": _bytes(uri)}


def _dataset(given: argparse.Namespace) -> Any:
    from benchmarks.statistics_imported import SOURCE
    from svg2_assets.scene_graphs.sources import OWN, Dataset, Kind

    return Dataset(Kind.IMPORTED, SOURCE) if given.imported else Dataset(Kind.OWN, OWN)


def _maintain(uri: str, _: argparse.Namespace) -> dict[str, Any]:
    """What the asset `store_maintenance` does."""
    from resources.store.store import SceneGraphStore
    from svg2_assets.scene_graphs import graph_statements, statements

    store, steps = SceneGraphStore(uri), {}
    for name, work in {
        "compact": lambda: store.compact(keep_seconds=0),
        "indices": store.ensure_indices,
        "statements": lambda: (statements.refresh(store), graph_statements.refresh(store)),
        "indices of statements": store.ensure_indices,
    }.items():
        steps[name] = _timed(work)[1]
    return {"steps": steps, "bytes": _bytes(uri)}


def _table(uri: str, given: argparse.Namespace) -> dict[str, Any]:
    from resources.store.store import SceneGraphStore
    from svg2_assets.scene_graphs.sources import figures_of

    told = figures_of(SceneGraphStore(uri), _dataset(given)).statistics
    shown = ("videos", "objects", "object_classes", "attributes", "relations", "relation_classes")
    return {"figures": {name: getattr(told, name) for name in shown}}


def _query(uri: str, given: argparse.Namespace) -> dict[str, Any]:
    """The first question with nothing of the store in memory, then each again and again."""
    from resources.store.store import SceneGraphStore
    from svg2_assets.scene_graphs.graph_statements import find_in
    from svg2_assets.scene_graphs.query import Question
    from svg2_assets.scene_graphs.sources import chosen

    _forget(uri)
    questions = {name: Question(*asked) for name, asked in QUESTIONS.items()}
    store, spec = SceneGraphStore(uri), _dataset(given).spec

    def ask(question: Question) -> list[Any]:
        return [match for dataset in chosen(store, [spec]) for match in find_in(store, question, dataset)]

    cold = _timed(lambda: ask(next(iter(questions.values()))))[1]
    lines = {}
    for name, question in questions.items():
        found, *_ = _timed(lambda q=question: ask(q))  # type: ignore[misc]
        times = [_timed(lambda q=question: ask(q))[1] for _ in range(REPEATS)]  # type: ignore[misc]
        lines[name] = {
            "answers": len(found),
            "wall": statistics.median(t["wall"] for t in times),
            "cpu": statistics.median(t["cpu"] for t in times),
        }
    return {"cold": cold, "questions": lines}


def _check(uri: str, given: argparse.Namespace) -> dict[str, Any]:
    """Whether figures and answers are those of the plain way, which reads everything at once: for small stores."""
    from resources.store.store import SceneGraphStore
    from svg2_assets.scene_graphs.graph_statements import find_in
    from svg2_assets.scene_graphs.query import Question, find_relations
    from svg2_assets.scene_graphs.sources import OWN, Dataset, Kind, figures_of
    from svg2_assets.scene_graphs.statements import find_stored
    from svg2_assets.scene_graphs.tallying import statistics_of

    store = SceneGraphStore(uri)
    asked = [Question(*words) for words in QUESTIONS.values()]
    if given.imported:
        found, plain = _dataset(given), _plain_tables(store)
        told = [replace(match, source=found.spec) for q in asked for match in find_relations(q, **plain)]
        return {"answers": [match for q in asked for match in find_in(store, q, found)] == told}
    tables = {name: store.read(name) for name in ("videos", "trajectories", "labels", "relations")}
    figures = figures_of(store, Dataset(Kind.OWN, OWN)).statistics == statistics_of(**tables)
    del tables["trajectories"]
    return {"figures": figures, "answers": all(find_stored(store, q) == find_relations(q, **tables) for q in asked)}


def _plain_tables(store: Any) -> dict[str, Any]:
    """The import as the tables that the phases would have of it."""
    import polars as pl

    rows = store.read("imported_graphs", columns=["video_id", "uri", "objects", "relations"])
    told = rows.select(
        "video_id", pl.col("relations").list.eval(pl.element()), place=pl.int_ranges(pl.col("relations").list.len())
    )
    return {
        "videos": rows.select("video_id", "uri", superseded_by=pl.lit(None, pl.String)),
        "labels": rows.select("video_id", "objects").explode("objects").drop_nulls().select(
            "video_id", stage=pl.lit("verified"), object_id=pl.col("objects").struct.field("id"),
            name=pl.col("objects").struct.field("name"),
        ),
        "relations": told.explode("relations", "place").drop_nulls("place").select(
            "video_id", pl.col("place").cast(pl.Int32).alias("relation_id"), pl.col("relations").struct.unnest()
        ),
    }  # fmt: skip


def _timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    begun, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, {"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}


def _files(uri: str) -> Iterator[Path]:
    return (path for path in Path(uri).rglob("*") if path.is_file())


def _bytes(uri: str) -> int:
    return sum(path.stat().st_size for path in _files(uri))


def _forget(uri: str) -> None:
    """Take the store's files out of the system's cache, where it can be told to."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in _files(uri):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


WORK: dict[str, Callable[[str, argparse.Namespace], dict[str, Any]]] = {
    "generate": _generate,
    "maintain": _maintain,
    "table": _table,
    "query": _query,
    "check": _check,
}

if __name__ == "__main__":
    raise SystemExit(main())
