"""Labels on their way through the store."""

from __future__ import annotations

from pathlib import Path

from resources.store.store import SceneGraphStore
from svg2_assets.labels.protocols import Label, StretchEvidence, TrackEvidence, VerifiedLabel
from svg2_assets.labels.rows import parsed_rows, verified_of, verified_rows
from svg2_assets.scene.graph import Verification
from svg2_assets.scene.taxonomy import Verdict

SUPPORTED = VerifiedLabel(
    Label(1, "dog", 0.9),
    Verification(Verdict.SUPPORTED, 0.9),
    "dog: tracks 0.3, 1.0 fit.",
    TrackEvidence(
        "dog",
        ((0, 3), (1, 0)),
        0.75,
        (0, 15, 30),
        0.8,
        5,
        "cat",
        0.25,
        (StretchEvidence(0, 0.0, 6.0, 3, "dog", 0.9), StretchEvidence(1, 6.0, 12.5, 2, "dog", 0.5, "cat", 0.25)),
    ),
)
SILENT = VerifiedLabel(
    Label(2, "cup", 0.4), Verification(Verdict.UNVERIFIED, 0.4), "cup: no track.", TrackEvidence("cup", looks=5)
)
WITHOUT_TRACKS = VerifiedLabel(Label(3, "car", 0.9), Verification(Verdict.SUPPORTED, 0.9), "A detector agrees.")


def test_verified_labels_come_back_from_the_store_as_they_went(tmp_path: Path) -> None:
    store, labels = SceneGraphStore(str(tmp_path)), (SUPPORTED, SILENT, WITHOUT_TRACKS)
    store.replace("labels", verified_rows("a", labels), video_ids=["a"], stage="verified")
    assert verified_of(store.read("labels").to_dicts()) == labels


def test_evidence_can_be_asked_for_by_its_numbers(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path))
    store.replace("labels", parsed_rows("a", [SUPPORTED.label]), video_ids=["a"], stage="parsed")
    rows = verified_rows("a", [SUPPORTED, SILENT, WITHOUT_TRACKS])
    store.replace("labels", rows, video_ids=["a"], stage="verified")
    found = store.read("labels", where={"evidence_concept": "dog"}).to_dicts()
    assert [(r["object_id"], r["evidence_viou"], r["rival_concept"], r["rival_viou"]) for r in found] == [
        (1, 0.75, "cat", 0.25)
    ]
    assert found[0]["evidence_tracks"] == [{"window": 0, "track": 3}, {"window": 1, "track": 0}]
    frame = store.read("labels", where={"stage": "verified"}).sort("object_id")
    assert frame["evidence_viou"].to_list() == [0.75, 0.0, None], "found nothing is 0, did not look is null"
    assert frame["rival_concept"].to_list() == ["cat", None, None]


def test_stretches_can_be_read_as_rows(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path))
    store.replace("labels", verified_rows("a", [SUPPORTED, SILENT, WITHOUT_TRACKS]), video_ids=["a"], stage="verified")
    stretches = store.read("labels").sort("object_id")["evidence_stretches"].to_list()
    assert stretches[0][1] == {
        "window": 1, "start": 6.0, "end": 12.5, "looks": 2,
        "concept": "dog", "viou": 0.5, "rival": "cat", "rival_viou": 0.25,
    }  # fmt: skip
    assert (stretches[0][0]["rival"], stretches[0][0]["rival_viou"]) == (None, None)
    assert stretches[1:] == [[], None], "did not look is null"


def test_rows_of_before_stretches_were_kept_are_read_without_them() -> None:
    (row,) = verified_rows("a", [SUPPORTED])
    (label,) = verified_of([{k: v for k, v in row.items() if k != "evidence_stretches"}])
    assert label.by_tracks is not None
    assert (label.by_tracks.viou, label.by_tracks.stretches) == (0.75, ())
