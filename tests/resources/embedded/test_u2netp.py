"""The carried mask model: the same answers as the network it was made from, quietly, beside other threads."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from resources.embedded.engine import MnnSession
from resources.embedded.models import U2NETP
from resources.embedded.u2netp import U2NetP, prepared
from resources.media.reader import open_video

ORIGINAL = Path(__file__).parent / "models" / "u2netp_saliency.onnx"
CLIP = Path(__file__).parents[2] / "clips" / "vtest_200_499.mp4"


@pytest.fixture(scope="module")
def street() -> np.ndarray:
    return next(iter(open_video(CLIP).pick([20]))).pixels


def test_it_answers_as_the_original_network_does_at_any_size(street: np.ndarray) -> None:
    import onnxruntime

    original = onnxruntime.InferenceSession(str(ORIGINAL), providers=["CPUExecutionProvider"])
    session = MnnSession(U2NETP)
    for size in (160, 224, 320, 160):
        blob = prepared(street[120:320, 300:480], size)
        expected = original.run(None, {original.get_inputs()[0].name: blob})[0]
        found = session.run(blob)
        assert expected.max() > 0.5  # there is something to see
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 2e-3


def test_a_flat_picture_has_no_foreground() -> None:
    assert U2NetP().foreground(np.full((60, 80, 3), 128, np.uint8), size=160).max() < 0.5


def test_other_threads_go_on_while_a_crop_is_segmented(street: np.ndarray) -> None:
    model, done = U2NetP(), threading.Event()
    model.foreground(street, size=320)
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    thread.start()
    for _ in range(5):
        model.foreground(street, size=320)
    done.set()
    thread.join()
    assert ticks > 25  # one that holds the interpreter's lock lets through one tick a crop


def test_standard_output_is_left_to_the_program() -> None:
    code = "print('before'); from resources.embedded.engine import MnnSession; "
    code += "MnnSession('u2netp_saliency.mnn'); print('after')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CLIP.parents[2])
    assert done.stdout == "before\nafter\n"
