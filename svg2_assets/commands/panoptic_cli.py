"""What `svg2 evaluate panoptic` takes; what it does is in `commands.evaluate_panoptic`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from svg2_assets.commands.questions_cli import AsJson, Exit


def register(evaluate: typer.Typer, leave: Exit) -> None:
    """Add the command; `leave` runs it on a console and exits with its code."""

    @evaluate.command("panoptic")
    def panoptic(
        gt: Annotated[
            str,
            typer.Option(
                help="Truth: vipseg:PATH or coco:PATH (a JSON file with pictures beside it, or their folder), or scene "
                "graphs as `svg2 evaluate graphs` takes them.",
                metavar="SOURCE",
            ),
        ],
        pred: Annotated[
            list[str], typer.Option(help="A system, as the truth; may be repeated.", metavar="[NAME=]SOURCE")
        ],
        window: Annotated[
            list[int] | None, typer.Option(min=1, help="Frames of a window of VPQ; may be repeated. 1, 2, 4, 6, 8.")
        ] = None,
        by: Annotated[list[str] | None, typer.Option(help="Also a table by category.")] = None,
        pictures: Annotated[
            list[str] | None,
            typer.Option(help="Where a side's pictures are, if not beside its JSON; gt=FOLDER.", metavar="NAME=FOLDER"),
        ] = None,
        categories: Annotated[
            Path | None, typer.Option(help="JSON list of categories, over what the truth lists.", metavar="FILE")
        ] = None,
        changes: Annotated[list[str] | None, typer.Option("--set", help="key=value of the file formats.")] = None,
        out: Annotated[
            Path | None, typer.Option(help="Also write the report to FILE (.json or .md).", metavar="FILE")
        ] = None,
        json: AsJson = False,
    ) -> None:
        """PQ, VPQ and STQ of panoptic maps, as the public evaluators of COCO, VIPSeg and STEP count them."""
        from svg2_assets.commands import evaluate_panoptic as command
        from svg2_assets.commands.installation import Installation
        from svg2_assets.evaluation.public.vipseg import WINDOWS

        asked = command.Asked(
            gt,
            pred,
            windows=tuple(dict.fromkeys(window or WINDOWS)),
            by=by or (),
            pictures=pictures or (),
            categories=categories,
            changes=changes or (),
            out=out,
        )
        leave(lambda c: command.panoptic(Installation(), c, asked, as_json=json))
