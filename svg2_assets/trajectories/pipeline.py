"""Phase 1 of the embedded profile: one pass over the frames, boxes and flow now, masks as soon as both sides are known."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories import cleanup, geometry
from svg2_assets.trajectories.cuts import is_cut
from svg2_assets.trajectories.flow import (
    STILL,
    FlowEngine,
    FlowPair,
    FlowWindow,
    SmallFrame,
    camera_step,
    is_fixed,
    shrink,
)
from svg2_assets.trajectories.flow import Step as CameraStep
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.groups import Group, Groups
from svg2_assets.trajectories.lifecycle import Look, Roster
from svg2_assets.trajectories.painting import Canvas, Painter, visible
from svg2_assets.trajectories.protocols import CameraMotion, Progress, TrackedObject, TrackingResult, Witness
from svg2_assets.trajectories.recognisers import Detections, Floats, Pixels, Recognisers
from svg2_assets.trajectories.schedule import CropPlan, MaskBudget
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.tracks import Evidence, Life, Track, Vector
from svg2_assets.trajectories.warping import KeyMask


@dataclass(frozen=True, slots=True)
class Prepared:
    """A decoded frame with its small version, the flow from the frame before and whether a cut lies between."""

    frame: Frame
    small: SmallFrame
    flow: FlowPair | None
    cut: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """A crop that is being segmented."""

    plan: CropPlan
    frame: int
    targets: list[tuple[Track, Box]]
    foreground: Future[Floats]


def work_height(source: FrameSource, settings: TrackerSettings) -> int | None:
    """Rows to decode to, None for all: frames larger than needed are processed smaller."""
    width, height = source.video.width, source.video.height
    scale = settings.flow.work_rows / min(width, height)
    return max(1, round(height * scale)) if scale < 1 else None


def prepare(source: FrameSource, settings: TrackerSettings) -> Iterator[Prepared]:
    """Decode, shrink, flow, cut test: what depends on nothing but pixels."""
    engine = FlowEngine(settings.flow)
    before: SmallFrame | None = None
    for frame in source.frames(height=work_height(source, settings)):
        small = shrink(frame.index, frame.pixels, settings.flow)
        flow = engine.between(before, small) if before is not None else None
        cut = flow is not None and before is not None and is_cut(before, small, flow, settings.cuts)
        yield Prepared(frame, small, flow, cut)
        before = small


class Run:
    """One pass over one video."""

    def __init__(self, source: FrameSource, recognisers: Recognisers, settings: TrackerSettings) -> None:
        self._source, self._models, self._settings = source, recognisers, settings
        self._fps = source.video.fps
        self._seconds: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._pending: list[Pending] = []
        self._before: int | None = None
        self._fields: list[Floats] = []
        self._camera_frames: list[int] = []
        self._camera: list[CameraStep] = []
        self._cuts: list[int] = []
        self._longest = max(2, round(settings.masks.longest_gap * self._fps))

    def execute(self, progress: Progress | None) -> TrackingResult:
        """Track everything. Raises what the source raises."""
        last = self._source.video.num_frames - 1
        index = -1
        try:
            for index, prepared in enumerate(self._timed(prepare(self._source, self._settings), "prepare")):
                if index == 0:
                    self._begin(prepared)
                self._take(prepared, is_last=index == last)
                if progress is not None and index % 16 == 0:
                    progress(index, last + 1)
            if index >= 0:
                self._end_shot(index)
        finally:
            self._pool.shutdown(wait=True)
        if progress is not None:
            progress(index + 1, last + 1)
        return self._result(index + 1)

    def _begin(self, first: Prepared) -> None:
        height, width = first.frame.pixels.shape[:2]
        self._width, self._height = width, height
        video = self._source.video
        self._canvas = Canvas(width, height, video.width, video.height)
        self._painter = Painter(self._canvas, self._settings.masks, fps=self._fps)
        self._roster = Roster(self._settings, width=width, height=height, fps=self._fps)
        self._groups = Groups(self._settings.groups)
        self._budget = MaskBudget(self._settings.masks, width=width, height=height)
        self._new_window(first)

    def _new_window(self, first: Prepared) -> None:
        self._flows = FlowWindow(longest=self._longest + round(self._fps), scale=first.small.scale)
        self._before = None
        self._fields = []

    def _take(self, prepared: Prepared, *, is_last: bool) -> None:
        index = prepared.frame.index
        if prepared.cut:
            self._cuts.append(index)
            self._end_shot(index - 1)
            self._new_window(prepared)
        elif prepared.flow is not None:
            self._flows.add(index, prepared.flow)
            self._fields.append(prepared.flow.forward)
        self._budget.earn(1 / self._fps)
        if self._before is None or is_last or self._due(index, self._settings.detection.rate):
            self._look(prepared, is_last=is_last)

    def _due(self, index: int, rate: float) -> bool:
        """Whether a clock of `rate` ticks a second ticks on this frame."""
        return int(index * rate / self._fps) != int((index - 1) * rate / self._fps)

    def _look(self, prepared: Prepared, *, is_last: bool) -> None:
        index, pixels = prepared.frame.index, prepared.frame.pixels
        self._collect()
        with self._clock("camera"):
            self._follow_camera(index)
        with self._clock("detect"):
            found = self._detect(pixels, index)
        with self._clock("associate"):
            still = is_fixed(
                self._camera[-12:], diagonal=float(np.hypot(self._width, self._height)), settings=self._settings.flow
            )
            self._roster.advance(Look(index, self._before, found, still), self._flows, lambda b: self._embed(pixels, b))
            self._regroup(index)
        self._finish_ended()
        self._segment(pixels, index, is_last=is_last)
        with self._clock("classify"):
            self._classify(pixels, index)
        self._renew(index)
        self._before = index

    def _follow_camera(self, index: int) -> None:
        self._camera_frames.append(index)
        if len(self._camera_frames) > 1:
            step = camera_step(self._fields, scale=self._flows.scale, settings=self._settings.flow)
            self._camera.append(step if self._before is not None else STILL)
        self._fields = []

    def _detect(self, pixels: Pixels, index: int) -> Detections:
        found = self._models.detector.detect(pixels)
        self._counts["detector calls"] += 1
        if self._before is None or self._due_since(index, self._settings.detection.second_rate):
            self._counts["second detector calls"] += 1
            found = self._agree(found, self._models.second.detect(pixels))
        return found

    def _due_since(self, index: int, rate: float) -> bool:
        before = self._before if self._before is not None else -1
        return int(index * rate / self._fps) != int(before * rate / self._fps)

    def _agree(self, found: Detections, other: Detections) -> Detections:
        """The second detector's opinion: witnesses for live tracks, a bonus for boxes on which both agree."""
        rules = self._settings.detection
        for track in self._roster.live:
            overlap = geometry.iou(track.box[None], other.boxes)[0] if len(other) else np.zeros(0)
            near = overlap.size and overlap.max() >= rules.agree_iou
            track.second.add(other.scores[int(overlap.argmax())] if near else None)
        if not len(found) or not len(other):
            return found
        agreed = geometry.iou(found.boxes, other.boxes).max(axis=1) >= rules.agree_iou
        raised = np.where(found.scores > 0.15, found.scores + rules.agree_bonus, found.scores)
        return Detections(
            found.boxes, np.where(agreed[:, None], np.minimum(raised, 1.0), found.scores).astype(np.float32)
        )

    def _regroup(self, index: int) -> None:
        begun, ended = self._groups.advance(self._roster.live, index)
        for group in begun:
            self._roster.name(group.track)
        for group in ended:
            self._end_group(group)

    def _end_group(self, group: Group) -> None:
        group.track.life = Life.ENDED
        self._roster.ended.append(group.track)

    def _segment(self, pixels: Pixels, index: int, *, is_last: bool) -> None:
        for plan in self._budget.plan(self._candidates(index), frame=index, fps=self._fps, last=is_last):
            x0, y0, x1, y1 = plan.window
            crop = pixels[y0:y1, x0:x1].copy()
            self._counts["mask crops"] += 1
            future = self._pool.submit(self._foreground, crop, plan.size)
            targets = self._targets(plan, index)
            for track, _ in targets:
                track.last_crop, track.unrest = index, 0.0
            self._pending.append(Pending(plan, index, targets, future))

    def _candidates(self, index: int) -> list[Track]:
        """Who may be segmented: seen right now, of a class with a shape; members of a group go with it."""
        seen = [t for t in self._roster.live if t.last_hit == index and self._has_shape(t)]
        credible = [t for t in seen if cleanup.is_credible(t, self._settings.export)]
        sure = [t for t in credible if t.life is Life.LIVE or (t.born == index and self._is_sure(t))]
        alone = [t for t in sure if self._groups.of(t) is None]
        return alone + [g.track for g in self._groups.live if g.track.last_hit == index]

    def _is_sure(self, track: Track) -> bool:
        """Strong enough at the start of a shot to be segmented before it is confirmed."""
        return self._before is None and track.score >= self._settings.masks.sure_start

    def _targets(self, plan: CropPlan, index: int) -> list[tuple[Track, Box]]:
        """The crop's own track, its group's members, and neighbours that the window holds large enough."""
        targets = [(plan.track, plan.track.box.copy())]
        group = next((g for g in self._groups.live if g.track is plan.track), None)
        members = group.present(index) if group is not None else []
        targets += [(m, m.box.copy()) for m in members]
        window = np.asarray(plan.window, dtype=np.float32)
        least = self._settings.masks.shared_side * float((window[2:] - window[:2]).max())
        for track in self._roster.live:
            if track is plan.track or track in members or track.life is not Life.LIVE or track.last_hit != index:
                continue
            box = geometry.clip(track.box, width=self._width, height=self._height)
            whole = geometry.containment(box[None], window[None])[0, 0] > 0.98
            if whole and float((box[2:] - box[:2]).max()) >= least and self._has_shape(track):
                targets.append((track, track.box.copy()))
        return targets

    def _foreground(self, crop: Pixels, size: int) -> Floats:
        start = time.perf_counter()
        found = self._models.saliency.foreground(crop, size=size)
        self._seconds["segment"] += time.perf_counter() - start
        return found

    def _has_shape(self, track: Track) -> bool:
        best = track.best_class()
        return best < 0 or self._models.detector.classes[best] not in self._settings.masks.shapeless

    def _collect(self) -> None:
        """Take the crops of the look before. Always here, so that results never depend on how fast they came."""
        with self._clock("wait for masks"):
            for pending in self._pending:
                pending.foreground.result()
        with self._clock("paint"):
            for pending in self._pending:
                self._accept(pending)
        self._pending = []

    def _accept(self, pending: Pending) -> None:
        rules = self._settings.masks
        window, foreground = np.asarray(pending.plan.window, dtype=np.float32), pending.foreground.result()
        for i, (track, box) in enumerate(pending.targets):
            key = KeyMask(pending.frame, window, foreground, box)
            least = rules.least_fill if i == 0 else rules.shared_fill
            if not self._painter.accept(track, key, self._flows, least_fill=least) and i == 0:
                self._counts["rejected crops"] += 1
                track.rest_until = pending.frame + round(rules.rest_seconds * self._fps)

    def _finish_ended(self) -> None:
        with self._clock("paint"):
            for track in self._roster.ended:
                if track.emitted_to < track.last_hit:
                    self._painter.flush(track, track.last_hit + 1, self._flows)
                    track.emitted_to = track.last_hit

    def _renew(self, index: int) -> None:
        with self._clock("paint"):
            for track in [*self._roster.live, *(g.track for g in self._groups.live)]:
                if track.key is not None and index - track.key.frame >= self._longest:
                    self._painter.renew(track, track.last_hit, self._flows)

    def _end_shot(self, last: int) -> None:
        self._collect()
        self._roster.end_shot()
        for group in self._groups.live:
            self._end_group(group)
        self._groups.clear()
        self._finish_ended()

    def _embed(self, pixels: Pixels, box: Box) -> Vector:
        return self._look_at(pixels, box)[1]

    def _look_at(self, pixels: Pixels, box: Box) -> tuple[Vector, Vector]:
        window = geometry.crop_window(box, margin=0.05, width=self._width, height=self._height)
        x0, y0, x1, y1 = window
        self._counts["classifier calls"] += 1
        seen = self._models.embedder.look(pixels[y0:y1, x0:x1])
        return seen.shares, seen.embedding

    def _classify(self, pixels: Pixels, index: int) -> None:
        rules = self._settings.classify
        for track in self._roster.live:
            if track.life is not Life.LIVE or track.last_hit != index or track.appearance.looks >= rules.looks:
                continue
            small = geometry.size(track.box) ** 2 < rules.least_share * self._width * self._height
            if (index - track.last_look) / self._fps < rules.every_seconds or (small and track.appearance.looks):
                continue
            track.last_look = index
            shares, track.embedding = self._look_at(pixels, track.box)
            track.appearance.add(shares)

    def _result(self, frames: int) -> TrackingResult:
        with self._clock("clean up"):
            objects = self._objects() if frames else ()
        diagonal = float(np.hypot(self._width, self._height)) if frames else 1.0
        fixed = is_fixed(self._camera, diagonal=diagonal, settings=self._settings.flow)
        camera = CameraMotion(tuple(self._camera_frames), tuple(self._camera), fixed)
        return TrackingResult(objects, camera, tuple(self._cuts), MappingProxyType(self._statistics(objects, frames)))

    def _objects(self) -> tuple[TrackedObject, ...]:
        fill = max(2, round(self._settings.masks.fill_seconds * self._fps))
        for track in self._roster.ended:
            track.masks = {f: m for f, m in track.masks.items() if visible(track, f, fill)}
        rules = self._settings.export
        kept = [t for t in self._roster.ended if cleanup.worth_keeping(t, fps=self._fps, settings=rules)]
        kept = cleanup.without_duplicates(kept, rules, novelty=self._settings.groups.novelty)
        trajectories = cleanup.give_to_smaller(kept, [cleanup.trajectory_of(t) for t in kept], rules)
        return tuple(
            TrackedObject(t.id, trajectory, t.origin, t.score, self._witnesses(t))
            for t, trajectory in zip(kept, trajectories, strict=True)
            if len(trajectory)
        )

    def _witnesses(self, track: Track) -> tuple[Witness, ...]:
        models = self._models
        most = self._settings.classify.names
        given = [
            witness(models.detector.name, track.detector, models.detector.classes, most=most),
            witness(models.second.name, track.second, models.second.classes, most=most),
            witness(models.embedder.name, track.appearance, models.embedder.classes, most=most),
        ]
        return tuple(w for w in given if w is not None)

    def _statistics(self, objects: tuple[TrackedObject, ...], frames: int) -> dict[str, object]:
        video = self._source.video
        covered = sum(float(o.trajectory.areas.sum()) for o in objects)
        return {
            "frames": frames,
            "seconds": {k: round(v, 3) for k, v in self._seconds.items()},
            **self._counts,
            "coverage": round(covered / max(1, frames * video.width * video.height), 4),
        }

    @contextmanager
    def _clock(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[stage] += time.perf_counter() - start

    def _timed(self, items: Iterator[Prepared], stage: str) -> Iterator[Prepared]:
        while True:
            with self._clock(stage):
                item = next(items, None)
            if item is None:
                return
            yield item


def witness(source: str, evidence: Evidence, classes: Callable[[], object] | object, *, most: int) -> Witness | None:
    """The mean scores of the `most` likeliest classes; None when it never looked."""
    mean = evidence.mean()
    if not evidence.looks:
        return None
    if mean is None:
        return Witness(source, evidence.looks, MappingProxyType({}))
    top = [int(i) for i in np.argsort(-mean, kind="stable")[:most] if mean[int(i)] > 0.005]
    names = list(classes)  # type: ignore[call-overload]
    return Witness(source, evidence.looks, MappingProxyType({names[i]: round(float(mean[i]), 4) for i in top}))
