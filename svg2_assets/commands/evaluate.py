"""`svg2 evaluate tracks`: predictions against truth, both from files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from svg2_assets.commands.tables import show_json, table
from svg2_assets.evaluation.tracks.reading import InvalidTracks, TracksFile, rate, read_tracks, together
from svg2_assets.evaluation.tracks.scores import TrackScores, measure
from svg2_assets.scene.errors import InvalidSceneValue

USUAL_FPS = 24.0
"""Frames a second where no file and no option says it: the rate of SA-V, whose videos SVG2 annotates."""
WRONG_INPUT = 2


def tracks(
    console: Console,
    *,
    truth: Path,
    predicted: Path,
    fps: float | None,
    parts: Sequence[int],
    allow_short: bool,
    boundaries: bool,
    library: bool,
    as_json: bool,
) -> int:
    """Compare two files of trajectories. The exit code is 0, or 2 when a file or an option cannot be used."""
    try:
        sides = read_tracks(truth), read_tracks(predicted)
        num_frames = together(*sides, allow_short=allow_short)
        known = rate(*sides) if fps is None else fps
        scores = measure(
            sides[0].trajectories,
            sides[1].trajectories,
            num_frames=num_frames,
            fps=USUAL_FPS if known is None else known,
            parts=parts,
            boundaries=boundaries,
            library=library,
        )
    except (InvalidTracks, InvalidSceneValue) as error:
        Console(stderr=True).print(f"[red]{escape(str(error))}[/]", highlight=False, soft_wrap=True)
        return WRONG_INPUT
    _show(console, scores, sides, assumed=known is None, as_json=as_json)
    return 0


def _show(
    console: Console, scores: TrackScores, sides: tuple[TracksFile, TracksFile], *, assumed: bool, as_json: bool
) -> None:
    truth, predicted = sides
    if as_json:
        show_json({"truth": truth.path, "predicted": predicted.path, "fps_assumed": assumed, **scores.as_dict()})
        return
    shown = f"{scores.fps:g} frames a second" + (" (assumed, see --fps)" if assumed else "")
    console.print(
        f"{scores.predicted_trajectories} predicted against {scores.truth_trajectories} true trajectories, "
        f"{scores.num_frames} frames, {shown}",
        highlight=False,
    )
    console.print(table("Tracks", ("metric", "value"), [(k, _cell(v)) for k, v in scores.figures().items()]))


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
