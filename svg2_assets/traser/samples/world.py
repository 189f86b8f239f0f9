"""Clips of the synthetic world as training samples: rendered, told truly, written straight into a store.

A seed is a clip. Seeds below 1,000,000 are for training; 1,000,000 to 1,999,999 for validation; from 2,000,000 on for
the test. Nobody trains on what is held out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from svg2_assets.phases import digest
from svg2_assets.scene.graph import SceneObject, Verification
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.truth import Kind, TrueObject
from svg2_assets.synthetic.world import World
from svg2_assets.traser.samples.build import Built, build
from svg2_assets.traser.samples.counting import Counts
from svg2_assets.traser.samples.rows import TABLE, to_row
from svg2_assets.traser.samples.settings import (
    AttributeSettings,
    BuildSettings,
    ObjectSettings,
    PictureSettings,
    SamplingSettings,
)
from svg2_assets.traser.samples.splits import Split
from svg2_assets.traser.samples.values import Draft, DraftRelation
from svg2_assets.traser.sampling import frames_of, sample

HELD_OUT = 1_000_000
TEST = 2_000_000
CODE_VERSION = "1"
"""To be raised whenever the same settings and seed give another sample."""


class WorldSampleSettings(BaseModel):
    """What clips are like and what is told of them.

    `world`: more settings of `WorldSettings` by name. Things are told, parts and stuff where asked for; attributes of
    the `attributes` types, relations among what is told, and the camera's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    difficulty: Difficulty = Difficulty.EASY
    width: int = 196
    height: int = 140
    fps: float = 4.0
    seconds: float = 12.0
    world: dict[str, Any] = Field(default_factory=lambda: {"cut_chance": 0.0})
    sampled_fps: float = Field(default=1.0, gt=0)
    parts: bool = False
    stuff: bool = False
    most_objects: int = Field(default=12, ge=1)
    attributes: frozenset[AttributeType] = frozenset(
        {AttributeType.COLOR, AttributeType.PATTERN, AttributeType.MATERIAL, AttributeType.SIZE}
    )
    pictures: PictureSettings = PictureSettings()
    dataset: str = "synthetic"

    @model_validator(mode="after")
    def _is_a_world(self) -> WorldSampleSettings:
        try:
            _ = self.clip
        except TypeError as error:  # a name that the world does not know
            raise ValueError(f"world: {error}") from error
        return self

    @property
    def clip(self) -> WorldSettings:
        """What a clip holds. Raises `TypeError` for a setting that there is not."""
        size = {"width": self.width, "height": self.height, "fps": self.fps, "seconds": self.seconds}
        return WorldSettings.of(self.difficulty, **(size | self.world))

    @property
    def build(self) -> BuildSettings:
        """How samples are made of clips: everything is true, so nothing is doubted, only chosen."""
        return BuildSettings(
            dataset=self.dataset,
            sampling=SamplingSettings(fps=self.sampled_fps, least_pixels=0),
            pictures=self.pictures,
            objects=ObjectSettings(most=self.most_objects),
            attributes=AttributeSettings(types=self.attributes),
        )

    def to_json(self) -> dict[str, Any]:
        """JSON types in a fixed order."""
        dumped: dict[str, Any] = self.model_dump(mode="json")
        return dumped | {"attributes": sorted(dumped["attributes"]), "clip": repr(self.clip)}


class WorldStore(Protocol):
    """Where samples are written."""

    def read(
        self, table: str, *, columns: Sequence[str] | None = None, where: Mapping[str, Any] | None = None
    ) -> pl.DataFrame:
        """Rows of a table."""
        ...

    def replace(self, table: str, rows: Sequence[Mapping[str, Any]], *, video_ids: Iterable[str]) -> Any:
        """Make `rows` the only ones of these videos, in one commit."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """How many samples were `written`, how many were there already (`kept`), and what the filters did."""

    written: int = 0
    kept: int = 0
    counts: Counts = field(default_factory=Counts)


def write_world(
    store: WorldStore,
    settings: WorldSampleSettings | None = None,
    seeds: Iterable[int] = (),
    *,
    processes: int = 1,
    commit: int = 64,
    run_id: str = "",
) -> Written:
    """Write a sample for each of `seeds`, `commit` of them at a time; what is there with the same settings stays.

    `processes` render side by side; several callers may write other seeds into the same store at once. A clip that
    shows no thing gives no sample, which the counts tell.
    """
    how = settings or WorldSampleSettings()
    version = _version(how)
    known = store.read(TABLE, columns=("video_id", "config_hash"), where={"dataset": how.dataset})
    there = set(known.filter(pl.col("config_hash") == version)["video_id"])
    asked = list(dict.fromkeys(seeds))
    wanted = [seed for seed in asked if video_id(how, seed) not in there]
    done = Written(kept=len(asked) - len(wanted))
    for rendered in _rendered(how, wanted, processes=processes, at_once=commit):
        rows = [row | _provenance(version, run_id) for row, _ in rendered if row is not None]
        store.replace(TABLE, rows, video_ids=[row["video_id"] for row in rows])
        counts = sum((counts for _, counts in rendered), start=done.counts)
        done = replace(done, written=done.written + len(rows), counts=counts)
    return done


def build_clip(settings: WorldSampleSettings, seed: int) -> Built:
    """The sample of one clip."""
    world = World(settings.clip, seed=seed)
    built = build(draft_of_world(world, settings), settings.build, look=partial(frames_of, world))
    split = split_of_seed(seed).value
    return built if built.sample is None else replace(built, sample=replace(built.sample, split=split))


def draft_of_world(world: World, settings: WorldSampleSettings) -> Draft:
    """What is true of a clip, with masks on its sampled frames alone."""
    told = {o.id: o for o in world.truth.objects if _is_told(o, settings)}
    frames = sample(world.video, settings.build.sampling.sampling).indices
    masks = {int(frame): world.truth.masks_at(int(frame)) for frame in frames}
    objects = []
    for o in told.values():
        shown = [(frame, there[o.id]) for frame, there in masks.items() if o.id in there]
        trajectory = Trajectory(tuple(f for f, _ in shown), tuple(m for _, m in shown))
        whole = o.part_of if o.part_of in told else None
        sure = Verification(Verdict.SUPPORTED, 1.0)
        objects.append(SceneObject(o.id, o.name, trajectory, o.attributes, sure, whole))
    ends = {*told, CAMERA_ID}
    relations = tuple(
        DraftRelation(r.subject, r.predicate, r.object, [(s.start, s.end) for s in r.spans], r.category)
        for r in world.truth.relations
        if r.subject in ends and r.object in ends
    )
    return Draft(world.video, tuple(objects), relations, masked_frames=world.video.num_frames)


def split_of_seed(seed: int) -> Split:
    """What a seed is for."""
    if seed < HELD_OUT:
        return Split.TRAIN
    return Split.VAL if seed < TEST else Split.TEST


def video_id(settings: WorldSampleSettings, seed: int) -> str:
    """The id of a clip."""
    return f"synthetic-{settings.difficulty.value}-{seed}"


def _is_told(o: TrueObject, settings: WorldSampleSettings) -> bool:
    return o.kind is Kind.THING or {Kind.PART: settings.parts, Kind.STUFF: settings.stuff}[o.kind]


Rendered = list[tuple[dict[str, Any] | None, Counts]]


def _rendered(
    settings: WorldSampleSettings, seeds: Sequence[int], *, processes: int, at_once: int
) -> Iterator[Rendered]:
    """Rows of `at_once` seeds at a time, in the order of `seeds`."""
    groups = [seeds[i : i + at_once] for i in range(0, len(seeds), at_once)]
    if processes <= 1 or len(groups) <= 1:
        yield from (_render(settings, group) for group in groups)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        coming: deque[Future[Rendered]] = deque()
        for group in groups:
            coming.append(pool.submit(_render, settings, group))
            if len(coming) > 2 * processes:  # what waits to be written is bounded
                yield coming.popleft().result()
        yield from (future.result() for future in coming)


def _render(settings: WorldSampleSettings, seeds: Sequence[int]) -> Rendered:
    found: Rendered = []
    for seed in seeds:
        built = build_clip(settings, seed)
        row = None if built.sample is None else to_row(built.sample, built.counts)
        found.append((row, built.counts))
    return found


def _version(settings: WorldSampleSettings) -> str:
    return digest(settings.to_json(), CODE_VERSION)


def _provenance(version: str, run_id: str) -> dict[str, Any]:
    made = {"model_id": "svg2_assets.synthetic", "code_version": CODE_VERSION, "config_hash": version}
    return made | {"run_id": run_id, "created_at": datetime.now(UTC)}
