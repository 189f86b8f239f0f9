"""The benchmark commands: arguments, truth files, and a run of each on something tiny."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest

from benchmarks import algebra, heldout, quality, quality_graphs, quality_masks, speed, stress
from benchmarks.chain import Annotated, Clock
from benchmarks.clips import repeated, tiny_video
from benchmarks.data import TRUTH, Data, MissingClip, listed_relations, named_clips, vtest_identities, vtest_people
from resources.fakes.tracker import moving_square
from resources.media.reader import open_video
from svg2_assets.evaluation.identities import identity_scores
from svg2_assets.evaluation.naming import ClipTruth, Judgement, Thing
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.scene.graph import Relation, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult


def filled(box, frames, *, height=100, width=120):
    mask = Mask.from_box(box, height=height, width=width)
    return Trajectory(tuple(frames), (mask,) * len(frames))


def graph(path, *tracked, names=(), relations=()):
    """An annotated clip with the given trajectories, names and relations."""
    tracks = TrackingResult(tuple(TrackedObject(i, t, Origin.SEED, 0.9) for i, t in enumerate(tracked)))
    labels = tuple(VerifiedLabel(Label(i, n, 0.9), Verification()) for i, n in enumerate(names))
    return Annotated(open_video(path).video, tracks, labels, tuple(relations), Clock())


@pytest.fixture
def tiny(tmp_path):
    return tiny_video(tmp_path / "tiny.mp4", seed=1)


@pytest.mark.parametrize("command", [quality, heldout, speed])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--help"])
    assert ended.value.code == 0
    assert "--json" in capsys.readouterr().out


@pytest.mark.parametrize("command", [quality, heldout, speed])
def test_an_unknown_section_is_refused(command, capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["nonsense"])
    assert ended.value.code == 2
    assert "nonsense" in capsys.readouterr().err


def test_quality_without_clips_says_so_and_does_not_fail(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.data.COMMITTED", tmp_path)
    assert quality.main(["--data", str(tmp_path), "--json", "--cache", str(tmp_path)]) == 0
    tables = json.loads(capsys.readouterr().out)
    assert len(tables) == len(quality.SECTIONS)
    assert "is not there" in json.dumps(tables)


def test_a_clip_that_is_nowhere_is_named(tmp_path):
    with pytest.raises(MissingClip, match=r"no/such\.mp4"):
        Data(tmp_path).path("no/such.mp4")


def test_truth_files_speak_of_the_same_things():
    things = {clip: {t.what for t in truth.things} for clip, truth in named_clips()}
    for clip, (true, false, _) in listed_relations().items():
        for line in (*true, *false):
            assert {line.subject, line.object} <= things[clip], f"{clip}: {line}"


def test_no_listed_relation_is_both_true_and_false():
    for clip, (true, false, never) in listed_relations().items():
        for t in true:
            assert not t.predicates & never or t.subject == t.object, f"{clip}: {t}"
            same = [f for f in false if (f.subject, f.object) == (t.subject, t.object) and f.predicates & t.predicates]
            assert not [f for f in same if t.spans & f.spans], f"{clip}: {t}"


def test_labelled_pedestrians_score_perfectly_against_themselves():
    truth = vtest_identities()
    assert len(truth) == 30
    s = identity_scores(list(truth.values()), [f.people for f in truth.values()])
    assert (s.idf1, s.switches, s.fragmentations) == (1, 0, 0)
    assert s.labelled == sum(len(p) for p in vtest_people().values()) == 151


def test_returning_pedestrians_can_be_joined():
    apart = {w for f in vtest_identities().values() for w in f.people}
    joined = {w for f in vtest_identities(join_returns=True).values() for w in f.people}
    assert apart - joined == {"I", "L"}


def test_labelled_boxes_lie_in_the_picture():
    doc = json.loads((TRUTH / "vtest_identities.json").read_text())
    for who, person in doc["persons"].items():
        for x, y, w, h in person["boxes"].values():
            assert 0 <= x < x + w <= doc["width"], who
            assert 0 <= y < y + h <= doc["height"], who


def test_fill_shares_find_the_nearly_empty_mask():
    person = {"a": {0: (10.0, 10.0, 40.0, 80.0), 9: (10.0, 10.0, 40.0, 80.0)}}
    whole, sliver = filled((12, 12, 36, 70), range(5)), filled((30, 40, 4, 8), range(5, 10))
    elsewhere = filled((80, 10, 20, 20), range(10))
    tracks = TrackingResult(
        tuple(TrackedObject(i, t, Origin.SEED, 1.0) for i, t in enumerate((whole, sliver, elsewhere)))
    )
    shares = quality_masks.fill_shares(tracks, person)
    assert len(shares) == 10
    assert sum(s < quality_masks.NEARLY_EMPTY for s in shares) == 5


def test_names_are_counted_and_mistakes_told(tiny):
    truth = ClipTruth((Thing("dog", frozenset({"dog"}), {0: ((10.0, 10.0, 40.0, 30.0),)}),))
    on, off = filled((10, 10, 40, 30), range(3)), filled((80, 60, 10, 10), range(3))
    counts, mistakes = quality_graphs.judge_names(graph(tiny, on, on, off, names=("dog", "object", "cat")), truth)
    assert counts == {Judgement.RIGHT: 1, Judgement.ABSTAINED: 1, Judgement.WRONG: 1}
    assert mistakes == ["#2 'cat' is nothing listed (frames 0-2, first box [80, 60, 10, 10])"]


def test_a_reference_graph_is_scored(tiny):
    reference = {
        "objects": [{"object 1": "man", "accept": ["person"]}, {"object 2": "mug", "accept": []}],
        "relationships": [[1, "holding", 2, [[0, 0]]], [2, "near", 1, [[0, 0]]]],
        "false_relations": [[2, "on", 1], [1, "holding", 2, [[5, 6]]]],
        "anchors": {"0": {"1": [10, 10, 40, 80], "2": [60, 40, 20, 20]}, "4": {"2": [60, 40, 20, 20]}},
    }
    holding = Relation(0, "holding", 1, Category.FUNCTIONAL, Spans.of([(0, 1)]))
    on = Relation(1, "on", 0, Category.SPATIAL, Spans.of([(0, 1)]))
    man, mug = filled((10, 10, 40, 80), range(5)), filled((60, 40, 20, 20), range(5))
    score = quality_graphs.score_reference(
        reference, graph(tiny, man, mug, names=("person", "cup"), relations=(holding, on)), ()
    )
    assert score.found == ["1 man", "2 mug"]
    assert score.named == ["1 person"]
    assert [str(f) for f in score.judged.found] == ["1 carrying/holding 2"]
    assert [c.predicate for c in score.judged.false] == ["on"]


def test_a_stress_clip_is_written_with_its_truth(tmp_path):
    dog = stress.CutOut((np.full((20, 40, 3), 200, np.uint8),), (np.ones((20, 40), dtype=bool),))
    front = stress.Actor(dog, lambda f: (200 + 10 * f, 200, 20))
    back = stress.Actor(dog, lambda _: (230, 200, 20))
    backdrop = np.full((stress.HEIGHT, stress.WIDTH, 3), 60, np.uint8)
    scene = (stress.compose(backdrop, [back, front], f) for f in range(4))
    clip = stress.write_clip("test", scene, tmp_path / "test.mp4")
    assert (clip.frames, open_video(clip.path).video.num_frames) == (4, 4)
    assert clip.truth[1][0].box == (180, 190, 40, 20)
    assert clip.truth[0][0].area == 20 * 30  # ten columns are behind the other
    assert 3 not in clip.truth[0]  # wholly behind it


def test_a_stress_clip_with_perfect_tracks_scores_perfectly(tmp_path):
    a, b = (Mask.from_box(box, height=100, width=120) for box in ((5, 5, 30, 30), (60, 40, 30, 30)))
    clip = stress.StressClip("test", tmp_path, {0: {0: a, 1: a}, 1: {2: b, 3: b}}, cuts=(2,), frames=4)
    tracked = (Trajectory((0, 1), (a, a)), Trajectory((2, 3), (b, b)))
    perfect = TrackingResult(tuple(TrackedObject(i, t, Origin.SEED, 1.0) for i, t in enumerate(tracked)), cuts=(2,))
    row = dict(zip(heldout.COLUMNS, heldout.score(clip, perfect), strict=True))
    assert (row["found"], row["J"], row["switches"], row["false tracks"], row["over cuts"]) == (2, 1.0, 0, 0, 0)
    assert row["cuts"] == "1 of 1, 0 false"
    through = TrackingResult((TrackedObject(0, Trajectory((0, 1, 2, 3), (a, a, b, b)), Origin.SEED, 1.0),))
    row = dict(zip(heldout.COLUMNS, heldout.score(clip, through), strict=True))
    assert (row["found"], row["over cuts"], row["cuts"]) == (2, 1, "0 of 1, 0 false")


def test_tiny_videos_differ_in_content(tmp_path):
    one, two = (open_video(tiny_video(tmp_path / f"{i}.mp4", seed=i)).video for i in (1, 2))
    assert one.num_frames == two.num_frames == 12
    assert one.sha256 != two.sha256


@pytest.mark.parametrize("frames", [5, 30])
def test_a_clip_is_repeated_to_any_length(tiny, tmp_path, frames):
    longer = open_video(repeated(tiny, tmp_path / "longer.mp4", frames=frames))
    assert longer.video.num_frames == frames
    assert longer.video.duration == pytest.approx(frames / 12, abs=0.2)
    with av.open(str(tmp_path / "longer.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == frames


def test_both_ways_to_containment_agree():
    found = algebra.compared(objects=6, frames=8, decoded_frames=4, height=60, width=80)
    assert found["ratio"] > 0


@pytest.mark.slow
def test_the_import_is_timed():
    assert speed.import_table(tries=1).rows[0][1] > 0


@pytest.mark.slow
def test_speed_of_a_tiny_batch_with_fake_backends(tmp_path):
    table = speed.overhead_table(tmp_path, [2])
    assert table.rows[0][0] == 2
    assert table.rows[0][2] > 0


def test_the_fake_tracker_is_no_pedestrian(tiny):
    """The identity table judges any tracker: a moving square matches nobody."""
    truth = vtest_identities()
    shown = quality_masks.boxes_on(moving_square(open_video(tiny).video), truth)
    assert identity_scores(list(truth.values()), shown).matched == 0
