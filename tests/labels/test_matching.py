"""Overlap through time, one track an object, pieces of a broken track, parts and wholes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.labels.concept_tracks import ConceptFrame, Sighting
from svg2_assets.labels.matching import Matching, Overlaps, assigned, match
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory, volume_iou

SIZE = {"height": 40, "width": 60}


def box(x: float, y: float, w: float = 10, h: float = 10) -> Mask:
    return Mask.from_box((x, y, w, h), **SIZE)


def window(frames: dict[int, tuple[dict[int, Mask], list[Sighting]]]) -> Overlaps:
    sums = Overlaps()
    for index, (shown, sightings) in frames.items():
        sums.add(ConceptFrame(index, tuple(sightings)), shown)
    return sums


def seen(concept: str, track: int, mask: Mask, score: float = 0.8) -> Sighting:
    return Sighting(concept, track, score, mask)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 25), st.booleans(), st.booleans()), min_size=1, max_size=6)
)
def test_the_sums_are_the_volume_iou_of_both_trajectories(places: list[tuple[int, int, bool, bool]]) -> None:
    ours = {i: box(x, y) for i, (x, y, here, _) in enumerate(places) if here}
    theirs = {i: box(x + 3, y + 2, 12, 9) for i, (x, y, _, there) in enumerate(places) if there}
    sums = window(
        {
            i: ({7: ours[i]} if i in ours else {}, [seen("dog", 1, theirs[i])] if i in theirs else [])
            for i in range(len(places))
        }
    )
    expected = volume_iou(
        Trajectory(tuple(ours), tuple(ours.values())), Trajectory(tuple(theirs), tuple(theirs.values()))
    )
    assert sums.viou(7, ("dog", 1)) == pytest.approx(expected)


def test_two_dogs_get_one_dog_each_though_one_track_fits_both() -> None:
    shown = {1: box(0, 0), 2: box(4, 0)}
    sums = window({0: (shown, [seen("dog", 5, box(2, 0)), seen("dog", 6, box(8, 0))])})
    assert assigned(sums, {1: "dog", 2: "dog"}, Matching()) == {1: [("dog", 5)], 2: [("dog", 6)]}


def test_a_second_trajectory_of_one_dog_gets_none_and_what_was_near_is_told() -> None:
    sums = window({0: ({1: box(0, 0), 2: box(1, 0)}, [seen("dog", 5, box(0, 0))])})
    found = match([sums], {1: "dog", 2: "dog"})
    assert found[1].own.tracks == ((0, 5),)
    assert found[2].own.tracks == ()
    assert found[2].near.tracks == ((0, 5),)


def test_a_track_that_breaks_goes_on_under_its_next_number() -> None:
    frames = {i: ({1: box(i, 0)}, [seen("dog", 5 if i < 3 else 9, box(i, 0))]) for i in range(6)}
    found = match([window(frames)], {1: "dog"})[1]
    assert found.own.tracks == ((0, 5), (0, 9))
    assert found.own.viou == pytest.approx(1.0)
    assert found.own.frames == tuple(range(6))


def test_a_track_beside_the_given_one_is_no_piece_of_it() -> None:
    sums = window({0: ({1: box(0, 0, 20, 10)}, [seen("dog", 5, box(0, 0, 14, 10)), seen("dog", 9, box(14, 0, 6, 10))])})
    assert match([sums], {1: "dog"})[1].own.tracks == ((0, 5),)


def test_windows_add_up_and_silence_in_one_counts() -> None:
    first = window({0: ({1: box(0, 0)}, [seen("dog", 0, box(0, 0), 1.0)])})
    second = window({5: ({1: box(0, 0)}, [])})
    found = match([first, second], {1: "dog"})[1]
    assert (found.own.viou, found.looks, found.own.score) == (0.5, 2, 1.0)


def test_containment_tells_part_and_whole_apart() -> None:
    sums = window({0: ({1: box(0, 0, 5, 10), 2: box(0, 0, 20, 20)}, [seen("dog", 0, box(0, 0, 10, 10))])})
    found = match([sums], {1: "ear", 2: "meadow"})
    part, whole = found[1].others, found[2].others
    assert (part[0].inside, part[0].covers) == (1.0, 0.5)
    assert whole == (), "the ear fits the dog's track much better than the meadow does"
    alone = match([sums], {2: "meadow"})[2]
    assert alone.others == ()


def test_a_track_says_nothing_of_what_fits_it_much_worse_than_another() -> None:
    person, shirt = box(0, 0, 10, 20), box(0, 4, 10, 11)
    both = window({0: ({1: person, 2: shirt}, [seen("person", 0, person)])})
    assert match([both], {1: "person", 2: "shirt"})[2].others == ()
    only = window({0: ({2: shirt}, [seen("person", 0, person)])})
    assert match([only], {2: "shirt"})[2].others[0].viou == pytest.approx(0.55)


def test_nothing_seen_and_nothing_shown() -> None:
    assert match([], {1: "dog"})[1].looks == 0
    found = match([window({0: ({}, [seen("dog", 0, box(0, 0))]), 1: ({1: box(0, 0)}, [])})], {1: "dog", 2: ""})
    assert (found[1].looks, found[1].own.viou, found[2].looks) == (1, 0.0, 0)
    assert np.isfinite(found[2].own.score)
