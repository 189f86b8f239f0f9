"""The table in docs/checks.md names every check, its phase and its severity."""

from __future__ import annotations

from pathlib import Path

from svg2_assets.quality import CHECKS

DOCUMENT = Path(__file__).parents[2] / "docs" / "checks.md"


def test_every_check_is_documented_as_it_is() -> None:
    rows = [line.strip("|\n ").split(" | ") for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    written = {(phase, row[1], row[2]) for row in rows[2:] for phase in row[0].split(", ")}
    assert written == {(phase, c.name, c.severity.value) for phase, checks in CHECKS.items() for c in checks}
