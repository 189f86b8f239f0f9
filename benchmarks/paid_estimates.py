"""Estimates of videos that went through the chain, to be run in the environment of their installation.

Nothing of the video itself is learned from: neither its calls, nor for the estimate before tracking its objects.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from svg2_assets.llm.calls import Call

NAMES = ("tokens_in", "tokens_out", "money")
PAID = ("parsed_labels", "relations")


@dataclass(frozen=True)
class Without:
    """The tables of a store without one video."""

    tables: Any
    video_id: str

    def read(self, table: str, **how: Any) -> pl.DataFrame:
        """Rows of other videos."""
        if how.get("video_ids") is not None:
            how["video_ids"] = [v for v in how["video_ids"] if v != self.video_id]
        return self.tables.read(table, **how).filter(pl.col("video_id") != self.video_id)


def main() -> None:
    """Print estimates of videos, as JSON by id."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", nargs="+", help="ids")
    parser.add_argument("--upstream", nargs="*", default=(), help="of which to tell what upstream would send")
    given = parser.parse_args()
    found = {v: estimates_of(v, upstream=v in given.upstream) for v in given.videos}
    sys.stdout.write(json.dumps(found) + "\n")


def estimates_of(video_id: str, *, upstream: bool) -> dict[str, Any]:
    """What `video_id` took by the ledger, what is estimated of it, and with `upstream` what that would send.

    `guessed`: from its rows, learned from nothing; `calibrated`: learned from the calls of all other videos;
    `expected`: the same before it is tracked, with dollars from `low` to `high`.
    """
    from resources.llm.estimate import estimate_calls
    from resources.llm.ranges import ranges
    from resources.llm.settings import gateway_settings
    from svg2_assets.commands.costs import ledger
    from svg2_assets.commands.installation import Installation
    from svg2_assets.settings import from_environment

    installed = Installation(from_environment())
    rows = ledger(installed, phases=PAID)
    others = [row for row in rows if row["video_id"] != video_id]
    ours = list(_planned(installed, video_id, preset="default"))
    theirs = list(_planned(installed, video_id, preset="release")) if upstream else []
    with tempfile.TemporaryDirectory() as empty:
        settings = gateway_settings(installed.settings, journal=Path(empty))
        ahead = [
            estimate_calls(calls, settings, ledger=others, stand_ins=True) for calls in _ahead(installed, video_id)
        ]
        found = ranges(ahead)
        return {
            "objects": installed.store.count("masks", where={"video_id": video_id}),
            "guessed": _sums(estimate_calls(ours, settings)),
            "calibrated": _sums(calibrated := estimate_calls(ours, settings, ledger=others)),
            "purposes": _by_purpose(calibrated, installed, video_id),
            "expected": _sums([one.expected for one in found]),
            "low": sum(one.low.low for one in found),
            "high": sum(one.high.high for one in found),
            "ours": _sizes(ours),
            "theirs": _sizes(theirs),
        }


def _planned(installed: Any, video_id: str, *, preset: str) -> Iterator[Call]:
    from resources.openai_models.parser import OpenAIParser
    from resources.openai_models.relator import OpenAIRelator
    from svg2_assets.beforehand import PLANNERS, Stored
    from svg2_assets.labels.parser_settings import ParserSettings
    from svg2_assets.relations.vlm.settings import RelatorSettings

    stored = Stored(installed.store, installed.media.source(installed.store, video_id))
    yield from PLANNERS["parsed_labels"](OpenAIParser(ParserSettings(preset=preset)), stored)
    labels = stored.labels
    if preset == "release":  # leaves objects out whose names are in doubt, and a server that knows nothing doubts all
        labels = tuple(replace(v, label=replace(v.label, uncertain=False)) for v in labels)
    relator = OpenAIRelator(RelatorSettings(preset=preset))
    yield from relator.planned_calls(stored.source, stored.tracks, labels)


def _ahead(installed: Any, video_id: str) -> Iterator[list[Call]]:
    """The calls of the video as they are planned before it is tracked, at the quartiles of other videos."""
    from svg2_assets.beforehand import PLANNERS
    from svg2_assets.scene_graphs.stored import read_video
    from svg2_assets.stand_ins import StandIn, expected_of

    video = read_video(installed.store, video_id)
    model_id = installed.backends.tracker.model_id
    expected = expected_of(Without(installed.store, video_id), tracker="embedded", model_id=model_id)
    backends = {"parsed_labels": installed.backends.parser, "relations": installed.backends.relator}
    for objects in expected.objects:
        stand_in = StandIn.untracked(video, expected, objects=objects)
        yield [call for phase, backend in backends.items() for call in PLANNERS[phase](backend, stand_in)]


def _sums(estimates: Sequence[Any]) -> dict[str, float]:
    return {name: sum(getattr(e, name) for e in estimates) for name in NAMES}


def _by_purpose(estimates: Sequence[Any], installed: Any, video_id: str) -> dict[str, tuple[float, float]]:
    """purpose -> output tokens as estimated and as they were."""
    rows = installed.store.read("llm_calls", where={"video_id": video_id, "phase": list(PAID)})
    was = dict(rows.group_by("purpose").agg(pl.col("tokens_out").sum()).iter_rows())
    said = {e.purpose: e.tokens_out for e in estimates}
    return {purpose: (said.get(purpose, 0.0), was.get(purpose, 0)) for purpose in dict.fromkeys((*said, *was))}


def _sizes(calls: list[Call]) -> dict[str, int]:
    from svg2_assets.llm.tokens import request_tokens

    images = 0
    for call in calls:
        texts = [_without_images(m) for m in call.messages]
        images += request_tokens(call.model, call.messages) - request_tokens(call.model, texts)
    return {"calls": len(calls), "image tokens": images}


def _without_images(message: Mapping[str, Any]) -> Mapping[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return message
    return {**message, "content": [part for part in content if part["type"] == "text"]}


if __name__ == "__main__":
    main()
