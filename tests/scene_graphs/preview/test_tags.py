from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene_graphs.preview.tags import TagPlacer, Wanted, is_apart


def wanted(key, box, size=(60, 17)):
    return Wanted(key, size, box, (box[0] + box[2] // 2, box[1]))


def overlapping(a, b):
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


@pytest.mark.parametrize("seed", range(5))
def test_tags_of_a_crowd_lie_inside_and_never_on_one_another(seed):
    rng = np.random.default_rng(seed)
    crowd = [wanted(i, (int(x), int(y), 20, 50)) for i, (x, y) in enumerate(rng.integers(-10, 480, (30, 2)))]
    placed = list(TagPlacer(500, 300).place(crowd).values())
    assert len(placed) == 30
    for i, (x, y, w, h) in enumerate(placed):
        assert x >= 0
        assert y >= 0
        assert x + w <= 500
        assert y + h <= 300
        assert not any(overlapping(placed[i], other) for other in placed[:i])


def test_a_lonely_tag_stands_above_the_middle_of_its_object():
    assert TagPlacer(400, 300).place([wanted(1, (100, 100, 80, 60))]) == {1: (110, 81, 60, 17)}


def test_at_the_border_a_tag_stays_inside():
    x, y, w, _ = TagPlacer(400, 300).place([wanted(1, (380, 0, 20, 300))])[1]
    assert x + w == 400
    assert y == 0


def test_what_has_no_room_is_left_out():
    assert TagPlacer(50, 300).place([wanted(1, (0, 0, 10, 10))]) == {}
    full = TagPlacer(60, 17).place([wanted(1, (0, 0, 5, 5)), wanted(2, (1, 1, 5, 5))])
    assert list(full) == [1]


def test_a_tag_keeps_its_side_while_another_object_passes():
    placer = TagPlacer(400, 300)
    still = wanted(1, (150, 100, 60, 60))
    first = placer.place([still])[1]
    for x in range(0, 300, 10):
        moved = placer.place([still, wanted(2, (x, 160, 30, 30))])[1]
        assert moved == first


def test_a_tag_that_had_to_go_elsewhere_is_apart():
    assert is_apart((0, 0, 60, 17), (200, 200, 20, 20))
    assert not is_apart((0, 0, 60, 17), (0, 19, 20, 20))
