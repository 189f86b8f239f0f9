"""`small` under DeepSpeed without a GPU, where accelerate leaves DeepSpeed out of its own accord."""

from __future__ import annotations

import os
import sys
from typing import Any

import torch
from accelerate import state
from accelerate.utils import DistributedType

from tests.traser.training.small import program

if __name__ == "__main__":
    state.PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.NO)
    unneeded: Any = lambda *_: None  # noqa: E731
    torch.Tensor.record_stream = unneeded  # a CPU has no streams
    program(*sys.argv[1:], die=int(os.environ.get("die", "0")))  # noqa: SIM112
