"""The objects as a model is told of them: names that tell look-alikes apart, and sets that fit into a call.

Names and actions come from descriptions, so they are data from outside: bounded, on one line, printable.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.llm.cleaning import cleaned
from svg2_assets.relations.things import FIXTURES, is_a
from svg2_assets.relations.vlm.frames import Window
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, AttributeType, Verdict, is_animate
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import Origin, TrackingResult

LONGEST_NAME, LONGEST_HINT, MOST_HINTS = 60, 80, 4  # characters, characters, phrases of a kind
ANCHORS = 0.25  # of a further set: the most salient objects of the first one, so that the others can relate to them
TELLING = (
    AttributeType.COLOR,
    AttributeType.CLOTHING,
    AttributeType.PATTERN,
    AttributeType.TEXT,
    AttributeType.MATERIAL,
    AttributeType.SIZE,
    AttributeType.SHAPE,
    AttributeType.POSE,
)
"""What tells look-alikes apart, the most telling first."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as it is listed. `name` is the label's (`object` where it is contradicted), `title` tells look-alikes
    apart; `doubtful`: its parser was not sure; `weight`: how much it matters beside others. `actions` (what it does)
    and `relationships` (how it stands to others) are phrases from its description.
    """

    id: int
    name: str
    title: str
    doubtful: bool
    trajectory: Trajectory
    visible: Spans
    weight: float
    part_of: int | None = None
    actions: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()


def list_objects(video: Video, tracks: TrackingResult, labels: Sequence[VerifiedLabel]) -> tuple[Listed, ...]:
    """Every object of `tracks` that is ever visible, in order of id. Stand-ins for whole groups are left out."""
    named = {label.label.object_id: label for label in labels}
    there = [o for o in tracks.objects if len(o.trajectory) and o.origin is not Origin.SALIENT]
    names = {o.id: _name(named.get(o.id)) for o in there}
    titles = qualified(names, {i: label.label.attributes for i, label in named.items()})
    return tuple(
        Listed(
            id=o.id,
            name=names[o.id],
            title=titles[o.id],
            doubtful=o.id in named and named[o.id].label.uncertain,
            trajectory=o.trajectory,
            visible=o.trajectory.spans(video),
            weight=_weight(video, o.trajectory, names[o.id]),
            part_of=o.part_of,
            actions=_phrases(named[o.id].label.actions if o.id in named else ()),
            relationships=_phrases(named[o.id].label.relationships if o.id in named else ()),
        )
        for o in sorted(there, key=lambda o: o.id)
    )


def qualified(names: Mapping[int, str], attributes: Mapping[int, Sequence[Attribute]]) -> dict[int, str]:
    """Each object's name, with the attribute that best tells it from others of the same name: `red car #7`.

    Best is the value that fewest look-alikes share; of those, the most telling type. What is alone needs none.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    for object_id, name in names.items():
        alike[name].append(object_id)
    titles: dict[int, str] = {}
    for name, ids in alike.items():
        values = {i: _values(attributes.get(i, ())) for i in ids}
        shared = Counter(v for found in values.values() for v in found)
        for i in ids:
            telling = [v for v in values[i] if shared[v] < len(ids) and v not in name.split()]
            best = min(telling, key=lambda v: shared[v], default="") if len(ids) > 1 else ""
            titles[i] = f"{best} {name}".strip() + f" #{i}"
    return titles


def object_sets(listed: Sequence[Listed], window: Window, *, most: int, sets: int) -> list[tuple[Listed, ...]]:
    """What is visible on a frame of `window`, in at most `sets` sets of at most `most` objects, the salient first.

    What finds no room is left out. A further set repeats the most salient objects; relations between those that no set
    has together are not asked for.
    """
    frames = {s.index for s in window.samples}
    there = sorted((o for o in listed if frames & set(o.trajectory.frames)), key=lambda o: (-o.weight, o.id))
    if len(there) <= most:
        return [_by_id(there)] if there else []
    anchors = there[: max(1, round(ANCHORS * most))]
    room = most - len(anchors)
    rest = there[most:]
    chosen = [there[:most]]
    while rest and len(chosen) < sets and room:
        chosen.append([*anchors, *rest[:room]])
        rest = rest[room:]
    return [_by_id(group) for group in chosen]


def ancestors(object_id: int, part_of: Mapping[int, int | None]) -> Collection[int]:
    """The wholes that an object is a part of, directly or not."""
    found: list[int] = []
    at = part_of.get(object_id)
    while at is not None and at not in found:
        found.append(at)
        at = part_of.get(at)
    return found


def _by_id(group: Sequence[Listed]) -> tuple[Listed, ...]:
    return tuple(sorted(group, key=lambda o: o.id))


def _name(label: VerifiedLabel | None) -> str:
    if label is None or label.verification.verdict is Verdict.CONTRADICTED:
        return UNKNOWN_NAME
    return cleaned(label.label.name, limit=LONGEST_NAME).lower() or UNKNOWN_NAME


def _phrases(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(p for phrase in given[:MOST_HINTS] if (p := cleaned(phrase, limit=LONGEST_HINT)))


def _values(attributes: Sequence[Attribute]) -> list[str]:
    ranked = [a for kind in TELLING for a in attributes if a.type is kind]
    return [v for a in ranked if (v := cleaned(a.value, limit=24).lower())]


def _weight(video: Video, trajectory: Trajectory, name: str) -> float:
    """Salience: size and presence, doubled for what acts, halved for fixtures and what has no name."""
    size = float(np.sqrt(np.mean(trajectory.areas) / (video.width * video.height)))
    kind = 2.0 if is_animate(name) else 0.5 if name == UNKNOWN_NAME or is_a(name, FIXTURES) else 1.0
    return kind * size * len(trajectory) / video.num_frames
