"""`svg2 traser`: training, graphs and scores of the model that tells scene graphs from trajectories."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from svg2_assets.commands.installation import Installation, NoSuchVideo
from svg2_assets.commands.tables import objects_table, relations_table, show_json, table
from svg2_assets.evaluation.tracks.reading import read_tracks
from svg2_assets.scene.document import write
from svg2_assets.scene.errors import UnusableBackend, printable
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource
from svg2_assets.traser.forms import InvalidSetup, nearest, read_form
from svg2_assets.traser.predicting import trajectories_of
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.text import Statement, Task, Thing
from svg2_assets.traser.training.settings import Setup, read_setup

if TYPE_CHECKING:
    from resources.store.traser_data import TaggedSamples
    from svg2_assets.traser.asking import Asking
    from svg2_assets.traser.generation.telling import Teller, Told
    from svg2_assets.traser.training.metrics import Record
    from svg2_assets.traser.training.running import Trained, Watcher
    from svg2_assets.traser.training.scores import Scores

STOPPED = 130  # as shells say that Ctrl-C ended a command
CURVE_ROWS = 12
SHOWN = 2000  # characters of an answer


def train(
    installation: Installation, console: Console, *, config: Path | None, changes: Sequence[str], as_json: bool
) -> int:
    """Train, or go on with a run that was interrupted; prints the loss, where the checkpoint is, and some answers."""
    setup = read_setup(config, changes=changes)
    data = tagged(installation, setup)
    first = int(os.environ.get("RANK", "0")) == 0
    quiet = not first or as_json
    run_training, watcher = _training(console, setup, quiet=quiet)
    trained = run_training(setup, data, library=installation.media.frames_of_samples(), watcher=watcher)
    if not first:
        return 0
    if as_json:
        show_json({"checkpoint": trained.kept.folder, "step": trained.kept.step, "records": trained.records})
        return 0
    print_curve(console, trained.records)
    for reason, number in trained.skipped:
        console.print(f"[yellow]{number} samples were not used:[/] {escape(reason)}", highlight=False)
    console.print(f"Checkpoint: {trained.kept.folder}", markup=False, highlight=False, soft_wrap=True)
    for one in answers_of(trained, data, setup):
        console.print(f"\n{one.video_id}", markup=False)
        console.print(f"truth: {printable(one.truth, limit=SHOWN)}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"told:  {printable(one.answer, limit=SHOWN)}", markup=False, highlight=False, soft_wrap=True)
    return 0


def generate(
    installation: Installation,
    console: Console,
    *,
    video: str,
    masks: Path | None,
    checkpoint: str,
    preset: str,
    task: str,
    output: Path | None,
    as_json: bool,
) -> int:
    """Tell the scene graph of a video from trajectories in the store or in a file of masks.

    Ctrl-C ends the answer: what is complete is shown, and the exit code is 130.
    """
    asked = task_of(task)
    source, trajectories = shown_by(installation, video, masks)
    teller = open_teller(checkpoint, preset)
    told, stopped = _told_aloud(teller, teller.ask(teller.show(source, trajectories), asked))
    if told is None:
        return STOPPED
    graph = told.graph(trajectories, {"traser": _provenance(teller, told)})
    if output is not None:
        output.write_text(json.dumps(write(graph), ensure_ascii=False), encoding="utf-8")
    if as_json:
        document = write(graph)
        for o in document["objects"]:
            del o["trajectory"]["masks"]
        show_json({**document, "remarks": [str(r) for r in told.answer.remarks], "notes": list(told.asking.notes)})
        return STOPPED if stopped else 0
    for note in (*told.asking.notes, *map(str, told.answer.remarks)):
        console.print(f"[dim]{escape(note)}[/]", highlight=False)
    console.print(objects_table(graph))
    console.print(relations_table(graph))
    if output is not None:
        console.print(f"Written: {output}", markup=False, highlight=False, soft_wrap=True)
    if not stopped:
        return 0
    console.print("[yellow]Stopped: this is what was complete.[/]", highlight=False)
    return STOPPED


def evaluate(
    installation: Installation,
    console: Console,
    *,
    checkpoint: str,
    preset: str,
    split: str,
    tag: str,
    most: int,
    batch: int,
    as_json: bool,
) -> int:
    """How right a checkpoint's answers to stored samples are: strict names, times that overlap by more than half."""
    from resources.store.traser_data import TaggedSamples
    from svg2_assets.traser.training.evaluating import score_samples
    from svg2_assets.traser.training.scores import total
    from svg2_assets.traser.training.settings import DataChoice

    teller = open_teller(checkpoint, preset)
    data = TaggedSamples(installation.store, tag)
    settings = read_form(DataChoice, changes=[f"held_out={split}"]).measuring()
    library = installation.media.frames_of_samples()
    found = list(score_samples(teller, data.source, settings, most=most, batch=batch, library=library))
    scores = total(one.scores for one in found)
    if as_json:
        show_json({"tag": data.tag, "samples": len(found), **scores.figures()})
    else:
        print_scores(console, scores, f"{len(found)} samples of {split}, {data.tag}")
    return 0


def _told_aloud(teller: Teller, asking: Asking) -> tuple[Told | None, bool]:
    """The answer, and whether Ctrl-C ended it, None before anything was written. While it is written, a terminal shows
    what is complete."""
    said: Counter[str] = Counter()
    with Console(stderr=True).status("Reading the clip ...") as status, interrupted() as stopped:

        def heard(item: Thing | Statement) -> None:
            said[type(item).__name__] += 1
            status.update(f"{said['Thing']} objects, {said['Statement']} relations so far")

        told = next(teller.tell([asking], heard=heard, stopped=stopped), None)
        return told, stopped() and not (told and told.ended)


@contextmanager
def interrupted() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; pressed again it interrupts as always."""
    pressed = False

    def note(signal_number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            signal.default_int_handler(signal_number, frame)
        pressed = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def task_of(name: str) -> Task:
    """The task. Raises `InvalidSetup`."""
    if name not in set(Task):
        raise InvalidSetup(f"--task {name}: no such task;{nearest(name, [t.value for t in Task])}")
    return Task(name)


def shown_by(
    installation: Installation, video: str, masks: Path | None
) -> tuple[FrameSource, Mapping[int, Trajectory]]:
    """The video's frames and its objects: from the file `masks`, by column, else the store's.

    Raises `NoSuchVideo`, `VideoError`, `InvalidTracks`.
    """
    from resources.media.reader import open_video

    if masks is None:
        try:
            entry = installation.entry(str(Path(video).absolute()) if Path(video).is_file() else video)
        except NoSuchVideo as error:
            raise NoSuchVideo(
                f"{error} Its trajectories must come from somewhere: annotate it first (`svg2 annotate`), or pass a "
                "file of masks with --masks."
            ) from error
        source = installation.media.source(installation.store, entry.video_id)
        return source, trajectories_of(installation.store, entry.video_id)
    read = read_tracks(masks, placeholders=True)
    opened = open_video(video)
    return opened, {k: _within(t, opened.video.num_frames) for k, t in read.trajectories.items()}


def _within(trajectory: Trajectory, frames: int) -> Trajectory:
    """What a file says of frames that the video has."""
    pairs = [(f, m) for f, m in zip(trajectory.frames, trajectory.masks, strict=True) if f < frames]
    return Trajectory(tuple(f for f, _ in pairs), tuple(m for _, m in pairs))


def tagged(installation: Installation, setup: Setup) -> TaggedSamples:
    """The samples that a setup asks for."""
    from resources.store.resource import SceneGraphStoreResource
    from resources.store.traser_data import TaggedSamples

    given = setup.data.store
    store = SceneGraphStoreResource(uri=given).open() if given else installation.store
    return TaggedSamples(store, setup.data.tag)


def open_teller(checkpoint: str, preset: str) -> Teller:
    """The model of a checkpoint. Raises `UnusableBackend`, also where the extra `models` is missing."""
    if preset and preset not in PRESETS:
        raise UnusableBackend(f"traser: there is no preset {preset!r}; there are {', '.join(PRESETS)}.")
    _need_models()
    from svg2_assets.traser.generation.telling import Teller

    return Teller.open(checkpoint, preset=preset)


def answers_of(trained: Trained, data: TaggedSamples, setup: Setup) -> Iterable[Any]:
    """Answers of the trained model to the first held-out samples, as many as the setup wants."""
    from svg2_assets.traser.generation.telling import Teller
    from svg2_assets.traser.training.evaluating import score_samples

    if not setup.evaluating.answers or not trained.held_out:
        return ()
    teller = Teller(trained.model, trained.tokenizer, trained.preset)
    return score_samples(teller, data.source, setup.data.measuring(), most=setup.evaluating.answers)


def print_curve(console: Console, records: Sequence[Record]) -> None:
    """The loss over the steps, of what is learned from and of what is held out."""
    from svg2_assets.traser.training.metrics import HELD_OUT as HELD
    from svg2_assets.traser.training.metrics import curve, smoothed

    means = smoothed(curve(records), most=CURVE_ROWS)
    rows = [(str(step), f"{value:.4f}", "") for step, value in means]
    rows += [(str(step), "", f"{value:.4f}") for step, value in curve(records, kind=HELD)[-CURVE_ROWS:]]
    console.print(table("Loss of a token", ("step", "learned from", "held out"), sorted(rows, key=lambda r: int(r[0]))))


def print_scores(console: Console, scores: Scores, title: str) -> None:
    """Recall and precision by kind."""
    console.print(table(title, ("", "recall", "precision"), scores.rows()))


def _training(console: Console, setup: Setup, *, quiet: bool) -> tuple[Any, Watcher]:
    """The function that trains, and one that prints its progress."""
    _need_models()
    from svg2_assets.traser.training.running import Watcher, run_training

    if quiet:
        return run_training, Watcher()

    def measured(record: Record) -> None:
        if record["kind"] != "train":
            console.print(f"step {record['step']:>6}  held-out loss {record['loss']:.4f}", highlight=False)
        elif record["step"] % setup.logging == 0 or record["step"] == 1:
            console.print(
                f"step {record['step']:>6}  loss {record['loss']:.4f}  norm {record['norm']:.2f}  "
                f"{record['samples_a_second']:.1f} samples/s",
                highlight=False,
            )

    return run_training, Watcher(
        began=lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True), measured=measured
    )


def _need_models() -> None:
    try:
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        raise UnusableBackend(
            f"traser: {error.name} is not installed. Install the extra `models`: pip install 'svg2-assets[models]'."
        ) from error


def _provenance(teller: Teller, told: Told) -> dict[str, Any]:
    return {
        "checkpoint": teller.name,
        "preset": teller.preset.name,
        "task": told.asking.task.value,
        "passes": len(told.asking.passes),
        "tokens": told.tokens,
        "complete": told.ended,
    }
