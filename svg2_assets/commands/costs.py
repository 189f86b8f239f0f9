"""`svg2 costs`: what models were paid, from the store and from what only the journal has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import show_json, table
from svg2_assets.llm.spending import GROUPS, Costs, Spending, costs, merged
from svg2_assets.scene.errors import Svg2Error

DEFAULT_GROUPS = ("phase", "model")


class UnknownGroup(Svg2Error):
    """A word that costs cannot be grouped by."""


def show_costs(installation: Installation, console: Console, *, by: Sequence[str], as_json: bool) -> int:
    """Print requests, tokens and money by the groups `by`; the exit code is 0. Raises `UnknownGroup`."""
    wanted = tuple(dict.fromkeys(by)) or DEFAULT_GROUPS
    unknown = [name for name in wanted if name not in GROUPS]
    if unknown:
        raise UnknownGroup(f"--by {unknown[0]}: expected one of {', '.join(GROUPS)}.")
    found = costs(ledger(installation), wanted)
    if as_json:
        show_json(as_object(found))
    elif not found.total.requests:
        console.print("No calls to models yet.")
    else:
        console.print(table("Costs", (*wanted, *_FIGURES), [*map(_cells, found.parts), _total(found)]))
        if found.total.unclear:
            console.print(_unclear(found.total), highlight=False, soft_wrap=True)
    return 0


def ledger(installation: Installation, *, phases: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Every row of the ledger: those of the store, and those that a crash or a run under way left in the journal.

    With `phases` those of these phases, with what an estimate learns from.
    """
    from resources.llm.journal import read_rows
    from resources.llm.past import COLUMNS
    from resources.llm.settings import gateway_settings

    columns, where = (None, None) if phases is None else (COLUMNS, {"phase": list(phases)})
    stored = installation.store.read("llm_calls", columns=columns, where=where).to_dicts()
    waiting = read_rows(gateway_settings(installation.settings).journal)
    wanted = waiting if phases is None else [row for row in waiting if row["phase"] in phases]
    return [dict(row) for row in merged(stored, wanted)]


def as_object(found: Costs) -> dict[str, Any]:
    """The summary for JSON."""
    parts = [{**dict(zip(found.by, part.group, strict=True)), **_figures(part)} for part in found.parts]
    return {"by": list(found.by), "parts": parts, "total": _figures(found.total)}


_FIGURES = ("requests", "answered", "tokens in", "cached", "tokens out", "reasoning", "dollars", "at most more")


def _cells(part: Spending) -> tuple[str, ...]:
    counts = (part.requests, part.answered, part.tokens_in, part.cached, part.tokens_out, part.reasoning)
    return (*part.group, *(f"{count:,}" for count in counts), f"{part.money:.4f}", f"{part.unknown:.4f}")


def _total(found: Costs) -> tuple[str, ...]:
    return (*("total", *[""] * (len(found.by) - 1)), *_cells(found.total))


def _unclear(total: Spending) -> str:
    return (
        f"{total.unclear} requests are under way or were cut off before the server told what they cost: "
        f"at most ${total.unknown:.4f} beyond the dollars shown."
    )


def _figures(part: Spending) -> dict[str, Any]:
    return {name: value for name, value in asdict(part).items() if name != "group"}
