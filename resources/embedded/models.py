"""The carried ONNX models: where they lie, how a session on them is opened."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

NANODET = "nanodet_coco80.onnx"
CENTERNET = "centernet_coco80.onnx"
U2NETP = "u2netp_saliency.mnn"
EFFICIENTNET = "efficientnet_lite0_imagenet1k.onnx"
COCO_NAMES = "coco80_names.txt"
IMAGENET_NAMES = "imagenet1k_names.txt"


def model_path(name: str) -> Path:
    """Path of a carried model or name list. Raises `FileNotFoundError` where the package lacks it."""
    path = Path(str(resources.files("resources.embedded") / "models" / name))
    if not path.is_file():
        raise FileNotFoundError(f"{path}: the package must carry this model; install it again")
    return path


@lru_cache(maxsize=4)
def names(name: str) -> tuple[str, ...]:
    """Class names in index order."""
    return tuple(model_path(name).read_text(encoding="utf-8").splitlines())


@lru_cache(maxsize=8)
def revision(name: str) -> str:
    """First 8 hex digits of the model file's SHA-256."""
    return hashlib.sha256(model_path(name).read_bytes()).hexdigest()[:8]


def open_session(name: str, *, dimensions: dict[str, int] | None = None, threads: int = 1) -> Any:
    """An onnxruntime session on the CPU; `dimensions` fixes symbolic sizes so that shapes fold at load time.

    One thread a session: the tracker overlaps models on threads of its own, which wastes less than splitting each.
    Spinning is off because waiting threads of one session would steal the cores of another. All sessions share one
    arena that grows by what is asked: arenas of their own, grown by doubling, take twice the memory.
    """
    import onnxruntime as ort

    _share_arena()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    for dimension, value in (dimensions or {}).items():
        options.add_free_dimension_override_by_name(dimension, value)
    return ort.InferenceSession(str(model_path(name)), options, providers=["CPUExecutionProvider"])


@lru_cache(maxsize=1)
def _share_arena() -> None:
    """Register the process's one CPU arena, which extends by exactly what is requested."""
    import onnxruntime as ort

    where = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    shape = {"max_mem": 0, "arena_extend_strategy": 1, "initial_chunk_size_bytes": -1, "max_dead_bytes_per_chunk": -1}
    ort.create_and_register_allocator(where, ort.OrtArenaCfg(shape))
