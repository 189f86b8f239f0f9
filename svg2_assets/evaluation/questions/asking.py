"""A model that answers: the calls for questions under conditions, and what its answers say."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from string import ascii_uppercase
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.evaluation.questions.conditions import Condition
from svg2_assets.evaluation.questions.graph_sets import GraphSet
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question
from svg2_assets.llm.calls import Answer, Call, Gateway, Outcome
from svg2_assets.llm.pictures import data_url
from svg2_assets.llm.prompts import prompt
from svg2_assets.relations.vlm.frames import sampled
from svg2_assets.relations.vlm.messages import Part, image_part, text_part
from svg2_assets.relations.vlm.pictures import picture_size, pictures
from svg2_assets.relations.vlm.settings import View
from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.video import FrameSource
from svg2_assets.traser.text import Clock, target_text, told_of

PHASE = "evaluation"
PURPOSE = "questions"
PROMPTS = "svg2_assets.evaluation.questions"
_ANSWER_TOKENS = 12
_LOST = frozenset({Outcome.RATE_LIMITED, Outcome.SERVER_ERROR, Outcome.OVER_BUDGET, Outcome.AUTH})
"""Outcomes that say nothing of the model: asked again later, there may be an answer."""

Frames = Callable[[str], FrameSource]
"""The frames of a question's video."""


class Unanswered(Svg2Error):
    """Calls that could not be made or got no answer; those that did are kept, so that running again asks the others."""


class AskingSettings(BaseModel):
    """Which model answers, and what it is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(default="gpt-5-mini", min_length=1)
    reasoning_effort: str = Field(default="", description="Empty for the model's own, or where it knows none")
    frames: int = Field(default=16, ge=1, le=256, description="About so many frames, evenly over the video")
    image_tokens: int = Field(default=350, ge=0, description="Most tokens of a frame, which decides its size; 0: full")
    quality: int = Field(default=85, ge=1, le=100, description="Of JPEG")
    unit: float = Field(default=1.0, gt=0, description="Seconds that a number in a graph's times stands for")
    max_output_tokens: int = Field(default=4096, ge=64, description="Reasoning included")
    videos_at_once: int = Field(default=8, ge=1, description="Videos whose pictures are held in memory")


@dataclass(frozen=True, slots=True)
class Exam:
    """What is to be answered: `questions` by video, under which `conditions`, with graphs by the name of their set."""

    questions: Sequence[Question]
    conditions: Sequence[Condition]
    graphs: Mapping[str, GraphSet] = field(default_factory=dict)


@dataclass(slots=True)
class Answers:
    """`said`: condition -> an answer a question, None where the model gave none that can be used; `outcomes`: of calls;
    `examples`: an outcome -> the first reason given."""

    said: dict[str, list[str | None]]
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    examples: dict[Outcome, str] = field(default_factory=dict)


def ask_model(exam: Exam, settings: AskingSettings, gateway: Gateway, frames: Frames) -> Answers:
    """Every question under every condition, one call each.

    Raises `Unanswered` where calls were lost, after all others were made, and what `gateway` and `frames` raise.
    """
    found = Answers({c.name: [] for c in exam.conditions})
    videos = _by_video(exam.questions)
    for at in range(0, len(videos), settings.videos_at_once):
        group = videos[at : at + settings.videos_at_once]
        asked = [(q, c, call) for qs in group for q, c, call in _calls(qs, exam, settings, frames)]
        for (question, condition, _), answer in zip(asked, gateway.ask([c for *_, c in asked]), strict=True):
            found.said[condition.name].append(_said(question, answer))
            found.outcomes[answer.outcome] += 1
            if answer.outcome is not Outcome.OK:
                found.examples.setdefault(answer.outcome, printable(answer.reason))
    lost = [outcome for outcome in found.outcomes if outcome in _LOST]
    if lost:
        count = sum(found.outcomes[outcome] for outcome in lost)
        raise Unanswered(
            f"{count} of {found.outcomes.total()} calls got no answer ({lost[0].value}: {found.examples[lost[0]]}). "
            "Run again: answers that came are kept and cost nothing."
        )
    return found


def planned_calls(exam: Exam, settings: AskingSettings, frames: Frames) -> Iterator[Call]:
    """The calls that `ask_model` makes, for estimates, in memory of one video."""
    for questions in _by_video(exam.questions):
        for _, _, call in _calls(questions, exam, settings, frames):
            yield call


def graph_text(graph: SceneGraph, *, unit: float) -> str:
    """A graph as text: TRASER's answer about all objects, and what its times mean."""
    told = told_of(graph, [o.id for o in graph.objects])
    text = target_text(told, task=told.task, clock=Clock(graph.video.duration, unit))
    seconds = "whole seconds" if unit == 1 else f"units of {unit:g} s"
    return f"Scene graph of the video. Times are [first, last] in {seconds} from 0, both included.\n{text}"


def _by_video(questions: Iterable[Question]) -> list[list[Question]]:
    return [list(group) for _, group in groupby(questions, key=lambda q: q.video_id)]


def _calls(
    questions: Sequence[Question], exam: Exam, settings: AskingSettings, frames: Frames
) -> Iterator[tuple[Question, Condition, Call]]:
    """Of one video. What questions share comes first, condition by condition, so that it is in a provider's cache."""
    video = questions[0].video_id
    shown = _frames(frames(video), settings) if any(c.video for c in exam.conditions) else []
    for condition in exam.conditions:
        shared = list(shown) if condition.video else []
        if condition.graph is not None:
            shared.append(text_part(graph_text(_graph(exam, condition.graph, video), unit=settings.unit)))
        for question in questions:
            yield question, condition, _call(question, condition, shared, settings)


def _graph(exam: Exam, name: str, video: str) -> SceneGraph:
    graph = exam.graphs[name].of(video)
    if graph is None:
        raise InvalidQuestions(f"{printable(video)}: the graphs {printable(name)} have none of it. Leave it out.")
    return graph


def _frames(source: FrameSource, settings: AskingSettings) -> list[Part]:
    """Frames from the middle of as many equal parts of the video, each followed by its time."""
    video = source.video
    samples = sampled(video, (), rate=settings.frames / video.duration)
    size = picture_size(video, View(image_tokens=settings.image_tokens), model=settings.model)
    parts: list[Part] = [text_part(f"{len(samples)} frames of a video of {video.duration:.2f} s.")]
    for sample, (_, pixels) in zip(samples, pictures(source, samples, size=size), strict=True):
        parts += [image_part(data_url(pixels, quality=settings.quality)), text_part(f"At {sample.time:.2f} s.")]
    return parts


def _call(question: Question, condition: Condition, shared: Sequence[Part], settings: AskingSettings) -> Call:
    system = prompt(PROMPTS, "answer")
    options: dict[str, Any] = {"prompt_cache_key": _cache_key(question.video_id, condition)}
    if settings.reasoning_effort:
        options["reasoning_effort"] = settings.reasoning_effort
    return Call(
        purpose=PURPOSE,
        video_id=question.video_id,
        phase=PHASE,
        model=settings.model,
        messages=(
            {"role": "system", "content": system.text},
            {"role": "user", "content": [*shared, text_part(_asked(question))]},
        ),
        prompt_version=system.version,
        schema=_schema(question),
        max_output_tokens=settings.max_output_tokens,
        answer_tokens=_ANSWER_TOKENS,
        options=options,
    )


def _asked(question: Question) -> str:
    options = (f"{letter}. {option}" for letter, option in zip(_letters(question), question.options, strict=True))
    return "\n".join((f"Question: {question.text}", *options))


def _schema(question: Question) -> dict[str, Any]:
    answer = {"type": "string", "enum": _letters(question)} if question.options else {"type": "string"}
    return {"type": "object", "properties": {"answer": answer}, "required": ["answer"], "additionalProperties": False}


def _letters(question: Question) -> list[str]:
    if len(question.options) > len(ascii_uppercase):
        raise InvalidQuestions(f"question {printable(question.id)}: has more than {len(ascii_uppercase)} options.")
    return list(ascii_uppercase[: len(question.options)])


def _said(question: Question, answer: Answer) -> str | None:
    """The option, or the text; None where there is none that can be used."""
    value = answer.value.get("answer") if isinstance(answer.value, Mapping) else None
    if answer.outcome is not Outcome.OK or not isinstance(value, str):
        return None
    return question.options[_letters(question).index(value)] if question.options else value


def _cache_key(video: str, condition: Condition) -> str:
    return "questions-" + hashlib.sha256(f"{video} {condition.name}".encode()).hexdigest()[:24]
