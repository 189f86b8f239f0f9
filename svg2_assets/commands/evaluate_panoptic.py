"""`svg2 evaluate panoptic`: panoptic maps of systems against true ones, from pictures and from scene graphs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from svg2_assets.commands.installation import Installation
from svg2_assets.commands.reports import require_form, show_blocks, write_report
from svg2_assets.commands.tables import show_json
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.specs import systems_of
from svg2_assets.evaluation.panoptic.choosing import categories_for, open_maps
from svg2_assets.evaluation.panoptic.evaluating import Maps, evaluate
from svg2_assets.evaluation.panoptic.sources import PanopticSource
from svg2_assets.evaluation.panoptic.views import GROUPS, blocks, markdown, to_json
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.evaluation.public.vipseg import WINDOWS
from svg2_assets.scene.errors import InvalidSceneValue, printable
from svg2_assets.scene_graphs.formats.values import UnusableSource, UnusableTarget
from svg2_assets.traser.forms import InvalidSetup

WRONG, WRONG_INPUT = 1, 2
TRUTH = "gt"
"""What --pictures calls the truth."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command is asked for. `pictures`: NAME=FOLDER; `changes`: options of file formats."""

    truth: str
    systems: Sequence[str]
    windows: Sequence[int] = WINDOWS
    by: Sequence[str] = ()
    pictures: Sequence[str] = ()
    categories: Path | None = None
    changes: Sequence[str] = ()
    out: Path | None = None


def panoptic(installation: Installation, console: Console, asked: Asked, *, as_json: bool) -> int:
    """Compare, print, write. The exit code is 1 where something could not be read or computed, 2 where input or options
    are unusable."""
    try:
        found = _evaluated(installation, asked)
        if asked.out is not None:
            write_report(asked.out, markdown=lambda: markdown(found, asked.by), document=lambda: to_json(found))
    except (
        UnusableGraphs, UnusableSource, UnusableTarget, InvalidSetup, InvalidSceneValue, InvalidBenchmarkInput,
    ) as error:  # fmt: skip
        Console(stderr=True).print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        return WRONG_INPUT
    if as_json:
        show_json(to_json(found))
    else:
        show_blocks(console, blocks(found, asked.by))
    return WRONG if found.broken else 0


def _evaluated(installation: Installation, asked: Asked) -> Maps:
    for name in asked.by:
        if name not in GROUPS:
            raise UnusableGraphs(f"--by {printable(name)}: expected {' or '.join(GROUPS)}.")
    if asked.out is not None:
        require_form(asked.out)  # before the work, not after it
    systems = systems_of(asked.systems)
    folders = _folders(asked.pictures, {TRUTH, *(s.name for s in systems)})
    with ExitStack() as stack, Console(stderr=True).status("Reading ...", refresh_per_second=2) as status:

        def opened(name: str, spec: str) -> PanopticSource:
            return open_maps(
                spec,
                stack,
                store=lambda: installation.store,
                pictures=folders.get(name),
                categories=asked.categories,
                changes=asked.changes,
            )

        truth, named = opened(TRUTH, asked.truth), [(s.name, opened(s.name, s.spec)) for s in systems]
        return evaluate(
            truth,
            named,
            categories_for(truth, named, asked.categories),
            windows=asked.windows,
            heard=lambda done, all_: status.update(f"{done} of {all_}"),
        )


def _folders(given: Sequence[str], names: set[str]) -> dict[str, Path]:
    """Folders of pictures by name of a system. Raises `UnusableGraphs`."""
    found = {}
    for text in given:
        name, equals, folder = text.partition("=")
        if not equals or name not in names:
            known = printable(", ".join(sorted(names)))
            raise UnusableGraphs(f"--pictures {printable(text)}: expected NAME=FOLDER, NAME one of {known}.")
        if not Path(folder).is_dir():
            raise UnusableGraphs(f"--pictures {printable(text)}: there is no such folder.")
        found[name] = Path(folder)
    return found
