"""The picture of one object: where it is cut out, how large it is, and that it is outlined."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from svg2_assets.labels.crops import LEAST_MARGIN, OUTLINE, QUALITY, outlined, pictures
from svg2_assets.llm.pictures import data_url
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject
from tests.descriptions.pictures import Clip, Thing, video


def decoded(url: str) -> np.ndarray:
    head, data = url.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return cv2.cvtColor(
        cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )


def test_an_object_is_cut_out_with_its_surroundings_and_a_line_around_it() -> None:
    pixels, mask = np.full((200, 300, 3), 90, np.uint8), np.zeros((200, 300), bool)
    mask[80:100, 50:60] = True
    crop = outlined(pixels, mask, side=256)
    assert crop.shape == (20 + 2 * LEAST_MARGIN, 10 + 2 * LEAST_MARGIN, 3)
    magenta = (crop == OUTLINE).all(axis=2)
    assert magenta.any()
    assert not magenta[LEAST_MARGIN : LEAST_MARGIN + 20, LEAST_MARGIN : LEAST_MARGIN + 10].any()
    assert (pixels == 90).all()


def test_a_picture_is_no_larger_than_asked_for_and_no_frame_is_left() -> None:
    mask = np.zeros((720, 1280), bool)
    mask[:, 3:1270] = True
    crop = outlined(np.zeros((720, 1280, 3), np.uint8), mask, side=256)
    assert max(crop.shape) == 256
    assert decoded(data_url(crop, quality=QUALITY)).shape == crop.shape


def test_the_frame_that_shows_most_of_an_object_is_taken_and_each_is_decoded_once() -> None:
    of = video()
    leaving = Thing(start=(-50, 10), size=(60, 40), step=(4, 0), colours=((250, 10, 10),))
    still = Thing(start=(200, 100), size=(60, 40), colours=((10, 10, 250),))
    clip = Clip(of, [leaving.paint, still.paint])
    unseen = TrackedObject(3, Trajectory((), ()), Origin.SEED, 0.9)
    objects = [leaving.tracked(of, object_id=1), still.tracked(of, object_id=2), unseen]
    found = pictures(clip, objects, side=128)
    assert set(found) == {1, 2}
    assert clip.picked == sorted(set(clip.picked))
    assert len(clip.picked) <= 2
    assert clip.picked[0] == 0  # the still one: the earliest of equals
    red = decoded(found[1]).astype(int)
    assert ((red[..., 0] > 150) & (red[..., 1] < 90) & (red[..., 2] < 90)).mean() > 0.2
    assert pictures(clip, [], side=128) == {}
