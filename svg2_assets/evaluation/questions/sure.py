"""What can be asked of a true graph without doubt: things by one name, relations that surely hold or surely do not.

A truth is taken to say all that holds; where it may not be so, nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.evaluation.judges.objects import GENERIC
from svg2_assets.evaluation.questions.facts import Facts, alike, same
from svg2_assets.evaluation.questions.values import CAMERA, Event, Fact
from svg2_assets.evaluation.questions.wording import tellable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, INVERSES, SYMMETRIC, AttributeType, is_person


@dataclass(frozen=True, slots=True)
class Happening:
    """A relation that one statement alone says, between things that one name alone finds."""

    event: Event
    spans: Spans
    fact: Fact

    @property
    def start(self) -> float:
        """Second at which it begins."""
        return self.spans.parts[0].start

    @property
    def end(self) -> float:
        """Second at which it has ended for good."""
        return self.spans.parts[-1].end


class Sure:
    """The true graph of a video, seen by what is certain of it."""

    def __init__(self, graph: SceneGraph) -> None:
        self.video_id = graph.video.id
        self.facts = Facts(graph)
        self._types = {o.id: [a.type for a in o.attributes] for o in graph.objects}
        self._families = _families({o.id: o.part_of for o in graph.objects})

    @cached_property
    def groups(self) -> dict[str, list[int]]:
        """Names that are like no name of another meaning in this graph -> the things of that name, by id."""
        found: dict[str, list[int]] = {}
        for name in dict.fromkeys(self.facts.names.values()):
            others = [other for other in self.facts.names.values() if alike(name, other, Kind.OBJECT)]
            meant = [other for other in others if same(name, other, Kind.OBJECT)]
            known = any(same(name, earlier, Kind.OBJECT) for earlier in found)
            if name not in GENERIC and len(others) == len(meant) and not known:
                found[name] = self.facts.called(name)
        return found

    @cached_property
    def single(self) -> dict[str, int]:
        """Names by which one thing alone goes -> its id."""
        return {name: ids[0] for name, ids in self.groups.items() if len(ids) == 1}

    @cached_property
    def complete(self) -> bool:
        """Whether everything has a name, so that what is not named is not there."""
        return all(name not in GENERIC for name in self.facts.names.values())

    @cached_property
    def happenings(self) -> list[Happening]:
        """Relations that can be asked for, in the order of the graph; those of the camera among them."""
        names = {i: name for name, i in self.single.items()} | {CAMERA_ID: CAMERA}
        found = []
        for number, said in enumerate(self.facts.contents.relations):
            if said.subject in self.single.values() and said.object in names and tellable(said.predicate):
                event = Event(names[said.subject], said.predicate, names[said.object])
                if self.facts.saying(event) == [number]:
                    found.append(Happening(event, said.spans, Fact(said.subject, said.predicate, said.object)))
        return found

    def absent(self, name: str) -> bool:
        """Whether no thing may be called so."""
        said = self.facts.names.values()
        return self.complete and bool(said) and not any(alike(name, other, Kind.OBJECT) for other in said)

    def never(self, event: Event) -> bool:
        """Whether `event`, between things that one name alone finds, surely holds at no time.

        Relations of one pair may imply each other (who holds a cup is near it), and so do those of a whole and its
        parts. So a pair of which anything is said counts only where all that is said is `event` the other way round,
        and that is no symmetric one.
        """
        subject, other = self.single[event.subject], self.single[event.object]
        ours, theirs = self._families[subject], self._families[other]
        if ours == theirs:
            return False
        there = [said for a in ours for b in theirs for said in self.facts.said_of(a, b)]
        back = [said for a in ours for b in theirs for said in self.facts.said_of(b, a)]
        one_way = event.predicate not in SYMMETRIC and event.predicate not in {*INVERSES, *INVERSES.values()}
        return not there and (not back or (one_way and all(same(event.predicate, b, Kind.PREDICATE) for b in back)))

    def described(self, types: Iterable[AttributeType]) -> list[tuple[str, AttributeType, str, Fact]]:
        """(name, type, value, fact) of single things that have one value of a type.

        People are left out: color, material and pattern are those of their clothes.
        """
        found = []
        for name, i in self.single.items():
            if is_person(name):
                continue
            values = list(zip(self._types[i], self.facts.attributes[i], strict=True))
            for wanted in types:
                of_type = {value for type_, value in values if type_ is wanted}
                others = [value for _, value in values if value not in of_type]
                if len(of_type) == 1:
                    value = of_type.pop()
                    if not any(alike(value, other, Kind.ATTRIBUTE) for other in others):
                        found.append((name, wanted, value, Fact(i, value)))
        return found


def _families(part_of: Mapping[int, int | None]) -> dict[int, frozenset[int]]:
    """Each thing -> the whole that it is or belongs to, with all parts of that."""
    whole = {}
    for i in part_of:
        at = i
        while (above := part_of[at]) is not None:
            at = above
        whole[i] = at
    members: dict[int, set[int]] = {}
    for i, root in whole.items():
        members.setdefault(root, set()).add(i)
    return {i: frozenset(members[root]) for i, root in whole.items()}
