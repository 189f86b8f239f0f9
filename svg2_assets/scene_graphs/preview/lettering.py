"""Type: text in any script on RGB pictures, measured and fitted, with OpenCV's own scalable fonts.

Text comes from labels and file names, so it is data: control characters are escaped, the rest is drawn as it is, and
what the fonts lack appears as a question mark.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from svg2_assets.scene.errors import printable
from svg2_assets.scene.video import Pixels
from svg2_assets.scene_graphs.preview.palette import Color, ink_on

REGULAR, BOLD = 400, 600
LONGEST = 400  # characters of one text; nothing longer fits a picture
_RADIUS = 3  # pixels, of the corners of a pill
_ASCENT, _LINE = 1.0, 1.25  # of the size; measured on the built-in faces
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line: `text` in `color`; with `badge`, white or black on a pill of `color`."""

    text: str
    color: Color
    weight: int = REGULAR
    badge: bool = False


Phrase = tuple[Run, ...]
"""Runs on one line, a space apart."""


def line_height(size: int) -> int:
    """Rows that a line of `size` takes."""
    return round(size * _LINE)


@lru_cache(maxsize=4096)
def width_of(text: str, size: int, *, weight: int = REGULAR) -> int:
    """Columns that `text` takes, as it is drawn."""
    x, _, width, _ = cv2.getTextSize((0, 0), _clean(text), (0, 0), _face(), size, weight)
    return int(x + width)


@lru_cache(maxsize=4096)
def fit(text: str, width: int, *, size: int, weight: int = REGULAR) -> str:
    """`text`, cut with an ellipsis where it is wider than `width` columns; empty where not even that fits."""
    clean = _clean(text)
    if width_of(clean, size, weight=weight) <= width:
        return clean
    low, high = 0, len(clean)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(clean[:middle].rstrip() + "…", size, weight=weight) <= width:
            low = middle
        else:
            high = middle - 1
    return clean[:low].rstrip() + "…" if low else ""


def write(picture: Pixels, text: str, *, at: tuple[int, int], size: int, color: Color, weight: int = REGULAR) -> int:
    """Draw `text` with its top left corner `at` (x, y); returns its width in columns."""
    baseline = at[1] + round(size * _ASCENT)
    cv2.putText(picture, _clean(text), (at[0], baseline), color, _face(), size, weight)
    return width_of(text, size, weight=weight)


def badge_width(text: str, size: int) -> int:
    """Columns of the pill that `badge` draws."""
    return width_of(text, size, weight=BOLD) + 2 * _padding(size)


def badge(picture: Pixels, text: str, *, at: tuple[int, int], size: int, color: Color) -> int:
    """Draw `text` on a pill of `color`, as high as a line; returns its width in columns."""
    width = badge_width(text, size)
    pill(picture, (at[0], at[1], width, line_height(size)), color=color)
    write(picture, text, at=(at[0] + _padding(size), at[1]), size=size, color=ink_on(color), weight=BOLD)
    return width


def pill(picture: Pixels, box: tuple[int, int, int, int], *, color: Color) -> None:
    """Fill the rectangle `box` (x, y, w, h) with rounded corners, clipped to the picture; a narrow one stays square."""
    x, y, width, height = box
    if min(width, height) <= 2 * _RADIUS:
        cv2.rectangle(picture, (x, y), (x + width - 1, y + height - 1), color, cv2.FILLED)
        return
    right, bottom = x + width - 1 - _RADIUS, y + height - 1 - _RADIUS
    corners = [(x + _RADIUS, y + _RADIUS), (right, y + _RADIUS), (right, bottom), (x + _RADIUS, bottom)]
    cv2.fillConvexPoly(picture, np.asarray(corners, dtype=np.int32), color)
    # A thick line around the inner rectangle rounds the corners, softly.
    cv2.polylines(picture, [np.asarray(corners, dtype=np.int32)], True, color, 2 * _RADIUS, cv2.LINE_AA)


def phrase_width(phrase: Phrase, size: int) -> int:
    """Columns that `phrase` takes when nothing is cut."""
    return sum(_run_width(run, size) for run in phrase) + max(0, len(phrase) - 1) * _space(size)


def write_phrase(picture: Pixels, phrase: Phrase, *, at: tuple[int, int], size: int, width: int) -> int:
    """Draw `phrase` from `at` within `width` columns; words that do not fit are cut. Returns the columns used."""
    x, right = at[0], at[0] + width
    for run in phrase:
        room = right - x
        if run.badge and badge_width(run.text, size) <= room:
            x += badge(picture, run.text, at=(x, at[1]), size=size, color=run.color) + _space(size)
        elif not run.badge and (text := fit(run.text, room, size=size, weight=run.weight)):
            x += write(picture, text, at=(x, at[1]), size=size, color=run.color, weight=run.weight) + _space(size)
        else:
            break
    return max(0, x - _space(size) - at[0])


def blank(width: int, height: int, *, color: Color) -> Pixels:
    """A picture [height, width, 3] of one colour."""
    picture = np.empty((height, width, 3), dtype=np.uint8)
    cv2.rectangle(picture, (0, 0), (width, height), color, cv2.FILLED)  # many times faster than NumPy's broadcast
    return picture


def _run_width(run: Run, size: int) -> int:
    return badge_width(run.text, size) if run.badge else width_of(run.text, size, weight=run.weight)


def _padding(size: int) -> int:
    return max(3, round(size * 0.35))


def _space(size: int) -> int:
    return max(3, round(size * 0.35))


def _clean(text: str) -> str:
    return printable(text, limit=LONGEST)


def _face() -> cv2.FontFace:
    # A face keeps glyphs while it draws, so threads do not share one.
    if not hasattr(_local, "face"):
        _local.face = cv2.FontFace("sans")
    face: cv2.FontFace = _local.face
    return face
