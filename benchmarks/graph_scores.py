"""What scoring scene graphs costs: many videos one by one, and one video with very many relations.

    python -m benchmarks.graph_scores [--videos 1000] [--objects 40] [--relations 30] [--attributes 8]
                                      [--dense 20000 80000 320000] [--json]

Graphs are made up while they are scored, as if they were read: the time to make them is measured apart, and taken off.
The predictions take their names from the words of the lexicon, and are right about half of the time. In the dense
video all relations are between two objects, with fifty predicates and times at random: nothing is alike, and everything
overlaps. Time is processor time of one core; memory is what the process held at most, the graphs included.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence

from benchmarks.tables import Table, load_note, show, verdict
from svg2_assets.evaluation.graphs.report import Report, Scored, report
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.judges import attributes, objects, predicates
from svg2_assets.memory import peak_megabytes
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

SECONDS, MEGABYTES = 30.0, 2048.0  # targets for the many videos
LINEAR = 2.0  # target: how many times more a relation may cost in the largest dense video than in the smallest
LENGTH = 60.0  # seconds of a video
EMPTY = Trajectory((), ())
CATEGORIES = tuple(Category)


class Words:
    """The words to draw from."""

    def __init__(self) -> None:
        self.names = sorted(objects.lexicon().places)
        self.attributes = sorted(attributes.lexicon().places)
        self.predicates = sorted(predicates.lexicon().places)


def video(video_id: str) -> Video:
    """A video that nobody opens."""
    return Video(video_id, "", "", 1280, 720, 10.0, round(10 * LENGTH), LENGTH)


def made(videos: int, *, things: int, relations: int, attributes_each: int) -> Iterator[Scored]:
    """So many videos with truth and a prediction that is right about half of the time."""
    words = Words()
    for v in range(videos):
        draw = random.Random(v)  # noqa: S311
        truth = _graph(f"v{v}", words, draw, things=things, relations=relations, attributes_each=attributes_each)
        yield truth.video.id, truth, _predicted(truth, words, draw)


def dense(relations: int) -> Iterator[Scored]:
    """One video with so many relations on either side, all of two objects."""
    said = Words().predicates[:50]
    sides = []
    for side in range(2):
        draw = random.Random(side)  # noqa: S311
        pair = tuple(SceneObject(i, "person", EMPTY) for i in range(2))
        many = (Relation(0, draw.choice(said), 1, draw.choice(CATEGORIES), _spans(draw, 1)) for _ in range(relations))
        sides.append(SceneGraph(video("dense"), pair, tuple(many)))
    yield "dense", sides[0], sides[1]


def _graph(
    video_id: str, words: Words, draw: random.Random, *, things: int, relations: int, attributes_each: int
) -> SceneGraph:
    told = tuple(
        SceneObject(i, draw.choice(words.names), EMPTY, _attributes(words, draw, attributes_each))
        for i in range(things)
    )
    pairs = [draw.sample(range(-1, things), 2) for _ in range(relations)]
    return SceneGraph(
        video(video_id),
        told,
        tuple(
            Relation(s, draw.choice(words.predicates), o, draw.choice(CATEGORIES), _spans(draw, draw.choice((1, 1, 2))))
            for s, o in pairs
        ),
    )


def _predicted(truth: SceneGraph, words: Words, draw: random.Random) -> SceneGraph:
    def kept(text: str, others: Sequence[str]) -> str:
        return text if draw.random() < 0.5 else draw.choice(others)

    told = tuple(
        SceneObject(
            o.id,
            kept(o.name, words.names),
            EMPTY,
            tuple(Attribute(kept(a.value, words.attributes), a.type) for a in o.attributes),
        )
        for o in truth.objects
    )
    relations = tuple(
        Relation(
            r.subject,
            kept(r.predicate, words.predicates),
            r.object,
            r.category,
            r.spans if draw.random() < 0.5 else _spans(draw, 1),
        )
        for r in truth.relations
    )
    return SceneGraph(truth.video, told, relations)


def _attributes(words: Words, draw: random.Random, many: int) -> tuple[Attribute, ...]:
    return tuple(Attribute(value, AttributeType.OTHER) for value in draw.sample(words.attributes, many))


def _spans(draw: random.Random, parts: int) -> Spans:
    times = sorted(draw.uniform(0, LENGTH) for _ in range(2 * parts))
    return Spans.of(zip(times[::2], times[1::2], strict=True))


def many_table(videos: int, *, things: int, relations: int, attributes_each: int) -> Table:
    """Many videos: what they cost, and that the figures are what such predictions deserve."""
    began = time.process_time()
    for _ in made(videos, things=things, relations=relations, attributes_each=attributes_each):
        pass
    making = time.process_time() - began
    began = time.process_time()
    found = report(made(videos, things=things, relations=relations, attributes_each=attributes_each))
    scoring = time.process_time() - began - making
    held = peak_megabytes()
    began = time.process_time()
    for cell in found.main_cells():
        found.figure(cell, intervals=True)
        found.f1(cell, intervals=True)
    intervals = time.process_time() - began
    rows = [
        ["seconds to make the graphs", making, "", ""],
        ["seconds to score them", scoring, SECONDS, verdict(scoring <= SECONDS)],
        ["seconds for intervals of the main figures", intervals, "", ""],
        ["peak MB", held, MEGABYTES, verdict(held <= MEGABYTES)],
        *([f"{name}", share, "", ""] for name, share in figures(found).items()),
    ]
    title = f"{videos} videos, {things} objects with {attributes_each} attributes, {relations} relations each"
    return Table(title, ("what", "found", "target", ""), rows, (load_note(),))


def figures(found: Report) -> dict[str, float | None]:
    """Some shares, so that a table says what was scored."""
    main = found.settings.main
    return {
        "strict object accuracy": found.ratio(Cell(Measure.OBJECTS, "strict")).share,
        "strict relation recall": found.ratio(Cell(Measure.RELATIONS, "strict", main)).share,
        "lenient relation recall": found.ratio(Cell(Measure.RELATIONS, "lenient", main)).share,
        "lenient relation precision": found.ratio(Cell(Measure.RELATIONS, "lenient", main), Side.PRECISION).share,
    }


def dense_table(sizes: Sequence[int]) -> Table:
    """One video: how time grows with its relations."""
    rows: list[list[object]] = []
    each: list[float] = []
    for size in sizes:
        graphs = list(dense(size))
        began = time.process_time()
        found = report(graphs)
        seconds = time.process_time() - began
        each.append(1e6 * seconds / size)
        recall = found.ratio(Cell(Measure.RELATIONS, "strict", found.settings.main)).share
        rows.append([size, seconds, each[-1], peak_megabytes(), recall])
    grown = each[-1] / each[0]
    note = f"a relation of the largest costs {grown:.2f} times one of the smallest (target {LINEAR}): "
    columns = ("relations on either side", "seconds", "microseconds each", "peak MB", "strict recall")
    return Table(
        "One video, two objects, fifty predicates", columns, rows, (note + verdict(grown <= LINEAR), load_note())
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=1000)
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--relations", type=int, default=30)
    parser.add_argument("--attributes", type=int, default=8)
    parser.add_argument("--dense", type=int, nargs="*", default=[20_000, 80_000, 320_000])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    tables = []
    if given.videos:
        tables.append(
            many_table(given.videos, things=given.objects, relations=given.relations, attributes_each=given.attributes)
        )
    if given.dense:
        tables.append(dense_table(given.dense))
    show(tables, as_json=given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
