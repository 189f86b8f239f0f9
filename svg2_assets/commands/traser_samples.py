"""`svg2 traser samples` and `world`: training samples of graphs and of the synthetic world, kept under a tag."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import print_problems, show_json, table
from svg2_assets.traser.collecting import Collected, collect, publish
from svg2_assets.traser.footage import footage_in
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.samples.counting import Counts
from svg2_assets.traser.samples.publishing import Published
from svg2_assets.traser.samples.settings import GraphSampleSettings, Stored
from svg2_assets.traser.samples.world import HELD_OUT, TEST, WorldSampleSettings, write_world

WRONG = 1
SHOWN_VIDEOS = 50  # videos that have no sample, a line each


def samples(
    installation: Installation,
    console: Console,
    *,
    config: Path | None,
    changes: Sequence[str],
    tag: str,
    as_json: bool,
) -> int:
    """Make samples of the store's scene graphs and keep them under a tag. The exit code is 1 where videos failed."""
    settings = read_form(GraphSampleSettings, config, changes=changes)
    store, media = installation.store, installation.media
    whole, opening = settings.pictures.stored is Stored.NONE, media.frames_of_samples().open
    with footage_in(settings.videos, glance=media.glance, opening=opening, whole=whole) as footage:
        done = collect(
            store, settings, open_video=lambda v: media.source(store, v), footage=footage, run_id="svg2 traser"
        )  # fmt: skip
    _print_problems(Console(stderr=True) if as_json else console, done)
    if not as_json:
        console.print(done.totals, highlight=False)  # what filters did follows as a table
    unchanged = not done.written and not done.gone
    without = [{"reason": why, "videos": n, "examples": done.examples[r]} for r, why, n in done.left_out()]
    before = {"summary": done.summary(), "failed": dict(done.failed), "without": without}
    _publish(publish(store, tag, unchanged=unchanged), console, as_json=as_json, before=before)
    return WRONG if done.failed else 0


def world(
    installation: Installation,
    console: Console,
    *,
    train: int,
    held_out: int,
    test: int,
    config: Path | None,
    changes: Sequence[str],
    tag: str,
    processes: int,
    as_json: bool,
) -> int:
    """Write clips of the synthetic world as samples and keep all samples under a tag."""
    settings = read_form(WorldSampleSettings, config, changes=changes)
    seeds = [*range(train), *range(HELD_OUT, HELD_OUT + held_out), *range(TEST, TEST + test)]
    written = write_world(installation.store, settings, seeds, processes=processes, run_id="svg2 traser world")
    said = f"{written.written} clips written, {written.kept} were there"
    if not as_json:
        console.print(said, highlight=False)
    published = publish(installation.store, tag, unchanged=not written.written)
    _publish(published, console, as_json=as_json, before={"summary": said})
    return 0


def _print_problems(console: Console, done: Collected) -> None:
    """Why videos have no sample: each one that failed or is blocked, the others by reason."""
    problems = {**done.blocked, **done.failed}
    print_problems(console, dict(islice(problems.items(), SHOWN_VIDEOS)))
    if len(problems) > SHOWN_VIDEOS:
        console.print(f"and {len(problems) - SHOWN_VIDEOS} more.", highlight=False)
    rows = [(why, str(n), ", ".join(done.examples[r])) for r, why, n in done.left_out()]
    if rows:
        console.print(table("Videos without a sample", ("why", "count", "such as"), rows))


def _publish(published: Published, console: Console, *, as_json: bool, before: Mapping[str, Any]) -> None:
    by_split = [(*key, str(number)) for key, number in published.samples.items()]
    origins = [(*key, str(number)) for key, number in published.origins.items()]
    if as_json:
        counts = json.loads(published.counts.to_json())
        show_json({**before, "tag": published.tag, "samples": by_split, "origins": origins, "counts": counts})
        return
    console.print(table(f"Samples under {published.tag}", ("dataset", "split", "samples"), by_split))
    if any(source or licence for _, source, licence, _ in origins):
        console.print(table("Whose graphs they are of", ("dataset", "source", "licence", "samples"), origins))
    console.print(counts_table(published.counts))


def counts_table(counts: Counts) -> Any:
    """What the filters did."""
    return table("What became of what was found", ("", "", "count"), [(w, y, str(n)) for w, y, n in counts.rows()])
