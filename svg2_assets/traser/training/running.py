"""A run from its setup: model, samples, engine and folder put together, begun or resumed."""

from __future__ import annotations

import fcntl
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl
from torch import Tensor

from svg2_assets.phases import digest
from svg2_assets.scene.errors import Svg2Error
from svg2_assets.traser.forms import InvalidSetup
from svg2_assets.traser.network.checkpoint import write
from svg2_assets.traser.network.loading import load_traser
from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.presets import Preset
from svg2_assets.traser.samples.examples import FrameLibrary
from svg2_assets.traser.samples.loading import Loader
from svg2_assets.traser.samples.order import State
from svg2_assets.traser.samples.stream import SampleSource, stream_of
from svg2_assets.traser.sampling import frame_indices, smart_resize
from svg2_assets.traser.tokenizer import QwenTokenizer
from svg2_assets.traser.training.adapting import adapt, merged, read_learned, write_learned
from svg2_assets.traser.training.building import (
    MOST_TEXTS,
    TEXT_COLUMNS,
    files_of,
    maker_of,
    model_of,
    texts_of,
    tokenizer_of,
)
from svg2_assets.traser.training.engine import Engine, engine_of
from svg2_assets.traser.training.feeding import StoredFeed
from svg2_assets.traser.training.groups import freeze
from svg2_assets.traser.training.keeping import Keeper, Kept, read_state
from svg2_assets.traser.training.learning import Learner
from svg2_assets.traser.training.looking import Looking
from svg2_assets.traser.training.loop import Run, train
from svg2_assets.traser.training.metrics import Metrics, Record
from svg2_assets.traser.training.seeing import read_seen, teach, write_seen
from svg2_assets.traser.training.settings import Setup, read_setup
from svg2_assets.traser.values import Example

SETUP, METRICS, CHECKPOINTS, TOKENIZER = "setup.yaml", "metrics.jsonl", "checkpoints", "tokenizer"
LOCK = ".lock"
FREE = frozenset({"folder", "evaluating", "saving", "logging"})
"""What may differ when a run is resumed: it moves no weight."""


SAMPLED_COLUMNS = ("width", "height", "num_frames", "duration", "picture_height", "picture_width", "frames")


class OtherRun(Svg2Error):
    """A folder that holds a run of another setup, data or number of samples a step."""


class Samples(Protocol):
    """The samples of one tagged version."""

    @property
    def source(self) -> SampleSource:
        """Rows by address."""
        ...

    @property
    def tag(self) -> str:
        """The tag."""
        ...

    def rows(self, *, split: str, columns: tuple[str, ...], most: int) -> pl.DataFrame:
        """At most `most` rows of a split."""
        ...


@dataclass(frozen=True)
class Trained:
    """What came of a run: its last checkpoint, all it measured, what could not be used, and the model itself."""

    folder: Path
    kept: Kept
    records: list[Record]
    skipped: list[tuple[str, int]]
    samples: int
    held_out: int
    steps: int
    model: Traser
    tokenizer: QwenTokenizer
    preset: Preset


@dataclass(frozen=True)
class Watcher:
    """Who hears of a run while it goes on; on one process alone."""

    began: Callable[[str], None] = lambda _: None
    measured: Callable[[Record], None] = lambda _: None
    saved: Callable[[Kept], None] = lambda _: None


@dataclass
class _Parts:
    """What a run is put together from."""

    model: Traser
    tokenizer: QwenTokenizer
    feed: StoredFeed
    companions: tuple[Path, ...] = field(default=())


def run_training(
    setup: Setup, samples: Samples, *, library: FrameLibrary | None = None, watcher: Watcher | None = None
) -> Trained:
    """Train, or go on where the folder's last checkpoint is; a run that is done gives its result again.

    Raises `OtherRun` (also where another process trains in the folder), `NotFinite`, `CheckpointFailed`,
    `BrokenCheckpoint`, `StreamError`, `CheckpointError`.
    """
    _refuse_other_sampling(setup, samples)
    engine = engine_of(setup.recipe, accumulation=setup.accumulation)
    with _alone_in(setup.folder) if engine.rank == 0 else nullcontext():
        return _trained(setup, samples, engine, library=library, watcher=watcher or Watcher())


def _trained(
    setup: Setup, samples: Samples, engine: Engine, *, library: FrameLibrary | None, watcher: Watcher
) -> Trained:
    keeper = Keeper(setup.folder / CHECKPOINTS, keep=setup.saving.keep)
    since = keeper.last()
    state = read_state(since) if since is not None else {}
    parts = _parts(setup, samples, engine, since=since, state=state, library=library)
    a_step = setup.batch * setup.accumulation * engine.processes
    kept_with = {"tag": samples.tag, "samples_a_step": a_step, "setup": setup.to_yaml()}
    _refuse_other_run(setup, state, kept_with)
    steps = setup.steps or math.ceil(setup.epochs * len(parts.feed.stream) / a_step)
    metrics = Metrics(setup.folder / METRICS)
    if engine.rank == 0:
        metrics.forget_after(since.step if since else 0)
        (setup.folder / SETUP).write_text(setup.to_yaml(), encoding="utf-8")
    watcher.began(_beginning(parts, setup, since=since, steps=steps, engine=engine))
    if setup.seeing.steps and since is None:
        _teach_to_see(parts, samples, setup, engine, tell=watcher.began)
    run = Run(
        setup=setup,
        steps=steps,
        learner=Learner(parts.model, setup.objectives),
        engine=engine,
        feed=parts.feed,
        keeper=keeper,
        metrics=metrics,
        write_model=_writer(parts, setup),
        pad=parts.tokenizer.marks.pad,
        state=kept_with,
        watch=watcher.measured,
        saved=watcher.saved,
    )
    last = train(run, since=since)
    return Trained(
        setup.folder,
        last,
        metrics.records(),
        parts.feed.skipped(),
        len(parts.feed.stream),
        parts.feed.held_out_samples,
        steps,
        parts.model.eval(),
        parts.tokenizer,
        setup.resolved(),
    )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process writes into a folder. The system lets go of the lock when the process ends, however it does."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OtherRun(
                f"{folder}: traser: another process trains in this folder. Wait for its end, or name another folder."
            ) from error
        except OSError:
            pass  # a file system without locks
        yield


def _refuse_other_sampling(setup: Setup, samples: Samples) -> None:
    """A model that is asked about frames of another size or rate than it learned from answers worse, silently."""
    rows = samples.rows(split=setup.data.train, columns=SAMPLED_COLUMNS, most=1).to_dicts()
    how = setup.sampling.sampling
    for row in rows:
        size = smart_resize(row["height"], row["width"], least=how.least_pixels, most=how.most_pixels)
        count = len(
            frame_indices(row["num_frames"], row["duration"], fps=how.fps, least=how.least_frames, most=how.most_frames)
        )
        learned = (row["picture_height"], row["picture_width"]), len(row["frames"])
        if learned != (size, count):
            raise InvalidSetup(
                f"sampling: the samples under {samples.tag} show {learned[1]} frames of {learned[0]} pixels where this "
                f"setup asks about {count} of {size} ({row['video_id']}). Set sampling as the samples were made."
            )


def _parts(
    setup: Setup,
    samples: Samples,
    engine: Engine,
    *,
    since: Kept | None,
    state: Mapping[str, Any],
    library: FrameLibrary | None,
) -> _Parts:
    tokenizer = _tokenizer(setup, samples, engine)
    model = _model(setup, tokenizer, since)
    if setup.recipe.checkpointing:
        model.enable_checkpointing()
    make = maker_of(setup, tokenizer, model, library)
    if setup.recipe.seen_once and engine.processes > 1:
        raise InvalidSetup("recipe.seen_once: is for one process; leave it out where several train.")
    looking = Looking(make, model) if setup.recipe.seen_once else None
    feed = StoredFeed(samples.source, make, setup=setup, engine=engine, start=state.get("feed"), looking=looking)
    companions = tuple(sorted((setup.folder / TOKENIZER).iterdir()))
    return _Parts(model, tokenizer, feed, companions)


def _model(setup: Setup, tokenizer: QwenTokenizer, since: Kept | None) -> Traser:
    """The model that the next step begins with, what learns of it marked."""
    if setup.lora is None:
        model = load_traser(since.folder, preset=setup.resolved()) if since else model_of(setup, tokenizer)
        freeze(model, setup.recipe)
        return model
    model = model_of(setup, tokenizer)
    adapt(model, setup.lora, seed=setup.seed)
    freeze(model, setup.recipe, only_adapters=True)
    if since is not None:
        read_learned(since.folder, model)
    return model


def _teach_to_see(
    parts: _Parts, samples: Samples, setup: Setup, engine: Engine, *, tell: Callable[[str], None]
) -> None:
    """The first process teaches, the others take what it learned; so does a run that was interrupted later."""
    version = digest(setup.model_dump(mode="json", exclude=set(FREE)), samples.tag)
    if engine.rank == 0 and not read_seen(setup.folder, parts.model, version=version):
        settings = setup.data.streaming(seed=setup.seed)
        stream = stream_of(samples.source, parts.feed.make.showing_tokens(), settings)
        loader: Loader[Example, list[Example]] = Loader(
            stream, list, batch=setup.seeing.batch, rank=0, ranks=1, workers=setup.data.workers, start=State()
        )
        parts.model.to(engine.device)
        with closing(iter(loader)) as batches:
            teach(parts.model, batches, setup.seeing, seed=setup.seed, tell=tell)
        write_seen(setup.folder, parts.model, version=version)
    engine.wait()
    if engine.rank:
        read_seen(setup.folder, parts.model, version=version)
    freeze(parts.model, setup.recipe, only_adapters=setup.lora is not None)


def _tokenizer(setup: Setup, samples: Samples, engine: Engine) -> QwenTokenizer:
    """The run's tokenizer: made once, then read from its folder."""
    folder = setup.folder / TOKENIZER
    if engine.rank == 0 and not folder.is_dir():
        setup.folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder.with_name(".tokenizer")
        files_of(tokenizer_of(setup, _texts(setup, samples)), unfinished)
        unfinished.replace(folder)
    engine.wait()
    return QwenTokenizer.load(folder)


def _texts(setup: Setup, samples: Samples) -> Iterator[str]:
    """What a vocabulary is learned from; rows are read where one is."""
    rows = samples.rows(split=setup.data.train, columns=TEXT_COLUMNS, most=MOST_TEXTS)
    yield from texts_of(rows.iter_rows(named=True))


def _writer(parts: _Parts, setup: Setup) -> Callable[[Path, Mapping[str, Tensor]], None]:
    """Writes the model's files of a checkpoint: it loads like any other, and knows how it was trained."""

    def write_model(folder: Path, state: Mapping[str, Tensor]) -> None:
        weights = {name.removeprefix("model."): value for name, value in state.items()}
        if setup.lora is not None:
            write_learned(folder, parts.model, weights)
            weights = merged(weights, setup.lora)
        write(parts.model, folder, companions=parts.companions, weights=weights)
        (folder / SETUP).write_text(setup.to_yaml(), encoding="utf-8")

    return write_model


def _refuse_other_run(setup: Setup, state: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    if not state:
        return
    before = read_setup(text=state["setup"]).model_dump(mode="json", exclude=set(FREE))
    after = setup.model_dump(mode="json", exclude=set(FREE))
    changed = _different(before, after)
    changed += [f"{k}: {state[k]!r}, now {now[k]!r}" for k in ("tag", "samples_a_step") if state.get(k) != now[k]]
    if changed:
        raise OtherRun(
            f"{setup.folder}: traser: holds a run of another setup: {'; '.join(changed)}. Take its setup "
            f"({setup.folder / SETUP}), or name another folder."
        )


def _different(before: Mapping[str, Any], after: Mapping[str, Any], where: str = "") -> list[str]:
    found: list[str] = []
    for key in dict.fromkeys([*before, *after]):
        old, new, path = before.get(key), after.get(key), f"{where}{key}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _different(old, new, f"{path}.")
        elif old != new:
            found.append(f"{path}: {old!r}, now {new!r}")
    return found


def _beginning(parts: _Parts, setup: Setup, *, since: Kept | None, steps: int, engine: Engine) -> str:
    weights = sum(p.numel() for p in parts.model.parameters())
    learned = sum(p.numel() for p in parts.model.parameters() if p.requires_grad)
    where = f"goes on after step {since.step} of {steps}" if since else f"{steps} steps"
    return (
        f"{setup.folder}: {where}, {len(parts.feed.stream)} samples and "
        f"{parts.feed.held_out_samples} held out, {weights:,} weights of which {learned:,} learn, "
        f"{engine.processes} process{'es' if engine.processes > 1 else ''} on {engine.device}"
    )
