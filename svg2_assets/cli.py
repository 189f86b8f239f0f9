"""The `svg2` command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from svg2_assets.commands import panoptic_cli, questions_cli
from svg2_assets.commands.installation import Installation
from svg2_assets.scene.errors import Svg2Error

app = typer.Typer(
    help="Videos in, spatio-temporal scene graphs out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evaluate = typer.Typer(help="Predictions against truth.", no_args_is_help=True)
app.add_typer(evaluate, name="evaluate")
traser = typer.Typer(help="TRASER: scene graphs told from a video and its trajectories.", no_args_is_help=True)
app.add_typer(traser, name="traser")
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="key=value over the file, such as steps=500; may be repeated.")
]
Tag = Annotated[str, typer.Option(help="Name of the tagged version; made from the time, or the last one, when empty.")]
SOURCE = "pipeline, imported:NAME or predictions:NAME"
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def main() -> None:
    """Entry point: errors of ours end in one clear line and exit code 1, anything else in a traceback."""
    try:
        app()
    except Svg2Error as error:
        Console(stderr=True).print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        sys.exit(1)
    finally:
        _let_gateways_go()


def _let_gateways_go() -> None:
    """Copy what was paid to the store while the interpreter is whole: clients of the store dislike its end."""
    if "resources.llm.shared" in sys.modules:
        from resources.llm.shared import close_shared_gateways

        with suppress(Svg2Error):  # what could not be copied is in the journal
            close_shared_gateways()


def _exit(command: Callable[[Console], int]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # a pipe or file has no width; tables keep their columns
    raise typer.Exit(command(console))


@app.command()
def annotate(
    videos: Annotated[list[str], typer.Argument(help="Video files, or folders of them.")],
    json: Annotated[Path | None, typer.Option(help="Also write DIR/<video id>.json.", metavar="DIR")] = None,
) -> None:
    """Turn videos into scene graphs. What is up to date already is not done again."""
    from svg2_assets.commands.annotate import annotate as run

    _exit(lambda console: run(Installation(), console, paths=videos, json_folder=json))


@app.command()
def refresh() -> None:
    """Bring every video in the store up to date."""
    from svg2_assets.commands.annotate import refresh as run

    _exit(lambda console: run(Installation(), console))


@app.command()
def status(json: AsJson = False) -> None:
    """Per video and phase: fresh, stale, missing, failed, stopped by a check; and why."""
    from svg2_assets.commands.reading import status as run

    _exit(lambda console: run(Installation(), console, as_json=json))


@app.command()
def show(
    video: Annotated[str, typer.Argument(help="Video id, the beginning of one, or a file name.")],
    source: Annotated[str, typer.Option(help=f"Whose graph: {SOURCE}.", metavar="SOURCE")] = "pipeline",
    json: AsJson = False,
) -> None:
    """Objects, attributes and relations of one video, and where its previews are."""
    from svg2_assets.commands.show import show as run

    _exit(lambda console: run(Installation(), console, video=video, source=source, as_json=json))


@app.command()
def query(
    subject: Annotated[str, typer.Option(help="Name of the subject.")] = "",
    predicate: Annotated[str, typer.Option(help="Predicate, such as 'next to'.")] = "",
    object: Annotated[str, typer.Option(help="Name of the object.")] = "",
    min_seconds: Annotated[float, typer.Option(help="Shortest total duration.")] = 0.0,
    source: Annotated[
        list[str] | None,
        typer.Option(help=f"Whose graphs: {SOURCE}, or all; may be repeated. pipeline when none.", metavar="SOURCE"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Find relations over the whole store."""
    from svg2_assets.commands.reading import query as run
    from svg2_assets.scene_graphs.query import Question

    wanted = Question(
        subject=subject or None, predicate=predicate or None, object=object or None, min_seconds=min_seconds
    )
    _exit(lambda console: run(Installation(), console, wanted, sources=source or (), as_json=json))


@app.command()
def stats(
    source: Annotated[
        str, typer.Option(help="One data set: `pipeline`, or the name of an import or of what a model predicted.")
    ] = "",
    json: AsJson = False,
) -> None:
    """How large and how varied the data sets in the store are, beside others as published."""
    from svg2_assets.commands.reading import stats as run

    _exit(lambda console: run(Installation(), console, source=source, as_json=json))


@app.command()
def costs(
    by: Annotated[
        list[str] | None, typer.Option(help="Group by video, phase, model, purpose, outcome or transport; repeatable.")
    ] = None,
    json: AsJson = False,
) -> None:
    """What models were paid: requests, tokens and US dollars."""
    from svg2_assets.commands.costs import show_costs as run

    _exit(lambda console: run(Installation(), console, by=by or (), as_json=json))


@app.command()
def estimate(
    videos: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, ids or names; the whole catalog when none is given.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Tokens and US dollars of the calls to models that videos need, before they are made."""
    from svg2_assets.commands.estimate import show_estimate as run

    _exit(lambda console: run(Installation(), console, videos=videos or (), as_json=json))


@app.command()
def label_record(
    out: Annotated[Path | None, typer.Option(help="Also write the record to FILE.", metavar="FILE")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE where it is there.")] = False,
    model: Annotated[str, typer.Option(help="Whose verdicts to count, where several verifiers judged.")] = "",
    json: AsJson = False,
) -> None:
    """How often each name was claimed and supported, which the label policy can learn from."""
    from svg2_assets.commands.label_record import Wanted
    from svg2_assets.commands.label_record import label_record as run

    _exit(lambda console: run(Installation(), console, Wanted(out=out, force=force, model=model), as_json=json))


@evaluate.command()
def tracks(
    gt: Annotated[Path, typer.Option(help="Truth: frames of objects as COCO RLE, or a scene-graph document.")],
    pred: Annotated[Path, typer.Option(help="Prediction, in either form.")],
    fps: Annotated[float | None, typer.Option(min=0.001, help="Frames a second; a document says it itself.")] = None,
    part: Annotated[
        list[int] | None, typer.Option(help="Id of a true part of another object; may be repeated.")
    ] = None,
    allow_short: Annotated[bool, typer.Option("--allow-short", help="Count missing frames as empty.")] = False,
    boundaries: Annotated[bool, typer.Option("--boundaries", help="Add J and F (decodes masks).")] = False,
    hota: Annotated[bool, typer.Option("--hota", help="Add HOTA and MOTA (needs TrackEval).")] = False,
    json: AsJson = False,
) -> None:
    """Recall, coverage, identities, delay and invented masks of trajectories."""
    from svg2_assets.commands.evaluate import tracks as run

    _exit(
        lambda console: run(
            console,
            truth=gt,
            predicted=pred,
            fps=fps,
            parts=part or (),
            allow_short=allow_short,
            boundaries=boundaries,
            library=hota,
            as_json=json,
        )
    )


@evaluate.command()
def graphs(
    gt: Annotated[
        str,
        typer.Option(
            help="Truth: documents (a file or folder), FORMAT:PATH, store:pipeline, store:imported:NAME or "
            "store:predictions:NAME.",
            metavar="SOURCE",
        ),
    ],
    pred: Annotated[list[str], typer.Option(help="A system, as the truth; may be repeated.", metavar="[NAME=]SOURCE")],
    match: Annotated[str, typer.Option(help="id: object k is object k. viou: by place, adds public metrics.")] = "id",
    least: Annotated[float, typer.Option(min=0.001, max=1, help="Volume IoU of a match by place.")] = 0.5,
    judge: Annotated[
        str, typer.Option(help="Judge of `lenient`: exact, normalised, lexical, embedding or model.")
    ] = "lexical",
    strict_judge: Annotated[str, typer.Option(help="Judge of `strict`.")] = "exact",
    judging: Annotated[
        list[str] | None,
        typer.Option("--judge-set", help="key=value of a judge: model, options, embedder, synonym, overlap."),
    ] = None,
    criterion: Annotated[list[str] | None, typer.Option(help="Show strict or lenient alone.")] = None,
    tiou: Annotated[float, typer.Option(help="tIoU that a relation must exceed.")] = 0.5,
    sweep: Annotated[bool, typer.Option("--sweep", help="Also a table over tIoU 0.1 to 0.7.")] = False,
    by: Annotated[
        list[str] | None, typer.Option(help="Also a table by category, level or length; may be repeated.")
    ] = None,
    average: Annotated[str, typer.Option(help="micro, macro or both.")] = "micro",
    direction: Annotated[str, typer.Option(help="as given, symmetric or inverse.")] = "as given",
    intervals: Annotated[bool, typer.Option(help="Bootstrap intervals.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Of bootstraps and permutations.")] = 0,
    changes: Annotated[list[str] | None, typer.Option("--set", help="key=value of the file formats.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write the report to FILE (.json or .md).", metavar="FILE")
    ] = None,
    json: AsJson = False,
) -> None:
    """Names, attributes, relations and triplets of predicted scene graphs: recall, precision, F1, differences."""
    from svg2_assets.commands import evaluate_graphs as command
    from svg2_assets.evaluation.graphs.settings import Direction
    from svg2_assets.evaluation.harness.evaluating import Match

    def asked() -> command.Asked:
        shown = command.view(criterion or (), by or (), average, sweep=sweep, intervals=intervals, seed=seed)
        how = command.choice("match", match, Match), command.choice("direction", direction, Direction)
        return command.Asked(
            gt, pred, *how, least=least, judge=judge, strict_judge=strict_judge, tiou=tiou, changes=changes or (),
            out=out, view=shown, judging=judging or (),
        )  # fmt: skip

    _exit(lambda console: command.graphs(Installation(), console, asked, as_json=json))


@evaluate.command("table")
def evaluate_table(
    config: Annotated[Path, typer.Option(help="YAML of data sets, systems and the judge.")] = Path(
        "configs/tables/table2.yaml"
    ),
    changes: Changes = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what judging will cost.")] = False,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table for a page.", metavar="FILE")] = None,
    json: AsJson = False,
) -> None:
    """Systems side by side, as the paper's main table: recall with intervals and ranks."""
    from svg2_assets.commands.evaluate_table import compare_systems as run

    _exit(
        lambda c: run(
            Installation(),
            c,
            config=config,
            changes=changes or (),
            estimate=estimate,
            markdown=markdown,
            as_json=json,
        )
    )


@evaluate.command("baseline")
def evaluate_baseline(
    config: Annotated[Path, typer.Option(help="YAML of the model, such as configs/baselines/gpt-4.1.yaml.")],
    changes: Changes = None,
    video: Annotated[list[str] | None, typer.Option(help="A video; may be repeated. All when none.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Folder of scene-graph documents in place of the store.", metavar="DIR")
    ] = None,
    videos: Annotated[
        Path | None, typer.Option(help="With --truth: folder of files called <video id>.mp4.", metavar="DIR")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="With --truth: folder of what is told.", metavar="DIR")] = None,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it will cost.")] = False,
    json: AsJson = False,
) -> None:
    """Ask a vision model for the graphs of videos whose trajectories are known. What is told already is not asked."""
    from svg2_assets.commands.baseline import Wanted, ask_baseline

    wanted = Wanted(config, changes or (), video or (), truth, videos, out, estimate)
    _exit(lambda c: ask_baseline(Installation(), c, wanted, as_json=json))


FormatName = Annotated[str, typer.Argument(help="Name of the format; `svg2 formats` lists them.", metavar="FORMAT")]


@app.command("import")
def import_(
    format: FormatName,
    source: Annotated[Path, typer.Argument(help="File or folder of the format.", metavar="SOURCE")],
    name: Annotated[str, typer.Option("--source", help="Name of the import; that of the format when empty.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the data, kept with every graph.")] = "",
    limit: Annotated[int | None, typer.Option(min=1, help="Most videos to import.")] = None,
    videos: Annotated[Path | None, typer.Option(help="Folder of the video files, named by video id.")] = None,
    changes: Changes = None,
    json: AsJson = False,
) -> None:
    """Bring scene graphs of others into the store, beside those of the phases. Says what was mended and rejected."""
    from svg2_assets.commands.formats import Import, import_graphs

    wanted = Import(format, source, name, licence, limit=limit, videos=videos, changes=changes or ())
    _exit(lambda console: import_graphs(Installation(), console, wanted, as_json=json))


@app.command()
def export(
    format: FormatName,
    target: Annotated[Path, typer.Argument(help="Folder to write to.", metavar="TARGET")],
    source: Annotated[
        str, typer.Option(help="Name of an import or of predictions; the phases' graphs when empty.")
    ] = "",
    videos: Annotated[list[str] | None, typer.Option(help="Id of a video; may be repeated. All when none.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep files of videos that are there already.")] = False,
    changes: Changes = None,
    json: AsJson = False,
) -> None:
    """Write scene graphs of the store as files of another format. Says what of them has no place there."""
    from svg2_assets.commands.formats import Export, export_graphs

    wanted = Export(format, target, source, videos or (), resume=resume, changes=changes or ())
    _exit(lambda console: export_graphs(Installation(), console, wanted, as_json=json))


@app.command()
def formats(json: AsJson = False) -> None:
    """File formats of scene graphs: their options, and what is lost each way."""
    from svg2_assets.commands.formats import list_formats

    _exit(lambda console: list_formats(console, as_json=json))


@traser.command("samples")
def traser_samples(
    config: Annotated[Path | None, typer.Option(help="YAML of what is sampled, filtered and capped.")] = None,
    changes: Changes = None,
    tag: Tag = "",
    json: AsJson = False,
) -> None:
    """Make training samples of the scene graphs in the store, and keep them under a tag."""
    from svg2_assets.commands.traser_samples import samples as run

    _exit(lambda c: run(Installation(), c, config=config, changes=changes or (), tag=tag, as_json=json))


@traser.command("world")
def traser_world(
    train: Annotated[int, typer.Option(min=1, help="Clips to learn from.")] = 512,
    held_out: Annotated[int, typer.Option(min=0, help="Clips held out, split val.")] = 64,
    test: Annotated[int, typer.Option(min=0, help="Clips of split test.")] = 0,
    config: Annotated[Path | None, typer.Option(help="YAML of what clips are like and what is told of them.")] = None,
    changes: Changes = None,
    tag: Tag = "",
    processes: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 1,
    json: AsJson = False,
) -> None:
    """Make training samples of the synthetic world, and keep them under a tag."""
    from svg2_assets.commands.traser_samples import world as run

    _exit(
        lambda c: run(
            Installation(),
            c,
            train=train,
            held_out=held_out,
            test=test,
            config=config,
            changes=changes or (),
            tag=tag,
            processes=processes,
            as_json=json,
        )
    )


@traser.command("train")
def traser_train(
    config: Annotated[Path | None, typer.Option(help="YAML of the run, such as configs/tiny.yaml.")] = None,
    changes: Changes = None,
    json: AsJson = False,
) -> None:
    """Train on tagged samples. A run that was interrupted goes on where its folder's last checkpoint is."""
    from svg2_assets.commands.traser import train as run

    _exit(lambda c: run(Installation(), c, config=config, changes=changes or (), as_json=json))


Checkpoint = Annotated[str, typer.Option(help="Folder of a checkpoint or of a training run, or a Hub id.")]
PresetName = Annotated[str, typer.Option(help="paper, release, hub or default; as it was trained when empty.")]


@traser.command("generate")
def traser_generate(
    video: Annotated[str, typer.Option(help="File of the video; its id or name where the store has it.")],
    masks: Annotated[
        Path | None, typer.Option(help="Frames of objects as COCO RLE, or a scene-graph document; else the store's.")
    ] = None,
    checkpoint: Checkpoint = "UWGZQ/TRASER",
    preset: PresetName = "",
    task: Annotated[str, typer.Option(help="scene_graph, relationships, attributes or objects.")] = "scene_graph",
    output: Annotated[Path | None, typer.Option(help="Also write the graph as a document.")] = None,
    json: AsJson = False,
) -> None:
    """Tell the scene graph of a video from its trajectories."""
    from svg2_assets.commands.traser import generate as run

    _exit(
        lambda c: run(
            Installation(),
            c,
            video=video,
            masks=masks,
            checkpoint=checkpoint,
            preset=preset,
            task=task,
            output=output,
            as_json=json,
        )
    )


@traser.command("evaluate")
def traser_evaluate(
    checkpoint: Checkpoint = "UWGZQ/TRASER",
    preset: PresetName = "",
    split: Annotated[str, typer.Option(help="Which samples: train, val or test.")] = "val",
    tag: Tag = "",
    most: Annotated[int, typer.Option(min=1, help="Most samples to ask about.")] = 64,
    batch: Annotated[int, typer.Option(min=1, help="Samples that are asked about at once.")] = 8,
    json: AsJson = False,
) -> None:
    """How right a checkpoint's answers to stored samples are."""
    from svg2_assets.commands.traser import evaluate as run

    _exit(
        lambda c: run(
            Installation(),
            c,
            checkpoint=checkpoint,
            preset=preset,
            split=split,
            tag=tag,
            most=most,
            batch=batch,
            as_json=json,
        )
    )


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scene-graph document."""
    from svg2_assets.commands.tables import show_json
    from svg2_assets.scene.document import json_schema

    show_json(json_schema())


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port of the UI.")] = 3000) -> None:
    """Start Dagster's UI and daemon on this installation."""
    from svg2_assets.commands.dev import dev as run

    _exit(lambda console: run(Installation(), console, port=port))


@app.command()
def dev_server(
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8321,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    key: Annotated[list[str] | None, typer.Option(help="Accepted key; may be repeated. Default: any.")] = None,
    rpm: Annotated[int, typer.Option(min=1, help="Requests a minute for each key and model.")] = 30_000,
    tpm: Annotated[int, typer.Option(min=1, help="Tokens a minute for each key and model.")] = 150_000_000,
    latency: Annotated[float, typer.Option(min=0, help="Seconds before every answer.")] = 0.0,
    state: Annotated[Path | None, typer.Option(help="File that keeps files, batches and the log.")] = None,
) -> None:
    """Serve OpenAI's and DAM's protocols locally, with made-up answers: try profile `svg2` without a key."""
    from svg2_assets.commands.dev_server import dev_server as run

    _exit(lambda c: run(c, host=host, port=port, keys=key or (), rpm=rpm, tpm=tpm, latency=latency, state=state))


questions_cli.register(app, evaluate, _exit)
panoptic_cli.register(evaluate, _exit)


if __name__ == "__main__":
    main()
