"""One rule for who was seen before."""

from __future__ import annotations

import numpy as np

from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.relinking import Lost, lost_twin
from svg2_assets.trajectories.panoptic.settings import RelinkSettings

RULE = RelinkSettings(least=0.9, margin=0.05, here=0.3, least_here=0.7)


def look(likeness: float) -> np.ndarray:
    """An appearance whose dot product with `look(1)` is `likeness`."""
    return np.asarray([likeness, np.sqrt(1 - likeness**2)], np.float32)


def box(x: float) -> Mask:
    return Mask.from_box((x, 10, 20, 20), height=60, width=100)


def test_who_looks_the_same_and_clearly_unlike_the_others_is_the_one() -> None:
    assert lost_twin(look(1), None, {3: Lost(look(0.95)), 5: Lost(look(0.85))}, RULE) == 3


def test_nobody_is_guessed_between_two_that_look_the_same() -> None:
    assert lost_twin(look(1), None, {3: Lost(look(0.95)), 5: Lost(look(0.93))}, RULE) is None


def test_who_looks_otherwise_is_somebody_else() -> None:
    assert lost_twin(look(1), None, {3: Lost(look(0.8))}, RULE) is None
    assert lost_twin(look(1), None, {}, RULE) is None


def test_at_the_place_where_it_was_lost_less_likeness_is_enough() -> None:
    lost = {3: Lost(look(0.8), box(12)), 5: Lost(look(0.85), box(70))}
    assert lost_twin(look(1), box(10), lost, RULE) == 3
    assert lost_twin(look(1), None, lost, RULE) is None
