"""Names of videos come from their content."""

from __future__ import annotations

import hashlib
import io
import re

from svg2_assets.catalog.identity import content_hash, id_without_content, video_id


def test_the_same_content_has_the_same_id_whatever_its_name():
    content = b"frames" * 1_000_000
    first, second = content_hash(io.BytesIO(content)), content_hash(io.BytesIO(content))
    assert first == second == hashlib.sha256(content).hexdigest()
    assert video_id(first) == first[:16]


def test_what_cannot_be_read_is_named_by_its_place_and_never_like_content():
    name = id_without_content("/drops/broken.mp4")
    assert re.fullmatch(r"x[0-9a-f]{15}", name)
    assert name == id_without_content("/drops/broken.mp4") != id_without_content("/drops/other.mp4")


def test_a_place_whose_name_is_no_unicode_still_has_an_id():
    assert id_without_content("/drops/\udcff.mp4").startswith("x")
