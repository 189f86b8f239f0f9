"""What an evaluation found as tables of text, for a console or a Markdown file, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from svg2_assets.evaluation.graphs.report import Figure, Report
from svg2_assets.evaluation.graphs.tallies import ALL, Cell, Measure, Side, groups_of
from svg2_assets.evaluation.harness.evaluating import Evaluation, Match, SystemScores
from svg2_assets.evaluation.harness.views import Compared, View
from svg2_assets.evaluation.intervals import Difference, Interval
from svg2_assets.scene.errors import printable
from svg2_assets.traser.training.scores import Ratio

SHOWN = 5
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Block:
    """A table with a title; `notes` stand below it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = field(default_factory=tuple)

    def markdown(self) -> str:
        """The table in Markdown; cells are text, never markup."""
        lines = [f"## {self.title}", "", _line(self.columns), _line(["---"] * len(self.columns))]
        lines += [_line(row) for row in self.rows]
        return "\n".join([*lines, "", *(f"{_cell(note)}  " for note in self.notes)]).rstrip() + "\n"


def blocks(evaluation: Evaluation, view: View, differences: Sequence[Compared]) -> Iterator[Block]:
    """Every table that `view` asks for, in order."""
    yield _videos(evaluation)
    if evaluation.broken:
        yield _broken(evaluation)
    for average in view.averages:
        yield _figures(evaluation, view, average)
    if len(evaluation.systems) > 1:
        yield _differences(differences)
    if view.sweep:
        yield _sweep(evaluation, view)
    for group in view.by:
        yield _by_group(evaluation, view, group)
    if evaluation.wanted.match is Match.VIOU:
        yield _matching(evaluation)
        if any(s.public is not None for s in evaluation.systems):
            yield _public(evaluation)
    yield _oddities(evaluation)


def markdown(evaluation: Evaluation, view: View, differences: Sequence[Compared]) -> str:
    """All tables as one document."""
    shown = "\n".join(block.markdown() for block in blocks(evaluation, view, differences))
    return f"# Scene graphs against truth\n\n{shown}"


def _videos(evaluation: Evaluation) -> Block:
    rows = []
    for s in evaluation.systems:
        unpredicted = len(s.report.unpredicted) - len(s.unreadable)
        how = ", ".join(f"{count} by {way}" for way, count in s.pairing.how.items()) or NOTHING
        rows.append([s.name, str(len(s.report.videos) - len(s.report.unpredicted)), how, str(unpredicted),
                     str(len(s.unreadable)), str(len(s.pairing.extra))])  # fmt: skip
    notes = [
        f"True videos of {evaluation.truth}: {len(evaluation.videos)}. Those without a prediction, or with one that "
        "cannot be used, count as empty predictions; those without truth do not count.",
        _how_matched(evaluation),
        *_warnings(evaluation),
    ]
    columns = ("system", "videos", "paired", "no prediction", "not usable", "no truth")
    return Block("Videos", columns, rows, notes)


def _how_matched(evaluation: Evaluation) -> str:
    if evaluation.wanted.match is Match.VIOU:
        return f"Objects are matched one-to-one by a volume IoU of at least {evaluation.wanted.least:g}."
    return "Predicted object k is true object k (match id)."


def _warnings(evaluation: Evaluation) -> Iterator[str]:
    for s in evaluation.systems:
        if missing := [v for v in s.report.unpredicted if v not in s.unreadable]:
            yield f"{s.name}: no prediction for {some(missing)}"
        if s.pairing.extra:
            yield f"{s.name}: no truth for {some(s.pairing.extra)}"
        if s.same_place is not None and (s.same_place.share or 0.0) < 0.5:
            yield (
                f"WARNING {s.name}: of {s.same_place.of} objects with the id of a true one only {s.same_place.right} "
                "are where that one is. If the system made its own trajectories, match by place: --match viou."
            )


def _broken(evaluation: Evaluation) -> Block:
    sides: list[tuple[str, Mapping[str, str]]] = [
        (evaluation.truth, {**evaluation.rejected, **evaluation.unreadable}),
        *((s.name, {**s.rejected, **s.unreadable}) for s in evaluation.systems),
    ]
    return unusable(sides)


def unusable(sides: Sequence[tuple[str, Mapping[str, str]]]) -> Block:
    """What could not be used of each side (place -> reason), the first few; the JSON report has all."""
    rows = [(side, place, why) for side, found in sides for place, why in list(found.items())[:SHOWN]]
    more = sum(max(0, len(found) - SHOWN) for _, found in sides)
    return Block("Not usable", ("of", "what", "why"), rows, [f"and {more} more, in the JSON report"] if more else [])


def _figures(evaluation: Evaluation, view: View, average: str) -> Block:
    rows = [
        [s.name, cell.measure.value, cell.criterion, *_shares(s.report, cell, view, average)]
        for cell in view.cells(evaluation.wanted.settings)
        for s in evaluation.systems
    ]
    columns = ("system", "measure", "criterion", "recall", "precision", "F1", "true", "predicted")
    title = f"Figures, {average}, tIoU > {evaluation.wanted.settings.main:g}"
    return Block(title, columns, rows, _judges(evaluation, view))


def _judges(evaluation: Evaluation, view: View) -> list[str]:
    settings = evaluation.wanted.settings
    shown = [c for c in settings.criteria if c.name in view.shown(settings)]
    notes = [
        f"{c.name}: judge {c.judge.name} {c.judge.version}, right is {', '.join(c.record()['accepts'])}" for c in shown
    ]
    told = f"Direction of relations: {settings.direction.value}."
    if view.intervals:
        told += " In brackets: 95 % bootstrap intervals over videos."
    return [*notes, told + " Precision counts against what is annotated."]


def _shares(report: Report, cell: Cell, view: View, average: str) -> list[str]:
    intervals, seed = view.intervals, view.seed
    figures = [report.figure(cell, side, intervals=intervals, seed=seed) for side in Side]
    figures.append(report.f1(cell, intervals=intervals, seed=seed))
    of = [str(report.ratio(cell, side).of) for side in Side]
    return [*(_figure(f, average) for f in figures), *of]


def _differences(differences: Sequence[Compared]) -> Block:
    rows = [
        [f"{d.a} - {d.b}", f"{d.cell.measure.value} {d.figure}", d.cell.criterion, *_difference(d.found.micro),
         *_difference(d.found.macro)]
        for d in differences
    ]  # fmt: skip
    columns = ("systems", "measure", "criterion", "micro", "p", "macro", "p")
    notes = [
        "Differences in percentage points with 95 % intervals; p: paired permutation tests over videos, not corrected "
        "for how many there are. A measure without a figure for one of them is left out."
    ]
    return Block("Differences", columns, rows, notes)


def _sweep(evaluation: Evaluation, view: View) -> Block:
    settings = evaluation.wanted.settings
    rows = [
        [s.name, measure.value, criterion, side.value, *(_percent(v) for v in curve.values())]
        for measure in (Measure.RELATIONS, Measure.TRIPLETS)
        for criterion in view.shown(evaluation.wanted.settings)
        for s in evaluation.systems
        for side in Side
        for curve in (s.report.curve(Cell(measure, criterion), side),)
    ]
    columns = ("system", "measure", "criterion", "", "no time", *(f">{t:g}" for t in settings.thresholds))
    return Block("Sweep over tIoU, micro", columns, rows)


def _by_group(evaluation: Evaluation, view: View, group: str) -> Block:
    settings = evaluation.wanted.settings
    rows = []
    for cell in view.cells(evaluation.wanted.settings):
        for name in groups_of(cell.measure, settings):
            if name == ALL or not name.startswith(f"{group}:"):
                continue
            one = Cell(cell.measure, cell.criterion, cell.at, name)
            for s in evaluation.systems:
                shares = _shares(s.report, one, View(intervals=False), "micro")
                if shares[-2:] != ["0", "0"]:
                    rows.append([s.name, cell.measure.value, cell.criterion, name.partition(":")[2], *shares])
    columns = ("system", "measure", "criterion", group, "recall", "precision", "F1", "true", "predicted")
    return Block(f"By {group}, micro", columns, rows)


def _matching(evaluation: Evaluation) -> Block:
    rows = [
        [
            s.name,
            _percent(m.found.share),
            str(m.found.of),
            _percent(m.true.share),
            str(m.true.of),
            _number(m.mean_overlap),
        ]
        for s in evaluation.systems
        if (m := s.matching) is not None
    ]
    columns = ("system", "true objects found", "of", "predicted that are true", "of", "mean vIoU of a pair")
    return Block("Objects matched by place", columns, rows)


def _public(evaluation: Evaluation) -> Block:
    found = [(s.name, s.public) for s in evaluation.systems if s.public is not None]
    metrics = dict.fromkeys(key for _, p in found for key in p.figures)
    rows = [[*key, *(_percent(p.figures.get(key)) for _, p in found)] for key in metrics]
    notes = ["Names and predicates letter by letter, no judge; conventions: docs/evaluation-public.md."]
    notes += [f"{name}: {benchmark}: {why}" for name, p in found for benchmark, why in p.failed.items()]
    if found:
        notes += [f"{count} true relations without a place in {what}" for what, count in found[0][1].left_out.items()]
    return Block("Public metrics", ("benchmark", "metric", *(name for name, _ in found)), rows, notes)


def _oddities(evaluation: Evaluation) -> Block:
    told = [asdict(s.report.oddities) for s in evaluation.systems]
    names = [name for name in told[0] if any(t[name] for t in told)] if told else []
    rows = [[name.replace("_", " "), *(str(t[name]) for t in told)] for name in names]
    for criterion in evaluation.wanted.settings.criteria:
        unknown = [_unknown(s, criterion.name) for s in evaluation.systems]
        if any(r.right for r in unknown):
            what = f"labels that judge {criterion.judge.name} ({criterion.name}) does not know"
            rows.append([what, *(f"{r.right} of {r.of}" for r in unknown)])
    return Block("Odd, and scored as it stands", ("what", *(s.name for s in evaluation.systems)), rows)


def _unknown(s: SystemScores, criterion: str) -> Ratio:
    known = sum((r for (c, _), r in s.report.known.items() if c == criterion), Ratio())
    return Ratio(known.of - known.right, known.of)


def _figure(figure: Figure, average: str) -> str:
    value = getattr(figure, average)
    return _within(value, getattr(figure, f"{average}_interval"))


def _within(value: float | None, interval: Interval | None) -> str:
    shown = _percent(value)
    return shown if interval is None else f"{shown} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _difference(found: Difference | None) -> tuple[str, str]:
    if found is None:
        return NOTHING, NOTHING
    return f"{100 * found.mean:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]", f"{found.p_value:.3g}"


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.1f}"


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def some(found: Sequence[str], *, of: str = "video") -> str:
    """How many there are, and the first few of them."""
    named = ", ".join(printable(v, limit=60) for v in found[:SHOWN])
    return f"{len(found)} {of}{'s' if len(found) > 1 else ''}: {named}" + (", ..." if len(found) > SHOWN else "")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(c) for c in cells) + " |"


def _cell(text: str) -> str:
    """`text` as it is: no column, no HTML, no link and no picture of somebody else's making."""
    shown = printable(text, limit=1000).replace("\\", "\\\\").replace("|", "\\|").replace("`", "\\`")
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace("](", "]\\(")
