"""`svg2 questions make` and `svg2 evaluate questions`: what scene graphs are worth for answering questions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import show_json, table
from svg2_assets.evaluation.questions.asking import Answers, AskingSettings, Exam, Frames, ask_model, planned_calls
from svg2_assets.evaluation.questions.choosing import Form, about, drawn, read_questions
from svg2_assets.evaluation.questions.conditions import Condition, chosen, conditions_of
from svg2_assets.evaluation.questions.files import write_questions
from svg2_assets.evaluation.questions.graph_sets import GraphSet, read_graph_set
from svg2_assets.evaluation.questions.making import MakingSettings, make_questions
from svg2_assets.evaluation.questions.public import LeftOut
from svg2_assets.evaluation.questions.report import Report, report_of
from svg2_assets.evaluation.questions.running import read_all
from svg2_assets.evaluation.questions.scores import Accuracy, Marked
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import files_below, unfinished
from svg2_assets.traser.forms import read_form

if TYPE_CHECKING:
    from resources.llm.estimate import Estimate

GENERATED = "generated"
READER, MODEL = "reader", "model"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `svg2 evaluate questions` is asked for. `questions`: a file, or `generated` from the graphs at `truth`.

    `graphs`: NAME=PATH; `conditions`: names, all when none; `videos`: folder of files called as the questions call
    their videos, the store's when None.
    """

    questions: str
    graphs: Sequence[str]
    truth: Path | None = None
    form: str = ""
    answerer: str = READER
    conditions: Sequence[str] = ()
    videos: Path | None = None
    most: int | None = None
    seed: int = 0
    changes: Sequence[str] = ()
    out: Path | None = None
    estimate: bool = False


def make(
    console: Console,
    *,
    graphs: Path,
    out: Path,
    types: Sequence[str],
    per_video: int,
    most: int,
    seed: int,
    as_json: bool,
) -> int:
    """Make questions of true graphs and write them to `out`. Raises `InvalidQuestions`, `InvalidSetup`."""
    changes = [f"per_video={per_video}", f"most={most}", f"seed={seed}"]
    settings = read_form(MakingSettings, changes=changes, defaults={"types": list(types)} if types else None)
    made = make_questions(read_graph_set("truth", graphs).graphs.values(), settings)
    write_questions(made, out, made=settings.model_dump(mode="json"))
    counts = Counter(q.kinds["type"][0] for q in made)
    if as_json:
        show_json({"questions": len(made), "videos": len({q.video_id for q in made}), "types": counts, "out": str(out)})
    else:
        console.print(table("Questions made", ("type", "questions"), [(k, str(n)) for k, n in counts.items()]))
        console.print(f"{len(made)} questions in {printable(str(out))}", highlight=False, soft_wrap=True)
    return 0 if made else 1


def evaluate(installation: Installation, console: Console, wanted: Wanted, *, as_json: bool) -> int:
    """Have questions answered under conditions and print how many answers are right. Raises a `Svg2Error`."""
    if wanted.answerer not in {READER, MODEL}:
        raise InvalidQuestions(f"--answerer {printable(wanted.answerer)}: give {READER} or {MODEL}.")
    if wanted.estimate and wanted.answerer != MODEL:
        raise InvalidQuestions(f"--estimate: only a model costs anything. Give --answerer {MODEL} as well.")
    sets = {one.name: one for one in map(_graph_set, wanted.graphs)}
    if len(sets) < len(wanted.graphs):
        raise InvalidQuestions("--graphs: two sets have the same name. Give each NAME=PATH a name of its own.")
    conditions = chosen(wanted.conditions, conditions_of(list(sets), video=wanted.answerer == MODEL))
    films = _Films.of(installation, wanted.videos) if any(c.video for c in conditions) else None
    left_out: Counter[LeftOut] = Counter()
    exam = Exam(_questions(wanted, conditions, sets, films, left_out), conditions, sets)
    settings = read_form(AskingSettings, changes=wanted.changes)
    frames = films.frames if films is not None else _no_frames
    if wanted.estimate:
        _show_estimate(installation, console, exam, settings, frames, as_json=as_json)
        return 0
    answers = _answers(exam, settings, frames) if wanted.answerer == MODEL else Answers(read_all(exam))
    marked = Marked(exam.questions, answers.said)
    if wanted.out is not None:
        _write(marked, wanted.out)
    found = report_of(marked, conditions, seed=wanted.seed)
    if as_json:
        show_json({"answerer": wanted.answerer, "left_out": left_out, **found.to_json(), **_outcomes(answers)})
    else:
        _show(console, found, left_out, answers)
    return 0


def _graph_set(given: str) -> GraphSet:
    name, equals, path = given.partition("=")
    if not equals or not name.strip() or not path:
        raise InvalidQuestions(f"--graphs {printable(given)}: expected NAME=PATH, such as A=out.")
    return read_graph_set(name.strip(), Path(path))


def _questions(
    wanted: Wanted,
    conditions: Sequence[Condition],
    sets: dict[str, GraphSet],
    films: _Films | None,
    left_out: Counter[LeftOut],
) -> list[Question]:
    """Those that can be asked under every condition, so that all of them are about the same."""
    needed = [sets[c.graph] for c in conditions if c.graph is not None]
    asked = about(
        _all_questions(wanted, left_out),
        lambda video: all(s.of(video) is not None for s in needed),
        left_out,
        LeftOut.NO_GRAPH,
    )
    if films is not None:
        asked = about(asked, films.has, left_out, LeftOut.NO_VIDEO)
    found = drawn(asked, wanted.most, left_out, seed=wanted.seed)
    if not found:
        told = "; ".join(f"{n} {why.value}" for why, n in left_out.items() if n) or "the file has none"
        raise InvalidQuestions(f"{printable(wanted.questions)}: no question can be asked: {told}.")
    return found


def _all_questions(wanted: Wanted, left_out: Counter[LeftOut]) -> Iterator[Question]:
    if wanted.questions != GENERATED:
        if wanted.form and wanted.form not in list(Form):
            raise InvalidQuestions(f"--form {printable(wanted.form)}: there are {', '.join(Form)}.")
        return read_questions(Path(wanted.questions), left_out, Form(wanted.form) if wanted.form else None)
    if wanted.truth is None:
        raise InvalidQuestions("--questions generated: give the true graphs as --truth PATH as well.")
    truth = read_graph_set("truth", wanted.truth).graphs.values()
    return iter(make_questions(truth, MakingSettings(seed=wanted.seed)))


@dataclass(frozen=True, slots=True)
class _Films:
    """Where videos are: whether there `has` to be one, and its `frames`."""

    has: Callable[[str], bool]
    frames: Frames

    @classmethod
    def of(cls, installation: Installation, folder: Path | None) -> _Films:
        from resources.media.reader import VideoReader
        from svg2_assets.catalog.lookup import entries
        from svg2_assets.scene_graphs.formats.video_files import VIDEO_FILE

        if folder is None:
            known = entries(installation.store)
            return cls(known.__contains__, partial(installation.media.source, installation.store))
        if not folder.is_dir():
            raise InvalidQuestions(f"--videos {printable(str(folder))}: there is no such folder.")
        files = {path.stem: path.absolute() for path in files_below(folder, VIDEO_FILE)}
        return cls(files.__contains__, lambda v: VideoReader(installation.media.glance(str(files[v])), files[v]))


def _no_frames(video: str) -> Any:
    raise InvalidQuestions(f"{printable(video)}: no condition shows a video")


def _answers(exam: Exam, settings: AskingSettings, frames: Frames) -> Answers:
    from resources.llm.shared import shared_gateway

    gateway = shared_gateway()
    gateway.check()
    try:
        return ask_model(exam, settings, gateway, frames)
    finally:
        gateway.flush()


def _show_estimate(
    installation: Installation, console: Console, exam: Exam, settings: AskingSettings, frames: Frames, *, as_json: bool
) -> None:
    from resources.llm.estimate import estimate_calls
    from resources.llm.settings import gateway_settings
    from svg2_assets.commands.costs import ledger

    paid = ledger(installation, phases=("evaluation",))
    calls = planned_calls(exam, settings, frames)
    found = estimate_calls(calls, gateway_settings(installation.settings), ledger=paid)
    if as_json:
        show_json({"estimates": [asdict(one) for one in found]})
        return
    columns = ("model", "calls", "answered", "tokens in", "cached", "tokens out", "dollars", "low – high", "by batch")
    console.print(table("Estimate", columns, map(_cells_of, found)))


def _cells_of(one: Estimate) -> tuple[str, ...]:
    counts = (one.calls, one.answered, one.tokens_in, one.cached, one.tokens_out)
    dollars = (f"{one.money:.4f}", f"{one.low:.4f} – {one.high:.4f}", f"{one.money_batch:.4f}")
    return (one.model, *(f"{round(n):,}" for n in counts), *dollars)


def _write(marked: Marked, path: Path) -> None:
    """A line a question: what was said under each condition, and whether it is right."""
    with unfinished(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        for place, question in enumerate(marked.questions):
            said = {c: {"said": a[place], "right": bool(marked.right[c][place])} for c, a in marked.said.items()}
            line = {"id": question.id, "video_id": question.video_id, "text": question.text, "answer": question.answer}
            file.write(json.dumps({**line, "conditions": said}, ensure_ascii=False) + "\n")


def _outcomes(answers: Answers) -> dict[str, Any]:
    return {"calls": {outcome.value: n for outcome, n in answers.outcomes.items()}} if answers.outcomes else {}


def _show(console: Console, found: Report, left_out: Counter[LeftOut], answers: Answers) -> None:
    rows = [(name, *_accuracy_cells(a)) for name, a in found.conditions.items()]
    columns = ("condition", "right", "of", "answered", "accuracy", "95 %")
    console.print(table(f"{found.questions} questions about {found.videos} videos", columns, rows))
    if found.chance is not None:
        console.print(f"Whoever picks any option has {_percent(found.chance)} right.", highlight=False)
    kinds = [
        (dimension, value, str(next(iter(by.values())).of), *(_percent(a.share) for a in by.values()))
        for (dimension, value), by in found.kinds.items()
    ]
    console.print(table("Accuracy by kind", ("by", "kind", "questions", *found.conditions), kinds))
    compared = [
        (
            f"{first} − {second}",
            f"{100 * c.difference.mean:+.1f}",
            f"{100 * c.difference.low:+.1f} – {100 * c.difference.high:+.1f}",
            f"{c.difference.p_value:.4f}",
            f"{c.only_first} / {c.only_second}",
            f"{c.mcnemar:.4f}",
        )
        for (first, second), c in found.comparisons.items()
    ]
    if compared:
        head = ("conditions", "points", "95 %", "p by videos", "right in one alone", "McNemar p")
        console.print(table("Compared on the same questions", head, compared))
    for why, count in left_out.items():
        if count:
            console.print(f"Left out: {count} {why.value}", highlight=False)
    for outcome, reason in answers.examples.items():
        console.print(f"{answers.outcomes[outcome]} calls {outcome.value}: {reason}", highlight=False, markup=False)


def _accuracy_cells(a: Accuracy) -> tuple[str, ...]:
    between = "–" if a.interval is None else f"{_percent(a.interval.low)} – {_percent(a.interval.high)}"
    return (str(a.right), str(a.of), str(a.answered), _percent(a.share), between)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
