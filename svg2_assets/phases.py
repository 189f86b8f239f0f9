"""The phases, their order, and when a video's rows of a phase are out of date.

Freshness is decided per video and phase from `phase_state`, not from Dagster's events: Dagster's own staleness of
partitioned assets ends at the first hop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase: `upstream` phases it reads, `code_version` to be raised whenever its output changes in meaning."""

    name: str
    upstream: tuple[str, ...]
    code_version: str
    tables: tuple[str, ...]
    stage: str | None = None


PHASES: Mapping[str, Phase] = {
    p.name: p
    for p in (
        Phase("videos", (), "1", ("videos",)),
        Phase("trajectories", ("videos",), "1", ("trajectories", "masks")),
        Phase("descriptions", ("trajectories",), "1", ("descriptions",)),
        Phase("parsed_labels", ("trajectories", "descriptions"), "1", ("labels",), stage="parsed"),
        Phase("verified_labels", ("trajectories", "parsed_labels"), "1", ("labels",), stage="verified"),
        Phase("relations", ("trajectories", "verified_labels"), "1", ("relations",)),
        Phase("scene_graphs", ("trajectories", "verified_labels", "relations"), "1", ("scene_graphs",)),
    )
}


PROMPTS = ("prompt", "prompt_again", "prompts")
"""Settings under which backends keep the versions of their prompts."""


def downstream_of(name: str) -> tuple[str, ...]:
    """The phases that depend on `name`, directly or not, in order."""
    found = {name}
    for phase in PHASES.values():
        if found & set(phase.upstream):
            found.add(phase.name)
    return tuple(p for p in PHASES if p in found - {name})


def digest(*parts: Any) -> str:
    """16 hex digits of the SHA-256 of `parts` as canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What, beside its input, determines a phase's output.

    `unusable` says why its backend cannot work at all. Which model it would be is not known then, so no row is fresh.
    """

    phase: Phase
    model_id: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    unusable: str = ""

    @property
    def config_hash(self) -> str:
        """16 hex digits over every setting."""
        return digest(dict(self.config))

    @property
    def prompt_version(self) -> str:
        """Versions of the prompts in the settings, joined; empty where nothing is prompted."""
        given = [self.config[name] for name in PROMPTS if name in self.config]
        found = [v for g in given for v in (g.values() if isinstance(g, Mapping) else [g] if isinstance(g, str) else g)]
        return " ".join(dict.fromkeys(map(str, found)))

    def output_version(self, input_version: str) -> str:
        """The version that rows made from `input_version` carry."""
        return digest(input_version, self.phase.name, self.phase.code_version, self.model_id, self.config_hash)


@dataclass(frozen=True, slots=True)
class State:
    """What `phase_state` says of one video and phase."""

    status: str
    gate: str
    input_version: str
    output_version: str
    attempts: int = 0
    error: str = ""

    @property
    def usable(self) -> bool:
        """Whether phases that follow may read its rows."""
        return self.status == "done" and self.gate == "open"


States = Mapping[str, Mapping[str, State]]
"""video id -> phase -> state"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to do for one phase. Every requested video is in exactly one of the lists."""

    new: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    retried: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    input_versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def todo(self) -> tuple[str, ...]:
        """The videos to work on, in the order asked for."""
        return (*self.new, *self.stale, *self.retried)


def plan(recipe: Recipe, video_ids: Sequence[str], states: States, *, contents: Mapping[str, str]) -> Plan:
    """Sort `video_ids` into new, stale, failed before, fresh, and blocked (id -> reason).

    `contents` maps a video id to what the first phase reads (its SHA-256 and place).
    """
    sorted_ids: dict[str, list[str]] = {"new": [], "stale": [], "retried": [], "fresh": []}
    blocked: dict[str, str] = {}
    inputs: dict[str, str] = {}
    for video_id in dict.fromkeys(video_ids):
        known = states.get(video_id, {})
        reason = _blocked_by(recipe.phase, known, in_catalog=video_id in contents)
        if reason:
            blocked[video_id] = reason
            continue
        inputs[video_id] = _input_version(recipe.phase, known, contents[video_id])
        wanted = None if recipe.unusable else recipe.output_version(inputs[video_id])
        sorted_ids[_kind(known.get(recipe.phase.name), wanted)].append(video_id)
    return Plan(**{k: tuple(v) for k, v in sorted_ids.items()}, blocked=blocked, input_versions=inputs)


def orphaned(states: States, contents: Iterable[str]) -> tuple[str, ...]:
    """Videos that have rows but are no longer in the catalog."""
    known = set(contents)
    return tuple(v for v in states if v not in known)


def _kind(state: State | None, wanted: str | None) -> str:
    if state is None or state.status == "blocked":
        return "new"
    if state.status == "failed":
        return "retried"
    return "fresh" if state.output_version == wanted else "stale"


def _blocked_by(phase: Phase, known: Mapping[str, State], *, in_catalog: bool) -> str:
    if not in_catalog:
        return "not in the catalog; add the video with `svg2 annotate` or the drop folder"
    for name in phase.upstream:
        state = known.get(name)
        if state is None:
            return f"{name} has not run yet"
        if state.status == "failed":
            return f"{name} failed: {state.error}"
        if state.status == "blocked":
            return f"{name} is blocked: {state.error}" if state.error else f"{name} is blocked"
        if state.gate != "open":
            return f"a check of {name} closed the gate" if state.gate == "closed" else f"{name} is not checked yet"
    return ""


def _input_version(phase: Phase, known: Mapping[str, State], content: str) -> str:
    return digest(content, *(known[name].output_version for name in phase.upstream))
