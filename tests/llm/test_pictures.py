"""Pictures as models get them."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from svg2_assets.llm.pictures import data_url, fitted


def test_pictures_are_scaled_with_their_shape() -> None:
    wide = np.zeros((50, 100, 3), np.uint8)
    assert fitted(wide, 40).shape == (20, 40, 3)
    assert fitted(wide, 400) is wide
    assert fitted(wide, 400, enlarge=3).shape == (150, 300, 3)
    assert fitted(wide, 200, enlarge=3).shape == (100, 200, 3)
    assert fitted(np.zeros((1, 5000, 3), np.uint8), 100).shape == (1, 100, 3)


def test_a_picture_is_a_jpeg_of_the_same_colours_and_better_the_higher_its_quality() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    pixels[:, :30] = (250, 10, 10)
    good, poor = data_url(pixels[:, ::-1], quality=95), data_url(pixels[:, ::-1], quality=20)
    head, data = good.split(",", 1)
    assert head == "data:image/jpeg;base64"
    found = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(found[:, 35:].astype(int) - (250, 10, 10)).max() < 20
    assert len(good) > len(poor)


def test_what_jpeg_cannot_hold_is_told() -> None:
    with pytest.raises(ValueError, match="a picture of 70000x1 cannot be written as JPEG"):
        data_url(np.zeros((1, 70_000, 3), np.uint8), quality=90)
