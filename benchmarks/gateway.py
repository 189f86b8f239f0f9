"""The gateway to models against a server that fails: nothing lost or paid twice, the ledger equal to the server's.

The server is the development server in a process of its own; a fifth of the requests fail in one of eleven ways. It
counts by itself what it answered and what it was paid for, and each line compares that with the journal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.tables import Table, load_note, show, verdict
from tests.devserver import DevServer, dev_server

SECTIONS = ("faults", "kills", "batch", "limits", "processes")
_FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "rate_limited", "retry_after": 0.05},
    {"kind": "rate_limited"},
    {"kind": "server_error"},
    {"kind": "unavailable"},
    {"kind": "reset"},
    {"kind": "reset_mid_body"},
    {"kind": "truncated_body"},
    {"kind": "stall", "seconds": 4},
    {"kind": "length"},
    {"kind": "refusal"},
    {"kind": "violates_schema"},
)
_FAULTS_IN_FILES = tuple(f for f in _FAULTS if f["kind"] in {"server_error", "length", "refusal", "violates_schema"})
_KEY = (
    "else: ended otherwise, each with a reason; again: paid when all is asked once more; server, ledger: tokens paid "
    "for; unclear: at most, for requests whose cost the server never told; s: of the last run"
)
_KEPT = {"ok", "refused", "truncated", "bad_request"}


@dataclass(slots=True)
class Run:
    """A client's runs against one server until it came through: its last summary, what the server counted, kills."""

    result: dict[str, Any]
    count: dict[str, Any]
    kills: int = 0
    batches: int = 0
    asked_again: int = 0
    most_threads: int = 0
    log: Sequence[dict[str, Any]] = ()


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", default=SECTIONS, metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 - not for secrets
    tables = []
    for section in given.sections:
        tables.append(_SECTIONS[section](given.calls, given.kills, chance))
        show([tables[-1]], as_json=False) if not given.json else None
    if given.json:
        show(tables, as_json=True)
    return 0


def faults(count: int, _kills: int, _chance: random.Random) -> Table:
    """Random faults."""
    return _table(f"{count} calls, a fifth fails", [("20 % faults", faulty_run(count, kills=0, chance=_chance))])


def kills(count: int, kills: int, chance: random.Random) -> Table:
    """Random faults, and the client killed at random moments."""
    rows = [
        ("20 % faults, kill -9", faulty_run(count, kills=kills, chance=chance)),
        ("the same, server without idempotency", faulty_run(count, kills=kills, chance=chance, idempotent=False)),
    ]
    note = "A server that knows no repetition is paid again for what was under way; the ledger says how much at most."
    return _table(f"{count} calls, a fifth fails, {kills} kills", rows, notes=[note])


def batch(count: int, kills: int, chance: random.Random) -> Table:
    """The same by the Batch API."""
    rows = [
        ("batch, 20 % faults", faulty_run(count, kills=0, chance=chance, transport="batch")),
        ("batch, 20 % faults, kill -9", faulty_run(count, kills=kills, chance=chance, transport="batch")),
    ]
    return _table(f"{count} calls by the Batch API", rows)


def limits(count: int, _kills: int, _chance: random.Random) -> Table:
    """64 requests under way at once within limits that the server enforces, too."""
    per_minute = max(600, count)
    options = ("--latency", "0.5", "--rpm", str(per_minute), "--tpm", str(600 * per_minute))
    with dev_server(*options) as server, tempfile.TemporaryDirectory() as folder:
        more = {"requests_per_minute": per_minute, "tokens_per_minute": 600 * per_minute}
        settings = _settings(server, Path(folder), **more)
        run = run_client(server, settings, count, Path(folder) / "out", kills=0, chance=_chance)
    times, busiest = [entry["time"] for entry in run.log], _busiest(run.log)
    columns = ("limit a minute", "requests", "busiest minute", "429s", "most threads", "seconds", "calls/s", "target")
    refused = run.count["outcomes"].get("rate_limited", 0)
    ok = busiest <= per_minute and refused == 0 and run.most_threads <= 8
    seconds = run.result["seconds"]
    row = (per_minute, len(times), busiest, refused, run.most_threads, seconds, count / seconds, verdict(ok))
    return Table(f"{count} calls, 64 at once, within limits", columns, [row], notes=[load_note()])


def processes(count: int, _kills: int, chance: random.Random) -> Table:
    """One process and several on one journal within the same limits; then limits that never bind."""
    limit = 2 * count // 3  # so that all calls do not fit into one minute
    binding = {"requests_per_minute": limit, "tokens_per_minute": 600 * limit}
    rows = [
        _together("1 process", 1, count, binding),
        _together("4 processes", 4, count, binding),
        _together("4 processes, 2 killed", 4, count, binding, killed=2, kill_after=chance.uniform(3, 8)),
        _together("1 process, limits that never bind", 1, count, {name: 1000 * n for name, n in binding.items()}),
    ]
    columns = (
        "run", "limit", "requests", "busiest minute", "429s", "s", "CPU ms a call", "calls/s", "least", "most",
        "target",
    )  # fmt: skip
    notes = [
        "limit: requests a minute; busiest minute: may be 5 % over it, since a busy machine sends late",
        "s, CPU, calls/s: of the processes that came to their end; least, most: calls/s of one of them",
        load_note(),
    ]
    return Table(f"{count} calls by processes that share a journal", columns, rows, notes=notes)


def _together(
    name: str, number: int, count: int, limits: dict[str, int], *, killed: int = 0, kill_after: float = 0.0
) -> tuple[Any, ...]:
    """A row: `number` processes ask their share of the calls at once, and `killed` of them do not live to the end."""
    per_minute, share = limits["requests_per_minute"], count // number
    options = ("--latency", "0.05", "--rpm", str(per_minute), "--tpm", str(limits["tokens_per_minute"]))
    with dev_server(*options) as server, tempfile.TemporaryDirectory() as folder:
        settings = _settings(server, Path(folder), **limits)
        outs = [Path(folder) / f"out{i}" for i in range(number)]
        workers = [_start(settings, share, out, first=i * share) for i, out in enumerate(outs)]
        if killed:
            time.sleep(kill_after)
            for worker in workers[:killed]:
                worker.kill()
        codes = [worker.wait() for worker in workers]
        log, refused = server.log(), server.count()["outcomes"].get("rate_limited", 0)
        found = [json.loads(out.read_text()) for out, code in zip(outs, codes, strict=True) if code == 0]
    if len(found) != number - killed:
        raise SystemExit(f"processes failed with exit codes {codes}")
    seconds, rates = max(f["seconds"] for f in found), [share / f["seconds"] for f in found]
    answered = all(f["outcomes"] == {"ok": share} for f in found)
    met = answered and refused == 0 and _busiest(log) <= 1.05 * per_minute
    cpu = 1000 * sum(f["cpu"] for f in found) / share / len(found)
    figures = (seconds, cpu, share * len(found) / seconds, min(rates), max(rates), verdict(met))
    return (name, per_minute, len(log), _busiest(log), refused, *figures)


def _busiest(log: Sequence[dict[str, Any]]) -> int:
    """The most requests of any sixty seconds."""
    times = sorted(entry["time"] for entry in log)
    return max(bisect_left(times, start + 60) - i for i, start in enumerate(times))


def faulty_run(
    count: int, *, kills: int, chance: random.Random, transport: str = "sync", idempotent: bool = True
) -> Run:
    """A server with faults and a client that comes through at last."""
    options = [
        "--rpm",
        "10000000",
        "--tpm",
        "1000000000",
        "--latency",
        "0.05",
        "--batch-seconds",
        "5" if kills else "1",
    ]
    with dev_server(*options, *([] if idempotent else ["--no-idempotency"])) as server:
        server.faults(0.2, *(_FAULTS if transport == "sync" else _FAULTS_IN_FILES), seed=chance.randrange(1 << 30))
        with tempfile.TemporaryDirectory() as folder:
            settings = _settings(server, Path(folder), transport=transport)
            return run_client(server, settings, count, Path(folder) / "out", kills=kills, chance=chance)


def run_client(
    server: DevServer, settings: dict[str, Any], count: int, out: Path, *, kills: int, chance: random.Random
) -> Run:
    """Start the client until it ends by itself, after it was killed `kills` times; then once more, from the cache."""
    killed = threads = 0
    while True:
        ended, seen = _run_once(settings, count, out, kill_after=chance.uniform(0, 1.5) if killed < kills else None)
        threads = max(threads, seen)
        if ended:
            break
        killed += 1
    result, counted, log = json.loads(out.read_text()), server.count(), server.log()
    server.faults(0)
    _run_once(settings, count, out, kill_after=None)
    again = sum(server.count()["paid"].values()) - sum(counted["paid"].values())
    return Run(result, counted, killed, _batches(server), again, threads, log)


def _run_once(settings: dict[str, Any], count: int, out: Path, *, kill_after: float | None) -> tuple[bool, int]:
    """Whether the client came to its end, and the most threads that it had; it is killed `kill_after` seconds on."""
    worker = _start(settings, count, out)
    end = None if kill_after is None else time.monotonic() + kill_after
    threads = 0
    while worker.poll() is None:
        threads = max(threads, _threads(worker.pid))
        if end is not None and time.monotonic() >= end:
            worker.kill()
        time.sleep(0.02)
    if worker.returncode not in (0, -9):
        raise SystemExit(f"the client failed with exit code {worker.returncode}")
    return worker.returncode == 0, threads


def _start(settings: dict[str, Any], count: int, out: Path, *, first: int = 0) -> subprocess.Popen[str]:
    """A client that is ready to ask."""
    command = [sys.executable, "-m", "benchmarks.gateway_worker", "--settings", json.dumps(settings)]
    worker = subprocess.Popen(
        [*command, "--calls", str(count), "--first", str(first), "--out", str(out)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BENCHMARK_KEY": "sk-benchmark"},
    )
    assert worker.stdout is not None
    worker.stdout.readline()
    worker.stdout.close()
    return worker


def _threads(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return 0


def _batches(server: DevServer) -> int:
    return len(server.client("sk-benchmark").batches.list(limit=100).data)


def _settings(server: DevServer, folder: Path, **more: Any) -> dict[str, Any]:
    fast = {
        "timeout": 2.5,
        "backoff": 0.05,
        "attempts": 12,
        "batch_poll": 0.1,
        "batch_rounds": 12,
        "batch_requests": 500,
    }
    free = {"requests_per_minute": None, "tokens_per_minute": None, "key_variable": "BENCHMARK_KEY"}
    return {"journal": str(folder / "llm"), "base_url": server.base_url, **fast, **free, **more}


def _table(title: str, rows: Sequence[tuple[str, Run]], notes: Sequence[str] = ()) -> Table:
    columns = (
        "run", "kills", "ok", "else", "paid twice", "again", "server", "ledger", "unclear $", "batches", "s", "target",
    )  # fmt: skip
    return Table(title, columns, [_row(name, run) for name, run in rows], notes=[*notes, _KEY, load_note()])


def _row(name: str, run: Run) -> tuple[Any, ...]:
    outcomes = run.result["outcomes"]
    ok = outcomes.get("ok", 0)
    others = sum(outcomes.values()) - ok
    server, ledger = server_tokens(run.count), ledger_tokens(run.result["rows"])
    repeated = run.count["repeated"]
    met = not run.result["unexplained"] and not run.asked_again
    lossy = "without idempotency" in name
    met = met and (lossy or (repeated == 0 and server == ledger))
    unclear = sum(row["money_unknown"] for row in run.result["rows"])
    seconds = run.result["seconds"]
    counts = (run.kills, ok, others, repeated, run.asked_again, server, ledger)
    return (name, *counts, f"{unclear:.5f}", run.batches, seconds, verdict(met))


def server_tokens(count: dict[str, Any]) -> int:
    """Tokens in and out that the server was paid for."""
    return sum(model["in"] + model["out"] for way in count["tokens"].values() for model in way.values())


def ledger_tokens(rows: Sequence[dict[str, Any]]) -> int:
    """Tokens in and out of the answers in the ledger."""
    return sum(row["tokens_in"] + row["tokens_out"] for row in rows if row["outcome"] in _KEPT)


_SECTIONS = {"faults": faults, "kills": kills, "batch": batch, "limits": limits, "processes": processes}

if __name__ == "__main__":
    sys.exit(main())
