"""The phases of one profile, run on one clip through the same backends as the platform, timed one by one."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from resources.media.reader import VideoReader, open_video
from resources.profiles import BackendsResource
from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.phases import digest
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.video import Video
from svg2_assets.settings import from_environment
from svg2_assets.trajectories.protocols import TrackingResult, VideoTracker, from_json, to_json

ROOT = Path(__file__).resolve().parent.parent
TRACKER_CODE = ("resources/embedded", "svg2_assets/trajectories", "resources/media", "svg2_assets/scene")


@dataclass(slots=True)
class Clock:
    """Wall and CPU seconds (all threads) by phase."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, phase: str) -> Iterator[None]:
        """Add the time of the block to `phase`."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall[phase] = self.wall.get(phase, 0.0) + time.perf_counter() - wall
        self.cpu[phase] = self.cpu.get(phase, 0.0) + time.process_time() - cpu


@dataclass(frozen=True, slots=True)
class Annotated:
    """What the chain makes of one clip."""

    video: Video
    tracks: TrackingResult
    labels: tuple[VerifiedLabel, ...]
    relations: tuple[Relation, ...]
    clock: Clock

    def name_of(self, object_id: int) -> str:
        """The verified name of an object."""
        return next(v.label.name for v in self.labels if v.label.object_id == object_id)


class Chain:
    """The backends of the profile that the environment asks for.

    Tracking results are kept in `cache` when given, and taken from `tracks`/<clip>.json where such a file is.
    """

    def __init__(self, cache: Path | None = None, *, tracks: Path | None = None) -> None:
        self._backends = BackendsResource.of(from_environment())
        self._cache, self._tracks = cache, tracks

    def track(self, path: Path, clock: Clock | None = None) -> tuple[VideoReader, TrackingResult]:
        """Probe and track one clip."""
        clock = clock or Clock()
        with clock.measure("videos"):
            source = open_video(path)
        with clock.measure("trajectories"):
            tracks = self._given(path) or self._tracked(source)
        return source, tracks

    def annotate(self, path: Path) -> Annotated:
        """All phases on one clip."""
        clock, b = Clock(), self._backends
        source, tracks = self.track(path, clock)
        with clock.measure("descriptions"):
            described = b.describer.describe(source, tracks)
        with clock.measure("parsed_labels"):
            parsed = b.parser.parse(described, source=source, tracks=tracks)
        with clock.measure("verified_labels"):
            verified = b.verifier.verify(source, tracks, parsed)
        with clock.measure("relations"):
            relations = b.relator.extract(source, tracks, verified).relations
        return Annotated(source.video, tracks, verified, relations, clock)

    def _given(self, path: Path) -> TrackingResult | None:
        file = self._tracks / f"{path.stem}.json" if self._tracks is not None else None
        return from_json(json.loads(file.read_text())) if file is not None and file.is_file() else None

    def _tracked(self, source: VideoReader) -> TrackingResult:
        tracker = self._backends.tracker
        if self._cache is None:
            return tracker.track(source)
        file = self._cache / f"{source.video.id}-{_tracker_version(tracker)}.json"
        if file.is_file():
            return from_json(json.loads(file.read_text()))
        result = tracker.track(source)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps(to_json(result)))
        part.replace(file)
        return result


def _tracker_version(tracker: VideoTracker) -> str:
    """Model, settings and every source file that tracking runs through."""
    code = hashlib.sha256()
    for folder in TRACKER_CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            code.update(file.read_bytes())
    return digest(tracker.model_id, dict(tracker.config), code.hexdigest())
