"""What a scene graph says, looked up by names: things, their attributes, when relations hold between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from svg2_assets.evaluation.graphs.contents import Contents, contents_of, readings
from svg2_assets.evaluation.graphs.settings import Direction
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.evaluation.judges.objects import GENERIC
from svg2_assets.evaluation.questions.values import CAMERA, Event
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID

SAME = frozenset({Likeness.IDENTICAL, Likeness.SYNONYM})
"""A label that means what was asked for."""
_REACH = 1.0  # seconds; only counts of oddities depend on it


@lru_cache(maxsize=1 << 16)
def likeness(asked: str, said: str, kind: Kind) -> Likeness:
    """How what a graph says stands to what is asked for."""
    return Lexical().judge([Pair(asked, said, kind)])[0]


def same(asked: str, said: str, kind: Kind) -> bool:
    """Whether both mean the same."""
    return likeness(asked, said, kind) in SAME


def alike(first: str, second: str, kind: Kind) -> bool:
    """Whether two labels may be taken for each other: the same, a kind of it, overlapping."""
    return likeness(first, second, kind) is not Likeness.MISMATCH


class Facts:
    """A graph of one video. Relations are read both ways where a predicate has an inverse: `left of`, `near`."""

    def __init__(self, graph: SceneGraph) -> None:
        self.contents: Contents = contents_of(graph, duration=graph.video.duration, reach=_REACH)
        self.names = self.contents.names
        self.attributes = self.contents.attributes
        self._said: dict[tuple[int, int], list[tuple[str, int]]] = defaultdict(list)
        self._objects: dict[int, set[int]] = defaultdict(set)
        for number, relation in enumerate(self.contents.relations):
            for (subject, other), predicate in readings(relation, Direction.INVERSE):
                self._said[subject, other].append((predicate, number))
                self._objects[subject].add(other)

    @property
    def names_anything(self) -> bool:
        """Whether a thing has a name that claims something; a graph that names nothing answers nothing."""
        return any(name not in GENERIC for name in self.names.values())

    def called(self, name: str) -> list[int]:
        """Ids of the things with that name or one that means the same; the camera for `CAMERA`."""
        if name == CAMERA:
            return [CAMERA_ID]
        return [i for i, said in self.names.items() if same(name, said, Kind.OBJECT)]

    def values(self, name: str) -> Iterator[str]:
        """All attributes of the things of that name, whatever their types."""
        for i in self.called(name):
            yield from self.attributes[i]

    def saying(self, event: Event) -> list[int]:
        """Numbers of the relations that say `event`, each once, in order."""
        return self.between(self.called(event.subject), self.called(event.object), event.predicate)

    def between(self, subjects: Iterable[int], objects: Iterable[int], predicate: str) -> list[int]:
        """Numbers of the relations that say `predicate` from any of `subjects` to any of `objects`."""
        ends = set(objects)
        return sorted(
            {
                number
                for s in subjects
                for o in self._objects[s] & ends
                for said, number in self._said[s, o]
                if same(predicate, said, Kind.PREDICATE)
            }
        )

    def said_of(self, subject: int, other: int) -> list[str]:
        """All predicates from one thing to another, read both ways."""
        return [said for said, _ in self._said.get((subject, other), [])]

    def when(self, event: Event) -> Spans:
        """When `event` holds; empty where the graph does not say it."""
        relations = self.contents.relations
        return Spans.of(part for number in self.saying(event) for part in relations[number].spans)
