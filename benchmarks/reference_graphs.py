"""The evaluation of graphs on the two hand-written reference graphs: `python -m benchmarks.reference_graphs`.

Each becomes a true document: objects, attributes and relations, no masks, for it has none. Systems of known quality are
made of it: the truth itself, half of its relations, names exchanged, times shifted, nothing. What each must score is
counted plainly and printed beside what `svg2 evaluate graphs` says (its own functions, on files, `--match id`, judges
`normalised` and `lexical`). A name of the truth offers all that the reference accepts (`kettle or teapot`).

The graph that the embedded profile makes of the clip is annotated by the command in a temporary home. The reference
has boxes on a few frames only, so objects are matched as `benchmarks.quality` finds them: one to one, by a mean IoU of
at least 0.5 with those boxes or with those of `truth/names.json`; a matched object gets the reference's id, the others
ids of their own. Pieces of an object beside its best trajectory match nothing here.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmarks.command import svg2
from benchmarks.data import DEFAULT_DATA, REFERENCES, ROOT, Data, named_clips
from benchmarks.plain_counting import by_half, expected
from benchmarks.quality_graphs import FOUND_IOU, anchored_iou, reference_objects
from benchmarks.tables import Table, show, verdict
from svg2_assets.evaluation.graphs.settings import Settings, lenient, strict
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.harness.evaluating import Evaluation, Wanted, evaluate
from svg2_assets.evaluation.harness.specs import open_graphs
from svg2_assets.evaluation.judges.normalised import Normalised
from svg2_assets.evaluation.naming import Thing
from svg2_assets.evaluation.questions.damage import emptied, with_names_exchanged, without_relations
from svg2_assets.scene.document import write
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.document_files import read_document
from svg2_assets.traser.graphs import likely_category

LATE = 4.0  # seconds: some relations keep half of their time, some do not
EMBEDDED = "embedded profile"
UNSEEN = Trajectory((), ())
OFFERED = " or "


def true_graph(name: str, reference: Mapping[str, Any]) -> SceneGraph:
    """The reference as a graph called `name`: whole seconds with both ends become half-open spans within the clip."""
    width, height, fps, frames = (reference[key] for key in ("width", "height", "fps", "frames"))
    video = Video(name, reference["video"], "", width, height, fps, frames, frames / fps)
    objects = []
    for number, entry in enumerate(reference["objects"], start=1):
        told = tuple(Attribute(value, AttributeType.OTHER) for value in entry["attributes"])
        named = OFFERED.join([entry[f"object {number}"], *entry["accept"]])
        objects.append(SceneObject(number, named, UNSEEN, told))
    names = {o.id: first_name(o.name) for o in objects}
    relations = []
    for subject, predicate, object_, spans in reference["relationships"]:
        category = likely_category(predicate, subject=names[subject], object_=names[object_])
        held = Spans.of([(s, min(e + 1, video.duration)) for s, e in spans if s < video.duration])
        relations.append(Relation(subject, predicate, object_, category, held))
    return SceneGraph(video, tuple(objects), tuple(relations))


def first_name(offered: str) -> str:
    """The name that a prediction says: it claims one, where a reference may accept several."""
    return offered.split(OFFERED)[0]


def said_of(truth: SceneGraph) -> SceneGraph:
    """The truth as a prediction."""
    return replace(truth, objects=tuple(replace(o, name=first_name(o.name)) for o in truth.objects))


def late(graph: SceneGraph, *, by: float = LATE) -> SceneGraph:
    """With times late by so many seconds; what would be after the end is cut off."""
    end = graph.video.duration
    moved = [
        replace(r, spans=Spans.of((p.start + by, min(p.end + by, end)) for p in r.spans if p.start + by < end))
        for r in graph.relations
    ]
    return replace(graph, relations=tuple(r for r in moved if r.spans))


SYSTEMS: Mapping[str, Callable[[SceneGraph], SceneGraph]] = {
    "truth": lambda graph: graph,
    "half of the relations": lambda graph: without_relations(graph, share=0.5),
    "names exchanged": with_names_exchanged,
    f"times late by {LATE:g} s": late,
    "empty": emptied,
}


def matched(graph: SceneGraph, reference: Mapping[str, Any], own: Sequence[Thing], *, name: str) -> SceneGraph:
    """`graph` as one of the video `name`, its objects under the numbers of the reference objects that they are."""
    listed = reference_objects(reference, own)
    overlaps = sorted(
        (
            (anchored_iou(o.trajectory, anchors), int(number), o.id)
            for number, _, anchors in listed
            for o in graph.objects
        ),
        reverse=True,
    )
    ids: dict[int, int] = {}
    for overlap, number, object_id in overlaps:
        if overlap >= FOUND_IOU and object_id not in ids and number not in ids.values():
            ids[object_id] = number
    for o in graph.objects:
        ids.setdefault(o.id, len(listed) + 1 + o.id)
    objects = (
        replace(o, id=ids[o.id], part_of=None if o.part_of is None else ids[o.part_of], trajectory=UNSEEN)
        for o in graph.objects
    )
    relations = (
        replace(r, subject=ids.get(r.subject, r.subject), object=ids.get(r.object, r.object)) for r in graph.relations
    )
    return SceneGraph(
        replace(graph.video, id=name), tuple(objects), tuple(relations), MappingProxyType(dict(graph.provenance))
    )


def annotated(data: Data, names: Sequence[str], folder: Path) -> dict[str, SceneGraph]:
    """What the embedded profile says of the clips, by the command, under a home of its own in `folder`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SVG2_")}
    environment = {**clean, "SVG2_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}
    clips = [str(data.path(f"sam2-demo/{name}.mp4").absolute()) for name in names]
    svg2(environment, "annotate", *clips, "--json", str(folder / "annotated"))
    graphs = [read_document(file, masks=True) for file in sorted((folder / "annotated").glob("*.json"))]
    found = {Path(graph.video.uri).stem: graph for graph in graphs}
    truths = dict(named_clips())
    return {
        name: matched(found[name], data.reference(name), truths[f"sam2-demo/{name}.mp4"].things, name=name)
        for name in names
    }


def evaluated(folder: Path, truths: Sequence[SceneGraph], systems: Mapping[str, Sequence[SceneGraph]]) -> Evaluation:
    """All systems on `truths`, through files as the command reads them."""
    settings = Settings(criteria=(strict(Normalised()), lenient()))
    with ExitStack() as stack:
        sides = []
        for number, graphs in enumerate((truths, *systems.values())):
            place = folder / f"side{number}"
            place.mkdir()
            for graph in graphs:
                (place / f"{graph.video.id}.json").write_text(json.dumps(write(graph)), encoding="utf-8")
            sides.append(open_graphs(str(place), stack, store=_no_store, masks=False))
        return evaluate(sides[0], list(zip(systems, sides[1:], strict=True)), Wanted(settings))


def comparison(
    found: Evaluation, truths: Sequence[SceneGraph], systems: Mapping[str, Sequence[SceneGraph]]
) -> list[list[Any]]:
    """A row a system and measure: recall and precision, counted plainly and by the metric, and whether they agree."""
    rows = []
    for scores, said in zip(found.systems, systems.values(), strict=True):
        recall, precision = _sums(truths, said, flipped=False), _sums(truths, said, flipped=True)
        for measure in Measure:
            cells = [Cell(measure, name, 0.5 if measure.timed else None) for name in ("strict", "lenient")]
            wanted = recall[measure], precision[measure]
            ours = [[_pair(scores.report.ratio(cell, side)) for side in Side] for cell in cells]
            agree = ours[0] == list(wanted)
            told = [_share(pair) for pair in (wanted[0], ours[0][0], ours[1][0], wanted[1], ours[0][1], ours[1][1])]
            rows.append([scores.name, measure.value, *told, verdict(agree)])
    return rows


def tables(data: Data, *, embedded: bool = True) -> list[Table]:
    """The table of all systems on the references that are there."""
    there = [name for name in REFERENCES if (data.folder / "sam2-demo" / f"{name}.reference.json").is_file()]
    columns = (
        "system", "measure", "recall: expected", "recall: strict", "recall: lenient",
        "precision: expected", "precision: strict", "precision: lenient", "",
    )  # fmt: skip
    title = "Hand-written reference graphs"
    if not there:
        return [Table(title, columns, [], [f"no sam2-demo/*.reference.json in {data.folder}; give it with --data"])]
    truths = [true_graph(name, data.reference(name)) for name in there]
    systems = {name: [spoil(said_of(t)) for t in truths] for name, spoil in SYSTEMS.items()}
    notes = [
        f"{len(truths)} graphs, micro; relations and triplets at a tIoU above 0.5",
        "met: strict says what was expected; lenient accepts kinds and synonyms, and may say more",
    ]
    clips = [name for name in there if data.has(f"sam2-demo/{name}.mp4")]
    with tempfile.TemporaryDirectory(prefix="svg2-references-") as folder:
        if embedded and len(clips) == len(there):
            found = annotated(data, clips, Path(folder))
            systems[EMBEDDED] = [found[name] for name in there]
            notes += [_told(found[t.video.id], t) for t in truths]
        elif embedded:
            notes.append("the clips are not all there: nothing was annotated")
        rows = comparison(evaluated(Path(folder), truths, systems), truths, systems)
    return [Table(title, columns, rows, notes)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Exit code 1 where the metric does not say what was counted."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reference_graphs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with the clips and their references")
    parser.add_argument("--scripted", action="store_true", help="annotate nothing: scripted systems alone")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    made = tables(Data(given.data), embedded=not given.scripted)
    show(made, as_json=given.json)
    return int(any(row[-1] != verdict(True) for table in made for row in table.rows))


def _sums(truths: Sequence[SceneGraph], said: Sequence[SceneGraph], *, flipped: bool) -> dict[Measure, tuple[int, int]]:
    """Plain counts over all graphs; `flipped` are those of what is said."""
    sums = dict.fromkeys(Measure, (0, 0))
    for truth, graph in zip(truths, said, strict=True):
        sides = (graph, truth) if flipped else (truth, graph)
        counted = expected(*sides, alike=lambda a, b, f=flipped: _alike(b, a) if f else _alike(a, b), overlap=by_half)
        for measure, (right, of) in counted.items():
            sums[measure] = sums[measure][0] + right, sums[measure][1] + of
    return sums


def _alike(offered: str, said: str) -> bool:
    return said in offered.split(OFFERED)


def _told(graph: SceneGraph, truth: SceneGraph) -> str:
    numbers = {o.id for o in truth.objects}
    pairs = [f"{o.id} {o.name}" for o in graph.objects if o.id in numbers]
    return (
        f"{truth.video.id}: {len(graph.objects)} objects, {len(graph.relations)} relations; "
        f"matched {len(pairs)} of {len(numbers)}: {', '.join(pairs)}"
    )


def _pair(ratio: Any) -> tuple[int, int]:
    return ratio.right, ratio.of


def _share(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}"


def _no_store() -> Any:
    raise AssertionError("no side is in a store")


if __name__ == "__main__":
    raise SystemExit(main())
