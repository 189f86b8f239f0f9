"""The arithmetic of two samples whose figures a third party published after running the released code.

With Qwen's real vocabulary. Which windows show which object was not published: the totals leave few ways, and one of
them is laid out here.
"""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.traser.arrangement import Clip, Plan, Slots, arrange, blocks_of, length_of
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.sampling import frame_indices, grid_of
from svg2_assets.traser.values import Grid, Track
from tests.traser.vocabulary import Qwen

HEAD = "Output the Video Scene Graph from the video and object trajectories:\n"


@pytest.fixture(scope="module")
def qwen() -> Qwen:
    return Qwen()


@pytest.fixture(scope="module")
def plan(qwen: Qwen) -> Plan:
    return Plan(PRESETS["release"].arranging, Slots(32, 32), qwen)


def prompt_of(qwen: Qwen) -> tuple[list[int], list[int]]:
    """The chat around the video, as Qwen's template and the released instruction make it."""
    marks, say = qwen.marks, qwen.encode
    system = [marks.start, *say("system\nYou are a helpful assistant."), marks.end, *say("\n")]
    before = [*system, marks.start, *say("user\n" + HEAD)]
    return before, [*say("\n"), marks.end, *say("\n"), marks.start, *say("assistant\n")]


def track(number: int, tokens: int, windows: list[int], grid: Grid) -> Track:
    """`tokens` tokens spread over just these windows of two steps."""
    window = 2 * grid.cells
    counts = [len(part) for part in np.array_split(np.arange(tokens), len(windows))]
    chosen = np.concatenate([w * window + np.arange(n) for w, n in zip(windows, counts, strict=True)])
    assert chosen.max() < grid.tokens
    boxes = np.full((grid.steps, 4), np.nan, dtype=np.float32)
    return Track(number, chosen, np.ones(tokens, dtype=np.float32), boxes)


def clip_of(shown: list[tuple[int, list[int]]], grid: Grid, frames: int) -> Clip:
    tracks = [track(k, tokens, windows, grid) for k, (tokens, windows) in enumerate(shown)]
    return Clip(grid, np.arange(frames, dtype=np.float64), tracks)


def test_the_vocabulary_is_qwens(qwen: Qwen) -> None:
    assert qwen.encode("You are a helpful assistant.") == [2610, 525, 264, 10950, 17847, 13]
    assert len(qwen.encode("Object 1: ")) == 5
    stamps = ["<0 - 4 sec>", "<4 - 8 sec>", "<8 - 12 sec>", "<12 - 16 sec>", "<124 - 128 sec>"]
    assert [len(qwen.encode(s)) for s in stamps] == [7, 7, 8, 9, 11]


def test_109288954_of_the_training_data(qwen: Qwen, plan: Plan) -> None:
    frames = frame_indices(518, 518 / 29.97)
    grid = grid_of(len(frames), 448, 616)
    assert (grid.steps, 2 * grid.rows, 2 * grid.cols, grid.tokens) == (9, 32, 44, 3168)
    before, after = prompt_of(qwen)
    answer = [1] * 464
    delimiters = 2
    assert len(before) + delimiters + grid.tokens + len(after) + len(answer) == 3666
    # Four objects in the first three windows; the fifth, one token, only at 12-16 s.
    shown = [(315, [0, 1, 2, 3]), (352, [0, 1, 2, 3]), (965, [0, 1, 2, 3]), (519, [0, 1, 2, 3, 4]), (1, [3])]
    arranged = arrange(clip_of(shown, grid, len(frames)), (before, after), answer, plan=plan)
    assert len(arranged) == 1419
    assert int((arranged.labels >= 0).sum()) == 464
    assert (arranged.labels[-464:] == 1).all()


def test_2401075277_of_the_released_example(qwen: Qwen, plan: Plan) -> None:
    frames = frame_indices(round(38.1 * 24), 38.1)
    grid = grid_of(len(frames), 476, 644)
    assert (len(frames), grid.steps, 2 * grid.rows, 2 * grid.cols, grid.tokens) == (38, 19, 34, 46, 7429)
    sizes = [1512, 1071, 482, 280, 86, 79, 74, 47, 23]
    late = list(range(3, 10))
    windows = [[0, 1, 2, *late], [0, 1, 2, *late], [0, 2, *late], [2, *late], [2, *late], late, [7], [8], [9]]
    clip = clip_of(list(zip(sizes, windows, strict=True)), grid, len(frames))
    arranged = arrange(clip, prompt_of(qwen), plan=plan)
    blocks = blocks_of(clip, plan)
    assert len(arranged) == 32 + sum(length_of(b, k, plan=plan) for k, b in enumerate(blocks, 1))
    assert len(arranged) == 2641


def test_a_block_is_36_and_its_label_and_32_and_a_stamp_a_window(qwen: Qwen, plan: Plan) -> None:
    grid = Grid(64, 4, 4)
    for windows in ([0], [0, 1, 2, 3], list(range(32))):
        clip = clip_of([(len(windows) * 3, windows)] * 12, grid, 128)
        for number, block in enumerate(blocks_of(clip, plan), 1):
            label = len(qwen.encode(f"Object {number}: "))
            stamps = [len(qwen.encode(f"<{4 * w} - {4 * w + 4} sec>")) for w in windows]
            assert length_of(block, number, plan=plan) == 36 + label + sum(32 + s for s in stamps)
