"""Phase 1 of the embedded profile: boxes and flow now, masks as soon as both sides are known."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from types import MappingProxyType

import numpy as np

from svg2_assets.scene.streams import ahead
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories import geometry
from svg2_assets.trajectories.colours import descriptors
from svg2_assets.trajectories.flow import STILL, Field, FlowWindow, camera_step, is_fixed
from svg2_assets.trajectories.flow import Step as CameraStep
from svg2_assets.trajectories.geometry import Box
from svg2_assets.trajectories.groups import Group, Groups
from svg2_assets.trajectories.lifecycle import Look, Roster
from svg2_assets.trajectories.occluders import see_through
from svg2_assets.trajectories.painting import Canvas
from svg2_assets.trajectories.preparing import LOOK_AHEAD, Prepared, prepare, work_height
from svg2_assets.trajectories.protocols import CameraMotion, Progress, TrackedObject, TrackingResult
from svg2_assets.trajectories.recognisers import Floats, Pixels, Recognisers
from svg2_assets.trajectories.results import tracked_objects
from svg2_assets.trajectories.salience import SalienceWatch
from svg2_assets.trajectories.salients import Salients
from svg2_assets.trajectories.segmentation import Segmenter
from svg2_assets.trajectories.settings import TrackerSettings
from svg2_assets.trajectories.spotting import Seen, Spotted, Spotter
from svg2_assets.trajectories.tracks import Life, Track, Vector

RECENT_STEPS = 12  # camera steps that say whether the camera stands still just now


class Run:
    """One pass over one video. Make a new one for each."""

    def __init__(self, source: FrameSource, recognisers: Recognisers, settings: TrackerSettings) -> None:
        self._source, self._models, self._settings = source, recognisers, settings
        self._fps = source.video.fps
        self._spotter = Spotter(
            recognisers, settings.detection, settings.tiles, fps=self._fps, num_frames=source.video.num_frames
        )
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._counts: Counter[str] = Counter()
        self._before: int | None = None
        self._fields: list[Field] = []
        self._camera_frames: list[int] = []
        self._camera: list[CameraStep] = []
        self._cuts: list[int] = []
        self._longest = max(2, round(settings.masks.longest_gap * self._fps))

    def execute(self, progress: Progress | None) -> TrackingResult:
        """Track everything. Raises what the source raises."""
        frames = 0
        stream = self._spotter.follow(see_through(self._prepared(), self._settings))
        with closing(self._spotter), closing(ahead(stream, most=LOOK_AHEAD)) as seen_ahead:
            for seen in self._timed(seen_ahead, "wait for frames"):
                if frames == 0:
                    self._begin(seen.prepared)
                frames = seen.prepared.frame.index + 1
                self._step(seen, progress)
        if frames == 0:
            return TrackingResult(objects=())
        self._end_shot()
        self._segmenter.close()
        return self._result(frames)

    def _prepared(self) -> Iterator[Prepared]:
        rules = self._settings
        height = work_height(self._source, rules)
        return prepare(self._source, flow=rules.flow, cuts=rules.cuts, height=height)

    def _begin(self, first: Prepared) -> None:
        height, width = first.frame.pixels.shape[:2]
        video, settings = self._source.video, self._settings
        self._width, self._height = width, height
        self._diagonal = float(np.hypot(width, height))
        shapeless = frozenset(i for i, n in enumerate(self._models.detector.classes) if n in settings.masks.shapeless)
        canvas = Canvas(width, height, video.width, video.height)
        self._segmenter = Segmenter(self._models.saliency, canvas, settings, fps=self._fps, shapeless=shapeless)
        self._roster = Roster(settings, width=width, height=height, fps=self._fps)
        self._groups = Groups(settings.groups, classes=self._models.detector.classes)
        self._watch = SalienceWatch(settings.salience, fps=self._fps)
        self._salients = Salients(settings, width=width, height=height)
        self._new_shot(first)

    def _new_shot(self, first: Prepared) -> None:
        look = round(self._fps / self._settings.detection.rate) + 2
        self._flows = FlowWindow(
            longest=self._longest + (2 + self._settings.masks.patience_looks) * look, scale=first.small.scale / 2
        )
        self._before = None
        self._fields = []
        self._watch.restart(first.frame.index)

    def _step(self, seen: Seen, progress: Progress | None) -> None:
        index, count = seen.prepared.frame.index, self._source.video.num_frames
        try:
            self._take(seen, is_last=index == count - 1)
        except BaseException:
            self._segmenter.close()
            raise
        if progress is not None and (index % 16 == 0 or index == count - 1):
            progress(index + 1, count)

    def _take(self, seen: Seen, *, is_last: bool) -> None:
        prepared, index = seen.prepared, seen.prepared.frame.index
        if prepared.cut:
            self._cuts.append(index)
            self._end_shot()
            self._new_shot(prepared)
        elif prepared.flow is not None:
            self._flows.add(index, prepared.flow)
            self._fields.append(prepared.flow.forward)
        self._segmenter.painter.hide(prepared.hidden)
        self._segmenter.budget.earn(1 / self._fps)
        if seen.spotted is not None:
            self._look(index, prepared.frame.pixels, seen.spotted, is_last=is_last)

    def _look(self, index: int, pixels: Pixels, spotted: Future[Spotted], *, is_last: bool) -> None:
        self._collect(index)
        with self._clock("camera"):
            self._follow_camera(index)
        with self._clock("wait for boxes"):
            seen = spotted.result()
        with self._clock("associate"):
            colours = descriptors(pixels, seen.found.boxes)
            step = self._camera[-1] if self._camera and self._before is not None else STILL
            look = Look(index, self._before, seen.found, colours, step, seen.second, self._stands_still())
            self._roster.advance(
                look, self._flows, embed=lambda box: self._look_at(pixels, box)[1], finish=self._finish
            )
            self._salients.advance(look, self._flows, self._roster)
            self._regroup(index)
        self._finish_ended()
        self._segment(pixels, index, is_last=is_last)
        with self._clock("classify"):
            self._classify(pixels, index)
        self._renew(index)
        self._before = index

    def _follow_camera(self, index: int) -> None:
        if self._camera_frames:
            step = camera_step(self._fields, scale=self._flows.scale, settings=self._settings.flow)
            self._camera.append(step if self._before is not None else STILL)
        self._camera_frames.append(index)
        self._fields = []

    def _stands_still(self) -> bool:
        return is_fixed(self._camera[-RECENT_STEPS:], diagonal=self._diagonal, settings=self._settings.flow)

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
        first = self._before is None
        self._segmenter.submit(
            pixels, index, [*self._roster.live, *self._salients.live], self._groups, last=is_last, first=first
        )
        if self._watch.is_due(index, len(self._roster.live)) and not is_last:
            self._segmenter.submit_whole(pixels, index)

    def _collect(self, index: int, *, everything: bool = False) -> None:
        """Take the crops that are ripe."""
        with self._clock("wait for masks"):
            self._segmenter.next_look()
        with self._clock("paint"):
            whole = self._segmenter.collect(self._flows, everything=everything)
            self._salients.follow_masks(index, self._flows)
            if whole is not None:
                self._judge(whole[0], whole[1], index)

    def _judge(self, frame: int, foreground: Floats, index: int) -> None:
        """Open a trajectory for foreground that no track explains."""
        rows, columns = foreground.shape
        scale = np.asarray([columns / self._width, rows / self._height] * 2, dtype=np.float32)
        live = [*self._roster.live, *self._salients.live]
        known = [geometry.grow(t.box_at(frame), 0.1) * scale for t in live if t.life is Life.LIVE]
        opened = self._watch.judge(foreground, frame, known)
        if opened is not None:
            box, sure = opened
            moved, _ = self._flows.carry(box / scale, start=frame, stop=index)
            track = self._salients.open(moved, sure, index)
            self._roster.name(track)

    def _finish_ended(self) -> None:
        with self._clock("paint"):
            self._roster.ended += self._salients.take_ended()
            for track in self._roster.ended:
                self._finish(track)

    def _finish(self, track: Track) -> None:
        """Paint what is left of a track up to its last hit."""
        if track.emitted_to < track.last_hit:
            self._segmenter.painter.flush(track, track.last_hit + 1, self._flows)
            track.emitted_to = track.last_hit
        track.key = None  # who goes on begins with a new one; a long video has many that ended

    def _renew(self, index: int) -> None:
        """Carry keys that flow is about to forget."""
        with self._clock("paint"):
            groups = [g.track for g in self._groups.live]
            for track in [*self._roster.live, *self._salients.live, *groups]:
                overdue = track.key is not None and index - track.key.frame >= self._longest
                if overdue and not self._segmenter.awaits(track):
                    self._segmenter.painter.renew(track, track.last_hit, self._flows)

    def _end_shot(self) -> None:
        self._collect(self._before if self._before is not None else 0, everything=True)
        self._roster.end_shot()
        self._salients.end_shot()
        for group in self._groups.live:
            self._end_group(group)
        self._groups.clear()
        self._finish_ended()

    def _classify(self, pixels: Pixels, index: int) -> None:
        rules = self._settings.classify
        for track in [*self._roster.live, *self._salients.live]:
            if track.life is not Life.LIVE or track.last_hit != index or track.appearance.looks >= rules.looks:
                continue
            small = geometry.size(track.box) ** 2 < rules.least_share * self._width * self._height
            if (index - track.last_look) / self._fps < rules.every_seconds or (small and track.appearance.looks):
                continue
            track.last_look = index
            shares, track.embedding = self._look_at(pixels, track.box)
            track.appearance.add(shares)

    def _look_at(self, pixels: Pixels, box: Box) -> tuple[Vector, Vector]:
        """Class shares and embedding of what is in `box`."""
        x0, y0, x1, y1 = geometry.crop_window(box, margin=0.05, width=self._width, height=self._height)
        self._counts["classifier calls"] += 1
        seen = self._models.embedder.look(pixels[y0:y1, x0:x1])
        return seen.shares, seen.embedding

    def _result(self, frames: int) -> TrackingResult:
        with self._clock("clean up"):
            objects = tracked_objects(
                self._roster.ended, self._models, self._settings, fps=self._fps, num_frames=frames
            )
        fixed = is_fixed(self._camera, diagonal=self._diagonal, settings=self._settings.flow)
        camera = CameraMotion(tuple(self._camera_frames), tuple(self._camera), fixed)
        statistics = MappingProxyType(self._statistics(objects, frames))
        return TrackingResult(objects, camera, tuple(self._cuts), statistics)

    def _statistics(self, objects: tuple[TrackedObject, ...], frames: int) -> dict[str, object]:
        video = self._source.video
        covered = sum(float(o.trajectory.areas.sum()) for o in objects)
        self._seconds["segment"] = self._segmenter.seconds
        return {
            "frames": frames,
            "seconds": {stage: round(spent, 3) for stage, spent in self._seconds.items()},
            **self._spotter.counts,
            **self._counts,
            **self._segmenter.counts,
            "candidates": len(self._roster.ended),
            "left out by the cap": self._roster.left_out,
            "coverage": round(covered / (frames * video.width * video.height), 4),
        }

    @contextmanager
    def _clock(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self._seconds[stage] += time.perf_counter() - start

    def _timed(self, items: Iterator[Seen], stage: str) -> Iterator[Seen]:
        while True:
            with self._clock(stage):
                item = next(items, None)
            if item is None:
                return
            yield item
