"""These tests need torch and transformers (extra `models`). Without them there is nothing to collect."""

from __future__ import annotations

from importlib.util import find_spec

MISSING = [name for name in ("torch", "torchvision", "transformers") if find_spec(name) is None]
collect_ignore_glob = ["test_*.py"] if MISSING else []
