"""`svg2 evaluate graphs`: scene graphs of systems against true ones, from files and from the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape

from svg2_assets.commands.installation import Installation
from svg2_assets.commands.judging import declined, open_judge, told_ahead
from svg2_assets.commands.reports import require_form, show_blocks, write_report
from svg2_assets.commands.tables import show_json
from svg2_assets.evaluation.graphs.settings import MAIN, THRESHOLDS, Direction, Settings, lenient, strict
from svg2_assets.evaluation.harness.evaluating import Evaluation, Match, Wanted, evaluate
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.specs import open_graphs, systems_of
from svg2_assets.evaluation.harness.tables import blocks, markdown
from svg2_assets.evaluation.harness.views import AVERAGES, GROUPS, View, compared, to_json
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.choosing import TIERS, JudgeChoice
from svg2_assets.evaluation.judges.collecting import Collecting
from svg2_assets.evaluation.judges.likeness import Judge, Pair
from svg2_assets.evaluation.public.matching import LEAST
from svg2_assets.scene.errors import InvalidSceneValue, printable
from svg2_assets.scene_graphs.formats.values import UnusableSource, UnusableTarget
from svg2_assets.traser.forms import InvalidSetup, read_form

WRONG, WRONG_INPUT = 1, 2
Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `svg2 evaluate graphs` is asked for; `changes` are options of file formats, `judging` those of judges."""

    truth: str
    systems: Sequence[str]
    match: Match = Match.ID
    direction: Direction = Direction.AS_GIVEN
    least: float = LEAST
    judge: str = "lexical"
    strict_judge: str = "exact"
    judging: Sequence[str] = ()
    tiou: float = MAIN
    changes: Sequence[str] = ()
    out: Path | None = None
    view: View = field(default_factory=View)

    def settings(self, strict_judge: Judge, judge: Judge) -> Settings:
        """Raises `InvalidSceneValue` on a threshold outside [0, 1)."""
        return Settings(
            criteria=(strict(strict_judge), lenient(judge)),
            thresholds=tuple(sorted({*THRESHOLDS, self.tiou})),
            main=self.tiou,
            direction=self.direction,
        )


def judge_named(installation: Installation, name: str, changes: Sequence[str]) -> Judge:
    """A tier, set up by `changes`. Raises `UnusableGraphs` on another name, `InvalidSetup` on a setting of none."""
    if name not in TIERS:
        raise UnusableGraphs(f"--judge {printable(name)}: expected one of {', '.join(TIERS)}.")
    return open_judge(installation, read_form(JudgeChoice, changes=[f"tier={name}", *changes]))


def choice(option: str, given: str, kind: type[Choice]) -> Choice:
    """The value of an enumeration. Raises `UnusableGraphs`, which names all there are."""
    try:
        return kind(given)
    except ValueError:
        raise UnusableGraphs(f"--{option} {printable(given)}: expected {' or '.join(kind)}.") from None


def view(criteria: Sequence[str], by: Sequence[str], average: str, *, sweep: bool, intervals: bool, seed: int) -> View:
    """Which tables are shown. Raises `UnusableGraphs` on a name of none."""
    for option, given, known in (
        ("criterion", criteria, ("strict", "lenient")),
        ("by", by, GROUPS),
        ("average", (average,), (*AVERAGES, "both")),
    ):
        for name in given:
            if name not in known:
                raise UnusableGraphs(f"--{option} {printable(name)}: expected one of {', '.join(known)}.")
    averages = AVERAGES if average == "both" else (average,)
    return View(criteria, by, averages, sweep=sweep, intervals=intervals, seed=seed)


def graphs(installation: Installation, console: Console, ask: Callable[[], Asked], *, as_json: bool) -> int:
    """Compare, print, write. The exit code is 1 where a graph could not be read, 2 where input or options are unusable.

    `ask` makes of the options what is asked for.
    """
    try:
        asked = ask()
        found = _evaluated(installation, asked)
        differences = compared(found, asked.view)
        if asked.out is not None:
            write_report(
                asked.out,
                markdown=lambda: markdown(found, asked.view, differences),
                document=lambda: to_json(found, asked.view, differences),
            )
    except (UnusableGraphs, UnusableSource, UnusableTarget, InvalidSetup, InvalidSceneValue) as error:
        Console(stderr=True).print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        return WRONG_INPUT
    if as_json:
        show_json(to_json(found, asked.view, differences))
    else:
        show_blocks(console, blocks(found, asked.view, differences))
    return WRONG if found.broken else 0


def _evaluated(installation: Installation, asked: Asked) -> Evaluation:
    if asked.out is not None:
        require_form(asked.out)  # before the work, not after it
    judges = [judge_named(installation, name, asked.judging) for name in (asked.strict_judge, asked.judge)]
    collecting = [Collecting() if isinstance(judge, Cached) else judge for judge in judges]
    if collecting != judges:
        _scored(installation, asked, collecting, public=False)
        for judge, heard in zip(judges, collecting, strict=True):
            if isinstance(judge, Cached) and isinstance(heard, Collecting):
                _ask(installation, judge, list(heard.pairs))
    return _scored(installation, asked, judges, public=True)


def _ask(installation: Installation, judge: Cached, pairs: Sequence[Pair]) -> None:
    """Ask about all of them, and say what that costs before it and what is not judged after it."""
    console = Console(stderr=True)
    console.print(f"{judge.name}: {told_ahead(installation, judge, pairs)}", markup=False, soft_wrap=True)
    judge.judge(pairs)
    if unjudged := declined(judge):
        console.print(f"{judge.name}: {unjudged} pairs are not judged and count as mismatches.", markup=False)


def _scored(installation: Installation, asked: Asked, judges: Sequence[Judge], *, public: bool) -> Evaluation:
    wanted = Wanted(asked.settings(*judges), asked.match, asked.least, public)
    masks = asked.match is Match.VIOU
    with ExitStack() as stack, Console(stderr=True).status("Reading ...", refresh_per_second=2) as status:
        sides = [
            open_graphs(spec, stack, store=lambda: installation.store, masks=masks, changes=asked.changes)
            for spec in (asked.truth, *(s.spec for s in systems_of(asked.systems)))
        ]
        named = [(s.name, side) for s, side in zip(systems_of(asked.systems), sides[1:], strict=True)]
        return evaluate(
            sides[0], named, wanted, heard=lambda name, done, all_: status.update(f"{escape(name)}: {done} of {all_}")
        )
