"""`svg2 evaluate table`: the paper's main table for whichever systems are set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rich.console import Console

from svg2_assets.catalog.lookup import entries
from svg2_assets.commands.formats import NoSuchSource
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.judging import declined, open_judge, told_ahead
from svg2_assets.commands.tables import show_json, table
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.likeness import Judge
from svg2_assets.evaluation.table.documents import Documents
from svg2_assets.evaluation.table.ranking import Comparison, Entry, Rated, Standing, all_pairs, table_of
from svg2_assets.evaluation.table.settings import Graphs, TableSetup
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs import imports
from svg2_assets.scene_graphs.stored import read_graph
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.predicting import TABLE as PREDICTIONS
from svg2_assets.traser.predicting import read_prediction

ALIKE = 0.05
"""From this p-value on a system is not told from the best of the column."""


@dataclass(frozen=True, slots=True)
class Read(Mapping[str, SceneGraph]):
    """Graphs of the store by video id, read when they are asked for."""

    ids: Mapping[str, None]
    reading: Callable[[str], SceneGraph] = field(repr=False)

    def __getitem__(self, video_id: str) -> SceneGraph:
        if video_id not in self.ids:
            raise KeyError(video_id)
        return self.reading(video_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)


def compare_systems(
    installation: Installation,
    console: Console,
    *,
    config: Path,
    changes: Sequence[str],
    estimate: bool,
    markdown: Path | None,
    as_json: bool,
) -> int:
    """Print the table, or what judging for it will cost. The exit code is 0."""
    setup = read_form(TableSetup, config, changes=changes)
    datasets = datasets_of(installation, setup)
    judge = open_judge(installation, setup.judge)
    settings = setup.settings(judge)
    if isinstance(judge, Cached):
        pairs = all_pairs(datasets, settings)
        told = Console(stderr=True) if as_json else console
        told.print(told_ahead(installation, judge, pairs), highlight=False, soft_wrap=True)
        if estimate:
            return 0
        judge.judge(pairs)
    elif estimate:
        console.print(f"Judge {judge.name} asks no model: nothing is paid.", highlight=False)
        return 0
    made = table_of(datasets, settings, pooling=setup.pooling, seed=setup.seed)
    if markdown is not None:
        markdown.write_text(as_markdown(made, judge), encoding="utf-8")
    if as_json:
        show_json({**made.to_json(), "declined": declined(judge)})
    else:
        show_table(console, made, judge)
    return 0


def datasets_of(installation: Installation, setup: TableSetup) -> dict[str, Rated]:
    """The graphs that `setup` names. Raises `UnusableFolder`, `NoSuchSource`."""
    found = {}
    for name, dataset in setup.datasets.items():
        truth = graphs_of(installation, dataset.truth)
        systems = {s: graphs_of(installation, given[name]) for s, given in setup.systems.items() if name in given}
        found[name] = Rated(truth, systems, dataset.measures)
    return found


def graphs_of(installation: Installation, given: Graphs) -> Mapping[str, SceneGraph]:
    """Graphs by video id, each read when it is asked for."""
    if given.folder is not None:
        return Documents(given.folder)
    store, source = installation.store, given.source
    if not source:
        own = [v for v, e in entries(store).items() if e.superseded_by is None]
        done = store.read("scene_graphs", video_ids=own, columns=["video_id"])["video_id"].to_list()
        return Read(dict.fromkeys(sorted(done)), partial(read_graph, store))
    if imported := imports.imported_ids(store, source):
        return Read(dict.fromkeys(imported), lambda v: next(iter(imports.imported_graphs(store, source, [v]))))
    rows = store.read(PREDICTIONS, columns=["video_id"], where={"source": source})["video_id"].sort().to_list()
    if not rows:
        raise NoSuchSource(f"source {printable(source)}: the store has no predictions and no import of this name.")
    return Read(dict.fromkeys(rows), lambda v: read_prediction(store, v, source))


def show_table(console: Console, made: Comparison, judge: Judge) -> None:
    """The table, and below it what its figures mean."""
    console.print(table("Systems", *cells(made)))
    for line in notes(made, judge):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def as_markdown(made: Comparison, judge: Judge) -> str:
    """The table for a page."""
    head, rows = cells(made)
    lines = [head, ["---"] * len(head), *rows]
    text = "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines)
    return text + "\n\n" + "\n".join(f"- {n}" for n in notes(made, judge)) + "\n"


def cells(made: Comparison) -> tuple[list[str], list[list[str]]]:
    """Head and rows."""
    one = len({c.dataset for c in made.columns}) == 1
    head = [c.measure.value if one else f"{c.measure.value} {c.dataset}" for c in made.columns]
    return ["system", *head, "mean rank"], [_row(s, made) for s in made.standings]


def notes(made: Comparison, judge: Judge) -> list[str]:
    """What the figures are, and what is missing."""
    (criterion,) = made.settings.criteria
    lines = [
        f"{criterion.name} by judge {criterion.judge.name} {criterion.judge.version}, "
        f"tIoU above {made.settings.main:g}, {made.pooling.value} recall in percent [95 % over videos] (rank); "
        f"= not told from the best of its column (p >= {ALIKE:g})."
    ]
    for s in made.standings:
        without = {c.dataset: e.unpredicted for c, e in s.entries.items() if e is not None and e.unpredicted}
        lines += [f"{s.system}: says nothing of {n} videos of {d}, which count." for d, n in without.items()]
        if s.ranked < len(made.columns):
            lines.append(f"{s.system}: its mean rank is over {s.ranked} of {len(made.columns)} columns.")
    unjudged = declined(judge)
    if unjudged:
        lines.append(f"{unjudged} pairs of labels are not judged and count as mismatches.")
    return lines


def _row(s: Standing, made: Comparison) -> list[str]:
    mean = "–" if s.mean_rank is None else f"{s.mean_rank:.2f}"
    return [s.system, *(_figure(s.entries[c]) for c in made.columns), mean]


def _figure(entry: Entry | None) -> str:
    if entry is None or entry.share is None:
        return "–"
    around = "" if entry.interval is None else f" [{100 * entry.interval.low:.1f}–{100 * entry.interval.high:.1f}]"
    alike = "=" if entry.p_value is not None and entry.p_value >= ALIKE else ""
    return f"{100 * entry.share:.1f}{around} ({entry.rank:g}{alike})"
