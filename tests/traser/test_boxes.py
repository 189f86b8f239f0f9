"""Objects as text of their boxes beside the tokens of the whole clip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from svg2_assets.traser.arrangement import Clip, Plan, Slots, arrange, blocks_of, length_of
from svg2_assets.traser.boxes import NOWHERE, box_text
from svg2_assets.traser.budget import fit
from svg2_assets.traser.forms import InvalidSetup
from svg2_assets.traser.presets import Arranging, Representing
from svg2_assets.traser.training.settings import read_setup
from svg2_assets.traser.values import Grid, Role, Track, Window
from tests.traser.vocabulary import Letters

GRID, LETTERS = Grid(6, 2, 2), Letters()
TIMES = np.arange(12.0)  # a frame a second: steps stand at 0.5, 2.5, ..., 10.5 s
BOXES = Arranging(roles=frozenset(), representing=Representing.BOXES, true_times=True)


def track(number: int, steps: range, *, speed: float = 0.05) -> Track:
    boxes = np.full((GRID.steps, 4), np.nan, dtype=np.float32)
    for s in steps:
        boxes[s] = 0.5, 0.2 + speed * s, 0.4, 0.2
    tokens = np.asarray([s * GRID.cells for s in steps])
    return Track(number, tokens, np.ones(len(tokens), np.float32), boxes)


CLIP = Clip(GRID, TIMES, [track(0, range(6)), track(1, range(3, 5))])


def plan_of(arranging: Arranging = BOXES) -> Plan:
    return Plan(arranging, Slots(4, 4), LETTERS)


@pytest.mark.parametrize(
    ("how", "first", "second"),
    [
        # Centre x 0.2 + 0.05 s, width 0.2: from 0.1 at step 0, 0.2 at step 2 (second window), 0.3 at step 4 (third).
        (
            Representing.BOXES,
            "0.5 s [100, 300, 300, 700]; 4.5 s [200, 300, 400, 700]; 8.5 s [300, 300, 500, 700]",
            "6.5 s [250, 300, 450, 700]; 8.5 s [300, 300, 500, 700]",
        ),
        (Representing.FIRST_BOX, "0.5 s [100, 300, 300, 700]", "6.5 s [250, 300, 450, 700]"),
    ],
)
def test_objects_are_text_and_the_clip_stands_whole(how: Representing, first: str, second: str) -> None:
    arranged = arrange(CLIP, ([901], [902]), [903], plan=plan_of(replace(BOXES, representing=how)))
    marks = LETTERS.marks
    said = [
        [marks.object_start, *LETTERS.encode(f"Object {k}: {text}"), marks.object_end]
        for k, text in ((1, first), (2, second))
    ]
    head = [901, *said[0], *said[1]]
    assert arranged.ids[: len(head)].tolist() == head
    assert {g.role for g in arranged.groups} == {Role.TOKENS}
    assert np.concatenate([g.tokens for g in arranged.groups]).tolist() == list(range(GRID.tokens))
    assert (arranged.ids == marks.video).sum() == GRID.tokens
    assert arranged.ids[-2:].tolist() == [902, 903]


def test_lengths_are_known_before_and_the_clip_gives_way_before_an_object() -> None:
    plan = plan_of()
    blocks = blocks_of(CLIP, plan)
    lengths = [length_of(b, n, plan=plan) for n, b in enumerate(blocks, 1)]
    assert sum(lengths) == len(arrange(CLIP, ([], []), plan=plan))
    tight = plan_of(replace(BOXES, most_tokens=sum(lengths) - 5))
    fitted = fit(CLIP, tight, video="clip.mp4")
    assert fitted.kept == (0, 1)
    assert fitted.length <= sum(lengths) - 5
    assert [len(b.parts) for b in fitted.blocks] == [0, 0, 2]
    assert len(fitted.notes) == 1


def test_an_object_without_a_box_is_still_told_of() -> None:
    nowhere = np.full((2, 4), np.nan, dtype=np.float32)
    assert box_text(nowhere, np.arange(2.0), [Window(0, 2, 0.0, 4.0)]) == NOWHERE


@pytest.mark.parametrize("change", ["resamplers=both", "objectives={naming: 0.2}"])
def test_what_needs_slots_is_refused(change: str) -> None:
    text = "model: {tiny: {}}\nresamplers: none\noverrides: {arranging: {representing: boxes}}"
    assert read_setup(text=text).resolved().arranging.representing is Representing.BOXES
    with pytest.raises(InvalidSetup, match="boxes has no slots"):
        read_setup(text=text, changes=[change])
