"""Baselines asked about many videos: a few at a time, each kept when it is answered, none stopped by another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from svg2_assets.evaluation.baselines.asking import call_for, clock_of, parts_of, the_prompt
from svg2_assets.evaluation.baselines.showing import Shown, show
from svg2_assets.llm.calls import Answer, Call, Gateway, Outcome
from svg2_assets.scene.errors import InvalidSceneValue, PhaseError, VideoError
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource
from svg2_assets.traser.answers import Answer as Read
from svg2_assets.traser.answers import Flaw, read_answer
from svg2_assets.traser.generation.passes import Pass, merge_passes
from svg2_assets.traser.graphs import graph_of

if TYPE_CHECKING:
    from svg2_assets.evaluation.baselines.settings import Baseline

Opened = tuple[FrameSource, Mapping[int, Trajectory]]
"""A video's frames, and its objects' trajectories by id."""
_READABLE = frozenset({Outcome.OK, Outcome.TRUNCATED, Outcome.INVALID})


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one video: its graph, the answer over all questions, their texts, tokens and dollars."""

    graph: SceneGraph
    answer: Read
    texts: tuple[str, ...]
    tokens: int
    money: float
    seconds: float
    notes: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        """What of a row of `predictions` the graph does not say."""
        return {
            "texts": list(self.texts),
            "tokens": self.tokens,
            "complete": self.answer.complete,
            "remarks": [str(r) for r in self.answer.remarks],
            "notes": list(self.notes),
            "seconds": self.seconds,
            "prompt_version": the_prompt().version,
        }


@dataclass(slots=True)
class Asked:
    """What a run did: videos that were told, why others were not, how often what was wrong with answers."""

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    flaws: Counter[Flaw] = field(default_factory=Counter)
    cut: int = 0
    money: float = 0.0


def ask_all(
    videos: Mapping[str, Callable[[], Opened]],
    baseline: Baseline,
    gateway: Gateway,
    *,
    keep: Callable[[str, Told], None],
    heard: Callable[[str, int, int], None] = lambda *_: None,
) -> Asked:
    """Ask about `videos` (id -> what opens one), `at_once` at a time; `keep` is called for each as soon as it is told.

    Raises `UnusableBackend` where no call can work. A refused, failed or unreadable answer costs one video, and so does
    a video that does not open.
    """
    asked, waiting = Asked(), iter(videos.items())
    number = 0
    while some := list(islice(waiting, baseline.at_once)):
        shown: dict[str, tuple[Shown, Mapping[int, Trajectory]]] = {}
        for video_id, opener in some:
            heard(video_id, number, len(videos))
            number += 1
            try:
                source, trajectories = opener()
                shown[video_id] = show(source, trajectories, baseline), trajectories
            except (VideoError, PhaseError, InvalidSceneValue) as error:
                asked.failed[video_id] = str(error)
        _ask(shown, baseline, gateway, asked, keep)
    return asked


def planned_calls(
    videos: Mapping[str, Callable[[], Opened]], baseline: Baseline, problems: dict[str, str]
) -> Iterator[Call]:
    """The calls that `ask_all` makes, a video's pictures at a time; why others make none goes into `problems`."""
    for video_id, opener in videos.items():
        try:
            seen = show(*opener(), baseline)
        except (VideoError, PhaseError, InvalidSceneValue) as error:
            problems[video_id] = str(error)
            continue
        for numbers in parts_of(seen, baseline.most_objects):
            yield call_for(seen, numbers, baseline)


def _ask(
    shown: Mapping[str, tuple[Shown, Mapping[int, Trajectory]]],
    baseline: Baseline,
    gateway: Gateway,
    asked: Asked,
    keep: Callable[[str, Told], None],
) -> None:
    parts = [(v, numbers) for v, (seen, _) in shown.items() for numbers in parts_of(seen, baseline.most_objects)]
    began = time.perf_counter()
    answers = gateway.ask([call_for(shown[v][0], numbers, baseline) for v, numbers in parts])
    seconds = (time.perf_counter() - began) / max(1, len(shown))
    by_video: dict[str, list[tuple[tuple[int, ...], Answer]]] = {v: [] for v in shown}
    for (video_id, numbers), answer in zip(parts, answers, strict=True):
        by_video[video_id].append((numbers, answer))
        asked.money += answer.money
    for video_id, (seen, trajectories) in shown.items():
        try:
            told = told_of(seen, trajectories, by_video[video_id], seconds=seconds)
        except (PhaseError, InvalidSceneValue) as error:
            asked.failed[video_id] = str(error)
            continue
        keep(video_id, told)
        asked.done.append(video_id)
        asked.flaws.update(r.flaw for r in told.answer.remarks)
        asked.cut += not told.answer.complete


def told_of(
    shown: Shown,
    trajectories: Mapping[int, Trajectory],
    answered: Sequence[tuple[Sequence[int], Answer]],
    *,
    seconds: float = 0.0,
) -> Told:
    """What the answers to the questions about `numbers` of `shown` say. Raises `PhaseError` where one says nothing."""
    clock, passes = clock_of(shown), []
    for numbers, answer in answered:
        read = read_answer(answer.text, objects=len(numbers), clock=clock)
        if answer.outcome not in _READABLE or not (read.told.things or read.told.statements):
            raise PhaseError(
                video=shown.video.uri or shown.video.id,
                phase="baseline",
                expected="a graph",
                found=answer.reason or "an answer without an object",
                remedy="Run again: what is answered is kept. `svg2 costs` says how calls ended.",
            )
        passes.append(Pass(read, numbers))
    whole = merge_passes(passes)
    many = len(answered)
    mask = next(t.masks[0] for t in trajectories.values() if t.masks)
    video = replace(shown.video, height=mask.height, width=mask.width)  # masks may be of another size than the file
    return Told(
        graph=graph_of(whole.told, video=video, shown=shown.ids, trajectories=trajectories),
        answer=whole,
        texts=tuple(a.text for _, a in answered),
        tokens=sum(a.usage.tokens_out for _, a in answered),
        money=sum(a.money for _, a in answered),
        seconds=round(seconds, 3),
        notes=(f"asked in {many} questions; relations between them lack",) if many > 1 else (),
    )
