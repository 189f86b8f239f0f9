"""What `svg2 questions` and `svg2 evaluate questions` take; what they do is in `commands.questions`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Exit = Callable[[Callable[[Console], int]], None]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same.")]


def register(app: typer.Typer, evaluate: typer.Typer, leave: Exit) -> None:
    """Add both commands; `leave` runs a command on a console and exits with its code."""
    questions = typer.Typer(help="Questions about videos, made of their true scene graphs.", no_args_is_help=True)
    app.add_typer(questions, name="questions")

    @questions.command("make")
    def make(
        graphs: Annotated[Path, typer.Option(help="Scene-graph document, or a folder of them; taken as true.")],
        out: Annotated[Path, typer.Option(help="File to write, JSON lines.", metavar="FILE")],
        type_: Annotated[list[str] | None, typer.Option("--type", help="Type to make; repeatable. All.")] = None,
        per_video: Annotated[int, typer.Option(min=1, help="Most questions of a type about one video.")] = 4,
        most: Annotated[int, typer.Option(min=1, help="Most questions of a type.")] = 1000,
        seed: Seed = 0,
        json: AsJson = False,
    ) -> None:
        """Make questions with balanced answers, each of which the graphs answer without doubt."""
        from svg2_assets.commands.questions import make as run

        leave(
            lambda c: run(
                c,
                graphs=graphs,
                out=out,
                types=type_ or (),
                per_video=per_video,
                most=most,
                seed=seed,
                as_json=json,
            )
        )

    @evaluate.command("questions")
    def evaluate_questions(
        questions: Annotated[
            str, typer.Option(help="File of questions (ours, AGQA 2.0, Perception Test), or `generated`.")
        ],
        graphs: Annotated[
            list[str] | None, typer.Option(help="NAME=PATH of scene-graph documents; repeatable.", metavar="NAME=PATH")
        ] = None,
        truth: Annotated[Path | None, typer.Option(help="True graphs, for `--questions generated`.")] = None,
        form: Annotated[str, typer.Option(help="generated, agqa or perception-test; by its looks when empty.")] = "",
        answerer: Annotated[str, typer.Option(help="reader (looks answers up in graphs) or model.")] = "reader",
        condition: Annotated[
            list[str] | None,
            typer.Option(help="blind, video, 'graph NAME', 'video + graph NAME'; repeatable. All."),
        ] = None,
        videos: Annotated[
            Path | None, typer.Option(help="Folder of files called as the questions call them; else the store's.")
        ] = None,
        most: Annotated[int | None, typer.Option(min=1, help="Draw so many questions, such as 1000.")] = None,
        seed: Seed = 0,
        changes: Annotated[
            list[str] | None, typer.Option("--set", help="key=value of what a model is asked, such as model=gpt-5.")
        ] = None,
        out: Annotated[Path | None, typer.Option(help="Also write every answer to FILE.", metavar="FILE")] = None,
        estimate: Annotated[bool, typer.Option("--estimate", help="Say what it will cost; ask nothing.")] = False,
        json: AsJson = False,
    ) -> None:
        """How many questions are answered right from graphs, videos, both, or neither."""
        from svg2_assets.commands.installation import Installation
        from svg2_assets.commands.questions import Wanted
        from svg2_assets.commands.questions import evaluate as run

        wanted = Wanted(
            questions=questions,
            graphs=graphs or (),
            truth=truth,
            form=form,
            answerer=answerer,
            conditions=condition or (),
            videos=videos,
            most=most,
            seed=seed,
            changes=changes or (),
            out=out,
            estimate=estimate,
        )
        leave(lambda c: run(Installation(), c, wanted, as_json=json))
