from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from svg2_assets.traser.samples.handing import pack

torch = pytest.importorskip("torch")


@dataclass(frozen=True)
class Batch:
    name: str
    tensors: list[Any]
    arrays: tuple[Any, ...]


def test_what_was_packed_comes_out_the_same_from_one_piece_of_memory() -> None:
    given = Batch(
        "a",
        [torch.arange(5), torch.rand(3, 4), torch.zeros(0, 7), torch.ones(2, dtype=torch.bool), torch.rand(2, 3).T],
        (np.arange(3, dtype=np.uint8), np.float32(2.5), np.zeros((0,)), np.arange(12).reshape(3, 4)[:, ::2]),
    )
    packed = pack((given, 5, ["x"]))
    found, size, names = packed.unpacked()
    assert (found.name, size, names) == ("a", 5, ["x"])
    for a, b in zip(found.tensors, given.tensors, strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)
    for a, b in zip(found.arrays, given.arrays, strict=True):
        assert np.array_equal(a, b)
    assert packed.memory.is_shared()
    found.tensors[0][0] = 9
    assert packed.unpacked()[0].tensors[0][0] == 9, "nothing is copied"


def test_tensors_that_share_values_and_types_that_numpy_lacks() -> None:
    wide = torch.arange(4).expand(3, 4)
    half = torch.ones(3, dtype=torch.bfloat16)
    out = pack([wide, half]).unpacked()
    assert torch.equal(out[0], wide)
    assert torch.equal(out[1], half)


def test_nothing_needs_no_memory() -> None:
    assert pack(None).unpacked() is None
    assert pickle.loads(pickle.dumps(pack("text").skeleton)) is not None
