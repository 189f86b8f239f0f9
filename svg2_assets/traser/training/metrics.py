"""What a run measured, a line a step, as JSON: read by people, the Dagster asset and tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import Svg2Error

Record = Mapping[str, Any]
"""`step` (from 1) and `kind` ("train" or "held_out"), then figures."""

TRAIN, HELD_OUT = "train", "held_out"
TIMES = frozenset({"seconds", "samples_a_second"})
"""Figures that differ from run to run."""


class MetricsError(Svg2Error):
    """A metrics file that cannot be read or written."""


class Metrics:
    """The file `metrics.jsonl` of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def forget_after(self, step: int) -> None:
        """Keep what belongs to steps up to `step`: later ones are done again. A last line that was cut goes, too."""
        kept = [r for r in self.records() if r["step"] <= step]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        unfinished.write_text("".join(json.dumps(r) + "\n" for r in kept), encoding="utf-8")
        unfinished.replace(self.path)

    def add(self, record: Record) -> None:
        """Append one line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(record)) + "\n")

    def records(self) -> list[Record]:
        """All lines in order; none where there is no file. Raises `MetricsError` for a broken line but the last."""
        if not self.path.exists():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines()
        found: list[Record] = []
        for number, line in enumerate(lines, 1):
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError as error:
                if number < len(lines):
                    raise MetricsError(
                        f"{self.path}: line {number}: expected JSON. Take the line out; later ones are kept."
                    ) from error
        return found


def curve(records: Iterable[Record], *, kind: str = TRAIN, figure: str = "loss") -> list[tuple[int, float]]:
    """(step, value) of one figure."""
    return [(r["step"], r[figure]) for r in records if r["kind"] == kind and figure in r]


def smoothed(points: list[tuple[int, float]], *, most: int = 20) -> list[tuple[int, float]]:
    """At most `most` means of neighbouring steps, each at its last step."""
    if not points:
        return []
    size = -(-len(points) // most)
    parts = [points[i : i + size] for i in range(0, len(points), size)]
    return [(part[-1][0], sum(v for _, v in part) / len(part)) for part in parts]
