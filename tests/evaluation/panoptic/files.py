"""Random truths and predictions as files: VIPSeg's and COCO's JSON with PNG, written without the code under test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.evaluation.public import inputs

Shown = tuple[np.ndarray, list[dict[str, Any]]]


def picture(path: Path, ids: np.ndarray) -> None:
    """Id = R + 256 G + 256² B; OpenCV writes BGR."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.stack([ids // 65536, ids // 256 % 256, ids % 256], axis=-1).astype(np.uint8))


def clips(seed: int) -> dict[str, tuple[list[Shown], list[Shown]]]:
    """Three videos of 3, 4 and 5 frames: (truth, prediction), those whose public figures are known by seed."""
    return {f"v{v}": inputs.panoptic_video(seed * 10 + v, frames=3 + v) for v in range(3)}


def write_vipseg(
    folder: Path, videos: dict[str, list[Shown]], *, document: str, pictures: str, categories: Any = None
) -> Path:
    """A document and a folder of pictures a video; the truth's also lists videos and categories."""
    notes, heads = [], []
    for video, frames in videos.items():
        names = [f"{15 * t:08d}" for t in range(len(frames))]
        for name, (ids, _) in zip(names, frames, strict=True):
            picture(folder / pictures / video / f"{name}.png", ids)
        notes.append(
            {
                "video_id": video,
                "annotations": [
                    {"image_id": name, "file_name": f"{name}.png", "segments_info": records}
                    for name, (_, records) in zip(names, frames, strict=True)
                ],
            }
        )
        images = [{"id": name, "file_name": f"{name}.png", "width": 14, "height": 14} for name in names]
        heads.append({"video_id": video, "images": images})
    more = {} if categories is None else {"videos": heads, "categories": categories}
    path = folder / document
    path.write_text(json.dumps({**more, "annotations": notes}))
    return path


def write_pair(folder: Path, seed: int) -> tuple[Path, Path]:
    """(truth, prediction) as VIPSeg's evaluators take them."""
    sides = [{name: pair[side] for name, pair in clips(seed).items()} for side in (0, 1)]
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    (folder / "said").mkdir(parents=True, exist_ok=True)
    write_vipseg(
        folder / "truth",
        sides[0],
        document="panoptic_gt_VIPSeg_val.json",
        pictures="panomasksRGB",
        categories=inputs.CATEGORIES,
    )
    write_vipseg(folder / "said", sides[1], document="pred.json", pictures="pan_pred")
    return folder / "truth", folder / "said"


def write_coco(path: Path, frames: list[Shown], *, categories: Any = None) -> Path:
    """Frames as images 1, 2, ..., their pictures in a folder called as the document."""
    notes = []
    for number, (ids, records) in enumerate(frames, start=1):
        picture(path.with_suffix("") / f"{number:012d}.png", ids)
        notes.append({"image_id": number, "file_name": f"{number:012d}.png", "segments_info": records})
    path.write_text(json.dumps({"annotations": notes} | ({} if categories is None else {"categories": categories})))
    return path
