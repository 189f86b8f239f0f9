"""`svg2 estimate`: tokens and money of the calls that a run would make, before it is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console

from svg2_assets.beforehand import PLANNERS
from svg2_assets.catalog.lookup import entries
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import print_problems, show_json, table
from svg2_assets.llm.calls import Call
from svg2_assets.llm.planning import PlansCalls
from svg2_assets.recipes import ROLE_OF_PHASE
from svg2_assets.scene.errors import Svg2Error, UnusableBackend

if TYPE_CHECKING:
    from resources.llm.estimate import Estimate


@dataclass(slots=True)
class Planned:
    """What is known of a run: `unknown` maps a phase to videos whose calls depend on rows that are not there yet;
    `problems` video to error; `local` phases whose backend asks no model.
    """

    videos: int
    local: list[str] = field(default_factory=list)
    unknown: dict[str, list[str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def show_estimate(installation: Installation, console: Console, *, videos: Sequence[str], as_json: bool) -> int:
    """Print the estimate for `videos` (ids, names), all of the catalog where none is given; the exit code is 0."""
    from resources.llm.estimate import estimate_calls
    from resources.llm.settings import gateway_settings

    ids = [installation.entry(video).video_id for video in videos] or list(entries(installation.store))
    planned = Planned(len(ids))
    estimates = estimate_calls(_calls(installation, ids, planned), gateway_settings(installation.settings))
    if as_json:
        show_json({"estimates": [asdict(one) for one in estimates], **asdict(planned)})
    else:
        _print(console, estimates, planned)
    return 0


def _calls(installation: Installation, video_ids: Sequence[str], planned: Planned) -> Iterator[Call]:
    """The planned calls of all phases that ask a model, video by video, so that pictures are not all held at once."""
    planning: dict[str, PlansCalls] = {}
    for phase in PLANNERS:
        backend = _backend(installation, ROLE_OF_PHASE[phase], phase, planned)
        if isinstance(backend, PlansCalls):
            planning[phase] = backend
        elif phase not in planned.problems:
            planned.local.append(phase)
    for video_id in video_ids:
        for phase, backend in planning.items():
            if not _has_inputs(installation, video_id, phase):
                planned.unknown.setdefault(phase, []).append(video_id)
                continue
            try:
                source = installation.media.source(installation.store, video_id)
                yield from PLANNERS[phase](installation.store, source, backend)
            except Svg2Error as error:
                planned.problems[video_id] = str(error)


def _backend(installation: Installation, role: str, phase: str, planned: Planned) -> Any:
    try:
        return getattr(installation.backends, role)
    except UnusableBackend as error:
        planned.problems[phase] = str(error)
        return None


def _has_inputs(installation: Installation, video_id: str, phase: str) -> bool:
    return all(
        installation.store.count("phase_state", where={"video_id": video_id, "phase": name, "status": "done"})
        for name in _INPUTS[phase]
    )


_INPUTS: Mapping[str, tuple[str, ...]] = {
    "descriptions": ("trajectories",),
    "parsed_labels": ("trajectories", "descriptions"),
    "relations": ("trajectories", "verified_labels"),
}
"""phase -> phases whose rows must be there"""

_COLUMNS = ("phase", "purpose", "model", "calls", "answered", "tokens in", "tokens out", "dollars", "by batch")


def _print(console: Console, estimates: Sequence[Estimate], planned: Planned) -> None:
    rows = [_cells(one) for one in estimates]
    if rows:
        money, batch = sum(one.money for one in estimates), sum(one.money_batch for one in estimates)
        total = ("total", "", "", *_counts(estimates), f"{money:.4f}", f"{batch:.4f}")
        console.print(table(f"Estimate for {planned.videos} videos", _COLUMNS, [*rows, total]))
    for phase in planned.local:
        console.print(f"{phase}: its backend plans no calls, so it costs nothing here", highlight=False)
    for phase, videos in planned.unknown.items():
        known = planned.videos - len(videos)
        console.print(
            f"{phase}: {len(videos)} of {planned.videos} videos are not counted, the phases before have not run; "
            + _by_the_known(estimates, phase, known, len(videos)),
            highlight=False,
            soft_wrap=True,
        )
    if any(one.assumed for one in estimates):
        console.print("Lengths of answers are assumed (a quarter of the limit) where nothing was asked before.")
    print_problems(console, planned.problems)


def _by_the_known(estimates: Sequence[Estimate], phase: str, known: int, unknown: int) -> str:
    money = sum(one.money for one in estimates if one.phase == phase)
    if not known or not money:
        return "run some of them first to learn what they take"
    return f"as much a video as the {known} counted ones would be ${money / known * unknown:.4f} more"


def _counts(estimates: Sequence[Estimate]) -> tuple[str, ...]:
    sums = (
        sum(one.calls for one in estimates),
        sum(one.answered for one in estimates),
        round(sum(one.tokens_in for one in estimates)),
        round(sum(one.tokens_out for one in estimates)),
    )
    return tuple(f"{value:,}" for value in sums)


def _cells(one: Estimate) -> tuple[str, ...]:
    purpose = f"{one.purpose} (follows)" if one.follow_up else one.purpose
    return (one.phase, purpose, one.model, *_counts([one]), f"{one.money:.4f}", f"{one.money_batch:.4f}")
