"""The record of a corpus: what was claimed, and the file that a policy learns from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from svg2_assets.labels.claims import claims_of
from svg2_assets.labels.policy import Policy, record_of
from svg2_assets.labels.record import CorpusRecord, read_counts, write_record
from svg2_assets.scene.errors import InvalidSceneValue

RECORD = CorpusRecord({"dog": (120, 93), "näher 犬": (3, 0)}, "sam3/1", 17)


def test_claims_are_the_names_as_parsed_and_a_coarser_name_supports_no_finer_one() -> None:
    objects = [
        ("dog", "dog", "supported"),
        ("dog", "animal", "supported"),  # fell back
        ("dog", "object", "contradicted"),
        ("Dog (uncertain)", "object", "supported"),  # supported, though not surely enough
        ("object", "object", "unverified"),
    ]
    parsed = pl.DataFrame([{"video_id": "a", "object_id": i, "name": o[0]} for i, o in enumerate(objects)])
    verified = pl.DataFrame(
        [{"video_id": "a", "object_id": i, "name": n, "verdict": v} for i, (_, n, v) in enumerate(objects)]
    )
    other = parsed.with_columns(video_id=pl.lit("not verified yet"))
    assert record_of(claims_of(pl.concat([parsed, other]), verified)) == {"dog": (4, 2)}


def test_a_policy_reads_the_record_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "record.json"
    write_record(path, RECORD)
    policy = Policy(record=str(path))  # type: ignore[arg-type]
    assert policy == Policy(record=RECORD.counts)
    assert policy.threshold("dog") > policy.threshold("näher 犬") > policy.threshold("never seen")
    path.rename(tmp_path / "elsewhere.json")
    again = Policy(record=tmp_path / "elsewhere.json")  # type: ignore[arg-type]
    assert asdict(again) == asdict(policy), "the content decides what is stale, not the file's name"


def test_a_write_that_fails_leaves_the_old_record(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(path, RECORD)
    with pytest.raises(TypeError):
        write_record(path, CorpusRecord({"dog": (object(), 1)}, "m", 1))  # type: ignore[dict-item]
    assert read_counts(path) == RECORD.counts
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


@pytest.mark.parametrize(
    "content",
    [
        *(None, "", "{", "[]", "{}", '{"names": {"dog": [1, 1]}}'),
        *(json.dumps(RECORD.to_json() | {"names": n}) for n in ([], {"d": 3}, {"d": [1]}, {"d": ["1", 1]})),
    ],
)
def test_what_is_no_record_is_refused_by_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "record.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidSceneValue, match=r"record.*record\.json.*svg2 label-record"):
        Policy(record=path)  # type: ignore[arg-type]


def test_more_supported_than_claimed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(path, CorpusRecord({"dog": (1, 2)}, "m", 1))
    with pytest.raises(InvalidSceneValue, match="of these supported"):
        Policy(record=path)  # type: ignore[arg-type]
