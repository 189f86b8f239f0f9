"""Sessions of the MNN engine: fast where a model is mostly wide 3 × 3 convolutions, which it computes by Winograd."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from resources.embedded.models import model_path
from svg2_assets.trajectories.recognisers import Floats


class MnnSession:
    """A carried `.mnn` model of one input and one output. One thread; other threads go on meanwhile.

    It plans anew when the shape of its input changes, which takes milliseconds; a session for each shape would hold its
    own buffers, some 60 MB of them. The `Interpreter` interface is used because the newer `Module` one holds Python's
    lock for the whole of a run.
    """

    def __init__(self, name: str) -> None:
        self._mnn = _engine()
        self._interpreter = self._mnn.Interpreter(str(model_path(name)))
        self._session = self._interpreter.createSession({"backend": "CPU", "numThread": 1, "precision": "normal"})
        self._shape: tuple[int, ...] = ()

    def run(self, blob: Floats) -> Floats:
        """The output for `blob`."""
        given = np.ascontiguousarray(blob, dtype=np.float32)
        put_in = self._interpreter.getSessionInput(self._session)
        if given.shape != self._shape:
            self._interpreter.resizeTensor(put_in, given.shape)
            self._interpreter.resizeSession(self._session)
            self._shape = given.shape
        put_in.copyFrom(self._tensor(given))
        self._interpreter.runSession(self._session)
        output = self._interpreter.getSessionOutput(self._session)
        shape = tuple(output.getShape())
        host = self._tensor(np.empty(shape, dtype=np.float32))
        output.copyToHostTensor(host)
        return np.array(host.getNumpyData(), dtype=np.float32).reshape(shape)

    def _tensor(self, values: Floats) -> Any:
        m = self._mnn
        return m.Tensor(values.shape, m.Halide_Type_Float, values, m.Tensor_DimensionType_Caffe)


@lru_cache(maxsize=1)
def _engine() -> Any:
    with _stdout_spared():
        import MNN
    return MNN


@contextmanager
def _stdout_spared() -> Iterator[None]:
    """The engine greets on standard output when it is loaded; there, `--json` must be all there is."""
    if sys.stdout is None:  # a process without a terminal or a pipe
        yield
        return
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
        _flush_c()
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _flush_c() -> None:
    """Empty C's own buffer of standard output while that still leads nowhere."""
    c = ctypes.CDLL("ucrtbase") if sys.platform == "win32" else ctypes.CDLL(None)
    c.fflush(None)
