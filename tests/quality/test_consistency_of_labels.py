"""Labels against trajectories, against each other, against the evidence and against the corpus."""

from __future__ import annotations

import json
from typing import Any

import pytest

from svg2_assets.quality import Corpus
from svg2_assets.quality.corpus import name_distance
from svg2_assets.quality.verdict import WHOLE_RUN


def found(report: Any) -> list[tuple[str, str]]:
    return [(f.video_id, f.severity.value) for f in report.findings]


def attributes(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"value": value, "type": kind, "confidence": 0.9} for value, kind in pairs]


@pytest.mark.parametrize(("phase", "stage"), [("parsed_labels", "parsed"), ("verified_labels", "verified")])
def test_every_object_has_one_label_of_each_stage(store: Any, phase: str, stage: str) -> None:
    assert store.judge(phase, "labels_complete").passed
    store.row("labels", video_id="a", object_id=0, stage=stage)["object_id"] = 7
    store.rows["labels"].append(dict(store.row("labels", video_id="b", object_id=0, stage=stage)))
    report = store.judge(phase, "labels_complete")
    assert [(f.video_id, f.severity.value, f.row["object_id"]) for f in report.findings] == [
        ("a", "error", 0),
        ("a", "error", 7),
        ("b", "error", 0),
    ]


@pytest.mark.parametrize(
    "pair",
    [
        (("large", "size"), ("small", "size")),
        (("Large", "size"), (" tiny ", "size")),
        (("moving", "motion"), ("still", "motion")),
        (("standing", "pose"), ("sitting", "pose")),
        (("sitting", "pose"), ("lying", "pose")),
        (("left", "position"), ("right", "position")),
        (("at the top left of the frame", "position"), ("on the right side", "position")),
        (("small in the frame", "size"), ("large in the frame", "size")),
        (("open", "state"), ("closed", "state")),
        (("wet", "state"), ("dry", "state")),
        (("lit", "state"), ("turned off", "state")),
        (("round", "shape"), ("square", "shape")),
        (("plain", "pattern"), ("striped", "pattern")),
    ],
)
def test_attributes_that_exclude_each_other(store: Any, pair: Any) -> None:
    store.row("labels", video_id="a", object_id=1, stage="verified")["attributes"] = attributes(*pair)
    report = store.judge("verified_labels", "contradictory_attributes")
    assert found(report) == [("a", "error")]
    assert report.findings[0].row["type"] == pair[0][1]


@pytest.mark.parametrize(
    "fitting",
    [
        (("large", "size"), ("small", "pattern")),
        (("black", "color"), ("white", "color")),
        (("moving", "motion"), ("fast", "motion")),
        (("at the top of the frame", "position"), ("top left", "position")),
        (("large", "size"), ("large", "size")),
        (("wooden", "material"), ("wood", "material")),
        (("wooden", "material"), ("metal legs", "material")),
        (("open", "state"), ("closed", "part")),
        (("striped", "pattern"), ("checkered", "pattern")),
        (),
    ],
)
def test_attributes_that_go_together(store: Any, fitting: Any) -> None:
    store.row("labels", video_id="a", object_id=1, stage="verified")["attributes"] = attributes(*fitting)
    assert store.judge("verified_labels", "contradictory_attributes").passed


def test_many_colours_are_a_warning(store: Any) -> None:
    colours = attributes(*((c, "color") for c in ("red", "green", "blue", "white")))
    store.row("labels", video_id="a", object_id=1, stage="parsed")["attributes"] = colours
    assert found(store.judge("parsed_labels", "contradictory_attributes")) == [("a", "warn")]


def test_two_single_materials_are_a_warning(store: Any) -> None:
    materials = attributes(("wooden", "material"), ("Steel", "material"), ("metal", "material"))
    store.row("labels", video_id="a", object_id=1, stage="verified")["attributes"] = materials
    report = store.judge("verified_labels", "contradictory_attributes")
    assert found(report) == [("a", "warn")]
    assert "different materials: metal, wood" in report.findings[0].message


def test_few_verified_names_are_a_warning(store: Any) -> None:
    store.add_object("a", 2, name="cat")
    for object_id in (0, 1):
        store.row("labels", video_id="a", object_id=object_id, stage="verified")["verdict"] = "unverified"
    report = store.judge("verified_labels", "verified_share")
    assert found(report) == [("a", "warn")]
    assert report.measures == {"names_claimed": 5, "verified_share": 0.6}


def test_unnamed_objects_claim_nothing_to_verify(store: Any) -> None:
    for object_id in range(2, 6):
        store.add_object("a", object_id, name="object")
        store.row("labels", video_id="a", object_id=object_id, stage="verified")["verdict"] = "unverified"
    assert store.judge("verified_labels", "verified_share").passed


def test_a_contradicted_name_that_is_kept_is_an_error(store: Any) -> None:
    verified = store.row("labels", video_id="b", object_id=1, stage="verified")
    verified["verdict"] = "contradicted"
    assert found(store.judge("verified_labels", "name_vs_evidence")) == [("b", "error")]
    verified["name"] = "object"  # fallen back to what can be known
    assert store.judge("verified_labels", "name_vs_evidence").passed


def witness(source: str, looks: int = 9, **scores: float) -> dict[str, Any]:
    return {"source": source, "looks": looks, "scores": scores}


@pytest.mark.parametrize(
    ("name", "witnesses", "doubted"),
    [
        ("dog", [witness("nanodet", sheep=0.8)], True),
        ("dog", [witness("nanodet", sheep=0.8), witness("centernet", dog=0.6)], False),
        ("dog", [witness("nanodet", sheep=0.3)], False),
        ("dog", [witness("nanodet", 1, sheep=0.8)], False),
        ("dog", [witness("nanodet", cat=0.8)], True),
        ("animal", [witness("nanodet", cat=0.8)], False),
        ("woman", [witness("nanodet", person=0.8)], False),
        ("hot dog", [witness("nanodet", dog=0.8)], False),
        ("object", [witness("nanodet", dog=0.8)], False),
        ("dog", [], False),
    ],
)
def test_a_name_that_confident_witnesses_gainsay(store: Any, name: str, witnesses: Any, doubted: bool) -> None:
    for stage in ("parsed", "verified"):
        store.row("labels", video_id="a", object_id=1, stage=stage)["name"] = name
    store.row("trajectories", video_id="a", object_id=1)["witnesses"] = json.dumps(witnesses)
    assert found(store.judge("verified_labels", "name_vs_evidence")) == [("a", "warn")] * doubted


def test_an_object_found_again_under_another_name(store: Any) -> None:
    store.add_object("a", 2, name="sheep", relinked_from=1)
    report = store.judge("verified_labels", "name_drift")
    assert found(report) == [("a", "warn")]
    store.row("labels", video_id="a", object_id=2, stage="verified")["name"] = "object"
    assert store.judge("verified_labels", "name_drift").passed


def test_an_object_lost_twice_is_compared_with_the_last_name_it_had(store: Any) -> None:
    store.add_object("a", 2, name="object", relinked_from=1)
    store.add_object("a", 3, name="sheep", relinked_from=2)
    report = store.judge("verified_labels", "name_drift")
    assert found(report) == [("a", "warn")]
    assert "object 3 is called 'sheep'; before it was lost, as 1, 'dog'" in report.findings[0].message
    store.row("labels", video_id="a", object_id=3, stage="verified")["name"] = "dog"
    assert store.judge("verified_labels", "name_drift").passed


def test_objects_that_were_found_again_in_a_circle_do_not_hang_the_check(store: Any) -> None:
    store.add_object("a", 2, name="object", relinked_from=3)
    store.add_object("a", 3, name="sheep", relinked_from=2)
    assert store.judge("verified_labels", "name_drift").passed


@pytest.mark.parametrize(
    ("box", "severity"),
    [((10, 10, 20, 30), "error"), ((12, 11, 20, 30), "warn"), ((24, 10, 20, 30), None)],
)
def test_two_trajectories_of_one_thing(store: Any, box: Any, severity: str | None) -> None:
    store.add_object("b", 2, name="person", box=box)
    report = store.judge("verified_labels", "duplicate_objects")
    assert found(report) == ([("b", severity)] if severity else [])


def test_two_trajectories_of_something_unnamed_are_a_warning(store: Any) -> None:
    for object_id in (2, 3):
        store.add_object("a", object_id, name="object")
    assert found(store.judge("verified_labels", "duplicate_objects")) == [("a", "warn")]


def test_overlapping_things_of_different_names_are_no_duplicates(store: Any) -> None:
    store.add_object("b", 2, name="coat", box=(10, 10, 20, 30))
    assert store.judge("verified_labels", "duplicate_objects").passed


def test_one_after_the_other_in_the_same_place_are_no_duplicates(store: Any) -> None:
    store.add_object("b", 2, name="car", box=(10, 10, 20, 30), frames=range(10))
    store.add_object("b", 3, name="car", box=(10, 10, 20, 30), frames=range(10, 20))
    assert store.judge("verified_labels", "duplicate_objects").passed


def test_a_salient_group_may_overlap_its_members(store: Any) -> None:
    store.add_object("b", 2, name="person", origin="salient")
    assert found(store.judge("verified_labels", "duplicate_objects")) == [("b", "warn")]


def test_masks_are_read_only_where_boxes_leave_a_doubt(store: Any) -> None:
    store.add_object("b", 2, name="person", box=(12, 11, 20, 30))
    store.judge("verified_labels", "duplicate_objects")
    assert [ids for table, ids in store.reads if table == "masks"] == [("b",)]


CORPUS = Corpus.of(["person"] * 120 + ["dog"] * 100 + ["car"] * 80)


def crowd(store: Any, video_id: str, name: str, count: int) -> None:
    for object_id in range(10, 10 + count):
        store.add_object(video_id, object_id, name=name, box=(object_id, 5, 4, 4), frames=[0, 1])


def test_names_unlike_the_corpus_are_shown_for_the_video_and_the_run(store: Any) -> None:
    crowd(store, "b", "saxophone", 60)
    report = store.judge("verified_labels", "label_drift", corpus=CORPUS)
    assert found(report) == [("b", "warn"), (WHOLE_RUN, "warn")]
    assert "saxophone" in report.findings[0].message
    assert report.measures["distance"] > 0.8


def test_names_like_the_corpus_pass(store: Any) -> None:
    crowd(store, "a", "person", 30)
    crowd(store, "b", "car", 25)
    assert store.judge("verified_labels", "label_drift", corpus=CORPUS).passed


@pytest.mark.parametrize(("corpus", "count"), [(Corpus.of(["person"] * 50), 60), (CORPUS, 5)])
def test_too_few_samples_say_nothing(store: Any, corpus: Corpus, count: int) -> None:
    crowd(store, "b", "saxophone", count)
    assert store.judge("verified_labels", "label_drift", corpus=corpus).passed


def test_distance_of_names() -> None:
    assert name_distance({"a": 2, "b": 2}, {"a": 50, "b": 50}) == 0
    assert name_distance({"a": 1}, {"b": 1}) == pytest.approx(1)
    assert name_distance({"a": 3}, {"a": 1, "b": 1}) == pytest.approx(name_distance({"a": 1, "b": 1}, {"a": 3}))
    assert name_distance({}, {"a": 1}) == 0
