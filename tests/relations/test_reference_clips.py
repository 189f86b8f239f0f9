"""The embedded chain on two real clips, against their hand-written reference graphs."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from svg2_assets.relations.extract import extract_relations
from svg2_assets.scene.graph import Relation
from svg2_assets.scene.masks import Mask, iou
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import INVERSES

DATA = Path(__file__).parents[3] / "shared" / "data" / "sam2-demo"
CLIPS = ["04_coffee", "05_default_juggle"]
FOUND = 0.5
Statement = tuple[int, str, int, Spans]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@lru_cache
def annotate(clip: str) -> tuple[dict[str, Any], dict[int, int], tuple[Relation, ...]]:
    """The reference, which reference object each trajectory is, and the relations."""
    if not (DATA / f"{clip}.mp4").exists():
        pytest.skip(f"{clip}.mp4 is not there")
    from resources.embedded.describer import EmbeddedDescriber
    from resources.embedded.parser import EmbeddedParser
    from resources.embedded.tracker import EmbeddedTracker
    from resources.embedded.verifier import EmbeddedVerifier
    from resources.media.reader import open_video

    source = open_video(DATA / f"{clip}.mp4")
    tracks = EmbeddedTracker().track(source)
    labels = EmbeddedParser().parse(EmbeddedDescriber().describe(source, tracks), source=source, tracks=tracks)
    relations = extract_relations(source, tracks, EmbeddedVerifier().verify(source, tracks, labels)).relations
    reference = json.loads((DATA / f"{clip}.reference.json").read_text())
    tied: dict[int, int] = {}
    for frame, boxes in reference["anchors"].items():
        for number, box in boxes.items():
            truth = Mask.from_box(box, height=reference["height"], width=reference["width"])
            for o in tracks.objects:
                mask = o.trajectory.at(int(frame))
                if mask is None or o.id in tied:
                    continue
                shown = Mask.from_box(mask.box, height=mask.height, width=mask.width)  # the truth is a box, too
                if iou([shown], [truth])[0, 0] >= FOUND:
                    tied[o.id] = int(number)
    return reference, tied, relations


def statements(lines: list[list[Any]], duration: float) -> list[Statement]:
    """Whole seconds with both ends included, as spans."""
    return [
        (a, p, b, Spans.of((s, e + 1) for s, e in (rest[0] if rest else [[0, int(duration)]])))
        for a, p, b, *rest in lines
    ]


def said(relations: tuple[Relation, ...], tied: dict[int, int]) -> list[Statement]:
    found = [(tied.get(r.subject, -9), r.predicate, tied.get(r.object, -9), r.spans) for r in relations]
    return found + [(b, INVERSES[p], a, s) for a, p, b, s in found if p in INVERSES]


@pytest.mark.parametrize("clip", CLIPS)
def test_nothing_false_is_said(clip: str) -> None:
    reference, tied, relations = annotate(clip)
    claims = said(relations, tied)
    for subject, predicate, object_, when in statements(reference["false_relations"], 60):
        wrong = [c for c in claims if c[:3] == (subject, predicate, object_) and (c[3] & when).duration > 0.5]
        assert not wrong


def test_a_juggler_kicks_the_ball_stays_near_it_and_watches_it() -> None:
    _, tied, relations = annotate("05_default_juggle")
    claims = {(a, p, b) for a, p, b, _ in said(relations, tied)}
    assert {(1, "kicking", 2), (1, "looking at", 2), (1, "near", 2)} <= claims


def test_a_hand_holds_the_mug() -> None:
    """Whoever holds it: the headless person may come in pieces."""
    _, tied, relations = annotate("04_coffee")
    held = [r.spans for r in relations if r.predicate == "holding" and tied.get(r.object) == 3]
    assert sum(spans.duration for spans in held) > 5
