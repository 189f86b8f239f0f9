from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np

from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene_graphs.preview.palette import BLACK, CAMERA, CATEGORIES, WHITE, color_of, ink_on

# Linear RGB to what a dichromat sees (Viénot, Brettel and Mollon 1999).
PROTANOPE = np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]])
DEUTERANOPE = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])


def lab(color, matrix=None):
    linear = (np.array(color) / 255.0) ** 2.2
    seen = (linear if matrix is None else np.clip(matrix @ linear, 0, 1)) ** (1 / 2.2)
    return cv2.cvtColor(seen.astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2LAB)[0, 0]


def test_a_colour_belongs_to_an_id_and_the_first_thirty_six_differ():
    colors = [color_of(i) for i in range(36)]
    assert len(set(colors)) == 36
    assert colors[3] == color_of(3)
    assert color_of(-1) == CAMERA
    assert color_of(10_000) in colors, "any id has one"


def test_neighbouring_ids_stay_apart_for_colour_blind_readers():
    for matrix in (None, PROTANOPE, DEUTERANOPE):
        seen = [lab(color_of(i), matrix) for i in range(12)]
        near = [(a, b) for a, b in combinations(range(12), 2) if abs(a - b) <= 3]
        assert min(np.linalg.norm(seen[a] - seen[b]) for a, b in near) > 8


def test_every_category_has_its_colour():
    assert set(CATEGORIES) == set(Category)
    assert len(set(CATEGORIES.values())) == len(Category)


def test_ink_reads_on_every_pill():
    def luminance(color):
        return float(np.dot([0.2126, 0.7152, 0.0722], (np.array(color) / 255) ** 2.2))

    for i in range(36):
        paper, ink = color_of(i), ink_on(color_of(i))
        light, dark = sorted((luminance(paper), luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.0, f"id {i}: {paper} under {ink}"
    assert ink_on(BLACK) == WHITE
