"""Cuts by PySceneDetect, in an environment of its own: paths as a JSON list go in, cuts as JSON come out.

The package asks for opencv-python, which overwrites opencv-python-headless, so it never shares an environment with us.
This file imports nothing else of the project for that reason.
"""

from __future__ import annotations

import json
import logging
import sys

from scenedetect import AdaptiveDetector, ContentDetector, detect  # type: ignore[import-not-found]

DETECTORS = {"ContentDetector": ContentDetector, "AdaptiveDetector": AdaptiveDetector}


def main() -> int:
    """Print {detector: {path: [first frames of all scenes but the first]}}, each detector with its defaults."""
    logging.disable(logging.CRITICAL)
    paths = json.load(sys.stdin)
    found = {
        name: {path: [scene[0].frame_num for scene in detect(path, make())[1:]] for path in paths}
        for name, make in DETECTORS.items()
    }
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
