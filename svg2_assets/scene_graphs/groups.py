"""Groups: objects of a graph that show several of its things at once, as one foreground.

The things are no parts of it. The graph's provenance says whom it shows; where the parser knows, it bears the
attribute `group`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import GROUP, AttributeType
from svg2_assets.trajectories.protocols import TrackedObject

KEY = "groups"
"""Key of a graph's provenance: id of a group, as text, -> ids of its members."""

MARK = (AttributeType.OTHER.value, GROUP)


def told(objects: Iterable[TrackedObject]) -> dict[str, list[int]]:
    """What provenance says of the groups among `objects`."""
    return {str(o.id): list(o.members) for o in objects if o.members}


def groups_of(graph: SceneGraph) -> dict[int, tuple[int, ...]]:
    """Id of each group -> ids of its members. Provenance may be anybody's: what does not fit the graph counts not."""
    ids = {str(o.id): o.id for o in graph.objects}
    given = graph.provenance.get(KEY)
    if not isinstance(given, Mapping):
        return {}
    known = {ids[key]: members for key, members in given.items() if key in ids and isinstance(members, list)}
    found = {key: tuple(m for m in members if isinstance(m, int) and str(m) in ids) for key, members in known.items()}
    return {key: members for key, members in found.items() if len(members) > 1 and key not in members}


def shown(one: SceneObject, members: Sequence[int]) -> list[tuple[str, str]]:
    """Type and value of every attribute of `one` as users read them: of a group first of all who its `members` are."""
    pairs = [(a.type.value, a.value) for a in one.attributes]
    if not members:
        return pairs
    return [(MARK[0], f"{GROUP} of {' and '.join(str(m) for m in members)}"), *(p for p in pairs if p != MARK)]
