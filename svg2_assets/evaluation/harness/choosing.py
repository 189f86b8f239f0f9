"""What of a store is compared with what, where nobody says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svg2_assets.evaluation.harness.evaluating import Match
from svg2_assets.evaluation.harness.pairing import paired
from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.stored import (
    IMPORTED,
    PIPELINE,
    PREDICTED,
    GraphStore,
    StoredGraphs,
    sources_of,
)
from svg2_assets.scene.errors import printable


@dataclass(frozen=True, slots=True)
class Choice:
    """A truth, the systems to compare with it, how their objects find each other, and in words why these."""

    truth: StoredGraphs
    systems: tuple[StoredGraphs, ...]
    match: Match
    why: str


def choose(store: GraphStore, *, truth: str = "", systems: Sequence[str] = (), match: str = "") -> Choice:
    """Sources by name (`store:pipeline`, ...); what is empty is chosen. Raises `UnusableGraphs`, which says what to do.

    Truth: the one import that has videos of the catalog, else the graphs of the phases. Systems: all predictions and,
    against an import, the graphs of the phases. Match: by place against an import, whose trajectories are not the
    store's, else by id.
    """
    chosen, why = (_named(store, truth), "as asked for") if truth else _truth(store)
    if match and match not in {m.value for m in Match}:
        raise UnusableGraphs(f"match {printable(match)}: expected {' or '.join(Match)}.")
    how = Match(match) if match else Match.ID if chosen.kind == PIPELINE else Match.VIOU
    found = [_named(store, name) for name in systems] if systems else _systems(store, chosen)
    if not found:
        raise UnusableGraphs(
            f"{printable(chosen.name)}: there is nothing to compare with it. Materialize traser_predictions, or import "
            "true graphs of the catalog's videos (`svg2 import --videos FOLDER`)."
        )
    return Choice(chosen, tuple(found), how, why)


def _named(store: GraphStore, name: str) -> StoredGraphs:
    head, _, rest = name.partition(":")
    kind, _, source = rest.partition(":")
    if head != "store":
        raise UnusableGraphs(
            f"{printable(name)}: expected store:pipeline, store:imported:NAME, store:predictions:NAME."
        )
    return StoredGraphs(store, kind, source)


def _truth(store: GraphStore) -> tuple[StoredGraphs, str]:
    own = StoredGraphs(store, PIPELINE)
    fitting = [s for name in sources_of(store, IMPORTED) if _meets(s := StoredGraphs(store, IMPORTED, name), own)]
    if len(fitting) > 1:
        names = ", ".join(printable(s.name) for s in fitting)
        raise UnusableGraphs(f"truth: several imports have videos of the catalog: {names}. Name one.")
    if fitting:
        return fitting[0], "the one import that has videos of the catalog"
    return (
        own,
        "no import has videos of the catalog: the graphs of the phases, which are no truth but what is told to TRASER",
    )


def _meets(truth: StoredGraphs, own: StoredGraphs) -> bool:
    return bool(paired(truth.cards(), own.cards()).pairs)


def _systems(store: GraphStore, truth: StoredGraphs) -> list[StoredGraphs]:
    own = [] if truth.kind == PIPELINE else [StoredGraphs(store, PIPELINE)]
    return own + [StoredGraphs(store, PREDICTED, name) for name in sources_of(store, PREDICTED)]
