"""Colours: one per object id, one per relation category, and the greys of the page.

The base colours are those of Okabe and Ito and of Paul Tol, chosen to stay apart for colour-blind readers. Colour is
never the only carrier: every mark also bears its id.
"""

from __future__ import annotations

from svg2_assets.scene.taxonomy import CAMERA_ID, Category

Color = tuple[int, int, int]
"""RGB, 0..255."""


def _rgb(code: str) -> Color:
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


_BASE = tuple(
    _rgb(code) for code in "E69F00 56B4E9 009E73 CC79A7 F0E442 D55E00 0072B2 44AA99 AA4499 999933 CC6677 993366".split()
)
_TINTS = (0.0, -0.3, 0.45)  # shares of white (positive) or black; a later round of ids takes the next tint

CAMERA = _rgb("9AA4AE")
CATEGORIES = {
    Category.SPATIAL: _rgb("4477AA"),
    Category.FUNCTIONAL: _rgb("EE6677"),
    Category.STATEFUL: _rgb("B8A820"),
    Category.MOTION: _rgb("228833"),
    Category.SOCIAL: _rgb("AA3377"),
    Category.ATTENTIONAL: _rgb("33AACC"),
    Category.EVENT_LEVEL: _rgb("EE7733"),
}

WHITE, BLACK = _rgb("FFFFFF"), _rgb("101418")
INK, FAINT, RULE, STRIPE = _rgb("1F2933"), _rgb("66717C"), _rgb("D5DBE1"), _rgb("F4F6F8")
NIGHT, NIGHT_INK, NIGHT_FAINT = _rgb("14181D"), _rgb("F2F5F7"), _rgb("97A3AF")


def color_of(object_id: int) -> Color:
    """The colour of an object, the same in every picture of every video."""
    if object_id == CAMERA_ID:
        return CAMERA
    turn, place = divmod(object_id, len(_BASE))
    return tint(_BASE[place], _TINTS[turn % len(_TINTS)])


def tint(color: Color, share: float) -> Color:
    """`color` mixed with `share` of white, or of black where negative."""
    target = 255 if share > 0 else 0
    red, green, blue = (round(c + (target - c) * abs(share)) for c in color)
    return red, green, blue


def ink_on(color: Color) -> Color:
    """Black or white, whichever reads better on `color` (relative luminance, WCAG 2)."""
    linear = [(c / 255) ** 2.2 for c in color]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return BLACK if luminance > 0.18 else WHITE
