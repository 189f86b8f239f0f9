from __future__ import annotations

import json

import pytest

from svg2_assets.scene_graphs import tallying
from svg2_assets.scene_graphs.statistics import Statistics
from svg2_assets.scene_graphs.tallying import Tally, statistics_of
from tests.scene_graphs import tables


@pytest.fixture
def figures() -> Statistics:
    return statistics_of(
        videos=tables.videos(
            {"video_id": "a", "num_frames": 100},
            {"video_id": "b", "num_frames": 300, "duration": 30.0},
            {"video_id": "broken", "status": "failed", "num_frames": None, "duration": None},
            {"video_id": "old", "superseded_by": "a"},
        ),
        trajectories=tables.trajectories(("a", -1), ("a", 0), ("a", 1), ("b", -1), ("b", 0), ("old", 0)),
        labels=tables.labels(
            tables.label("a", 0, "person", "color", "motion"),
            tables.label("a", 1, "object", verdict="unverified"),
            tables.label("b", 0, "person", "color"),
            tables.label("b", 0, "wolf", stage="parsed"),
            tables.label("old", 0, "ghost", "color"),
        ),
        relations=tables.relations(
            tables.relation("a", 0, (0, "near", 1), spans=[(0.0, 1.0), (2.0, 5.0)]),
            tables.relation("a", 1, (0, "following", 1), category="motion"),
            tables.relation("old", 0, (0, "haunting", 1), category="social"),
        ),
    )


def test_only_current_videos_that_decode_are_counted(figures: Statistics):
    assert (figures.videos, figures.unreadable, figures.frames, figures.seconds) == (2, 1, 400, 40.0)
    assert (figures.frames_per_video.mean, figures.frames_per_video.least) == (200, 100)
    assert figures.objects == 3
    assert "ghost" not in figures.names
    assert "haunting" not in figures.predicates


def test_the_camera_row_is_no_object_and_a_video_without_relations_counts_as_zero(figures: Statistics):
    assert figures.objects_per_video.mean == 1.5
    assert (figures.relations_per_video.least, figures.relations_per_video.most) == (0, 2)


def test_names_attributes_and_verdicts_are_those_of_the_verified_stage(figures: Statistics):
    assert figures.names == {"person": 2, "object": 1}
    assert figures.object_classes == 1, "`object` is the absence of a class"
    assert figures.attributes == 3
    assert figures.attribute_types == {"color": 2, "motion": 1}
    assert figures.verdicts == {"supported": 2, "contradicted": 0, "unverified": 1}
    assert figures.verified_share == pytest.approx(2 / 3, abs=1e-4)
    assert figures.unnamed_share == pytest.approx(1 / 3, abs=1e-4)


def test_every_category_is_listed_and_spans_are_measured_one_by_one(figures: Statistics):
    assert figures.categories["spatial"] == figures.categories["motion"] == 1
    assert len(figures.categories) == 7
    assert (figures.spans, figures.span_seconds.least, figures.span_seconds.most) == (3, 1.0, 4.0)


def test_an_empty_store_has_figures_too():
    nothing = statistics_of(
        videos=tables.videos(), trajectories=tables.trajectories(), labels=tables.labels(), relations=tables.relations()
    )
    assert nothing == Statistics()
    assert dict(nothing.as_rows())["names"] == "none"


def test_row_by_row_gives_the_same_figures_as_all_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tallying, "_WAITING", 2)  # counts are added up now and then
    videos = tables.videos(*({"video_id": v} for v in "abc"))
    objects = tables.trajectories(*((v, i) for v in "abc" for i in range(4)))
    labels = tables.labels(*(tables.label(v, i, n, "color") for v in "ab" for i, n in enumerate(["dog", "cat", "dog"])))
    relations = tables.relations(*(tables.relation("a", i, (0, p, 1)) for i, p in enumerate(["near", "on", "near"])))
    tally = Tally.of_catalog(videos)
    for add, rows in ((tally.add_objects, objects), (tally.add_labels, labels), (tally.add_relations, relations)):
        for row in rows.iter_slices(1):
            add(row)
    whole = statistics_of(videos=videos, trajectories=objects, labels=labels, relations=relations)
    assert tally.statistics() == whole
    assert (whole.names, whole.predicates) == ({"dog": 4, "cat": 2}, {"near": 2, "on": 1})
    assert whole.attributes_per_video.bins == {"0": 1, "1": 0, "2–3": 2}


def test_rows_are_for_people_and_json_for_programs(figures: Statistics):
    rows = dict(figures.as_rows())
    assert rows["verified share"] == "66.7%"
    assert rows["names"] == "person 2, object 1"
    assert rows["frames per video"] == "200 (median 200, 100 to 300)"
    assert json.loads(json.dumps(figures.to_json()))["span_seconds"]["most"] == 4.0


def test_names_that_mean_the_same_are_counted_together():
    named = [tables.label("a", i, name) for i, name in enumerate(["Sofa", "couch", "couches", "dog", "object"])]
    figures = statistics_of(
        videos=tables.videos({"video_id": "a"}),
        trajectories=tables.trajectories(*(("a", i) for i in range(5))),
        labels=tables.labels(*named),
        relations=tables.relations(),
    )
    assert figures.names == {"couch": 3, "dog": 1, "object": 1}
    assert figures.object_classes == 2
