"""From a video to its relations: plan, ask both passes, read, clean, stitch.

The first pass of a window is asked before the second, so that its prefix is in the provider's cache when that comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.llm.calls import Answer, Call, Gateway, Outcome
from svg2_assets.relations.protocols import RelationResult
from svg2_assets.relations.vlm import release
from svg2_assets.relations.vlm.answers import Draft, read_drafts, read_released
from svg2_assets.relations.vlm.frames import Window
from svg2_assets.relations.vlm.messages import PASSES
from svg2_assets.relations.vlm.objects import Listed
from svg2_assets.relations.vlm.planning import Question, RelationPlan, groups, narrowed, plan_relations, questions
from svg2_assets.relations.vlm.rules import Context, Rule, clean, without_contradictions
from svg2_assets.relations.vlm.settings import Preset, RelatorSettings
from svg2_assets.relations.vlm.statistics import Tally
from svg2_assets.relations.vlm.stitching import stitched, united
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackingResult

MOST_SPLITS = 4  # times that a question is halved because its answer does not end


@dataclass(frozen=True, slots=True)
class _Task:
    which: str
    question: Question
    splits: int = 0


def relate_by_model(
    source: FrameSource,
    tracks: TrackingResult,
    labels: Sequence[VerifiedLabel],
    *,
    gateway: Gateway,
    settings: RelatorSettings,
) -> RelationResult:
    """All relations of one video by the model behind `gateway`. Without objects nothing is asked.

    A call that fails leaves a gap, which the statistics name. Raises `PhaseError` when no call brought anything, and
    what `gateway` raises where none can work.
    """
    if settings.preset == Preset.RELEASE:
        return _released(source, release.plan(source.video, tracks, labels), gateway=gateway, settings=settings)
    plan = plan_relations(source.video, tracks, labels, settings=settings)
    tally = Tally()
    found: dict[Window, list[Sequence[Relation]]] = defaultdict(list)
    for scopes in groups(plan, most=settings.windows_at_once):
        asked = list(questions(source, plan, scopes, settings))
        for which in PASSES:
            for task, relations in _answers([_Task(which, q) for q in asked], plan, gateway, settings, tally):
                found[task.question.scope.window].append(relations)
    _check_answered(source.video, tally)
    parts = [(w.span, united(found[w])) for w in sorted(found, key=lambda w: w.span)]
    relations, outweighed = without_contradictions(stitched(parts), cleaning=settings.cleaning)
    tally.violations[Rule.CONTRADICTION] += outweighed
    return RelationResult(_ordered(relations), tally.to_json(**_counts(plan)))


def _answers(
    tasks: Sequence[_Task], plan: RelationPlan, gateway: Gateway, settings: RelatorSettings, tally: Tally
) -> Iterator[tuple[_Task, list[Relation]]]:
    """The clean relations of each task; a task whose answer does not end is asked again in halves."""
    listed = {o.id: o for o in plan.listed}
    part_of = {o.id: o.part_of for o in plan.listed}
    pending = list(tasks)
    while pending:
        calls = [plan.call(t.which, t.question, settings) for t in pending]
        answered = list(zip(pending, gateway.ask(calls), strict=True))
        pending = []
        for task, answer in answered:
            if not tally.heard(answer, where=_where(task)):
                continue
            yield task, _read(task, answer, listed, part_of=part_of, settings=settings, tally=tally)
            if answer.outcome is Outcome.TRUNCATED:
                pending += _halves(task)


def _read(
    task: _Task,
    answer: Answer,
    listed: Mapping[int, Listed],
    *,
    part_of: Mapping[int, int | None],
    settings: RelatorSettings,
    tally: Tally,
) -> list[Relation]:
    scope = task.question.scope
    drafts, malformed = read_drafts(answer.value)
    asked = {i: listed[i] for i in scope.ids}
    context = Context(scope.window, asked, PASSES[task.which], part_of=part_of, cleaning=settings.cleaning)
    relations, counts = clean(drafts, context)
    tally.claims += len(drafts) + malformed
    tally.violations += counts
    tally.violations[Rule.MALFORMED] += malformed
    return relations


def _halves(task: _Task) -> list[_Task]:
    """The task for the first and the second half of its subjects; none when it cannot be halved any more."""
    scope = task.question.scope
    subjects = scope.subjects if scope.subjects is not None else (*scope.ids, CAMERA_ID)
    if len(subjects) < 2 or task.splits == MOST_SPLITS:
        return []
    middle = len(subjects) // 2
    parts = (subjects[:middle], subjects[middle:])
    return [replace(task, question=narrowed(task.question, p), splits=task.splits + 1) for p in parts]


def _where(task: _Task) -> str:
    span = task.question.scope.window.span
    return f"{span.start:.1f}-{span.end:.1f} s, pass {task.which}"


def _released(
    source: FrameSource, planned: release.ReleasePlan, *, gateway: Gateway, settings: RelatorSettings
) -> RelationResult:
    """What the released code keeps: whatever reads. The rules count what they would have done, and do nothing."""
    calls: list[Call] = list(release.calls(source, planned, settings))
    tally = Tally()
    found: list[Relation] = []
    for (which, category), answer in zip(release.CALLS.items(), gateway.ask(calls) if calls else (), strict=False):
        if tally.heard(answer, where=f"call {which}"):
            drafts, malformed = read_released(answer.value, planned.window.samples, category=category)
            wanted = PASSES["spatial"] if category else PASSES["dynamic"]
            context = Context(planned.window, {o.id: o for o in planned.listed}, wanted, cleaning=settings.cleaning)
            tally.claims += len(drafts) + malformed
            tally.violations += clean(drafts, context)[1]
            as_claimed = [r for d in drafts if (r := _as_claimed(d)) is not None]
            tally.violations[Rule.MALFORMED] += malformed + len(drafts) - len(as_claimed)
            found += as_claimed
    _check_answered(source.video, tally)
    return RelationResult(_ordered(united([found])), tally.to_json(objects_asked=len(planned.listed)))


def _as_claimed(draft: Draft) -> Relation | None:
    if draft.category not in list(Category) or not draft.spans:
        return None
    return Relation(draft.subject, draft.predicate, draft.object, Category(draft.category), Spans.of(draft.spans))


def _check_answered(video: Video, tally: Tally) -> None:
    if tally.calls and not tally.answered:
        raise PhaseError(
            video=video.id,
            phase="relations",
            expected=f"an answer to at least one of {tally.calls} calls",
            found="; ".join(tally.failures[:3]),
            remedy="Run the phase again when the reason is gone: answers that did come are not paid for twice.",
        )


def _counts(plan: RelationPlan) -> dict[str, int]:
    return {
        "windows": len({s.window for s in plan.scopes}),
        "objects_asked": len({i for s in plan.scopes for i in s.ids}),
        "objects_left_out": len(plan.left_out),
        "objects_without_frame": len(plan.unseen),
        "objects_doubtful": len(plan.doubtful),
    }


def _ordered(relations: Sequence[Relation]) -> tuple[Relation, ...]:
    key: Callable[[Relation], tuple[int, int, str]] = lambda r: (r.subject, r.object, r.predicate)  # noqa: E731
    return tuple(sorted(relations, key=key))
