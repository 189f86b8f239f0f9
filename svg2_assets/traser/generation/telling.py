"""A checkpoint that answers: opened once, asked about videos, and what it tells as values and graphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from svg2_assets.phases import digest
from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource
from svg2_assets.traser.answers import Answer
from svg2_assets.traser.arrangement import Slots
from svg2_assets.traser.asking import Asking, Shown, ask, show
from svg2_assets.traser.asking import Pass as Asked
from svg2_assets.traser.generation.decoding import Question, Scribe, Written
from svg2_assets.traser.generation.limits import Limits
from svg2_assets.traser.generation.passes import Pass, merge_passes
from svg2_assets.traser.graphs import graph_of
from svg2_assets.traser.network.checkpoint import CONFIG
from svg2_assets.traser.network.loading import load_traser, located
from svg2_assets.traser.network.model import Traser, collate
from svg2_assets.traser.presets import Preset, preset_of
from svg2_assets.traser.sampling import Sampling
from svg2_assets.traser.selection import PHASE
from svg2_assets.traser.text import Statement, Task, Thing
from svg2_assets.traser.tokenizer import QwenTokenizer
from svg2_assets.traser.training.keeping import STATE, Keeper
from svg2_assets.traser.training.running import CHECKPOINTS, SETUP
from svg2_assets.traser.training.settings import read_setup

Heard = Callable[[Thing | Statement], None]
Stopped = Callable[[], bool]
POSITIONS = 65_536
"""That the sequences of a batch take at most, padded: about what 40 objects on 128 frames take alone."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one video: the answer over all passes in the numbers of `asking.shown`, their texts, tokens."""

    asking: Asking
    answer: Answer
    texts: tuple[str, ...]
    tokens: int

    @property
    def ended(self) -> bool:
        """Whether every pass came to its end."""
        return self.answer.complete

    def graph(self, trajectories: Mapping[int, Trajectory], provenance: Mapping[str, Any]) -> SceneGraph:
        """As a scene graph of the objects that were asked about; `trajectories` by id.

        Its size is that of the masks, which may be another than the video's. Raises `InvalidSceneValue` where they are
        of several sizes.
        """
        shown = self.asking.shown
        sizes = [(m.height, m.width) for t in trajectories.values() for m in t.masks[:1]]
        video = replace(shown.video, height=sizes[0][0], width=sizes[0][1]) if sizes else shown.video
        asked = sorted({n for p in self.asking.passes for n in p.numbers})
        place = {number: k for k, number in enumerate(asked, 1)} | {-1: -1}
        told = self.answer.told
        told = replace(
            told,
            things=tuple(replace(t, number=place[t.number]) for t in told.things),
            statements=tuple(replace(s, subject=place[s.subject], object=place[s.object]) for s in told.statements),
        )
        ids = [shown.ids[n - 1] for n in asked]
        return graph_of(told, video=video, shown=ids, trajectories=trajectories, provenance=provenance)


class Teller:
    """A model with its tokenizer and preset, and how videos are sampled for it."""

    def __init__(
        self,
        model: Traser,
        tokenizer: QwenTokenizer,
        preset: Preset,
        *,
        sampling: Sampling | None = None,
        name: str = "",
    ) -> None:
        self.model, self.tokenizer, self.preset, self.name = model.eval(), tokenizer, preset, name
        self.sampling = sampling or Sampling()
        self.slots = Slots(object=model.config.object.latents, window=model.config.window.latents)
        self._scribe = Scribe(tokenizer)

    @classmethod
    def open(cls, source: str | Path, *, preset: str = "", revision: str | None = None) -> Teller:
        """Of a checkpoint's folder, a training run's (its last checkpoint) or a Hub id.

        Without `preset`, as it was trained, or `default`. On a GPU where there is one. Raises `CheckpointError`,
        `TokenizerError`.
        """
        folder = located(checkpoint_of(source), revision=revision)
        setup = read_setup(folder / SETUP) if (folder / SETUP).is_file() else None
        trained = setup.resolved() if setup else preset_of("default")
        chosen = preset_of(preset) if preset else trained
        sampling = setup.sampling.sampling if setup else None
        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" else torch.float32
        model = load_traser(folder, preset=chosen, dtype=dtype, device=device)
        tokenizer = QwenTokenizer.load(folder, add_marks=True)
        return cls(model, tokenizer, chosen, sampling=sampling, name=str(source))

    def show(self, source: FrameSource, trajectories: Mapping[int, Trajectory]) -> Shown:
        """See `asking.show`."""
        return show(source, trajectories, self.sampling)

    def ask(self, shown: Shown, task: Task) -> Asking:
        """See `asking.ask`."""
        return ask(shown, task, preset=self.preset, tokenizer=self.tokenizer, slots=self.slots)

    def tell(
        self,
        askings: Sequence[Asking],
        *,
        batch: int = 1,
        seed: int = 0,
        heard: Heard = lambda _: None,
        stopped: Stopped = lambda: False,
    ) -> Iterator[Told]:
        """The answers to `askings` in their order, at most `batch` passes at a time, fewer where they are long.

        `heard` hears each thing and statement when it is complete, in the numbers of its pass. Once `stopped`, what
        was complete by then is told, and nothing of clips that were not begun. Raises `PhaseError` where an answer has
        no room.
        """
        flat = [(k, p) for k, asking in enumerate(askings) for p in asking.passes]
        written: dict[int, list[tuple[Asked, Written]]] = {}
        done = 0
        for group in _batches(flat, batch):
            if stopped():
                break
            answers = self._write(askings, group, seed=seed, heard=heard, stopped=stopped)
            for (k, asked), one in zip(group, answers, strict=True):
                written.setdefault(k, []).append((asked, one))
            while done < len(askings) and len(written.get(done, ())) == len(askings[done].passes):
                yield _told(askings[done], written.pop(done, []))
                done += 1
        for k in sorted(written):
            yield _told(askings[k], written[k])

    def _write(
        self,
        askings: Sequence[Asking],
        group: Sequence[tuple[int, Asked]],
        *,
        seed: int,
        heard: Heard,
        stopped: Stopped,
    ) -> list[Written]:
        device, dtype = next(self.model.parameters()).device, next(self.model.parameters()).dtype
        batch = collate([p.example for _, p in group], pad=self.tokenizer.marks.pad, left=True)
        batch = batch.to(device, dtype, patches=False)
        questions = [_question(askings[k], p, held=self.preset.decoding.constrained) for k, p in group]
        how = self.preset.decoding
        events = self._scribe.stream(self.model, batch, questions, decoding=how, seed=seed, stopped=stopped)
        whole: dict[int, Written] = {}
        try:
            for row, item in events:
                if isinstance(item, Written):
                    whole[row] = item
                else:
                    heard(item)
        except ValueError as error:  # not even the shortest answer fits
            videos = ", ".join(dict.fromkeys(askings[k].shown.video.uri for k, _ in group))
            raise PhaseError(
                video=videos, phase=PHASE, expected="room for an answer", found=str(error).rstrip(".")
            ) from error
        return [whole[row] for row in range(len(group))]


def checkpoint_of(source: str | Path) -> str | Path:
    """`source`, or the last checkpoint of the training run that it is the folder of."""
    kept = Keeper(Path(source) / CHECKPOINTS, keep=1).last()
    return source if kept is None else kept.folder


def identity_of(source: str | Path, *, revision: str | None = None) -> str:
    """`source` and 16 hex digits that change with its configuration, its training and the sizes of its files."""
    folder = located(checkpoint_of(source), revision=revision)
    texts = [(folder / name).read_text(encoding="utf-8") for name in (CONFIG, STATE) if (folder / name).is_file()]
    sizes = sorted((p.name, p.stat().st_size) for p in folder.iterdir() if p.is_file())
    return f"{source}@{digest(texts, sizes)}"


def _batches(passes: Sequence[tuple[int, Asked]], most: int) -> Iterator[list[tuple[int, Asked]]]:
    """`passes` in their order, at most `most` together, and no more than `POSITIONS` hold unless one alone does."""
    group: list[tuple[int, Asked]] = []
    longest = 0
    for one in passes:
        length = len(one[1].example.arranged)
        if group and (len(group) == most or (len(group) + 1) * max(longest, length) > POSITIONS):
            yield group
            group, longest = [], 0
        group.append(one)
        longest = max(longest, length)
    if group:
        yield group


def _question(asking: Asking, asked: Asked, *, held: bool) -> Question:
    """`held`: relations hold while both ends are seen."""
    objects = len(asked.numbers)
    limits = Limits.of(asking.task, objects, asking.clock)
    return Question(asking.task, objects, asking.clock, replace(limits, shown=list(asked.presence)) if held else limits)


def _told(asking: Asking, written: Sequence[tuple[Asked, Written]]) -> Told:
    answer = merge_passes([Pass(one.answer, asked.numbers) for asked, one in written])
    if len(written) < len(asking.passes):
        answer = replace(answer, complete=False)
    return Told(asking, answer, tuple(one.text for _, one in written), sum(one.tokens for _, one in written))
