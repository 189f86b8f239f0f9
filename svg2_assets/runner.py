"""Runs one phase over some videos: plan, work video by video, write, check, open or close each video's gate.

Knows nothing of Dagster. One failing video never takes another's work with it; rows and state go to the store together,
rows first, so that state never claims what isn't there.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from svg2_assets.phases import PHASES, Plan, Recipe, State, States, digest, plan
from svg2_assets.scene.errors import Svg2Error, UnusableBackend, printable

Rows = Sequence[Mapping[str, Any]]
Verdicts = Mapping[str, Mapping[str, Any]]
"""video id -> {"gate": "open" | "closed", "checks": JSON text}"""

ERROR_LIMIT = 2000  # characters of an error that a row keeps


class PhaseWriter(Protocol):
    """Gathers finished videos and commits them, rows before state."""

    def put(
        self, video_id: str, tables: Mapping[str, Rows], state: Mapping[str, Any], *, stage: str | None = None
    ) -> None:
        """Hand over one finished (or failed, then without tables) video."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """A measure that is a share: of several videos, `count` and `of` are added up before they are divided."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """`count` over `of`; 0 of nothing."""
        return round(self.count / self.of, 4) if self.of else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a phase made of one video: rows by table, and measures worth showing."""

    tables: Mapping[str, Rows]
    measures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PhaseRun:
    """What happened in a run, by video; `unusable` says why the backend can work for none of them."""

    phase: str
    plan: Plan
    unusable: str = ""
    measures: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)

    @property
    def problems(self) -> dict[str, str]:
        """Every requested video that did not come through, with the reason."""
        return {**self.plan.blocked, **self.failed, **self.closed}

    def summary(self) -> str:
        """One line for people."""
        done = len(self.measures)
        if not self.plan.todo and not self.plan.blocked:
            return f"{self.phase}: nothing to do, {len(self.plan.fresh)} fresh"
        counts = {"done": done, "fresh": len(self.plan.fresh), "failed": len(self.failed)}
        counts |= {"stopped by a check": len(self.closed), "blocked": len(self.plan.blocked)}
        return f"{self.phase}: " + ", ".join(f"{n} {what}" for what, n in counts.items() if n)


def run_phase(
    recipe: Recipe,
    video_ids: Sequence[str],
    *,
    states: States,
    contents: Mapping[str, str],
    partitions: Mapping[str, str],
    work: Callable[[str], Outcome],
    writer: Callable[[], Any],
    judge: Callable[[Sequence[str]], Verdicts],
    record_gates: Callable[[Mapping[str, Mapping[str, Any]]], None],
    run_id: str,
    started: Callable[[str, int, int], None] | None = None,
) -> PhaseRun:
    """Bring `video_ids` up to date in one phase.

    `work` makes the rows of one video and may raise; `writer` gives a context manager that yields a `PhaseWriter`;
    `judge` runs the phase's checks over videos whose rows are written; `record_gates` stores their verdicts.

    When the backend turns out to be unusable, no further video is tried. All of them are recorded as failed, but those
    with rows from before: nothing is wrong with these.
    """
    run = PhaseRun(recipe.phase.name, plan(recipe, video_ids, states, contents=contents), unusable=recipe.unusable)
    unjudged = {v for v in run.plan.fresh if states[v][recipe.phase.name].gate == "pending"}
    todo = run.plan.todo
    with writer() as sink:
        for i, video_id in enumerate(todo):
            if started is not None and not run.unusable:
                started(video_id, i, len(todo))
            before = states.get(video_id, {}).get(recipe.phase.name)
            base = _provenance(recipe, run.plan.input_versions[video_id], run_id=run_id)
            state: dict[str, Any] = {"video_id": video_id, "phase": recipe.phase.name}
            state |= {
                **base,
                "partition": partitions.get(video_id, ""),
                "attempts": (before.attempts if before else 0) + 1,
            }
            has_rows = before is not None and before.status == "done"
            _work_on(video_id, run, sink=sink, work=work, recipe=recipe, base=base, state=state, has_rows=has_rows)
    judged = [v for v in todo if v in run.measures] + sorted(unjudged)
    if judged:
        verdicts = judge(judged)
        record_gates(verdicts)
        run.closed = {v: str(d["reason"]) for v, d in verdicts.items() if d["gate"] == "closed"}
    for video_id in run.plan.fresh:
        if states[video_id][recipe.phase.name].gate == "closed":
            run.closed[video_id] = f"a check of {recipe.phase.name} closed the gate"
    return run


def _work_on(
    video_id: str,
    run: PhaseRun,
    *,
    sink: PhaseWriter,
    work: Callable[[str], Outcome],
    recipe: Recipe,
    base: Mapping[str, Any],
    state: Mapping[str, Any],
    has_rows: bool,
) -> None:
    """Do one video; whatever it raises becomes its recorded failure, and only an unusable backend stops the others."""
    began = time.perf_counter()
    try:
        if run.unusable:
            raise UnusableBackend(run.unusable)
        outcome = work(video_id)
        seconds = time.perf_counter() - began
        tables = {name: [{**row, **_row_provenance(base)} for row in rows] for name, rows in outcome.tables.items()}
        done = {"status": "done", "gate": "pending", "error": "", "checks": "{}", "seconds": seconds}
        done |= {"output_version": recipe.output_version(str(base["input_version"]))}
        done |= {"rows": sum(len(rows) for rows in tables.values())}
        sink.put(video_id, tables, {**state, **done}, stage=recipe.phase.stage)
    except Exception as error:  # noqa: BLE001 - the isolation of one video from the next is this function's purpose
        text = explain(error, video_id=video_id, phase=recipe.phase.name)
        run.failed[video_id] = text
        if isinstance(error, UnusableBackend):
            run.unusable = text
            if has_rows:
                return
        failed = {"status": "failed", "gate": "closed", "error": text, "output_version": "", "rows": 0}
        ledger = {"failures": [_failure_row(error, text, base=base, state=state)]}
        sink.put(video_id, ledger, {**state, **failed, "checks": "{}", "seconds": time.perf_counter() - began})
    else:
        run.measures[video_id] = {**outcome.measures, "seconds": round(seconds, 3)}


def _failure_row(error: Exception, text: str, *, base: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """A failure as the ledger keeps it, one row an attempt; `phase_state` only knows the last."""
    return {
        "failure_id": digest(state["video_id"], state["phase"], state["attempts"], base["run_id"]),
        "video_id": state["video_id"],
        "phase": state["phase"],
        "reason": getattr(error, "reason", type(error).__name__),
        "error": text,
        "run_id": base["run_id"],
        "at": base["updated_at"],
    }


def explain(error: BaseException, *, video_id: str, phase: str) -> str:
    """An error as one readable text: ours as they are, foreign ones with their type and the place they came from."""
    if isinstance(error, Svg2Error):
        text = str(error)
    elif isinstance(error, MemoryError):
        text = f"{video_id}: {phase}: out of memory. Give the process more memory, or a smaller video."
    else:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({frames[-1].name}, line {frames[-1].lineno})" if frames else ""
        text = f"{video_id}: {phase}: unexpected {type(error).__name__}: {error}{place}. Please report it as a bug."
    return printable(text, limit=ERROR_LIMIT)


def _provenance(recipe: Recipe, input_version: str, *, run_id: str) -> dict[str, Any]:
    return {
        "input_version": input_version,
        "code_version": recipe.phase.code_version,
        "config_hash": recipe.config_hash,
        "model_id": recipe.model_id,
        "prompt_version": recipe.prompt_version,
        "run_id": run_id,
        "updated_at": datetime.now(UTC),
    }


def _row_provenance(base: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in base.items() if k != "updated_at"}
    return {**kept, "created_at": base["updated_at"]}


def expected_states(
    states: States, recipes: Mapping[str, Recipe], contents: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """For every video and phase: fresh, stale, missing, failed, stopped (by a check), blocked or unchecked.

    Unlike `plan` this looks through the whole chain: rows made from rows that are themselves out of date are stale.
    """
    result: dict[str, dict[str, str]] = {}
    for video_id, content in contents.items():
        outdated: set[str] = set()
        shown = result.setdefault(video_id, {})
        for name in PHASES:
            one = plan(recipes[name], [video_id], states, contents={video_id: content})
            state = states.get(video_id, {}).get(name)
            shown[name] = _shown(one, state, upstream_outdated=bool(outdated & set(PHASES[name].upstream)))
            if shown[name] not in {"fresh", "stopped"}:
                outdated.add(name)
    return result


def _shown(one: Plan, state: State | None, *, upstream_outdated: bool) -> str:
    if state is not None and state.status == "failed" and not one.blocked:
        return "failed"
    if one.blocked:
        return "blocked" if state is None else "stale"
    if state is None:
        return "missing"
    if one.stale or upstream_outdated:
        return "stale"
    return {"closed": "stopped", "pending": "unchecked"}.get(state.gate, "fresh")
