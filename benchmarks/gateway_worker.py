"""Asks the same calls on every run and writes what came of them; started, and killed, by `benchmarks.gateway`."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from resources.llm.gateway import LlmGateway
from resources.llm.settings import GatewaySettings
from svg2_assets.llm.calls import Answer, Call

MODEL = "gpt-4.1-nano"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "ids": {"type": "array", "items": {"type": "integer"}}},
    "required": ["name", "ids"],
    "additionalProperties": False,
}
CALLS_A_VIDEO = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, then write a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--first", type=int, default=0, help="number of the first call")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    with LlmGateway(GatewaySettings.model_validate_json(given.settings)) as gateway:
        print("ready", flush=True)
        began, busy = time.perf_counter(), time.process_time()
        answers = gateway.ask(calls(given.calls, first=given.first))
        seconds, cpu = time.perf_counter() - began, time.process_time() - busy
        with gateway.journal.transaction() as journal:
            rows = journal.rows()
    given.out.write_text(json.dumps({**summary(answers), "seconds": seconds, "cpu": cpu, "rows": rows}))
    return 0


def calls(count: int, *, first: int = 0) -> list[Call]:
    """`count` different calls, four a video, numbered from `first` on."""
    return [
        Call(
            purpose="benchmark",
            video_id=f"video{number // CALLS_A_VIDEO:05d}",
            phase="parsed_labels",
            model=MODEL,
            messages=[{"role": "user", "content": f"Name object {number}: a red car, 一辆红色的车."}],
            schema=SCHEMA,
            max_output_tokens=400,
        )
        for number in range(first, first + count)
    ]


def summary(answers: Sequence[Answer]) -> dict[str, object]:
    """Outcomes, and whether each that is not ok has a reason."""
    return {
        "outcomes": dict(Counter(answer.outcome.value for answer in answers)),
        "unexplained": sum(answer.outcome.value != "ok" and not answer.reason for answer in answers),
        "cached": sum(answer.from_cache for answer in answers),
        "money": sum(answer.money for answer in answers),
    }


if __name__ == "__main__":
    raise SystemExit(main())
