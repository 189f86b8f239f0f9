"""What is asked about a video, before anything is asked: windows, sets of objects, hints, and the calls they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.llm.calls import Call
from svg2_assets.llm.pictures import data_url
from svg2_assets.relations.extract import propose_relations
from svg2_assets.relations.vlm import release
from svg2_assets.relations.vlm.frames import completed, sampled, windows
from svg2_assets.relations.vlm.hints import hint_lines
from svg2_assets.relations.vlm.messages import PASSES, Part, Scope, call, prefix
from svg2_assets.relations.vlm.objects import Listed, list_objects, object_sets
from svg2_assets.relations.vlm.pictures import marked, masks_at, picture_size, pictures
from svg2_assets.relations.vlm.settings import Preset, RelatorSettings
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackingResult


@dataclass(frozen=True, slots=True)
class Question:
    """One scope with the content parts that all calls about it begin with."""

    scope: Scope
    shared: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class RelationPlan:
    """`scopes` in order of their windows. `unseen`: objects on no frame, even after frames were added for others;
    `left_out`: objects for which there was no room; `doubtful`: not shown because their names are not sure.
    """

    video: Video
    listed: tuple[Listed, ...]
    scopes: tuple[Scope, ...] = ()
    proposed: tuple[Relation, ...] = ()
    unseen: frozenset[int] = frozenset()
    left_out: frozenset[int] = frozenset()
    doubtful: frozenset[int] = frozenset()

    def hints(self, which: str, scope: Scope, settings: RelatorSettings) -> list[str]:
        """What the geometry proposes for pass `which` of `scope`."""
        most = settings.shown.hints
        return hint_lines(self.proposed, scope.window, ids=scope.ids, categories=PASSES[which], most=most)

    def call(self, which: str, question: Question, settings: RelatorSettings) -> Call:
        """The call of pass `which`."""
        hints = self.hints(which, question.scope, settings)
        return call(which, question.scope, question.shared, hints, video=self.video, settings=settings)


def plan_relations(
    video: Video,
    tracks: TrackingResult,
    labels: Sequence[VerifiedLabel],
    *,
    settings: RelatorSettings,
) -> RelationPlan:
    """Windows, sets of objects and hints of `video`, for the presets `default` and `paper`. Reads no pixel.

    A window with fewer than two objects is still asked about: an object may relate to the camera.
    """
    view = settings.shown
    every = list_objects(video, tracks, labels)
    listed = tuple(o for o in every if view.uncertain or not o.doubtful)
    doubtful = frozenset(o.id for o in every) - {o.id for o in listed}
    if not listed:
        return RelationPlan(video, listed, doubtful=doubtful)
    samples = sampled(video, tracks.cuts, rate=view.rate)
    samples, unseen = completed(video, samples, {o.id: o.trajectory for o in listed})
    scopes = tuple(
        Scope(window, group)
        for window in windows(samples, most=view.window, overlap=view.overlap)
        for group in object_sets(listed, window, most=view.objects, sets=view.sets)
    )
    shown = {i for s in scopes for i in s.ids}
    left_out = frozenset(o.id for o in listed) - shown - unseen
    proposed = propose_relations(video, tracks, labels) if view.hints else ()
    return RelationPlan(video, listed, scopes, proposed, unseen=unseen, left_out=left_out, doubtful=doubtful)


def questions(
    source: FrameSource, plan: RelationPlan, scopes: Sequence[Scope], settings: RelatorSettings
) -> Iterator[Question]:
    """`scopes` with their pictures, in one pass over the frames; only the encoded pictures are held."""
    view = settings.shown
    size = picture_size(source.video, view, model=settings.model)
    by_frame: dict[int, list[int]] = {}
    for k, scope in enumerate(scopes):
        for sample in scope.window.samples:
            by_frame.setdefault(sample.index, []).append(k)
    samples = {s.index: s for scope in scopes for s in scope.window.samples}
    shown: list[list[tuple[str, dict[int, Mask]]]] = [[] for _ in scopes]
    ordered = [samples[i] for i in sorted(samples)]
    with closing(pictures(source, ordered, size=size)) as frames:
        for index, pixels in frames:
            for k in by_frame[index]:
                masks = masks_at(scopes[k].listed, index)
                url = data_url(marked(pixels, masks) if view.marks else pixels, quality=view.quality)
                shown[k].append((url, masks))
    for scope, seen in zip(scopes, shown, strict=True):
        yield Question(scope, tuple(prefix(scope, plan.video, seen, settings=settings)))


def groups(plan: RelationPlan, *, most: int) -> Iterator[tuple[Scope, ...]]:
    """The scopes of at most `most` windows at a time."""
    held: list[Scope] = []
    known: set[int] = set()
    for scope in plan.scopes:
        key = scope.window.samples[0].index
        if key not in known and len(known) == most:
            yield tuple(held)
            held, known = [], set()
        held.append(scope)
        known.add(key)
    if held:
        yield tuple(held)


def planned_calls(
    source: FrameSource,
    tracks: TrackingResult,
    labels: Sequence[VerifiedLabel],
    *,
    settings: RelatorSettings,
) -> Iterator[Call]:
    """Every call that a video needs when no answer is cut off: for estimates, and to be sent ahead in a batch."""
    if settings.preset == Preset.RELEASE:
        yield from release.calls(source, release.plan(source.video, tracks, labels), settings)
        return
    plan = plan_relations(source.video, tracks, labels, settings=settings)
    for scopes in groups(plan, most=settings.windows_at_once):
        asked = list(questions(source, plan, scopes, settings))
        for which in PASSES:
            yield from (plan.call(which, question, settings) for question in asked)


def narrowed(question: Question, subjects: Sequence[int]) -> Question:
    """The same pictures; only the relations of `subjects` are asked for."""
    return replace(question, scope=replace(question.scope, subjects=tuple(subjects)))
