"""Whether TRASER learns: the ablation of its resamplers and the probes of blindness, on the synthetic world.

All systems begin with one vision tower that can see, made here; each is trained on the same clips with as many steps
and about as many weights, once a seed, and judged on clips that nobody trained on. A run is a process
(`benchmarks.traser_learning_worker`) whose weights and figures are kept in `--folder`: an interrupted benchmark goes
on, seeds can be added; the tables are of what is there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.tables import Table, load_note, percent, show
from benchmarks.traser_learning_clips import write_clips
from benchmarks.traser_learning_systems import COMPARED, SYSTEMS, Job
from benchmarks.traser_learning_worker import features_path
from svg2_assets.traser.samples.world import HELD_OUT

METRICS = ("objects", "attributes", "relations", "triplets")
PROBES = ("shifted", "swapped", "reversed", "shuffled", "unseen", "strange")
LOOKED = ("shifted", "swapped")
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def shown(self, digits: int = 3) -> str:
        """As text."""
        return f"{self.mean:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


def main() -> None:
    """Train what is missing, then print the tables."""
    options = _options()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    judged = {"held_out": options.held_out, "judged_from": options.judged_from}
    write_clips(folder, train=options.clips, **judged, processes=options.jobs)
    jobs = [
        Job(system, seed, options.steps, options.batch, options.clips, seconds=options.seconds, **judged)
        for seed in range(options.seeds)
        for system in options.systems
    ]
    _begin(folder, jobs[0], threads=options.jobs)
    failed = _run([job for job in jobs if not _place(folder, job).exists()], folder, at_once=options.jobs)
    runs = [json.loads(_place(folder, job).read_text()) for job in jobs if _place(folder, job).exists()]
    show(tables(runs, options.steps, options.batch), as_json=options.json)
    sys.exit(1 if failed else 0)


def _begin(folder: Path, job: Job, *, threads: int) -> None:
    """What all begin with, where it is not there yet: a vision tower that can see."""
    if not features_path(folder, job.clips).exists():
        given = (str(folder), json.dumps(asdict(job)), "see")
        command = [sys.executable, "-m", "benchmarks.traser_learning_worker", *given]
        subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": str(threads)}, check=True)


def tables(runs: Sequence[Mapping[str, object]], steps: int, batch: int) -> list[Table]:
    """Ablation, precision, probes."""
    systems = [name for name in SYSTEMS if any(run["system"] == name for run in runs)]
    of = {name: [run for run in runs if run["system"] == name] for name in systems}
    return [_ablation(of, steps, batch), _probes(of), _by_looking(of)]


def _ablation(of: Mapping[str, Sequence[Mapping]], steps: int, batch: int) -> Table:
    rows = []
    for name, runs in of.items():
        recalls = [_share(runs, metric).shown() for metric in METRICS]
        precise = _share(runs, "relations_precision").shown()
        loss = Interval(*_resampled([np.asarray([run["held_out_loss"]]) for run in runs])).shown()
        valid = percent(float(np.mean([_ratio(run, "answers") for run in runs])), digits=1)
        lengths = f"{np.mean([run['positions'] for run in runs]):.0f}"
        steps_made = min(run["steps"] for run in runs)
        rows.append((name, len(runs), steps_made, f"{runs[0]['weights']:,}", lengths, loss, *recalls, precise, valid))
    columns = ("system", "seeds", "steps", "weights", "positions", "loss", *METRICS, "relations, precision", "valid")
    notes = (
        f"{steps} steps of {batch} clips, the same for all. Mean over seeds and clips [95 %, bootstrap over both].",
        "objects: names right of all; attributes, relations, triplets: recall, strict text, tIoU > 0.5.",
        "positions: mean length of a sequence. All answers are written held to their form.",
        load_note(),
    )
    return Table("Ablation: what stands for an object", columns, rows, notes)


def _probes(of: Mapping[str, Sequence[Mapping]]) -> Table:
    rows = [(name, *_compared(of, name, PROBES, _gap)) for name in of]
    notes = (
        "Loss of a token of the answer above that of the true answer to the clip as it is [95 %], and how many times "
        "that of `both`, which is preset release. Wrong answers stand in the order of true ones.",
        "shifted: every relation 4 s off; swapped: ends exchanged; reversed: the clip backwards, the answer as it was; "
        "shuffled: a group's tokens dealt out among their places; unseen: the clip without its pictures; strange: "
        "another clip with as many objects.",
    )
    return Table("Blindness: what changes cost", ("system", *PROBES), rows, notes)


def _by_looking(of: Mapping[str, Sequence[Mapping]]) -> Table:
    rows = [(name, *_compared(of, name, LOOKED, _gap_by_looking)) for name in of]
    notes = (
        "What of a wrong answer's cost comes from the clip: its gap, less the gap of the same two answers to a "
        "stranger's clip. A relation at another time is unlikely as text already, which is what the rest measures.",
    )
    return Table("Blindness: what of it comes from looking", ("system", *LOOKED), rows, notes)


Gap = Callable[[Sequence[Mapping], str], Interval]


def _compared(of: Mapping[str, Sequence[Mapping]], name: str, probes: Sequence[str], gap: Gap) -> list[str]:
    """Each probe's gap, beside that of the released way."""
    found = [(gap(of[name], probe), gap(of.get("both", ()), probe)) for probe in probes]
    return [f"{mine.shown()} {_times(mine, release)}" for mine, release in found]


def _times(gap: Interval, release: Interval) -> str:
    return f"({gap.mean / release.mean:.1f}x)" if release.mean > 1e-3 else f"(from {release.mean:.4f})"


def _gap(runs: Sequence[Mapping], probe: str) -> Interval:
    found = [np.asarray([p[probe] - p["true"] for p in run["probes"] if probe in p]) for run in runs]
    return Interval(*_resampled(found)) if found else Interval(0.0, 0.0, 0.0)


def _gap_by_looking(runs: Sequence[Mapping], probe: str) -> Interval:
    """Of the clips whose answer the probe changes."""
    other = f"strange, {probe}"
    found = [
        np.asarray([(p[probe] - p["true"]) - (p[other] - p["strange"]) for p in run["probes"] if other in p])
        for run in runs
    ]
    return Interval(*_resampled(found)) if found else Interval(0.0, 0.0, 0.0)


def _ratio(run: Mapping, metric: str) -> float:
    right, of = np.asarray([clip[metric] for clip in run["clips"]]).sum(axis=0)
    return float(right / max(of, 1))


def _share(runs: Sequence[Mapping], metric: str) -> Interval:
    """Right of all over the clips of every seed."""
    counts = [np.asarray([clip[metric] for clip in run["clips"]], dtype=float) for run in runs]
    random = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        chosen = [counts[k] for k in random.integers(len(counts), size=len(counts))]
        clips = random.integers(len(counts[0]), size=len(counts[0]))
        draws.append(np.mean([c[clips, 0].sum() / max(c[clips, 1].sum(), 1) for c in chosen]))
    mean = float(np.mean([c[:, 0].sum() / max(c[:, 1].sum(), 1) for c in counts]))
    return Interval(mean, *map(float, np.quantile(draws, (0.025, 0.975))))


def _resampled(values: Sequence[np.ndarray]) -> tuple[float, float, float]:
    """Mean over seeds of the mean over clips, and its interval over both."""
    random = np.random.default_rng(0)
    draws = []
    for _ in range(DRAWS):
        chosen = [values[k] for k in random.integers(len(values), size=len(values))]
        draws.append(np.mean([v[random.integers(len(v), size=len(v))].mean() for v in chosen]))
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(np.mean([v.mean() for v in values])), float(low), float(high)


def _run(jobs: Iterable[Job], folder: Path, *, at_once: int) -> int:
    """Each job in a process of one thread, `at_once` side by side. How many failed."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    waiting, running, failed = list(jobs), {}, 0
    while waiting or running:
        while waiting and len(running) < at_once:
            job = waiting.pop(0)
            command = [sys.executable, "-m", "benchmarks.traser_learning_worker", str(folder), json.dumps(asdict(job))]
            log = _place(folder, job).with_suffix(".log").open("w")
            running[subprocess.Popen(command, env=environment, stdout=log, stderr=log)] = (job, log)
        time.sleep(0.5)
        for process in [p for p in running if p.poll() is not None]:
            job, log = running.pop(process)
            log.close()
            failed += process.returncode != 0
            print(f"{job.name}: {'done' if process.returncode == 0 else 'FAILED, see ' + log.name}", file=sys.stderr)
    return failed


def _place(folder: Path, job: Job) -> Path:
    return folder / f"{job.name}.json"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", nargs="+", default=list(COMPARED), choices=list(SYSTEMS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1600)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--clips", type=int, default=2400, help="to train on")
    parser.add_argument("--held-out", type=int, default=200, help="clips to judge on")
    parser.add_argument(
        "--judged-from",
        type=int,
        default=HELD_OUT,
        help="seed of the first clip to judge on. Weights that are there are judged anew, not trained: choose on the "
        "default ones, report on others, such as 2000000",
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="cut each run's training after so many, 0: never")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2)), help="processes side by side")
    parser.add_argument("--folder", type=Path, default=Path(".svg2/benchmarks/traser-learning"))
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
