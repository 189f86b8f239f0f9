"""What a real video costs in paid calls: `python -m benchmarks.paid_chain` prints tables.

Videos go through the whole chain with the describer, parser and relator of profile `svg2`, tracked and verified as in
profile `embedded` (no weights of SAM 2 and SAM 3 are needed), against the development server over HTTP. Its answers are
made up, its counts of calls and tokens are not. The video is a street with twice its people: 24 s, about 40 objects.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.data import ROOT
from benchmarks.tables import Table, percent, show, verdict
from svg2_assets.llm.calls import Call
from svg2_assets.scene.video import Pixels
from tests.devserver import DevServer, dev_server

STREET = ROOT / "tests" / "clips" / "vtest_200_499.mp4"
WARM_UP = ROOT / "tests" / "clips" / "bigbuckbunny.mp4"
SECONDS, FPS = 24, 10
MOST_CALLS, MOST_IMAGE_TOKENS, ESTIMATE_ERROR = 4, 0.5, 0.1
KEY = "sk-of-the-benchmark"
PAID = ("parsed_labels", "relations")
SAYS = "import sys, json; from benchmarks.paid_chain import plans; print(json.dumps(plans(sys.argv[1:])))"


@dataclass(frozen=True, slots=True)
class Ran:
    """What one video took: rows of `svg2 costs --by phase`, what was estimated, and what upstream would send."""

    objects: int
    phases: Mapping[str, Mapping[str, Any]]
    estimated: Mapping[str, float]
    ours: Mapping[str, int]
    theirs: Mapping[str, int]


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of the street")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="svg2-paid-") as folder, dev_server() as server:
        tables = chain(Path(folder), server, seconds=given.seconds)
    show(tables, as_json=given.json)
    return 0


def chain(folder: Path, server: DevServer, *, seconds: int) -> list[Table]:
    """Other videos first, from which the estimate learns what answers take; then the street."""
    street = twice(STREET, folder / "street.mp4", frames=seconds * FPS)
    environment = installation(folder / "home", server)
    pieces = [str(twice(STREET, folder / f"{n}.mp4", frames=n)) for n in (10, 25)]
    svg2(environment, "annotate", str(WARM_UP), *pieces)
    before = folder / "before"
    shutil.copytree(folder / "home" / "llm", before)
    paid = server.count()
    svg2(environment, "annotate", str(street), "--json", str(folder / "out"))
    after = server.count()
    (document,) = (folder / "out").glob("*.json")
    ran = told(environment, document, before)
    return [_phases(ran), _targets(ran, paid=_paid(after) - _paid(paid))]


def _paid(count: Mapping[str, Any]) -> int:
    return int(sum(count["paid"].values()))


def twice(source: Path, path: Path, *, frames: int) -> Path:
    """The first `frames` frames of `source` beside their mirror image: a real clip with twice the objects."""
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        stream = None
        for number, frame in enumerate(read.decode(video=0)):
            if number == frames:
                break
            pixels = _doubled(np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
            if stream is None:
                stream = written.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20"})
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


def svg2(environment: Mapping[str, str], *arguments: str) -> str:
    """What the command prints. Raises `RuntimeError` where it fails."""
    command = [sys.executable, "-m", "svg2_assets.cli", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"svg2 {' '.join(arguments)} failed: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return done.stdout


def told(environment: Mapping[str, str], document: Path, before: Path) -> Ran:
    """The street's costs, and its plans made in the installation's own environment."""
    graph = json.loads(document.read_text())
    video_id = str(graph["video"]["id"])
    costs = json.loads(svg2(environment, "costs", "--by", "video", "--by", "phase", "--json"))
    phases = {part["phase"]: part for part in costs["parts"] if part["video"] == video_id}
    command = [sys.executable, "-c", SAYS, video_id, str(before)]
    done = subprocess.run(command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, check=True)
    plans = json.loads(done.stdout.splitlines()[-1])
    return Ran(len(graph["objects"]), phases, plans["estimated"], plans["ours"], plans["theirs"])


def plans(arguments: list[str]) -> dict[str, Any]:
    """For a video of the environment's installation: its calls as estimated with the journal in a folder, and the calls
    of preset `release`.
    """
    from resources.llm.estimate import estimate_calls
    from resources.llm.settings import gateway_settings
    from svg2_assets.commands.installation import Installation
    from svg2_assets.settings import from_environment

    video_id, before = arguments
    installed = Installation(from_environment())
    ours = list(_planned(installed, video_id, preset="default"))
    theirs = list(_planned(installed, video_id, preset="release"))
    estimates = estimate_calls(ours, gateway_settings(from_environment(), journal=before))
    return {
        "estimated": {name: sum(getattr(e, name) for e in estimates) for name in ("tokens_in", "tokens_out", "money")},
        "ours": _sizes(ours),
        "theirs": _sizes(theirs),
    }


def _planned(installed: Any, video_id: str, *, preset: str) -> Iterator[Call]:
    from resources.openai_models.parser import OpenAIParser
    from resources.openai_models.relator import OpenAIRelator
    from svg2_assets.beforehand import PLANNERS
    from svg2_assets.labels.parser_settings import ParserSettings
    from svg2_assets.relations.vlm.settings import RelatorSettings
    from svg2_assets.scene_graphs.stored import read_tracks, read_verified

    store, source = installed.store, installed.media.source(installed.store, video_id)
    yield from PLANNERS["parsed_labels"](store, source, OpenAIParser(ParserSettings(preset=preset)))
    labels = read_verified(store, video_id)
    if preset == "release":  # leaves objects out whose names are in doubt, and a server that knows nothing doubts all
        labels = tuple(replace(v, label=replace(v.label, uncertain=False)) for v in labels)
    relator = OpenAIRelator(RelatorSettings(preset=preset))
    yield from relator.planned_calls(source, read_tracks(store, video_id), labels)


def _sizes(calls: list[Call]) -> dict[str, int]:
    from svg2_assets.llm.tokens import request_tokens

    images = 0
    for call in calls:
        texts = [_without_images(m) for m in call.messages]
        images += request_tokens(call.model, call.messages) - request_tokens(call.model, texts)
    return {"calls": len(calls), "image tokens": images}


def _without_images(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return message
    return {**message, "content": [part for part in content if part["type"] == "text"]}


def _phases(ran: Ran) -> Table:
    columns = ("phase", "requests", "tokens in", "cached", "tokens out", "dollars")
    names = ("requests", "tokens_in", "cached", "tokens_out", "money")
    rows = [[phase, *(part.get(name, 0) for name in names)] for phase, part in ran.phases.items()]
    return Table(f"The street through profile svg2: {ran.objects} objects", columns, rows)


def _targets(ran: Ran, *, paid: int) -> Table:
    asked = [ran.phases[p] for p in PAID if p in ran.phases]
    ledger = {name: sum(part[name] for part in asked) for name in ("requests", "tokens_in", "tokens_out", "money")}
    share = ran.ours["image tokens"] / ran.theirs["image tokens"]
    calls, upstream = ledger["requests"], ran.theirs["calls"]
    rows: list[list[Any]] = [
        ["paid calls", f"{calls} (upstream {upstream})", f"<= {MOST_CALLS}", verdict(calls <= MOST_CALLS)],
        ["image tokens against upstream", percent(share), "<= 50 %", verdict(share <= MOST_IMAGE_TOKENS)],
    ]
    for name in ("tokens_in", "tokens_out", "money"):
        error = ran.estimated[name] / ledger[name] - 1 if ledger[name] else 0.0
        ok = verdict(abs(error) <= ESTIMATE_ERROR)
        rows.append([f"estimate of {name.replace('_', ' ')}", f"{100 * error:+.1f} %", "within 10 %", ok])
    rows.append(["calls that the server was paid for", str(paid), "", ""])
    notes = [
        "estimated from the rows of tracking and description and from what three shorter videos took before",
        "server and estimate count tokens by one rule, so this tests answers, follow-ups and caching",
    ]
    return Table("Targets", ("measure", "found", "target", ""), rows, notes)


if __name__ == "__main__":
    raise SystemExit(main())
