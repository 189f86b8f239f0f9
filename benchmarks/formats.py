"""What each file format costs by number of videos: time, memory, what comes back, what one broken record does.

    python -m benchmarks.formats [--videos 400 3200 12800] [--formats svg2 traser ...] [--jobs 1] [--json]

Short videos (`benchmarks.formats_graphs`) are written as files of a format while they are made (out); files are read
alone (read) and imported into a fresh store (in), each in a process of its own. `store` is reading such a store again,
as an export does; it is the same for all and measured once. Memory is the most that the process held, Python and its
libraries included. It is extrapolated to a release of 600,000 videos in a straight line through the two largest numbers
of videos: below some thousand, batches and caches are still filling up, and the line is too steep.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.formats_files import held, spoil
from benchmarks.formats_graphs import video_id
from benchmarks.formats_worker import CORES
from benchmarks.tables import Table, load_note, show, verdict
from svg2_assets.scene_graphs.formats.registry import FORMATS

RELEASE, MEGABYTES = 600_000, 2048.0
"""Target: megabytes for a release of so many videos."""
NOISE = 1.5  # MB by which peaks of the same work differ
ALL_RELATIONS = "RELATIONS"
OF_RELATIONS = ("CAMERA", "SUBJECTS", "VANISHED", "REPEATED")
"""Losses that are relations; those at times that do not show both objects keep the times that do."""
FIGURES = ("videos", "objects", "masks", "relations")


@dataclass(slots=True)
class Measured:
    """What was measured of a format, by number of videos: `ways` by direction; `spoilt` of the smallest number."""

    name: str
    ways: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    spoilt: dict[str, Any] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print. The exit code is 1 where something does not come back or is not rejected as it should be."""
    given = _parser().parse_args(arguments)
    numbers = sorted(set(given.videos))
    place = tempfile.TemporaryDirectory(prefix="svg2-formats-", dir=given.folder)
    with place as folder, ThreadPoolExecutor(given.jobs) as pool:
        asked = [(name, name == _first(given.formats)) for name in dict.fromkeys(given.formats)]
        found = list(pool.map(lambda each: measured(Path(folder), numbers, each[0], store=each[1]), asked))
    back, broken = back_table(found), broken_table(found)
    show([cost_table(found), back, broken], as_json=given.json)
    return int(any(row[-1] != verdict(ok=True) for row in chain(back.rows, broken.rows)))


def _first(names: Sequence[str]) -> str | None:
    """The first format that can be read."""
    return next((name for name in names if FORMATS[name].read is not None), None)


def measured(base: Path, numbers: Sequence[int], name: str, *, store: bool) -> Measured:
    """All that is measured of a format, with `store` also what reading a store costs; its files are gone afterwards."""
    found = Measured(name)
    both = FORMATS[name].read is not None
    for videos in numbers:
        folder = base / f"{name}-{videos}"
        files, kept = folder / "files", folder / "store"
        works: dict[str, dict[str, Any]] = {"write": {"videos": videos}}
        works |= {"parse": {}, "read": {"store": kept}} if both else {}
        works |= {"take": {"store": kept}} if store else {}
        for work, options in works.items():
            found.ways.setdefault(work, {})[videos] = _work(work, name, files, **options)
        found.ways["write"][videos]["largest"] = max(p.stat().st_size for p in files.rglob("*") if p.is_file())
        if not both:
            found.ways["write"][videos]["back"] = held(name, files).to_json()
        elif videos == numbers[0]:
            where = spoil(name, files, video_id(videos // 2))
            found.spoilt = _work("read", name, files, store=folder / "other") | {"videos": videos, "where": where}
        shutil.rmtree(folder)
    return found


def cost_table(found: Sequence[Measured]) -> Table:
    """Time and memory, a line a format and direction."""
    rows = [_costs(m.name, way, by_number) for m in found for way, by_number in m.ways.items()]
    numbers = sorted({n for m in found for by_number in m.ways.values() for n in by_number})
    peaks = f"peak MB at {' / '.join(map(str, numbers))}"
    memory = (peaks, "growth MB", "bytes a video", f"MB at {RELEASE:,}", f"< {MEGABYTES:.0f} MB", "largest file (MB)")
    columns = ("format", "direction", "videos", "wall (s)", "CPU (s)", "videos a CPU second", *memory)
    notes = [load_note(), "what `in` grows more than `read` is the store's: a commit for 256 videos, and its caches"]
    if len(numbers) > 1:
        noise = NOISE / (numbers[-1] - numbers[-2]) * RELEASE
        notes.append(f"peaks of the same work differ by about {NOISE} MB: at {RELEASE:,} videos that is {noise:.0f} MB")
    return Table("Formats by number of videos", columns, rows, notes)


def _costs(name: str, way: str, by_number: Mapping[int, Mapping[str, Any]]) -> tuple[Any, ...]:
    numbers = sorted(by_number)
    peaks = [by_number[n]["peak_mb"] for n in numbers]
    last, (slope, total) = by_number[numbers[-1]], extrapolated(numbers, peaks)
    return (
        name,
        {"write": "out", "parse": "read", "read": "in", "take": "store"}[way],
        numbers[-1],
        last["wall"],
        last["cpu"],
        round(numbers[-1] / last["cpu"]),
        " / ".join(f"{peak:.0f}" for peak in peaks),
        round(peaks[-1] - peaks[0], 1),
        round(slope * 1e6),
        round(total),
        verdict(total < MEGABYTES),
        round(last["largest"] / 1e6, 2) if "largest" in last else "-",
    )


def extrapolated(numbers: Sequence[int], peaks: Sequence[float]) -> tuple[float, float]:
    """Megabytes a further video, by the two largest numbers, and megabytes of a release; less than none is none."""
    if len(numbers) < 2:
        return 0.0, peaks[-1]
    slope = max(0.0, (peaks[-1] - peaks[-2]) / (numbers[-1] - numbers[-2]))
    return slope, peaks[-1] + slope * (RELEASE - numbers[-1])


def back_table(found: Sequence[Measured]) -> Table:
    """What came back of the largest number of videos, beside what went in less what the format says is lost."""
    rows = []
    for m in found:
        videos = max(m.ways["write"])
        written = m.ways["write"][videos]
        expected = kept_of(written["counts"], written["lost"])
        reads = [m.ways[way][videos]["counts"] for way in ("read", "take") if way in m.ways] or [written["back"]]
        came = [" = ".join(dict.fromkeys(f"{read[key]:,}" for read in reads)) for key in FIGURES]
        lost = ", ".join(f"{name.lower()} {written['counts'][name] - expected[name]:,}" for name in FIGURES[1:]
                         if written["counts"][name] != expected[name])  # fmt: skip
        rows.append((m.name, *came, lost or "-", verdict(all(read == expected for read in reads))))
    columns = ("format", *FIGURES, "lost, as the format says", "in less lost is out")
    return Table("What comes back", columns, rows)


def kept_of(counts: Mapping[str, int], lost: Mapping[str, int]) -> dict[str, int]:
    """What should come back of `counts`, by what a writer says it lost (by name of the loss)."""
    relations = counts["relations"] - sum(lost.get(name, 0) for name in OF_RELATIONS)
    return {
        "videos": counts["videos"],
        "objects": counts["objects"] - lost.get("UNSEEN", 0),
        "masks": counts["masks"] - lost.get("BETWEEN", 0),
        "relations": 0 if ALL_RELATIONS in lost else relations,
    }


def broken_table(found: Sequence[Measured]) -> Table:
    """What importing says of one broken record. Of Action Genome that is a frame, and its video goes on."""
    rows = [_broken(m) for m in found if m.spoilt]
    columns = ("format", "videos", "imported", "rejected", "said", "told with its place, others go on")
    return Table("One broken record", columns, rows)


def _broken(m: Measured) -> tuple[Any, ...]:
    told, of_a_frame = m.spoilt, m.name == "action-genome"
    said = [f"{name}, {place.rsplit('/', 1)[-1]}: {detail}" for _, place, name, detail in told["rejected"]]
    where = [told["where"] in f"{place} {detail}" for _, place, _, detail in told["rejected"]]
    met = told["imported"] == told["videos"] - (not of_a_frame) and where == [True]
    return m.name, told["videos"], told["imported"], told["faults"], "; ".join(said), verdict(met)


def _work(work: str, name: str, files: Path, **options: Any) -> dict[str, Any]:
    """What a fresh process measured."""
    command = [sys.executable, "-m", "benchmarks.formats_worker", work, name, str(files)]
    command += list(chain.from_iterable(_option(key, value) for key, value in options.items()))
    environment = os.environ | {"POLARS_MAX_THREADS": str(CORES), "LANCE_CPU_THREADS": str(CORES)}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    told: dict[str, Any] = json.loads(done.stdout)
    print(f"{name}, {work}: {told['wall']:.1f} s, {told['peak_mb']:.0f} MB", file=sys.stderr, flush=True)
    return told


def _option(key: str, value: Any) -> Iterator[str]:
    yield from (f"--{key}", str(value))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, nargs="+", default=[400, 3200, 12800])
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS), metavar="FORMAT")
    parser.add_argument("--jobs", type=int, default=1, help="formats at a time")
    parser.add_argument("--folder", type=Path, help="where files and stores are meanwhile; the system's otherwise")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
