"""What graphs are worth for answering questions: `python -m benchmarks.questions` prints tables. No download, no model.

Questions are made of the truth of synthetic clips, and read off five graphs of each: the truth, the truth with half of
its relations, with names exchanged between things, an empty one, and none at all (blind: the most frequent answer).
What must come out is known: the truth answers all, an empty graph none, half of the relations exactly those questions
whose facts are left, exchanged names those about which names there are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from benchmarks.tables import Table, load_note, percent, show, verdict
from svg2_assets.evaluation.questions.asking import Exam
from svg2_assets.evaluation.questions.conditions import BLIND, conditions_of
from svg2_assets.evaluation.questions.damage import emptied, says_all, with_names_exchanged, without_relations
from svg2_assets.evaluation.questions.graph_sets import GraphSet, of_graphs
from svg2_assets.evaluation.questions.making import MakingSettings, make_questions
from svg2_assets.evaluation.questions.report import Report, report_of
from svg2_assets.evaluation.questions.running import read_all
from svg2_assets.evaluation.questions.scores import Marked
from svg2_assets.evaluation.questions.values import QuestionType
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World

FIRST_SEED = 3_000_000  # neither training, validation nor test clips of TRASER
UNSEEN = Trajectory((), ())
NEAR = 0.08  # by which whoever sees nothing may be better than chance
BY_NAMES = (QuestionType.EXISTENCE, QuestionType.COUNT)
DAMAGE: Mapping[str, Callable[[SceneGraph], SceneGraph]] = {
    "truth": lambda graph: graph,
    "half": lambda graph: without_relations(graph, share=0.5),
    "exchanged": with_names_exchanged,
    "empty": emptied,
}


def true_graph(seed: int) -> SceneGraph:
    """The truth of one clip, without masks: nothing is rendered at a size that anybody looks at."""
    how = WorldSettings.of(Difficulty.EASY, width=64, height=48, fps=4.0, seconds=12.0, cut_chance=0.0)
    truth = World(how, seed=seed).truth
    things = (SceneObject(o.id, o.name, UNSEEN, o.attributes, part_of=o.part_of) for o in truth.objects)
    return SceneGraph(truth.video, tuple(things), truth.relations)


def examined(clips: int, *, first: int = FIRST_SEED, seed: int = 0) -> tuple[Exam, Marked, Report]:
    """Questions about `clips`, answered and scored."""
    graphs = [true_graph(first + i) for i in range(clips)]
    sets = {name: of_graphs(name, [damage(g) for g in graphs]) for name, damage in DAMAGE.items()}
    conditions = conditions_of(list(sets), video=False)
    exam = Exam(make_questions(graphs, MakingSettings(seed=seed)), conditions, sets)
    marked = Marked(exam.questions, read_all(exam))
    return exam, marked, report_of(marked, conditions, seed=seed)


def left(exam: Exam, graphs: GraphSet) -> int:
    """Questions whose facts the graphs still say."""
    kept = (graphs.of(q.video_id) for q in exam.questions)
    return sum(graph is not None and says_all(graph, q) for q, graph in zip(exam.questions, kept, strict=True))


def accuracy_table(exam: Exam, found: Report) -> Table:
    """Each graph with what is known of it."""
    half = left(exam, exam.graphs["half"]) / found.questions
    shares = {name: a.share for name, a in found.conditions.items()}
    by_names = [found.kinds["type", kind.value]["graph exchanged"] for kind in BY_NAMES]
    chance = found.chance or 0.0
    known = {
        "graph truth": ("100 %", shares["graph truth"] == 1.0),
        "graph half": (percent(half, digits=1), abs(shares["graph half"] - half) < 1e-9),
        "graph exchanged": ("existence, count 100 %", all(a.share == 1.0 for a in by_names)),
        "graph empty": ("0 %", shares["graph empty"] == 0.0),
        BLIND: (f"about {percent(chance, digits=1)}", abs(shares[BLIND] - chance) < NEAR),
    }
    rows = []
    for name, (expected, met) in known.items():
        a = found.conditions[name]
        between = "-" if a.interval is None else f"{percent(a.interval.low)} to {percent(a.interval.high)}"
        rows.append([name, a.right, a.answered, percent(a.share, digits=1), between, expected, verdict(met)])
    order = [shares[f"graph {name}"] for name in DAMAGE]
    falling = all(a > b for a, b in pairwise(order))
    note = f"truth above half above exchanged above empty: {verdict(falling)}"
    title = f"{found.questions} questions about {found.videos} clips"
    columns = ("answered from", "right", "answered", "accuracy", "95 % over videos", "known", "")
    return Table(title, columns, rows, (note, load_note()))


def kinds_table(found: Report) -> Table:
    """By type of question."""
    names = list(found.conditions)
    rows = [
        [value, by[names[0]].of, *(percent(by[name].share, digits=1) for name in names)]
        for (_, value), by in found.kinds.items()
    ]
    return Table("Accuracy by type", ("type", "questions", *names), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=__doc__)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed of the clips")
    parser.add_argument("--seed", type=int, default=0, help="of questions and intervals")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    exam, _, found = examined(given.clips, first=given.first, seed=given.seed)
    show([accuracy_table(exam, found), kinds_table(found)], as_json=given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
