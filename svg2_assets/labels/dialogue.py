"""All objects of a video named by a language model: one question for many, a second one for what was answered badly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.answers import Record, read, read_upstream
from svg2_assets.labels.canonical import singular_name
from svg2_assets.labels.crops import pictures
from svg2_assets.labels.doubt import doubt_of
from svg2_assets.labels.faults import Fault
from svg2_assets.labels.parser_settings import DOUBTFUL, NEVER, ParserSettings
from svg2_assets.labels.protocols import Label
from svg2_assets.labels.questions import PHASE, Item, batches, question
from svg2_assets.llm.calls import Answer, Call, Gateway, Outcome
from svg2_assets.scene.errors import PhaseError, UnusableBackend, printable
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackedObject, TrackingResult

_UNASKED = "there is no description and no room for a picture, or no frame that shows the object"
_READABLE = frozenset({Outcome.OK, Outcome.TRUNCATED, Outcome.INVALID})


@dataclass(frozen=True, slots=True)
class Subjects:
    """What is asked about: `items` in the order of the descriptions; by object id: `doubts`, and why `unasked`."""

    items: tuple[Item, ...]
    doubts: Mapping[int, str]
    unasked: Mapping[int, str]


def parse_descriptions(
    descriptions: Sequence[Description],
    *,
    source: FrameSource,
    tracks: TrackingResult,
    settings: ParserSettings,
    gateway: Gateway,
) -> tuple[Label, ...]:
    """One label a description, in order.

    What stays without a good name is called `object`, uncertain, with the reason. Raises `PhaseError` where an answer
    could not be had at all (limits, server, budget): asked again later, what was answered costs nothing; raises
    `UnusableBackend` where no call can work.
    """
    subjects = subjects_of(descriptions, source=source, tracks=tracks, settings=settings)
    talk = Talk(source.video.id, settings, gateway)
    talk.ask(list(batches(subjects.items, settings)))
    if not settings.as_upstream:
        faulty = [i for i in subjects.items if i.object_id not in talk.given_up and talk.fault(i.object_id)]
        again = [talk.rejected(item) for item in faulty]
        talk.ask(list(batches(_shown(again, source, tracks, settings), settings)), again=True)
    return tuple(_label(d.object_id, talk, subjects) for d in descriptions)


def planned_calls(
    descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult, settings: ParserSettings
) -> tuple[Call, ...]:
    """The calls with which the parsing of a video begins. Second questions depend on the answers."""
    subjects = subjects_of(descriptions, source=source, tracks=tracks, settings=settings)
    video_id = source.video.id
    return tuple(question(b, video_id=video_id, settings=settings) for b in batches(subjects.items, settings))


def subjects_of(
    descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult, settings: ParserSettings
) -> Subjects:
    """What is asked about, with pictures of what is in doubt as far as the settings want them.

    Objects without any text are shown by picture alone, `most_pictures` of them: more would cost calls of their own.
    """
    tracked = {o.id: o for o in tracks.objects}
    doubts = {d.object_id: doubt_of(d.text, tracked.get(d.object_id)) for d in descriptions}
    items = [Item(d.object_id, d.text, part_of=_whole(d, tracked, doubts)) for d in descriptions]
    if settings.pictures == DOUBTFUL:
        mute = [i for i in items if not i.description.strip()][: settings.most_pictures]
        told = [i for i in items if i.description.strip() and doubts[i.object_id]]
        seen = {i.object_id: i for i in _shown([*mute, *told], source, tracks, settings)}
        items = [seen.get(i.object_id, i) for i in items]
    unasked = {i.object_id for i in items if not i.description.strip() and not i.picture}
    return Subjects(
        tuple(i for i in items if i.object_id not in unasked),
        doubts,
        {d.object_id: d.reason or _UNASKED for d in descriptions if d.object_id in unasked},
    )


def _whole(description: Description, tracked: Mapping[int, TrackedObject], known: Mapping[int, str]) -> int | None:
    """The object that this one is a part of, where that is asked about too."""
    one = tracked.get(description.object_id)
    return one.part_of if one is not None and one.part_of in known else None


@dataclass(slots=True)
class Talk:
    """Questions about the objects of one video and what came of them.

    `first`, `second`: records by object id; `given_up`: object id -> why nothing more is asked about it; `calls`: how
    many were made; `strays`: records that belong to no object that was asked about.
    """

    video_id: str
    settings: ParserSettings
    gateway: Gateway
    first: dict[int, Record] = field(default_factory=dict)
    second: dict[int, Record] = field(default_factory=dict)
    given_up: dict[int, str] = field(default_factory=dict)
    calls: int = 0
    extra: int = 0
    strays: int = 0

    def ask(self, pending: list[list[Item]], *, again: bool = False) -> None:
        """Ask about all batches at once, then about what is left of them in smaller ones, within `extra_calls`."""
        paid_for = not again
        while pending:
            pending = pending if paid_for else self._within_limit(pending)
            paid_for = False
            made = [question(b, video_id=self.video_id, settings=self.settings, again=again) for b in pending]
            answers = self.gateway.ask(made) if made else ()
            self.calls += len(made)
            smaller = [self._take(b, a, again=again) for b, a in zip(pending, answers, strict=True)]
            pending = [batch for batches_left in smaller for batch in batches_left]

    def fault(self, object_id: int) -> Fault | None:
        """What is wrong with the first answer about an object."""
        record = self.first.get(object_id)
        return Fault.MISSING if record is None else record.fault

    def rejected(self, item: Item) -> Item:
        """`item` as the second question shows it."""
        record, fault = self.first.get(item.object_id), self.fault(item.object_id)
        return replace(item, rejected=record.given if record else "", because=fault.explained if fault else "")

    def _within_limit(self, pending: list[list[Item]]) -> list[list[Item]]:
        left = self.settings.extra_calls - self.extra
        for batch in pending[left:]:
            self._give_up(batch, f"not asked again: {self.settings.extra_calls} extra calls a video are the limit")
        self.extra += len(pending[:left])
        return pending[:left]

    def _take(self, batch: list[Item], answer: Answer, *, again: bool) -> list[list[Item]]:
        """Keep what `answer` says; the smaller batches in which the rest has to be asked."""
        if answer.outcome not in {*_READABLE, Outcome.REFUSED}:
            raise self._failure(answer)
        answered = self._read(batch, answer, again=again) if answer.outcome in _READABLE else set[int]()
        left = [item for item in batch if item.object_id not in answered]
        if not left or answer.outcome is Outcome.OK:
            return []
        if len(batch) == 1:
            self._give_up(left, _reason(answer))
            return []
        return list(batches(left, self.settings, most=max(1, len(batch) // 2)))

    def _read(self, batch: list[Item], answer: Answer, *, again: bool) -> set[int]:
        kept = self.second if again else self.first
        ids = [item.object_id for item in batch]
        if self.settings.as_upstream:
            record = read_upstream(answer.value, ids[0])
            found = {} if record is None else {ids[0]: record}
        else:
            reading = read(answer.value, ids)
            found, self.strays = dict(reading.records), self.strays + reading.strays
        kept.update(found)
        return set(found)

    def _give_up(self, items: Sequence[Item], why: str) -> None:
        self.given_up |= {item.object_id: why for item in items}

    def _failure(self, answer: Answer) -> Exception:
        if answer.outcome is Outcome.AUTH:
            return UnusableBackend(f"{PHASE}: {printable(answer.reason)}")
        return PhaseError(
            video=self.video_id,
            phase=PHASE,
            expected="an answer of the model",
            found=f"{answer.outcome.value}: {printable(answer.reason) or 'no reason is given'}",
            remedy="Run the phase again; what was answered is kept and not paid for twice.",
        )


def _shown(items: Sequence[Item], source: FrameSource, tracks: TrackingResult, settings: ParserSettings) -> list[Item]:
    """`items` with a picture each, where the settings allow one and a frame shows the object."""
    if settings.pictures == NEVER or settings.as_upstream or not settings.most_pictures:
        return list(items)
    bare = {i.object_id for i in items if not i.picture}
    found = pictures(source, [o for o in tracks.objects if o.id in bare], side=settings.picture_side) if bare else {}
    return [replace(i, picture=found.get(i.object_id, i.picture)) for i in items]


def _reason(answer: Answer) -> str:
    said = printable(answer.reason)
    return {
        Outcome.REFUSED: f"the model refused to answer{f': {said}' if said else ''}",
        Outcome.TRUNCATED: "the answer was cut at the token limit",
    }.get(answer.outcome, f"the answer cannot be read{f': {said}' if said else ''}")


def _label(object_id: int, talk: Talk, subjects: Subjects) -> Label:
    records = [r for r in (talk.second.get(object_id), talk.first.get(object_id)) if r is not None]
    good = next((r for r in records if r.fault is None and r.name), None)
    if good is not None:
        return _named(good, talk.first.get(object_id), doubt=subjects.doubts.get(object_id, ""))
    several = next((r for r in records if r.fault is Fault.PLURAL), None)
    if several is not None:
        return replace(_of(several, singular_name(several.name)), uncertain=True, reason=f"{Fault.PLURAL.explained}.")
    return _unnamed(object_id, records, talk, unasked=subjects.unasked.get(object_id, ""))


def _named(record: Record, first: Record | None, *, doubt: str) -> Label:
    label = _of(record, record.name)
    if first is not None and first is not record and first.fault is not None:
        why = f"named when asked again: {first.fault.explained} ({printable(first.given, limit=60)!r})."
        other_script = first.fault is Fault.SCRIPT
        return replace(label, reason=why, original=first.given if other_script else label.original)
    return replace(label, reason=f"{doubt or 'the model doubts the name'}.") if record.uncertain else label


def _of(record: Record, name: str) -> Label:
    return Label(
        object_id=record.object_id,
        name=name,
        confidence=record.confidence,
        attributes=record.attributes,
        alternatives=record.alternatives,
        uncertain=record.uncertain,
        actions=record.actions,
        relationships=record.relationships,
        original=record.given if record.given.casefold() != name else "",
    )


def _unnamed(object_id: int, records: Sequence[Record], talk: Talk, *, unasked: str) -> Label:
    """An `object`, with what is known of it beside its name and why it has none."""
    if unasked:
        return Label(object_id, UNKNOWN_NAME, 0.0, uncertain=True, reason=f"{printable(unasked).rstrip('.')}.")
    why = talk.given_up.get(object_id, "")
    if not records:
        return Label(object_id, UNKNOWN_NAME, 0.0, uncertain=True, reason=f"{why or Fault.MISSING.explained}.")
    last = records[0]
    fault = (last.fault or Fault.EMPTY).explained
    twice = "asked twice, " if len(records) > 1 else ""
    reason = (
        f"{twice}{fault}{f' ({printable(last.given, limit=60)!r})' if last.given else ''}{f'; {why}' if why else ''}."
    )
    return replace(_of(last, UNKNOWN_NAME), confidence=0.0, uncertain=True, reason=reason)
