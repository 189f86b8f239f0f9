"""Files of trajectories: what is read, and what the command says of files that cannot be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from svg2_assets.evaluation.tracks.reading import InvalidTracks, read_tracks
from svg2_assets.scene.document import write
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Video
from tests import command
from tests.evaluation.tracks.scenes import HEIGHT, LEFT, LOW, RIGHT, WIDTH, columns, mask, still

RLE = mask(LEFT).to_json()
EMPTY = Mask.empty(HEIGHT, WIDTH).to_json()
TRUTH = [still(LEFT, range(4)), still(RIGHT, range(2, 4))]
GOOD = columns(TRUTH, num_frames=4)


def svg2(*arguments):
    return command.svg2("evaluate", "tracks", *arguments)


def saved(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def document(tracks, *, num_frames=4, fps=2.0):
    video = Video("clip", "clip.mp4", "", WIDTH, HEIGHT, fps, num_frames, num_frames / fps)
    return write(SceneGraph(video, tuple(SceneObject(i, "thing", t) for i, t in tracks.items())))


def test_absent_is_null_or_a_mask_of_zeros_or_the_end_of_a_list(tmp_path):
    found = read_tracks(saved(tmp_path / "a.json", [[RLE, None], [EMPTY, RLE], [RLE], []]))
    assert {k: t.frames for k, t in found.trajectories.items()} == {0: (0, 2), 1: (1,)}
    assert (found.num_frames, found.size, found.fps) == (4, (HEIGHT, WIDTH), None)
    assert found.trajectories[0].masks[0] == mask(LEFT)


def test_a_scene_graph_keeps_its_ids_and_rate(tmp_path):
    found = read_tracks(saved(tmp_path / "a.json", document({3: TRUTH[0], 8: TRUTH[1]})))
    assert dict(found.trajectories) == {3: TRUTH[0], 8: TRUTH[1]}
    assert (found.num_frames, found.size, found.fps) == (4, (HEIGHT, WIDTH), 2.0)


def test_runs_of_no_length_are_read_as_what_they_are(tmp_path):
    """pycocotools counts an overlap of 0 instead of 10 where such runs stand in the middle."""
    runs = [0, 0, 20, 10, 0, 0, HEIGHT * WIDTH - 30]  # pixels 20 to 29 of the first column
    counts = coco.frPyObjects({"size": [HEIGHT, WIDTH], "counts": runs}, HEIGHT, WIDTH)["counts"].decode()
    odd = {"size": [HEIGHT, WIDTH], "counts": counts}
    assert counts != mask((0, 20, 1, 10)).to_json()["counts"]
    for content in ([[odd]], odd_document(odd)):
        found = read_tracks(saved(tmp_path / "a.json", content)).trajectories[0]
        assert found.masks == (mask((0, 20, 1, 10)),)


def odd_document(rle):
    content = document({0: still((0, 20, 1, 10), [0])}, num_frames=1)
    content["objects"][0]["trajectory"]["masks"] = [rle]
    return content


def test_the_command_measures_both_forms(tmp_path):
    truth = saved(tmp_path / "gt.json", document({3: TRUTH[0], 8: TRUTH[1]}))
    predicted = saved(tmp_path / "pred.json", columns([TRUTH[1], still(LOW, [0])], num_frames=4))
    done = svg2("--gt", truth, "--pred", predicted, "--json", "--part", 8, "--boundaries")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["recall"]["at_matched"] == 0.5
    assert (found["fps"], found["fps_assumed"], found["parts_kept"]) == (2.0, False, 1)
    assert found["invention"]["false_seconds"] == 0.5
    assert found["boundaries"]["j_of_all"] == 0.5
    assert found["library"] is None


def test_hota_on_request_and_a_table_that_says_what_is_assumed(tmp_path):
    pytest.importorskip("trackeval")
    truth = saved(tmp_path / "gt.json", GOOD)
    done = svg2("--gt", truth, "--pred", truth, "--hota")
    assert done.returncode == 0, done.stderr
    rows = dict(line.split() for line in done.stdout.splitlines() if line.startswith("  ") and "." in line)
    assert (rows["library.hota"], rows["recall.at_matched"]) == ("1.0000", "1.0000")
    assert "24 frames a second (assumed" in done.stdout
    assert "12 frames a second\n" in svg2("--gt", truth, "--pred", truth, "--fps", 12).stdout


def test_a_shorter_prediction_is_refused_or_counts_as_empty(tmp_path):
    truth, short = saved(tmp_path / "gt.json", GOOD), saved(tmp_path / "pred.json", GOOD[:2])
    done = svg2("--gt", truth, "--pred", short, "--fps", 1)
    assert done.returncode == 2
    assert f"{short}: expected 4 frames as in {truth}, found 2" in done.stderr
    assert "--allow-short" in done.stderr
    done = svg2("--gt", truth, "--pred", short, "--fps", 1, "--allow-short", "--json")
    assert json.loads(done.stdout)["recall"]["at_matched"] == 0.5  # one object for 2 of 4 frames, the other never


def test_a_longer_prediction_counts_the_truth_as_empty(tmp_path):
    truth, long = saved(tmp_path / "gt.json", GOOD[:2]), saved(tmp_path / "pred.json", GOOD)
    assert svg2("--gt", truth, "--pred", long).returncode == 2
    found = json.loads(svg2("--gt", truth, "--pred", long, "--fps", 1, "--allow-short", "--json").stdout)
    assert (found["num_frames"], found["invention"]["seconds"]) == (4, 4)


def test_two_documents_of_different_rates(tmp_path):
    truth, other = (saved(tmp_path / f"{fps}.json", document({0: TRUTH[0]}, fps=fps)) for fps in (2.0, 4.0))
    done = svg2("--gt", truth, "--pred", other)
    assert (done.returncode, done.stdout) == (2, "")
    assert "expected 2 frames a second" in done.stderr
    assert "found 4" in done.stderr
    assert "4 frames, 3 frames a second" in svg2("--gt", truth, "--pred", other, "--fps", 3).stdout


def uncompressed():
    return {"size": [HEIGHT, WIDTH], "counts": [0, HEIGHT * WIDTH]}


MALFORMED = {
    "not JSON": ("{", ["expected JSON, line 1", "Write the file anew"]),
    "no text": ("\ud800", ["expected JSON"]),
    "a number": (7, ["expected a list of frames", "found a number"]),
    "an object": ({"frames": GOOD}, ["object without `schema`", "unwrapped"]),
    "another document": ({"schema": "coco/2"}, ["svg2-assets/scene-graph/1", "coco/2"]),
    "no frames": ([], ["at least one frame"]),
    "a frame that is no list": ([GOOD[0], RLE], ["frame 1", "found an object", "Write []"]),
    "a mask that is a box": ([[RLE, [0, 0, 5, 5]]], ["frame 0, object 1", "found a list", "Write COCO RLE"]),
    "a mask without counts": ([[{"size": [4, 4]}]], ["frame 0, object 0", '"counts": string']),
    "uncompressed": ([[RLE], [uncompressed()]], ["frame 1, object 0", "compressed counts", "frPyObjects"]),
    "a size of three": ([[{**RLE, "size": [40, 50, 3]}]], ["frame 0, object 0", "[height, width]", "[40, 50, 3]"]),
    "a size that is no whole number": ([[{**RLE, "size": [40.5, 50]}]], ["frame 0, object 0", "whole numbers"]),
    "a size beyond all": ([[{**RLE, "size": [10**9, 10**9]}]], ["frame 0, object 0", "at most 2147483647 pixels"]),
    "two sizes in a file": ([[RLE], [None, Mask.empty(41, 50).to_json()]], ["frame 1, object 1", "40x50", "41x50"]),
    "runs too short": (
        [[{**RLE, "size": [41, 50]}]],
        ["frame 0, object 0", "41x50", "= 2050 pixels", "covers 2000"],
    ),
    "characters outside the code": ([[{**RLE, "counts": "~é\ud800"}]], ["frame 0, object 0", "outside COCO's code"]),
    "empty counts": ([[{**RLE, "counts": ""}]], ["frame 0, object 0", "2000 pixels"]),
    "a string cut short": ([[RLE, {**RLE, "counts": RLE["counts"][:-1]}]], ["frame 0, object 1", "2000 pixels"]),
    "other masks than the truth's": ([[Mask.empty(9, 9).to_json()]] * 4, ["40x50", "9x9", "Scale"]),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_prediction_is_named_in_one_message_and_exit_code_2(tmp_path, case):
    content, said = MALFORMED[case]
    truth, wrong = saved(tmp_path / "gt.json", GOOD), tmp_path / "pred.json"
    text = content if isinstance(content, str) else json.dumps(content)
    wrong.write_bytes(text.encode(errors="surrogatepass"))
    done = svg2("--gt", truth, "--pred", wrong)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert str(wrong) in done.stderr
    assert "Traceback" not in done.stderr
    for words in said:
        assert words in done.stderr


def test_a_malformed_truth_a_missing_file_a_folder_and_unknown_parts(tmp_path):
    good, wrong = saved(tmp_path / "good.json", GOOD), saved(tmp_path / "wrong.json", [[7]])
    for arguments, said in (
        (("--gt", wrong, "--pred", good), f"{wrong}: frame 0, object 0"),
        (("--gt", good, "--pred", tmp_path / "none.json"), "none.json: cannot be read (No such file"),
        (("--gt", good, "--pred", tmp_path), "cannot be read (Is a directory)"),
        (("--gt", good, "--pred", good, "--part", 5), "parts [5] are no truth objects"),
        (("--gt", good, "--pred", good, "--fps", -1), "Invalid value for '--fps'"),
    ):
        done = svg2(*arguments)
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(RLE),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["size", "counts", "schema"]), inner, max_size=3)
        | st.fixed_dictionaries({"size": st.just([HEIGHT, WIDTH]), "counts": st.text("0123Oo`P", max_size=8)})
    ),
    max_leaves=8,
)


@given(st.lists(st.lists(anything, max_size=3), max_size=3) | anything)
@settings(max_examples=300, deadline=None)
def test_whatever_json_is_read_or_refused_with_the_name_of_the_file(tmp_path_factory, content):
    path = saved(tmp_path_factory.getbasetemp() / "anything.json", content)
    read, refusal = 0, f"{path}: "
    try:
        read = read_tracks(path).num_frames
    except InvalidTracks as error:
        refusal = str(error)
    assert refusal.startswith(f"{path}: ")
    assert refusal != f"{path}: " or read == len(content)


def test_a_document_with_a_wrong_mask_is_named_too(tmp_path):
    wrong = document({0: TRUTH[0]})
    wrong["objects"][0]["trajectory"]["masks"][1]["counts"] = "0"
    with pytest.raises(InvalidTracks, match=r"a\.json: objects\[0\]\.trajectory\.masks\[1\]: an RLE covers"):
        read_tracks(saved(tmp_path / "a.json", wrong))
