"""`svg2 estimate`: tokens and money of the calls that a run would make, before it is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console

from svg2_assets.beforehand import PLANNERS, Stored
from svg2_assets.commands.ahead import Ahead, Course, course_of, wanted_videos
from svg2_assets.commands.costs import ledger
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import print_problems, show_json, table
from svg2_assets.llm.calls import Call
from svg2_assets.llm.planning import PlansCalls
from svg2_assets.recipes import ROLE_OF_PHASE
from svg2_assets.scene.errors import Svg2Error, UnusableBackend
from svg2_assets.stand_ins import Expected, expected_of

if TYPE_CHECKING:
    from resources.llm.estimate import Estimate
    from resources.llm.ranges import Range

MOST_PLANNED = 8  # videos ahead whose calls are planned, evenly over their lengths; they stand for the others


@dataclass(slots=True)
class Estimated:
    """What a run will take. `estimates`: of videos whose inputs are there; `expected`: of those that lie `ahead`, by
    phase their names; `planned`: how many of them stand for all; `holds`: what they are expected to hold.

    `local`: phases whose backend asks no model; `problems`: video, file or phase to error.
    """

    videos: int
    estimates: list[Estimate] = field(default_factory=list)
    expected: list[Range] = field(default_factory=list)
    ahead: dict[str, list[str]] = field(default_factory=dict)
    planned: int = 0
    holds: Expected | None = None
    local: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def show_estimate(installation: Installation, console: Console, *, videos: Sequence[str], as_json: bool) -> int:
    """Print the estimate for `videos` (files, folders, ids, names), all of the catalog where none is given.

    The exit code is 0. Raises `NoSuchVideo`.
    """
    found = estimated(installation, videos)
    if as_json:
        show_json(_as_object(found))
    else:
        _print(console, found)
    return 0


def estimated(
    installation: Installation, videos: Sequence[str], *, rows: Sequence[Mapping[str, Any]] | None = None
) -> Estimated:
    """The estimate for `videos`. `rows`: of the ledger, to learn from; all of the installation's without any.

    Raises `NoSuchVideo`.
    """
    from resources.llm.estimate import estimate_calls
    from resources.llm.settings import gateway_settings

    wanted = wanted_videos(installation, videos)
    found = Estimated(len(wanted.known) + len(wanted.files), problems=wanted.problems)
    planning = _planning(installation, found)
    course = course_of(installation, wanted, tuple(planning))
    settings = gateway_settings(installation.settings)
    paid = ledger(installation, phases=tuple(PLANNERS)) if rows is None else rows
    calls = _ready_calls(installation, course, planning, found)
    found.estimates = estimate_calls(calls, settings, ledger=paid)
    if course.ahead:
        _expect(installation, course.ahead, planning, found, paid=paid)
    return found


def _planning(installation: Installation, found: Estimated) -> dict[str, PlansCalls]:
    """phase -> its backend, where that asks a model."""
    planning: dict[str, PlansCalls] = {}
    for phase in PLANNERS:
        backend = _backend(installation, ROLE_OF_PHASE[phase], phase, found)
        if isinstance(backend, PlansCalls):
            planning[phase] = backend
        elif phase not in found.problems:
            found.local.append(phase)
    return planning


def _backend(installation: Installation, role: str, phase: str, found: Estimated) -> Any:
    try:
        return getattr(installation.backends, role)
    except UnusableBackend as error:
        found.problems[phase] = str(error)
        return None


def _ready_calls(
    installation: Installation, course: Course, planning: Mapping[str, PlansCalls], found: Estimated
) -> Iterator[Call]:
    """The planned calls, video by video, so that pictures are not all held at once."""
    for video_id, phases in course.ready:
        try:
            inputs = Stored(installation.store, installation.media.source(installation.store, video_id))
            for phase in phases:
                yield from PLANNERS[phase](planning[phase], inputs)
        except Svg2Error as error:
            found.problems[video_id] = str(error)


def _expect(
    installation: Installation,
    ahead: Sequence[Ahead],
    planning: Mapping[str, PlansCalls],
    found: Estimated,
    *,
    paid: Sequence[Mapping[str, Any]],
) -> None:
    """Plan what lies ahead with as many objects as the quartiles of other videos have."""
    from resources.llm.estimate import estimate_calls
    from resources.llm.ranges import ranges
    from resources.llm.settings import gateway_settings

    found.holds = _holds(installation)
    for one in ahead:
        for phase in one.phases:
            found.ahead.setdefault(phase, []).append(one.name)
    some = _spread(ahead, most=MOST_PLANNED)
    found.planned = len(some)
    settings = gateway_settings(installation.settings)
    variants = [
        estimate_calls(_expected_calls(some, planning, found, objects=objects), settings, ledger=paid, stand_ins=True)
        for objects in found.holds.objects
    ]
    found.expected = ranges(variants, factor=len(ahead) / len(some))


def _holds(installation: Installation) -> Expected:
    settings = installation.settings
    tracker = settings.roles.get("tracker", settings.profile)
    try:
        model_id = installation.backends.tracker.model_id
    except UnusableBackend:  # it may be estimated without weights
        model_id = ""
    return expected_of(installation.store, tracker=tracker, model_id=model_id)


def _spread(ahead: Sequence[Ahead], *, most: int) -> list[Ahead]:
    """At most `most` of `ahead`: the middle ones of equally many by length."""
    ordered = sorted(ahead, key=lambda one: (one.phases, one.duration))
    count = min(most, len(ordered))
    return [ordered[int((i + 0.5) * len(ordered) / count)] for i in range(count)]


def _expected_calls(
    ahead: Sequence[Ahead], planning: Mapping[str, PlansCalls], found: Estimated, *, objects: int
) -> Iterator[Call]:
    assert found.holds is not None  # noqa: S101 (narrows the type)
    for one in ahead:
        try:
            inputs = one.inputs(found.holds, objects)
            for phase in one.phases:
                yield from PLANNERS[phase](planning[phase], inputs)
        except Svg2Error as error:
            found.problems[one.name] = str(error)


_COLUMNS = (
    "phase",
    "purpose",
    "model",
    "calls",
    "answered",
    "tokens in",
    "tokens out",
    "dollars",
    "low – high",
    "by batch",
    "answers learned from",
)


def _as_object(found: Estimated) -> dict[str, Any]:
    """For JSON."""
    holds = found.holds
    objects = None if holds is None else {n: getattr(holds, n) for n in ("low", "middle", "high", "videos")}
    return {
        "videos": found.videos,
        "estimates": [asdict(one) for one in found.estimates],
        "expected": {
            "estimates": [asdict(one) for one in found.expected],
            "objects": objects,
            "videos": found.ahead,
            "planned": found.planned,
        },
        "local": found.local,
        "problems": found.problems,
    }


def _print(console: Console, found: Estimated) -> None:
    ahead = len({name for names in found.ahead.values() for name in names})
    if found.estimates:
        title = "Estimate, from the rows that are there"
        console.print(table(title, _COLUMNS, _rows([(e, e.low, e.high) for e in found.estimates])))
    if found.expected:
        title = f"Expected of {ahead} of {found.videos} videos, whose earlier phases have not run"
        rows = _rows([(r.expected, r.low.low, r.high.high) for r in found.expected])
        console.print(table(title, _COLUMNS, rows))
    for line in _remarks(found, ahead):
        console.print(line, highlight=False, soft_wrap=True)
    print_problems(console, found.problems)


def _rows(bounded: Sequence[tuple[Estimate, float, float]]) -> list[tuple[str, ...]]:
    """A row for each estimate with its bounds in dollars, and the total."""
    rows = [
        (one.phase, _purpose(one), one.model, *_figures([one]), _span(low, high), _batch([one]), _learned_from(one))
        for one, low, high in bounded
    ]
    every = [one for one, _, _ in bounded]
    span = _span(sum(low for _, low, _ in bounded), sum(high for _, _, high in bounded))
    return [*rows, ("total", "", "", *_figures(every), span, _batch(every), "")]


def _remarks(found: Estimated, ahead: int) -> Iterator[str]:
    for phase in found.local:
        yield f"{phase}: its backend plans no calls, so it costs nothing here"
    holds = found.holds
    if holds is not None:
        whence = f"as in {holds.videos} tracked videos" if holds.videos else "assumed: no video has been tracked yet"
        yield f"Objects of an untracked video: {holds.middle}, mostly {holds.low} to {holds.high}, {whence}."
    if found.planned and found.planned < ahead:
        yield f"Planned were {found.planned} of the {ahead}, evenly over their lengths; they stand for all."
    if found.estimates and found.expected:
        yield f"Both together: {_together(found)}"
    if any(not one.calibrated and one.to_send for one in _all(found)):
        yield "Guessed: no call of this kind was paid here yet; what follows upon answers is not counted then."


def _together(found: Estimated) -> str:
    middle = sum(one.money for one in _all(found))
    low = sum(one.low for one in found.estimates) + sum(one.low.low for one in found.expected)
    high = sum(one.high for one in found.estimates) + sum(one.high.high for one in found.expected)
    return f"${middle:.4f} ({_span(low, high)})"


def _all(found: Estimated) -> list[Estimate]:
    return [*found.estimates, *(one.expected for one in found.expected)]


def _purpose(one: Estimate) -> str:
    return f"{one.purpose} (follows)" if one.follow_up else one.purpose


def _learned_from(one: Estimate) -> str:
    if not one.calibrated:
        return "guessed" if one.to_send else ""
    return f"{one.calibrated:,} calls" + (", other prompt" if one.other_prompt else "")


def _figures(estimates: Sequence[Estimate]) -> tuple[str, ...]:
    """Calls, answered ones, tokens in and out, dollars."""
    names = ("calls", "answered", "tokens_in", "tokens_out")
    counts = (f"{round(sum(getattr(e, name) for e in estimates)):,}" for name in names)
    return (*counts, f"{sum(one.money for one in estimates):.4f}")


def _batch(estimates: Sequence[Estimate]) -> str:
    return f"{sum(one.money_batch for one in estimates):.4f}"


def _span(low: float, high: float) -> str:
    return f"{low:.4f} – {high:.4f}"
