"""The paper's main table on the synthetic world, with systems whose quality is known beforehand.

    python -m benchmarks.table2 [--clips 3] [--seconds 6] [--json]

Scripted systems say the truth with a share of it spoilt: every fourth relation dropped, every third name exchanged,
times late by half of what they last. What each must score follows from what was spoilt, counted here without the
metrics; times are counted in eighths of a second. A vision baseline is asked over HTTP, by `svg2 evaluate
baseline`, of the development server, which answers with the truth less every third relation. One system names things
in other words; a judge that is a language model, on the same server, knows them. The server holds scripted answers:
what is shown is that the way from pictures to ranks is right, not how good a real model is.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.data import ROOT
from benchmarks.plain_counting import expected
from benchmarks.tables import Table, load_note, percent, show, verdict
from svg2_assets.commands.baseline import Wanted, ask_baseline
from svg2_assets.commands.evaluate_table import datasets_of, notes
from svg2_assets.commands.installation import Installation
from svg2_assets.evaluation.baselines.asking import clock_of
from svg2_assets.evaluation.baselines.settings import Baseline
from svg2_assets.evaluation.baselines.showing import show as shown_of
from svg2_assets.evaluation.graphs.tallies import Measure
from svg2_assets.evaluation.judges.choosing import JudgeChoice, judge_of
from svg2_assets.evaluation.judges.likeness import Judge, Kind, Likeness
from svg2_assets.evaluation.judges.model import ModelJudge
from svg2_assets.evaluation.table.ranking import Comparison, Rated, all_pairs, table_of
from svg2_assets.evaluation.table.settings import TableSetup
from svg2_assets.scene.document import write
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.synthetic.clips import encode_video
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.text import Task, target_text, told_of
from tests.devserver import DevServer, dev_server

DATASET, BASELINE, EXCHANGED, OTHER_WORDS = "world", "vision baseline", "zorb", "quaint "
CONFIG = ROOT / "configs" / "baselines" / "gpt-4.1.yaml"
FPS = 4.0
RASTER = 8  # places a second: frames stand at quarters, what is late by half of a span at eighths

Spoil = Callable[[SceneGraph], SceneGraph]


def dropped(graph: SceneGraph, every: int = 4) -> SceneGraph:
    """Without every so many-th relation."""
    return replace(graph, relations=tuple(r for i, r in enumerate(graph.relations) if i % every))


def exchanged(graph: SceneGraph, every: int = 3) -> SceneGraph:
    """With every so many-th object called something else."""
    return replace(
        graph, objects=tuple(_named(o, EXCHANGED) if i % every == 0 else o for i, o in enumerate(graph.objects))
    )


def late(graph: SceneGraph) -> SceneGraph:
    """With times late by half of what they last."""
    moved = (
        replace(r, spans=Spans.of((s.start + s.duration / 2, s.end + s.duration / 2) for s in r.spans))
        for r in graph.relations
    )
    return replace(graph, relations=tuple(moved))


def otherwise(graph: SceneGraph) -> SceneGraph:
    """In other words, which no lexicon knows."""
    return replace(graph, objects=tuple(_named(o, OTHER_WORDS + o.name) for o in graph.objects))


def _named(o: SceneObject, name: str) -> SceneObject:
    return replace(o, name=name)


SYSTEMS: Mapping[str, Spoil] = {
    "truth": lambda graph: graph,
    "1 of 4 relations dropped": dropped,
    "1 of 3 names exchanged": exchanged,
    "times late by half": late,
    "all of these": lambda graph: late(exchanged(dropped(graph))),
    "other words": otherwise,
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A clip on disk, and its true graph with masks."""

    video: Path
    truth: SceneGraph


def scenes(folder: Path, *, clips: int, seconds: float) -> Iterator[Scene]:
    """Clips of the world, written into `folder` with their documents."""
    how = WorldSettings.of(Difficulty.EASY, width=196, height=140, fps=FPS, seconds=seconds, cut_chance=0.0)
    for sub in ("videos", "truth"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    for seed in range(clips):
        world = World(how, seed=seed)
        video = encode_video(world, folder / "videos" / f"clip{seed}.mp4")
        truth = world.truth.graph(replace(world.video, id=f"clip{seed}", uri=str(video)))
        (folder / "truth" / f"clip{seed}.json").write_text(json.dumps(write(truth)))
        yield Scene(video, truth)


def _overlap(a: Spans, b: Spans) -> bool:
    """Whether the tIoU is above a half, counted in whole places of the raster."""
    first, second = _places(a), _places(b)
    return 2 * len(first & second) > len(first | second)


def _places(spans: Spans) -> set[int]:
    ends = [(p.start * RASTER, p.end * RASTER) for p in spans]
    if any(not x.is_integer() for pair in ends for x in pair):
        raise ValueError(f"times are not on the raster of 1/{RASTER} s: choose seconds that are whole")
    return {place for start, end in ends for place in range(int(start), int(end))}


def script_baseline(server: DevServer, made: Sequence[Scene], baseline: Baseline) -> dict[str, SceneGraph]:
    """Have the server answer about each clip; returns the graphs that its answers mean, by id."""
    from resources.media.reader import open_video

    rules, meant = [], {}
    for scene in made:
        graph = dropped(scene.truth, every=3)
        seen = shown_of(open_video(scene.video), {o.id: o.trajectory for o in graph.objects}, baseline)
        clock = clock_of(seen)
        text = target_text(told_of(graph, seen.ids), task=Task.SCENE_GRAPH, clock=clock)
        line = re.escape(f"Object 1: {seen.boxes[0]}\n") if len(seen.ids) > 1 else re.escape(seen.boxes[0])
        value = json.loads(text)
        value.setdefault("relationships", []).append([1, "next to", 99, [[0, 1]]])  # an object that there is not
        rules.append({"schema": "scene_graph", "text": line, "answer": {"value": value}})
        seconds = clock.edges()
        told = tuple(
            replace(r, spans=Spans.of((seconds[a], seconds[b + 1]) for a, b in clock.numbers(r.spans)))
            for r in graph.relations
        )
        meant[scene.truth.video.id] = replace(graph, relations=told)
    server.script(*rules)
    return meant


def script_judge(server: DevServer, judge: ModelJudge, datasets: Mapping[str, Rated], setup: TableSetup) -> int:
    """Have the server judge: the other words are synonyms, all else mismatches. Returns how many calls there are."""
    pairs = all_pairs(datasets, setup.settings(judge))
    calls = judge.planned_calls(pairs)
    for call in calls:
        user = call.messages[-1]["content"]
        said = [
            {"pair": p["pair"], "class": (Likeness.SYNONYM if _is_other_word(p) else Likeness.MISMATCH).value}
            for p in json.loads(user)["pairs"]
        ]
        rule = {"schema": "judgements", "text": re.escape(user), "answer": {"value": {"judgements": said}}}
        server.script(rule, append=True)
    return len(calls)


def _is_other_word(pair: Mapping[str, Any]) -> bool:
    return pair["kind"] == Kind.OBJECT.value and pair["prediction"] == OTHER_WORDS + pair["reference"]


def run(folder: Path, server: DevServer, *, clips: int, seconds: float) -> list[Table]:
    """The tables."""
    made = list(scenes(folder, clips=clips, seconds=seconds))
    installation = Installation()
    baseline = read_form(Baseline, CONFIG)
    meant = script_baseline(server, made, baseline)
    changes = (f"server.url={server.base_url}", "server.key_variable=''")
    wanted = Wanted(CONFIG, changes, (), folder / "truth", folder / "videos", folder / "told")
    console = Console(stderr=True)
    code = ask_baseline(installation, console, wanted, as_json=False)
    asked = len(server.log())
    again = ask_baseline(installation, console, wanted, as_json=False)
    tables = [_asked_table(folder, code, again, asked, len(server.log()) - asked, clips)]

    setup = TableSetup.model_validate(
        {
            "judge": {"tier": "exact"},
            "datasets": {DATASET: {"truth": {"folder": folder / "truth"}}},
            "systems": {BASELINE: {DATASET: {"folder": folder / "told"}}},
        }
    )
    (rated,) = datasets_of(installation, setup).values()
    scripted = {name: {s.truth.video.id: spoil(s.truth) for s in made} for name, spoil in SYSTEMS.items()}
    truth = {s.truth.video.id: s.truth for s in made}
    datasets = {DATASET: Rated(truth, {**scripted, **rated.systems})}
    told = {**scripted, BASELINE: meant}

    exact = judge_of(JudgeChoice(tier="exact"), gateway=_no_gateway, path=folder / "none")
    tables += _tables(table_of(datasets, setup.settings(exact)), exact, truth, told, alike=str.__eq__)
    from resources.llm.shared import shared_gateway

    gateway = shared_gateway(
        base_url=server.base_url, key_variable="", requests_per_minute=None, tokens_per_minute=None
    )
    choice = JudgeChoice(tier="model")
    judge = judge_of(choice, gateway=lambda: gateway, path=folder / "judgements.sqlite")
    calls = script_judge(server, ModelJudge(gateway), datasets, setup)
    before = len(server.log())
    judge.judge(all_pairs(datasets, setup.settings(judge)))
    by_model = table_of(datasets, setup.settings(judge))
    took = len(server.log()) - before
    tables += _tables(by_model, judge, truth, told, alike=lambda a, b: b in {a, OTHER_WORDS + a})
    fresh = judge_of(choice, gateway=lambda: gateway, path=folder / "judgements.sqlite")
    table_of(datasets, setup.settings(fresh))
    rows = [["calls planned", calls, ""], ["requests sent", took, verdict(took == calls)]]
    rows.append(
        ["requests of a second table", len(server.log()) - before - took, verdict(len(server.log()) == before + took)]
    )
    return [*tables, Table("The judge over HTTP", ("what", "found", ""), rows, (load_note(),))]


def _tables(
    made: Comparison,
    judge: Judge,
    truth: Mapping[str, SceneGraph],
    told: Mapping[str, Mapping[str, SceneGraph]],
    *,
    alike: Callable[[str, str], bool],
) -> list[Table]:
    """The table as users see it, and beside it what must come out."""
    rows, checks = [], []
    for s in made.standings:
        cells = [f"{percent(e.share, digits=1)} ({e.rank:g})" if e and e.rank else "-" for e in s.entries.values()]
        rows.append([s.system, *cells, s.mean_rank])
        sums: dict[Measure, list[int]] = {m: [0, 0] for m in Measure}
        for video_id, graph in truth.items():
            for measure, (right, of) in expected(
                graph, told[s.system][video_id], alike=alike, overlap=_overlap
            ).items():
                sums[measure][0] += right
                sums[measure][1] += of
        wanted = [right / of for right, of in sums.values()]
        found = [e.share if e else None for c in made.columns for e in [s.entries[c]]]
        order = {c.measure: f for c, f in zip(made.columns, found, strict=True)}
        same = all(order[m] is not None and abs((order[m] or 0) - w) < 1e-9 for m, w in zip(sums, wanted, strict=True))
        checks.append([s.system, *(percent(w, digits=1) for w in wanted), verdict(same)])
    head = ("system", *(c.measure.value for c in made.columns), "mean rank")
    return [
        Table(f"Systems, judge {judge.name}", head, rows, notes(made, judge)),
        Table("What must come out, by plain counting", ("system", *(m.value for m in Measure), ""), checks),
    ]


def _asked_table(folder: Path, code: int, again: int, asked: int, more: int, clips: int) -> Table:
    documents = [json.loads(p.read_text()) for p in sorted((folder / "told").glob("*.json"))]
    dropped_numbers = sum("99" in r for d in documents for r in d["provenance"]["answer"]["remarks"])
    rows: list[list[object]] = [
        ["clips told", len(documents), verdict(len(documents) == clips and not code and not again)],
        ["requests", asked, verdict(asked == clips)],
        ["requests of a second run", more, verdict(not more)],
        ["illegal object numbers dropped", dropped_numbers, verdict(dropped_numbers == clips)],
    ]
    return Table("The vision baseline over HTTP", ("what", "found", ""), rows)


def _no_gateway() -> Any:
    raise AssertionError("tier exact asks no model")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    before = os.environ.get("SVG2_HOME")
    with tempfile.TemporaryDirectory(prefix="svg2-table-") as folder, dev_server() as server:
        os.environ["SVG2_HOME"] = str(Path(folder) / "home")
        try:
            tables = run(Path(folder), server, clips=given.clips, seconds=given.seconds)
        finally:
            from resources.llm.shared import close_shared_gateways

            close_shared_gateways()
            os.environ.pop("SVG2_HOME")
            if before is not None:
                os.environ["SVG2_HOME"] = before
    show(tables, as_json=given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
