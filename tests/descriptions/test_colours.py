"""A colour is claimed only where one name covers most of a surface, and stays when the limits move."""

from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.descriptions.colours import COLOURS, ColourRule, Limits, claim_colour, name_pixels, to_lab

RULE = ColourRule()


def surface(*shares: tuple[tuple[int, int, int], int], frames: int = 4) -> list[np.ndarray]:
    pixels = np.concatenate([np.full((count, 3), colour, np.uint8) for colour, count in shares])
    return [to_lab(pixels) for _ in range(frames)]


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((200, 60, 40), "red"),
        ((255, 165, 0), "orange"),
        ((139, 69, 19), "brown"),
        ((255, 230, 0), "yellow"),
        ((0, 128, 0), "green"),
        ((90, 120, 50), "green"),
        ((30, 80, 200), "blue"),
        ((120, 180, 230), "blue"),
        ((128, 0, 128), "purple"),
        ((255, 170, 190), "pink"),
        ((210, 180, 140), "beige"),
        ((240, 240, 240), "white"),
        ((128, 128, 130), "gray"),
        ((15, 15, 15), "black"),
    ],
)
def test_colours_have_their_everyday_names(rgb: tuple[int, int, int], name: str) -> None:
    assert COLOURS[name_pixels(to_lab(np.array([rgb], np.uint8)), Limits())[0]] == name


def test_a_surface_of_one_colour_is_claimed_surely() -> None:
    claim = claim_colour(surface(((200, 40, 30), 200)), RULE)
    assert claim is not None
    assert claim[0] == "red"
    assert claim[1] > 0.95


def test_two_colours_in_halves_are_not_one() -> None:
    assert claim_colour(surface(((200, 40, 30), 100), ((30, 80, 200), 100)), RULE) is None


def names_of(rgb: tuple[int, int, int]) -> set[int]:
    return {int(name_pixels(to_lab(np.array([rgb], np.uint8)), limits)[0]) for limits in Limits().shifted()}


def test_a_colour_on_the_edge_between_two_names_is_not_claimed() -> None:
    between = next((255, green, 20) for green in range(40, 160) if len(names_of((255, green, 20))) > 1)
    assert claim_colour(surface((between, 200)), RULE) is None


def test_a_colour_that_changes_from_frame_to_frame_is_not_claimed() -> None:
    frames = [*surface(((200, 40, 30), 200), frames=6), *surface(((30, 80, 200), 200), frames=3)]
    assert claim_colour(frames, RULE) is None


def test_navy_in_shadow_is_dark_and_not_black() -> None:
    claim = claim_colour(surface(((22, 24, 38), 200)), RULE)
    assert claim is not None
    assert claim[0] == "dark"


def test_a_handful_of_pixels_says_nothing() -> None:
    assert claim_colour(surface(((200, 40, 30), 20)), RULE) is None
    assert claim_colour([], RULE) is None
