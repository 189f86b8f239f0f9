"""The network runs on a machine that has torch and transformers and nothing else of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

ROOT = Path(__file__).parents[3]
ABSENT = ("pycocotools", "rich", "dagster", "lancedb", "polars", "pandas", "av", "cv2", "pydantic", "onnxruntime")
CODE = f"""
import sys
for name in {ABSENT}:
    sys.modules[name] = None
import benchmarks.traser_memory
import svg2_assets.traser.network.loading
print("there")
"""


@pytest.mark.slow
def test_it_needs_torch_and_transformers_alone() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "there\n", done.stderr
