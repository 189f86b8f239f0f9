from __future__ import annotations

import numpy as np
import pytest

from svg2_assets.scene_graphs.preview.files import PreviewKind, preview_paths, replacing, write_picture


def test_previews_are_named_by_the_id_of_the_video(tmp_path):
    paths = preview_paths(tmp_path, "0123456789abcdef")
    assert [p.name for p in paths.values()] == [
        "0123456789abcdef-sheet.jpg",
        "0123456789abcdef-video.mp4",
        "0123456789abcdef-timeline.png",
    ]


@pytest.mark.parametrize("hostile", ["../../etc/passwd", "a/b", "", "a\0b", "x" * 300, "日本", "-\n"])
def test_an_id_that_is_no_plain_word_cannot_leave_the_folder(tmp_path, hostile):
    for path in preview_paths(tmp_path, hostile).values():
        assert path.parent == tmp_path
        assert path.name.isascii()
        assert len(path.name) < 40
    assert preview_paths(tmp_path, hostile) != preview_paths(tmp_path, hostile + "?")


def test_a_file_appears_complete_or_not_at_all(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")
    with pytest.raises(FileNotFoundError), replacing(path) as unfinished:
        unfinished.write_bytes((tmp_path / "missing").read_bytes())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path], "nothing half-written stays behind"
    with replacing(path) as unfinished:
        unfinished.write_bytes(b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_in_a_folder_that_is_gone_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="gone"):
        write_picture(preview_paths(tmp_path / "gone", "a")[PreviewKind.SHEET], np.zeros((4, 4, 3), np.uint8))
