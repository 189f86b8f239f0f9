from __future__ import annotations

import gc
import weakref
from pathlib import Path

import av
import numpy as np
import pytest

from resources.media.reader import open_video
from svg2_assets.scene.errors import PhaseError, VideoError
from svg2_assets.scene.graph import Attribute, SceneObject
from svg2_assets.scene.streams import WAITING
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.video import Frame, Video
from svg2_assets.scene_graphs.preview import PreviewKind, write_previews
from svg2_assets.scene_graphs.preview.moments import playback
from svg2_assets.scene_graphs.preview.overlay import FILL
from svg2_assets.scene_graphs.preview.palette import color_of
from svg2_assets.scene_graphs.preview.sheet import ContactSheet
from tests.scene_graphs import scenes

CLIPS = Path(__file__).parents[2] / "clips"
HOSTILE_NAMES = ["日本語", "🚗", "a\nb", "x" * 900, "\x1b[2J", "‮evil", "\ud800", "%s%n", "../../etc", " "]


def scene(video: Video, *, names=("person", "dog")):
    w, h = video.width, video.height
    objects = [
        scenes.box_object(video, i, (w // 4 + i * w // 4, h // 3, max(1, w // 5), max(1, h // 3)), name=name)
        for i, name in enumerate(names)
    ]
    stated = [scenes.relation(0, "near", 1, (0.0, video.duration))] if len(objects) > 1 else []
    return scenes.graph(video, *objects, relations=stated)


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]


def test_three_files_named_by_the_id_lie_in_the_folder(tmp_path):
    video = scenes.video()
    source = scenes.GreySource(video)
    paths = write_previews(source, scene(video), tmp_path / "new" / "folder")
    assert set(paths) == set(PreviewKind)
    assert sorted(p.name for p in (tmp_path / "new" / "folder").iterdir()) == sorted(p.name for p in paths.values())
    assert all(p.name.startswith("0123456789abcdef-") and p.stat().st_size > 1000 for p in paths.values())
    assert paths["sheet"] == paths[PreviewKind.SHEET]


def test_the_frames_are_asked_for_once_and_not_kept(tmp_path):
    video = scenes.video(frames=400)
    alive: list[weakref.ref] = []
    most = 0

    class Watching(scenes.GreySource):
        def pick(self, indices, *, height=None):
            nonlocal most
            for frame in super().pick(indices, height=height):
                pixels = frame.pixels.copy()
                alive.append(weakref.ref(pixels))
                handed = Frame(frame.index, frame.time, pixels)
                del pixels
                yield handed
                del handed
                gc.collect(0)
                most = max(most, sum(r() is not None for r in alive))

    source = Watching(video)
    write_previews(source, scene(video), tmp_path)
    assert source.picked == sorted(set(source.picked))
    assert len(source.picked) > 100
    assert most <= 3 + WAITING


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((320, 240), (400, 302)),
        ((1920, 1080), (658, 432)),
        ((1080, 1920), (400, 432)),
        ((1, 1), (400, 302)),
        ((64, 1), (960, 78)),
        ((8000, 20), (960, 64)),
        ((20, 4000), (400, 432)),
    ],
)
def test_the_overlay_video_plays_at_a_handy_size_for_any_shape_of_video(tmp_path, size, expected):
    video = scenes.video(*size, frames=20)
    paths = write_previews(scenes.GreySource(video), scene(video), tmp_path)
    frames = decoded(paths[PreviewKind.VIDEO])
    assert len(frames) == len(playback(video).frames)
    assert frames[0].shape == (expected[1], expected[0], 3)
    assert scenes.read_rgb(paths[PreviewKind.SHEET]).shape[1] == 1600
    assert scenes.read_rgb(paths[PreviewKind.TIMELINE]).shape[1] == 1400


def test_the_overlay_video_shows_the_colour_where_the_mask_is(tmp_path):
    video = scenes.video(640, 370, frames=20)
    graph = scenes.graph(video, scenes.box_object(video, 2, (200, 150, 120, 150)))
    frames = decoded(write_previews(scenes.GreySource(video), graph, tmp_path)[PreviewKind.VIDEO])
    expected = np.array(color_of(2)) * FILL + scenes.GREY * (1 - FILL)
    for frame in frames:
        assert np.abs(frame[170:280, 220:300].mean(axis=(0, 1)) - expected).max() < 6
        assert np.abs(frame[320:360, 20:620].mean(axis=(0, 1)) - scenes.GREY).max() < 6


def test_the_overlay_video_runs_as_long_as_the_video(tmp_path):
    video = scenes.video(frames=75, fps=25.0)
    path = write_previews(scenes.GreySource(video), scene(video), tmp_path)[PreviewKind.VIDEO]
    with av.open(str(path)) as container:
        assert float(container.duration / av.time_base) == pytest.approx(3.0, abs=0.15)


def test_the_caption_says_what_holds_now_and_nothing_when_nothing_does(tmp_path):
    video = scenes.video(640, 370, frames=60, fps=20.0)
    objects = scene(video).objects
    graph = scenes.graph(video, *objects, relations=[scenes.relation(0, "near", 1, (0.0, 1.5))])
    frames = decoded(write_previews(scenes.GreySource(video), graph, tmp_path)[PreviewKind.VIDEO])
    assert frames[2][396:].max() > 180
    assert frames[-2][396:].max() < 60


def test_the_contact_sheet_shows_the_masks_in_its_cells(tmp_path):
    video = scenes.video(640, 360, frames=100)
    graph = scenes.graph(video, scenes.box_object(video, 1, (320, 90, 200, 180)))
    page = scenes.read_rgb(write_previews(scenes.GreySource(video), graph, tmp_path)[PreviewKind.SHEET]).astype(float)
    sheet = ContactSheet(graph, range(9))
    expected = np.array(color_of(1)) * FILL + scenes.GREY * (1 - FILL)
    for place in range(9):
        x, y, w, h = sheet.picture_box(place)
        cell = page[y : y + h, x : x + w]
        assert np.abs(cell[h // 2, int(w * 0.55) : int(w * 0.75)].mean(axis=0) - expected).max() < 8
        assert np.abs(cell[h // 2, int(w * 0.1) : int(w * 0.4)].mean(axis=0) - scenes.GREY).max() < 8


def test_a_video_in_which_nothing_was_found_has_previews_too(tmp_path):
    video = scenes.video()
    assert len(write_previews(scenes.GreySource(video), scenes.graph(video), tmp_path)) == 3


def test_a_video_of_one_frame_has_previews_too(tmp_path):
    video = scenes.video(frames=1)
    paths = write_previews(scenes.GreySource(video), scene(video), tmp_path)
    assert len(decoded(paths[PreviewKind.VIDEO])) == 1


@pytest.mark.parametrize("text", HOSTILE_NAMES)
def test_any_text_is_only_data(tmp_path, text):
    video = Video("0123456789abcdef", f"/clips/{text}.mp4", "", 320, 240, 20.0, 10, 0.5)
    box = scenes.box_object(video, 0, (50, 50, 90, 90)).trajectory
    one = SceneObject(0, f"{text}.", box, (Attribute(text, AttributeType.TEXT),))
    stated = [scenes.relation(0, f"{text}.", -1, (0.0, 0.5), category=Category.SOCIAL)]
    paths = write_previews(scenes.GreySource(video), scenes.graph(video, one, relations=stated), tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())


def test_an_id_from_a_document_cannot_choose_the_path(tmp_path):
    video = scenes.video(id_="../../outside")
    paths = write_previews(scenes.GreySource(video), scene(video), tmp_path / "in")
    assert {p.parent for p in paths.values()} == {tmp_path / "in"}
    assert list(tmp_path.iterdir()) == [tmp_path / "in"]


def test_a_crowd_with_many_relations_is_drawn(tmp_path):
    video = scenes.video(640, 360, frames=20)
    crowd = [scenes.box_object(video, i, (i * 9, 40 + i % 7 * 30, 20, 60), name="person") for i in range(65)]
    stated = [scenes.relation(i, "near", i + 1, (0.0, 1.0)) for i in range(64)]
    paths = write_previews(scenes.GreySource(video), scenes.graph(video, *crowd, relations=stated), tmp_path)
    assert scenes.read_rgb(paths[PreviewKind.SHEET]).shape[0] < 2400
    assert scenes.read_rgb(paths[PreviewKind.TIMELINE]).shape[0] < 2800


def test_the_frames_of_another_video_are_refused(tmp_path):
    with pytest.raises(PhaseError, match="scene_graphs: expected the frames of video 0123456789abcdef"):
        write_previews(scenes.GreySource(scenes.video(id_="f" * 16)), scene(scenes.video()), tmp_path)


def test_when_the_video_does_not_decode_any_more_no_half_file_and_no_old_file_is_harmed(tmp_path):
    video = scenes.video(frames=100)
    before = write_previews(scenes.GreySource(video), scene(video), tmp_path)
    content = {p: p.read_bytes() for p in before.values()}

    class Breaking(scenes.GreySource):
        def pick(self, indices, *, height=None):
            yield from super().pick(list(indices)[:5], height=height)
            raise VideoError(video="x", reason="changed", detail="it broke.")

    with pytest.raises(VideoError):
        write_previews(Breaking(video), scene(video), tmp_path)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == content


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("")
    video = scenes.video(frames=5)
    with pytest.raises(OSError, match="file"):
        write_previews(scenes.GreySource(video), scene(video), tmp_path / "file")


@pytest.mark.skipif(not (CLIPS / "tree.avi").exists(), reason="the clips are not here")
def test_a_real_video_is_previewed_from_its_file(tmp_path):
    source = open_video(CLIPS / "tree.avi")
    video = source.video
    graph = scenes.graph(video, scenes.box_object(video, 0, (60, 60, 120, 100), name="tree"))
    paths = write_previews(source, graph, tmp_path)
    frames = decoded(paths[PreviewKind.VIDEO])
    assert len(frames) == len(playback(video).frames)
    plain = next(iter(source.pick([0]))).pixels
    shown = frames[0][:240, 40:360].astype(float)
    assert np.abs(shown[200:, :].mean(axis=(0, 1)) - plain[200:, :].mean(axis=(0, 1))).max() < 6
    expected = plain[80:140, 80:160].mean(axis=(0, 1)) * (1 - FILL) + np.array(color_of(0)) * FILL
    assert np.abs(shown[80:140, 80:160].mean(axis=(0, 1)) - expected).max() < 8
