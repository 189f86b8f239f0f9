"""Statistics and queries of a store as large as Synthetic Visual Genome 2, on two cores, each in a process of its own.

    python -m benchmarks.statistics [--scale 1.0] [--store FOLDER] [--imported] [--check] [--json]

The store is generated without masks (636,000 videos, 6.6 million objects, 52 million attributes, 6.7 million relations
times `--scale`), in a temporary folder that is removed, or in `--store`, which stays and is used again.
With `--imported` it is one import, whole graphs whose objects have frames, in place of what the phases write.
Then follow the store's maintenance, the table of `svg2 stats`, and questions of `svg2 query`: the first with the
store's files out of the system's cache, the others warm. `--check` compares with the plain way, which reads all tables
at once: for small scales.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.statistics_worker import CORES, QUESTIONS
from benchmarks.tables import Table, load_note, show, verdict

SECONDS, MEGABYTES, ANSWER_SECONDS = 60.0, 4096.0, 0.5
"""Targets: the table, its memory, a warm query."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, measure, print."""
    given = _parser().parse_args(arguments)
    if given.store is not None:
        measured = _measured(given.store, given)
    else:
        with tempfile.TemporaryDirectory(prefix="svg2-statistics-") as folder:
            measured = _measured(Path(folder) / "store", given)
    show(_tables(measured), as_json=given.json)
    return 0


def _measured(store: Path, given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    there = store.is_dir() and any(store.iterdir())
    works = [*([] if there else ["generate"]), "maintain", "table", "query", *(["check"] if given.check else [])]
    return {work: _work(work, store, given) for work in works}


def _work(work: str, store: Path, given: argparse.Namespace) -> dict[str, Any]:
    """What a fresh process measured."""
    command = [sys.executable, "-m", "benchmarks.statistics_worker", work, str(store), "--scale", str(given.scale)]
    command += ["--imported"] * given.imported
    environment = os.environ | {"POLARS_MAX_THREADS": str(CORES), "LANCE_CPU_THREADS": str(CORES)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _tables(measured: dict[str, dict[str, Any]]) -> list[Table]:
    works = [
        (name, told["wall"], told["cpu"], round(told["peak_mb"]), *_target(name, told), _said(told))
        for name, told in measured.items()
    ]
    asked = measured["query"]
    answers = [("frequent, cold", *QUESTIONS["frequent"], "", asked["cold"]["wall"], asked["cold"]["cpu"], "-", "-")]
    for name, line in asked["questions"].items():
        met = verdict(line["wall"] < ANSWER_SECONDS)
        cost = (line["wall"], line["cpu"], f"< {ANSWER_SECONDS} s", met)
        answers.append((name, *QUESTIONS[name], line["answers"], *cost))
    columns = ("question", "subject", "predicate", "object", "answers", "wall (s)", "CPU (s)", "target", "")
    return [
        Table("A store as large as SVG2", ("work", "wall (s)", "CPU (s)", "peak MB", "target", "", "what"), works),
        Table("Questions, median of five", columns, answers, notes=[load_note()]),
    ]


def _target(name: str, told: dict[str, Any]) -> tuple[str, str]:
    if name != "table":
        return "-", "-"
    return f"< {SECONDS:.0f} s, < {MEGABYTES:.0f} MB", verdict(told["wall"] < SECONDS and told["peak_mb"] < MEGABYTES)


def _said(told: dict[str, Any]) -> str:
    """What the work counted, in words."""
    parts = []
    for key, value in told.items():
        if key == "bytes":
            parts.append(f"{value / 1e9:.2f} GB on disk")
        elif key == "steps":
            parts += [f"{step} {took['wall']:.1f} s" for step, took in value.items()]
        elif key in {"rows", "figures"} and isinstance(value, dict):
            parts += [f"{count:,} {name.replace('_', ' ')}" for name, count in value.items()]
        elif isinstance(value, bool):
            parts.append(f"{key} {'as the plain way' if value else 'DIFFER from the plain way'}")
    return ", ".join(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="of SVG2's size")
    parser.add_argument("--store", type=Path, help="folder that is kept; used again when there is a store")
    parser.add_argument("--imported", action="store_true", help="as one imported source, not as the phases' own")
    parser.add_argument("--check", action="store_true", help="compare with the plain way, for small scales")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
