"""From a mask inside a box to COCO RLE of the whole frame, without an array of the whole frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from svg2_assets.scene.masks import Mask


def encode_inside(pixels: npt.NDArray[np.bool_], *, corner: tuple[int, int], height: int, width: int) -> Mask | None:
    """The mask of a `height` × `width` frame that shows `pixels` [h, w] with its top left at `corner` (x, y).

    None where no pixel is set. `pixels` must lie inside the frame. Cost grows with the box, not with the frame.
    """
    left, top = corner
    columns = np.zeros((pixels.shape[1], pixels.shape[0] + 2), dtype=np.bool_)
    columns[:, 1:-1] = pixels.T
    change = columns[:, 1:] != columns[:, :-1]
    # One flat search over booleans is many times faster than one for pairs of indices.
    at_column, at_row = np.divmod(np.flatnonzero(change), change.shape[1])
    if at_column.size == 0:
        return None
    edges = (at_column + left) * height + at_row + top
    # A run that ends on the last row and goes on at the top of the next column is one run.
    if pixels.shape[0] == height:
        same = np.flatnonzero(edges[1:-1:2] == edges[2::2])
        edges = np.delete(edges, np.concatenate([2 * same + 1, 2 * same + 2]))
    runs = np.diff(np.concatenate([[0], edges, [height * width]]))
    if runs[-1] == 0:
        runs = runs[:-1]
    rle = coco.frPyObjects({"size": [height, width], "counts": runs.tolist()}, height, width)
    return Mask(height, width, rle["counts"])
