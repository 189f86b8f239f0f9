"""Which videos an estimate is about, and of these the ones whose calls can only be expected."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from svg2_assets.beforehand import PlanInputs
from svg2_assets.catalog.identity import video_id as id_of
from svg2_assets.catalog.intake import find_files
from svg2_assets.catalog.lookup import entries, states
from svg2_assets.commands.installation import Installation
from svg2_assets.scene.errors import Svg2Error, VideoError
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.stored import read_tracks, read_video
from svg2_assets.stand_ins import Expected, StandIn

INPUTS: Mapping[str, tuple[str, ...]] = {
    "descriptions": ("trajectories",),
    "parsed_labels": ("trajectories", "descriptions"),
    "relations": ("trajectories", "verified_labels"),
}
"""phase -> phases whose rows must be there"""


@dataclass(slots=True)
class Wanted:
    """`known`: ids of the catalog; `files`: URIs of videos that are not in it; `problems`: name to error."""

    known: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A video with `phases` whose inputs are not there yet. `inputs` makes stand-ins of them, for so many objects."""

    name: str
    duration: float
    phases: tuple[str, ...]
    inputs: Callable[[Expected, int], PlanInputs]


@dataclass(slots=True)
class Course:
    """What is known of each video: `ready` pairs of id and phases, and those that lie `ahead`."""

    ready: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    ahead: list[Ahead] = field(default_factory=list)


def wanted_videos(installation: Installation, names: Sequence[str]) -> Wanted:
    """The videos that `names` mean: files and folders, else ids and names of the catalog; all of it without any.

    A file is in the catalog when its content is. Raises `NoSuchVideo`.
    """
    wanted = Wanted()
    catalog = entries(installation.store)
    if not names:
        wanted.known = [v for v, entry in catalog.items() if entry.superseded_by is None]
    for name in names:
        if not os.path.lexists(name) and not name.startswith("s3://"):
            wanted.known.append(installation.entry(name).video_id)
            continue
        files, refused = find_files([name])
        wanted.problems |= refused
        for uri in files:
            _sort_in(installation, uri, wanted, known=catalog)
    wanted.known, wanted.files = list(dict.fromkeys(wanted.known)), list(dict.fromkeys(wanted.files))
    return wanted


def _sort_in(installation: Installation, uri: str, wanted: Wanted, *, known: Mapping[str, object]) -> None:
    try:
        found = id_of(installation.media.prober().content_hash(uri))
    except VideoError as error:
        wanted.problems[uri] = str(error)
        return
    (wanted.known if found in known else wanted.files).append(found if found in known else uri)


def course_of(installation: Installation, wanted: Wanted, phases: Sequence[str]) -> Course:
    """Sort the videos by what is there of them. What cannot be read is added to the problems of `wanted`."""
    course = Course()
    known = states(installation.store, wanted.known) if wanted.known else {}
    for video_id in wanted.known:
        done = {name for name, state in known.get(video_id, {}).items() if state.status == "done"}
        ready = tuple(p for p in phases if done.issuperset(INPUTS[p]))
        later = tuple(p for p in phases if p not in ready)
        if ready:
            course.ready.append((video_id, ready))
        if later:
            make = _tracked if "trajectories" in done else _catalogued
            _add(course, wanted, video_id, partial(make, installation, video_id, later))
    for uri in wanted.files if phases else ():
        _add(course, wanted, uri, partial(_glanced, installation, uri, tuple(phases)))
    return course


def _add(course: Course, wanted: Wanted, name: str, make: Callable[[], Ahead]) -> None:
    try:
        course.ahead.append(make())
    except Svg2Error as error:
        wanted.problems[name] = str(error)


def _tracked(installation: Installation, video_id: str, phases: tuple[str, ...]) -> Ahead:
    """Its trajectories are there, what is said of them is not."""

    def inputs(expected: Expected, _: int) -> PlanInputs:
        source = installation.media.source(installation.store, video_id)
        return StandIn(source, read_tracks(installation.store, video_id), expected)

    return Ahead(video_id, read_video(installation.store, video_id).duration, phases, inputs)


def _catalogued(installation: Installation, video_id: str, phases: tuple[str, ...]) -> Ahead:
    (entry,) = entries(installation.store, video_ids=[video_id]).values()
    if entry.status == "registered":  # it has not been decoded yet
        return _glanced(installation, entry.uri, phases)
    return _untracked(read_video(installation.store, video_id), phases)


def _glanced(installation: Installation, uri: str, phases: tuple[str, ...]) -> Ahead:
    return _untracked(installation.media.glance(uri), phases)


def _untracked(video: Video, phases: tuple[str, ...]) -> Ahead:
    def inputs(expected: Expected, objects: int) -> PlanInputs:
        return StandIn.untracked(video, expected, objects=objects)

    return Ahead(video.uri, video.duration, phases, inputs)
