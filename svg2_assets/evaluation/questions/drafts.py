"""What could be asked of each video: drafts by type, each with what it has to be balanced by."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeVar

from svg2_assets.evaluation.judges.likeness import Kind
from svg2_assets.evaluation.questions import wording
from svg2_assets.evaluation.questions.facts import alike
from svg2_assets.evaluation.questions.reader import NO, YES
from svg2_assets.evaluation.questions.sure import Happening, Sure
from svg2_assets.evaluation.questions.values import CAMERA, Event, Fact, Program, QuestionType

APART = 1.0  # seconds by which times must differ to be asked about
LATE = 0.5  # seconds after the beginning of the video from which on something begins in it
LONGER = 1.5  # times as long, to be asked about
OPTIONS = 4  # of a question of several choices, as far as there are so many that are surely wrong
FEWEST = 3
YES_NO = (YES, NO)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Draft:
    """A question without id and type. `group`: within it, yes and no are to be as frequent."""

    text: str
    answer: str
    options: tuple[str, ...]
    program: Program
    needs: tuple[Fact, ...]
    group: str = ""


@dataclass(slots=True)
class Corpus:
    """What is right in all videos, to draw wrong answers from: names by videos, values of attributes by type, names of
    things that relations hold to. What is right nowhere would be known to be wrong."""

    names: Counter[str] = field(default_factory=Counter)
    values: dict[str, Counter[str]] = field(default_factory=dict)
    objects: Counter[str] = field(default_factory=Counter)

    def add(self, sure: Sure) -> None:
        """Count one video."""
        self.names.update(sure.groups.keys())
        for _, kind, value, _ in sure.described(wording.ASKED_ATTRIBUTES):
            self.values.setdefault(kind.value, Counter())[value] += 1
        self.objects.update(h.event.object for h in _of_things(sure) if not _holds_to_others(sure, h))


Drafting = Callable[[Sure, Corpus, random.Random], Iterator[Draft]]


def existence(sure: Sure, corpus: Corpus, draw: random.Random) -> Iterator[Draft]:
    """All names of the video, and names of others as they are frequent."""
    absent = [name for name in sorted(corpus.names) if sure.absent(name)]
    everything = tuple(Fact(i) for i in sorted(sure.facts.names))
    for name, ids in _shuffled(sorted(sure.groups.items()), draw):
        needs = tuple(Fact(i) for i in ids)
        yield _yes_no(wording.existence(name), Program(QuestionType.EXISTENCE, name), needs, yes=True, group=name)
    for name in _drawn(absent, corpus.names, len(absent), draw):
        yield _yes_no(wording.existence(name), Program(QuestionType.EXISTENCE, name), everything, yes=False, group=name)


def count(sure: Sure, _: Corpus, draw: random.Random) -> Iterator[Draft]:
    """How many things go by a name; wrong answers are the numbers around."""
    if not sure.complete:
        return
    for name, ids in _shuffled(sorted(sure.groups.items()), draw):
        first = max(1, len(ids) - draw.randrange(OPTIONS))
        options = tuple(str(n) for n in range(first, first + OPTIONS))
        program = Program(QuestionType.COUNT, name)
        yield Draft(wording.count(name), str(len(ids)), options, program, tuple(Fact(i) for i in ids))


def attribute(sure: Sure, corpus: Corpus, draw: random.Random) -> Iterator[Draft]:
    """One value of a type; wrong answers are values of that type that are like nothing said of the thing."""
    for name, kind, value, fact in _shuffled(sure.described(wording.ASKED_ATTRIBUTES), draw):
        said = sure.facts.attributes[fact.subject]
        known = corpus.values[kind.value]
        wrong = [v for v in sorted(known) if not any(alike(v, own, Kind.ATTRIBUTE) for own in said)]
        options = _choices(value, wrong, known, Kind.ATTRIBUTE, draw)
        if options:
            noun = wording.ASKED_ATTRIBUTES[kind]
            program = Program(QuestionType.ATTRIBUTE, name, noun)
            yield Draft(wording.attribute(name, noun), value, options, program, (fact,))


def relation(sure: Sure, _: Corpus, draw: random.Random) -> Iterator[Draft]:
    """Relations that hold, and the same predicates of the same things to others, and the other way round."""
    things = sorted(sure.single)
    for one in _shuffled(_of_things(sure), draw):
        event = one.event
        program = Program(QuestionType.RELATION, events=(event,))
        yield _yes_no(wording.relation(event), program, (one.fact,), yes=True, group=event.predicate)
        others = [Event(event.object, event.predicate, event.subject)]
        others += [Event(event.subject, event.predicate, name) for name in things if name != event.subject]
        for other in _shuffled([o for o in others if sure.never(o)], draw)[:2]:
            needs = (Fact(sure.single[other.subject]), Fact(sure.single[other.object]))
            program = Program(QuestionType.RELATION, events=(other,))
            yield _yes_no(wording.relation(other), program, needs, yes=False, group=event.predicate)


def object_of(sure: Sure, corpus: Corpus, draw: random.Random) -> Iterator[Draft]:
    """What a relation holds to, where that is one thing; wrong answers are things of the video to which it does not."""
    for one in _shuffled(_of_things(sure), draw):
        event = one.event
        if _holds_to_others(sure, one):
            continue
        others = sorted((sure.single.keys() & corpus.objects.keys()) - {event.subject, event.object})
        wrong = [name for name in others if sure.never(Event(event.subject, event.predicate, name))]
        options = _choices(event.object, wrong, corpus.objects, Kind.OBJECT, draw)
        if options:
            asked = Event(event.subject, event.predicate)
            program = Program(QuestionType.OBJECT, events=(asked,))
            yield Draft(wording.object_of(asked), event.object, options, program, (one.fact,))


def order(sure: Sure, _: Corpus, draw: random.Random) -> Iterator[Draft]:
    """Which of two begins first; what holds from the beginning on would be known to."""
    for first, second in _pairs(sure, draw):
        if min(first.start, second.start) >= LATE and abs(first.start - second.start) >= APART:
            right = 0 if first.start < second.start else 1
            yield _which(wording.order(), QuestionType.ORDER, (first, second), right)


def sequence(sure: Sure, _: Corpus, draw: random.Random) -> Iterator[Draft]:
    """Whether one begins only after the other has ended."""
    for later, earlier in _pairs(sure, draw):
        if abs(later.start - earlier.end) >= APART:
            program = Program(QuestionType.SEQUENCE, events=(later.event, earlier.event))
            text = wording.sequence(later.event, earlier.event)
            yield _yes_no(text, program, (later.fact, earlier.fact), yes=later.start > earlier.end)


def duration(sure: Sure, _: Corpus, draw: random.Random) -> Iterator[Draft]:
    """Which of two lasts longer."""
    for first, second in _pairs(sure, draw):
        short, long = sorted((first.spans.duration, second.spans.duration))
        if long - short >= APART and long >= LONGER * short:
            right = 0 if first.spans.duration == long else 1
            yield _which(wording.duration(), QuestionType.DURATION, (first, second), right)


DRAFTING: Mapping[QuestionType, Drafting] = {
    QuestionType.EXISTENCE: existence,
    QuestionType.COUNT: count,
    QuestionType.ATTRIBUTE: attribute,
    QuestionType.RELATION: relation,
    QuestionType.OBJECT: object_of,
    QuestionType.ORDER: order,
    QuestionType.SEQUENCE: sequence,
    QuestionType.DURATION: duration,
}


def _yes_no(text: str, program: Program, needs: tuple[Fact, ...], *, yes: bool, group: str = "") -> Draft:
    return Draft(text, YES if yes else NO, YES_NO, program, needs, group)


def _which(text: str, kind: QuestionType, pair: tuple[Happening, Happening], right: int) -> Draft:
    options = tuple(wording.clause(h.event) for h in pair)
    program = Program(kind, events=tuple(h.event for h in pair))
    return Draft(text, options[right], options, program, tuple(h.fact for h in pair))


def _pairs(sure: Sure, draw: random.Random) -> Iterator[tuple[Happening, Happening]]:
    """Pairs of happenings, either one first."""
    for pair in _shuffled(list(combinations(sure.happenings, 2)), draw):
        yield pair if draw.random() < 0.5 else pair[::-1]


def _of_things(sure: Sure) -> list[Happening]:
    return [h for h in sure.happenings if h.event.object != CAMERA]


def _holds_to_others(sure: Sure, one: Happening) -> bool:
    """Whether something like what happens is said of the subject and another thing."""
    subject = one.fact.subject
    return any(
        alike(one.event.predicate, said, Kind.PREDICATE)
        for other in sure.facts.names
        if other != one.fact.object
        for said in sure.facts.said_of(subject, other)
    )


def _choices(
    answer: str, wrong: Sequence[str], weights: Mapping[str, int], kind: Kind, draw: random.Random
) -> tuple[str, ...]:
    """The answer among wrong ones that are like neither it nor each other, in any order; none where too few are."""
    chosen = [answer]
    for option in _drawn(wrong, weights, len(wrong), draw):
        if not any(alike(option, other, kind) for other in chosen):
            chosen.append(option)
        if len(chosen) == OPTIONS:
            break
    return tuple(_shuffled(chosen, draw)) if len(chosen) >= FEWEST else ()


def _drawn(items: Sequence[str], weights: Mapping[str, int], many: int, draw: random.Random) -> list[str]:
    """`many` of `items` without repetition, the heavier ones the likelier (Efraimidis and Spirakis 2006)."""
    keys = {item: draw.random() ** (1 / weights[item]) for item in items}
    return sorted(items, key=lambda item: -keys[item])[:many]


def _shuffled(items: Sequence[_T], draw: random.Random) -> list[_T]:
    return draw.sample(items, len(items))
