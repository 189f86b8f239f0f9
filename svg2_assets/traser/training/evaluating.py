"""How right a model's answers to stored samples are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from svg2_assets.traser.asking import Shown
from svg2_assets.traser.generation.telling import Teller
from svg2_assets.traser.samples.examples import FrameLibrary, told_of
from svg2_assets.traser.samples.order import StreamSettings
from svg2_assets.traser.samples.pictures import decode
from svg2_assets.traser.samples.stream import Fault, SampleSource, Unusable, stream_of
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.sampling import Sampled, frames_of
from svg2_assets.traser.selection import NoObject
from svg2_assets.traser.text import Task, target_text
from svg2_assets.traser.training.scores import Scores, score


@dataclass(frozen=True, slots=True)
class Scored:
    """One sample's truth and answer as texts, and how right the answer is."""

    video_id: str
    truth: str
    answer: str
    scores: Scores
    tokens: int


def score_samples(
    teller: Teller,
    source: SampleSource,
    settings: StreamSettings,
    *,
    most: int,
    batch: int = 8,
    library: FrameLibrary | None = None,
) -> Iterator[Scored]:
    """Ask about the first `most` samples of `settings`, each for what it tells; samples without an object seen are
    left out.
    """
    stream = stream_of(source, _Showing(library), settings)
    samples = islice(stream.examples(epochs=1), most)
    while group := list(islice(samples, batch)):
        yield from _scored(teller, group)


def _scored(teller: Teller, group: Sequence[tuple[Sample, Shown]]) -> Iterator[Scored]:
    asked = []
    for sample, shown in group:
        try:
            asked.append((sample, teller.ask(shown, Task(sample.tasks[0]))))
        except NoObject:
            continue
    told = teller.tell([asking for _, asking in asked], batch=len(group))
    for (sample, asking), one in zip(asked, told, strict=True):
        truth = told_of(sample, sample.objects)
        readable = one.answer.told if one.answer.told.things else None
        text = target_text(truth, task=asking.task, clock=asking.clock)
        yield Scored(sample.video.id, text, "\n".join(one.texts), score(truth, readable), one.tokens)


@dataclass(frozen=True, slots=True)
class _Showing:
    """A `stream.Maker` of samples and what is shown of them."""

    library: FrameLibrary | None

    def __call__(self, sample: Sample, task: Task) -> tuple[Sample, Shown]:  # noqa: ARG002 - the protocol's
        height, width = sample.picture_size
        sampled = Sampled(sample.frames, sample.times, height, width)
        if sample.pictures:
            frames = decode(sample.pictures, height=height, width=width)
        elif self.library is not None:
            frames = frames_of(self.library.open(sample.video), sampled)
        else:
            raise Unusable(Fault.VIDEO, f"{sample.video.id}: no pictures are stored, and no library opens videos")
        return sample, Shown(sample.video, sampled, frames, tuple(o.id for o in sample.objects), sample.masks)
