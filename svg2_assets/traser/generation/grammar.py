"""The answer's form as an automaton over bytes that knows what has been said and what it costs to come to an end.

An answer is a path through places. At most places a few pieces of fixed text are possible, one of which is written
(`Choice`); at the others a string, up to its closing quote (`Text`). What may follow depends on what was said: the
next object's number, which objects the pair of this subject and predicate has not had, when the last span ended.

Every place knows an upper bound of the bytes from it to the answer's end. From each position some next byte lowers it
by one at least, so that a writer who is never let beyond what is left of its budget comes to an end in time.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

from svg2_assets.traser.generation.limits import Limits

Branch = Mapping[int, Any]
"""Next byte -> a `Branch`, or the whole piece of text (bytes) where it ends."""

NAME_RESERVE = 8
"""Bytes kept for each name that is still to be written."""
END_TOKEN = 1
PLAIN = (string.ascii_letters + string.digits).encode()
MOST_ESCAPE = 2
"""A string that must not stand as it is becomes another by so many characters: nobody says 62 times 62 relations."""
QUOTE, BACKSLASH, SPACE = ord('"'), ord("\\"), ord(" ")


@lru_cache(maxsize=8192)
def branches(texts: tuple[bytes, ...]) -> Branch:
    """The texts, none of which begins another, as a tree of bytes."""
    root: dict[int, Any] = {}
    for text in texts:
        at = root
        for byte in text[:-1]:
            at = at.setdefault(byte, {})
        at[text[-1]] = text
    return root


def ends(branch: Branch) -> Iterator[tuple[int, bytes]]:
    """How many bytes further each text below `branch` ends, and the text."""
    stack: list[tuple[Any, int]] = [(branch, 0)]
    while stack:
        at, depth = stack.pop()
        if isinstance(at, bytes):
            yield depth, at
        else:
            stack += [(below, depth + 1) for below in at.values()]


class Choice:
    """A place where one of a few texts is written."""

    __slots__ = ()

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The texts possible here."""
        raise NotImplementedError

    def repeated(self, rules: Rules) -> tuple[bytes, ...]:  # noqa: ARG002
        """`texts` with those that would say again what has been said; nothing where there are none."""
        return ()

    def after(self, text: bytes, rules: Rules) -> Place:
        """The place after `text`."""
        raise NotImplementedError

    def cost(self, rules: Rules) -> int:
        """At most so many bytes to the end of the answer."""
        raise NotImplementedError


class Text:
    """A place where a string is written, which its quote ends."""

    __slots__ = ()
    repeatable: ClassVar[bool] = False

    def said(self, rules: Rules) -> frozenset[bytes]:  # noqa: ARG002
        """Strings that would say again what has been said."""
        return frozenset()

    def taken(self, rules: Rules) -> frozenset[bytes]:
        """Strings that must not stand here: those, unless the place is `repeatable`."""
        return frozenset() if self.repeatable else self.said(rules)

    def after(self, text: bytes, rules: Rules) -> Place:
        """The place after `text` and its quote."""
        raise NotImplementedError

    def cost_after(self, rules: Rules) -> int:
        """At most so many bytes from after the quote to the end of the answer."""
        raise NotImplementedError


Place = Choice | Text


@dataclass(frozen=True, slots=True)
class End(Choice):
    """All is said."""

    def texts(self, rules: Rules) -> tuple[bytes, ...]:  # noqa: ARG002
        """None."""
        return ()

    def cost(self, rules: Rules) -> int:  # noqa: ARG002
        """The mark that ends the answer."""
        return END_TOKEN


@dataclass(frozen=True, slots=True)
class Fixed(Choice):
    """One text, then `then`."""

    text: bytes
    then: Place

    def texts(self, rules: Rules) -> tuple[bytes, ...]:  # noqa: ARG002
        """That text."""
        return (self.text,)

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """What comes next."""
        return self.then

    def cost(self, rules: Rules) -> int:
        """The text and what follows."""
        return len(self.text) + rules.cost(self.then)


@dataclass(frozen=True, slots=True)
class Words(Choice):
    """A string of a closed vocabulary, with its quote, in place of a free one."""

    place: Text
    words: tuple[bytes, ...]

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The words that may stand here."""
        taken = self.place.taken(rules)
        return tuple(w + b'"' for w in self.words if w not in taken)

    def repeated(self, rules: Rules) -> tuple[bytes, ...]:
        """All words, where some are taken."""
        return tuple(w + b'"' for w in self.words) if self.place.taken(rules) else ()

    def after(self, text: bytes, rules: Rules) -> Place:
        """As after the same string in the open."""
        return self.place.after(text[:-1], rules)

    def cost(self, rules: Rules) -> int:
        """As if the longest word were left."""
        return max(map(len, self.words)) + 1 + self.place.cost_after(rules)


@dataclass(frozen=True, slots=True)
class Name(Text):
    """The name of object k."""

    k: int

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """Its attributes, or the next object."""
        return AfterName(self.k)

    def cost_after(self, rules: Rules) -> int:
        """See `Text`."""
        return rules.cost(AfterName(self.k))


@dataclass(frozen=True, slots=True)
class AfterName(Choice):
    """Behind the name of object k."""

    k: int

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The key of the attributes, or the end of the entry."""
        return (b', "attributes": [',) if rules.limits.task.tells_attributes else (b"}",)

    def after(self, text: bytes, rules: Rules) -> Place:
        """Attributes or the next object."""
        return rules.next_object(self.k) if text == b"}" else Attributes(self.k, frozenset())

    def cost(self, rules: Rules) -> int:
        """An empty list of attributes, and the rest."""
        (text,) = self.texts(rules)
        return len(text) + rules.tails[self.k] + (0 if text == b"}" else 2)


@dataclass(frozen=True, slots=True)
class Attributes(Choice):
    """Within the list of attributes of object k, of which `told` are there. Who repeats one has said all (`ended`)."""

    k: int
    told: frozenset[bytes]
    ended: bool = False

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """One more, where there may be one, or the end of the entry."""
        more = b', "' if self.told else b'"'
        return (b"]}",) if self.ended or len(self.told) >= rules.limits.most_attributes else (b"]}", more)

    def after(self, text: bytes, rules: Rules) -> Place:
        """A further attribute or the next object."""
        if text == b"]}":
            return rules.next_object(self.k)
        return rules.word(Attribute(self.k, self.told), rules.attributes)

    def cost(self, rules: Rules) -> int:
        """The end of the entry, and the rest."""
        return 2 + rules.tails[self.k]


@dataclass(frozen=True, slots=True)
class Attribute(Text):
    """A further attribute of object k."""

    k: int
    told: frozenset[bytes]
    repeatable: ClassVar[bool] = True

    def said(self, rules: Rules) -> frozenset[bytes]:  # noqa: ARG002
        """Those that the object has already."""
        return self.told

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """The list with this one."""
        return Attributes(self.k, self.told | {text}, text in self.told)

    def cost_after(self, rules: Rules) -> int:
        """See `Text`."""
        return 2 + rules.tails[self.k]


@dataclass(frozen=True, slots=True)
class AfterObjects(Choice):
    """All objects are told."""

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The end, or relations where there can be any."""
        return (b"}", b', "relationships": [[') if rules.relates(Past()) else (b"}",)

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """The first relation."""
        return End() if text == b"}" else Subject(Past())

    def cost(self, rules: Rules) -> int:
        """The end."""
        return 1 + rules.cost(End())


@dataclass(frozen=True, slots=True)
class Past:
    """The relations so far: their number, the objects of each subject and predicate, and each subject's predicates
    that have no object left."""

    count: int = 0
    objects: Mapping[tuple[int, bytes], frozenset[int]] = field(default_factory=lambda: MappingProxyType({}))
    spent: Mapping[int, frozenset[bytes]] = field(default_factory=lambda: MappingProxyType({}))

    def left(self, subject: int, predicate: bytes, rules: Rules) -> tuple[int, ...]:
        """The objects that this subject and predicate may still have."""
        had = self.objects.get((subject, predicate))
        others = rules.limits.partners[subject]
        return others if had is None else tuple(o for o in others if o not in had)

    def told(self, subject: int, predicate: bytes, target: int, *, rules: Rules) -> Past:
        """With one more relation."""
        had = self.objects.get((subject, predicate), frozenset()) | {target}
        spent = self.spent
        if len(had) == len(rules.limits.partners[subject]):
            spent = {**spent, subject: spent.get(subject, frozenset()) | {predicate}}
        return Past(self.count + 1, {**self.objects, (subject, predicate): had}, spent)


@dataclass(frozen=True, slots=True, eq=False)
class Subject(Choice):
    """The beginning of a relation."""

    past: Past

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The subjects that have something left to be said of them."""
        return _before_string(rules.subjects(self.past))

    def after(self, text: bytes, rules: Rules) -> Place:
        """Its predicate."""
        return rules.word(Predicate(self.past, int(text[: text.index(b",")])), rules.predicates)

    def cost(self, rules: Rules) -> int:
        """The longest number, and the rest."""
        return rules.digits + 3 + rules.predicate_cost


@dataclass(frozen=True, slots=True, eq=False)
class Predicate(Text):
    """The predicate of a subject."""

    past: Past
    subject: int

    def said(self, rules: Rules) -> frozenset[bytes]:  # noqa: ARG002
        """Those for which all objects have been told."""
        return self.past.spent.get(self.subject, frozenset())

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """Its object."""
        return Target(self.past, self.subject, text)

    def cost_after(self, rules: Rules) -> int:
        """See `Text`."""
        return rules.target_cost


@dataclass(frozen=True, slots=True, eq=False)
class Target(Choice):
    """The object of a subject and a predicate."""

    past: Past
    subject: int
    predicate: bytes

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The objects that they have not had."""
        return _before_times(self.past.left(self.subject, self.predicate, rules))

    def repeated(self, rules: Rules) -> tuple[bytes, ...]:
        """All objects, where they have had some."""
        had = self.past.objects.get((self.subject, self.predicate))
        return _before_times(rules.limits.partners[self.subject]) if had else ()

    def after(self, text: bytes, rules: Rules) -> Place:
        """When it holds."""
        target = int(text[2 : text.index(b",", 2)])
        window = rules.limits.window(self.subject, target) or (0, 0)
        past = self.past.told(self.subject, self.predicate, target, rules=rules)
        return First(past, window[0], window[1], 1)

    def cost(self, rules: Rules) -> int:
        """The longest numbers, and the rest."""
        return rules.target_cost


@dataclass(frozen=True, slots=True, eq=False)
class First(Choice):
    """The first number of a span, the `nth` of its relation, that lies in [`first`, `last`]."""

    past: Past
    first: int
    last: int
    nth: int

    def texts(self, rules: Rules) -> tuple[bytes, ...]:  # noqa: ARG002
        """The numbers."""
        return _numbers(self.first, self.last, b", ")

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """The last number of the span."""
        return Last(self.past, int(text[:-2]), self.last, self.nth)

    def cost(self, rules: Rules) -> int:
        """The longest number, and the rest."""
        return rules.time_digits + 2 + rules.last_cost


@dataclass(frozen=True, slots=True, eq=False)
class Last(Choice):
    """The last number of a span."""

    past: Past
    first: int
    last: int
    nth: int

    def texts(self, rules: Rules) -> tuple[bytes, ...]:  # noqa: ARG002
        """The numbers from the first on."""
        return _numbers(self.first, self.last, b"]")

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """The end of the relation, or a further span, which does not touch this one."""
        return AfterSpan(self.past, int(text[:-1]) + 2, self.last, self.nth)

    def cost(self, rules: Rules) -> int:
        """The longest number, and the rest."""
        return rules.last_cost


@dataclass(frozen=True, slots=True, eq=False)
class AfterSpan(Choice):
    """Behind the `nth` span; a further one begins at `first` or later."""

    past: Past
    first: int
    last: int
    nth: int

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The end of the relation, or a further span where there is time."""
        return (b"]]", b", [") if self.first <= self.last and self.nth < rules.limits.most_spans else (b"]]",)

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """Accordingly."""
        return AfterRelation(self.past) if text == b"]]" else First(self.past, self.first, self.last, self.nth + 1)

    def cost(self, rules: Rules) -> int:  # noqa: ARG002
        """The end of the relation and of the answer."""
        return 2 + 2 + END_TOKEN


@dataclass(frozen=True, slots=True, eq=False)
class AfterRelation(Choice):
    """Behind a relation."""

    past: Past

    def texts(self, rules: Rules) -> tuple[bytes, ...]:
        """The end of the answer, or a further relation where there can be one."""
        return (b"]}", b", [") if rules.relates(self.past) else (b"]}",)

    def after(self, text: bytes, rules: Rules) -> Place:  # noqa: ARG002
        """Accordingly."""
        return End() if text == b"]}" else Subject(self.past)

    def cost(self, rules: Rules) -> int:  # noqa: ARG002
        """The end of the answer."""
        return 2 + END_TOKEN


@lru_cache(maxsize=4096)
def _before_string(numbers: tuple[int, ...]) -> tuple[bytes, ...]:
    return tuple(b'%d, "' % n for n in numbers)


@lru_cache(maxsize=4096)
def _before_times(numbers: tuple[int, ...]) -> tuple[bytes, ...]:
    return tuple(b", %d, [[" % n for n in numbers)


@lru_cache(maxsize=65536)
def _numbers(first: int, last: int, end: bytes) -> tuple[bytes, ...]:
    return tuple(b"%d%s" % (n, end) for n in range(first, last + 1))


class Rules:
    """The automaton of one clip's answers."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.names, self.attributes, self.predicates = (
            None if words is None else tuple(w.encode() for w in words)
            for words in (limits.names, limits.attributes, limits.predicates)
        )
        self.digits, self.time_digits = max(2, len(str(limits.objects))), len(str(limits.numbers - 1))
        self.last_cost = self.time_digits + 1 + 4 + END_TOKEN
        self.target_cost = 2 + self.digits + 4 + self.time_digits + 2 + self.last_cost
        self.predicate_cost = _string_cost(self.predicates) + self.target_cost
        self.concluded = False
        """Whether no further relation may begin."""
        self._all_subjects = tuple(limits.partners)

    @property
    def most_added(self) -> int:
        """By so much what is optional raises the cost of coming to the end, at most."""
        return _string_cost(self.names) + _string_cost(self.attributes) + self.digits + 8 + self.predicate_cost

    def start(self) -> Place:
        """Where every answer begins."""
        head = b'{"objects": ['
        return (
            Fixed(head + b'{"object 1": "', self.word(Name(1), self.names))
            if self.limits.objects
            else (Fixed(head + b"]", AfterObjects()))
        )

    def word(self, place: Text, words: tuple[bytes, ...] | None) -> Place:
        """A string in the open, or one of `words`."""
        return place if words is None else Words(place, words)

    def next_object(self, k: int) -> Place:
        """Behind the entry of object k."""
        if k == self.limits.objects:
            return Fixed(b"]", AfterObjects())
        return Fixed(b', {"object %d": "' % (k + 1), self.word(Name(k + 1), self.names))

    def subjects(self, past: Past) -> tuple[int, ...]:
        """The subjects of which something is left to be said."""
        if self.predicates is None or not past.spent:
            return self._all_subjects
        return tuple(s for s in self._all_subjects if len(past.spent.get(s, ())) < len(self.predicates))

    def relates(self, past: Past) -> bool:
        """Whether one more relation may be said."""
        limits = self.limits
        if self.concluded or not limits.task.tells_relations:
            return False
        return past.count < limits.most_relations and bool(self.subjects(past))

    def cost(self, place: Place) -> int:
        """At most so many bytes from `place` to the end of the answer."""
        if isinstance(place, Choice):
            return place.cost(self)
        return MOST_ESCAPE + 1 + place.cost_after(self)

    @cached_property
    def tails(self) -> tuple[int, ...]:
        """By object: bytes from the end of its entry to the answer's, with a reserve for each further name."""
        count = self.limits.objects
        tails = [0] * (count + 1)
        after_name = len(b', "attributes": []}') if self.limits.task.tells_attributes else 1
        for k in range(count, 0, -1):
            if k == count:
                tails[k] = 1 + AfterObjects().cost(self)
            else:
                name = max(NAME_RESERVE, _string_cost(self.names)) + 1
                tails[k] = len(b', {"object %d": "' % (k + 1)) + name + after_name + tails[k + 1]
        return tuple(tails)

    @cached_property
    def branch_of(self) -> Any:
        """The tree of the texts of a place; vocabularies are grown once."""
        grown: dict[tuple[tuple[bytes, ...], frozenset[bytes]], Branch] = {}

        def branch(place: Choice) -> Branch:
            if not isinstance(place, Words):
                return branches(place.texts(self))
            key = (place.words, place.place.taken(self))
            if key not in grown:
                grown[key] = branches.__wrapped__(place.texts(self))
            return grown[key]

        return branch


def _string_cost(words: tuple[bytes, ...] | None) -> int:
    """At most so many bytes for a string and its quote."""
    return 1 + (MOST_ESCAPE if words is None else max(map(len, words)))
