"""Labels as rows of the table `labels` (stages `parsed` and `verified`), and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from svg2_assets.labels.protocols import Label, StretchEvidence, TrackEvidence, VerifiedLabel
from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.taxonomy import AttributeType, Verdict

Row = dict[str, Any]
PARSED, VERIFIED = "parsed", "verified"


def parsed_rows(video_id: str, labels: Sequence[Label]) -> list[Row]:
    """One row a label, stage `parsed`."""
    return [_row(video_id, label, stage=PARSED, verification=Verification(), evidence="") for label in labels]


def verified_rows(video_id: str, labels: Sequence[VerifiedLabel]) -> list[Row]:
    """One row a label, stage `verified`."""
    return [
        _row(video_id, v.label, stage=VERIFIED, verification=v.verification, evidence=v.evidence)
        | _evidence_columns(v.by_tracks)
        for v in labels
    ]


def labels_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Label, ...]:
    """The labels of one video and stage, by object id."""
    return tuple(_label(row) for row in sorted(rows, key=lambda row: int(row["object_id"])))


def verified_of(rows: Iterable[Mapping[str, Any]]) -> tuple[VerifiedLabel, ...]:
    """The verified labels of one video, by object id."""
    ordered = sorted(rows, key=lambda row: int(row["object_id"]))
    return tuple(
        VerifiedLabel(
            _label(r), Verification(Verdict(r["verdict"]), float(r["score"])), r["evidence"], by_tracks=_by_tracks(r)
        )
        for r in ordered
    )


def _row(video_id: str, label: Label, *, stage: str, verification: Verification, evidence: str) -> Row:
    return {
        "video_id": video_id,
        "stage": stage,
        "object_id": label.object_id,
        "name": label.name,
        "confidence": float(label.confidence),
        "uncertain": label.uncertain,
        "reason": label.reason,
        "alternatives": list(label.alternatives),
        "attributes": [
            {"value": a.value, "type": a.type.value, "confidence": float(a.confidence)} for a in label.attributes
        ],
        "actions": list(label.actions),
        "relationships": list(label.relationships),
        "original": label.original,
        "verdict": verification.verdict.value,
        "score": float(verification.score),
        "evidence": evidence,
    }


def _evidence_columns(found: TrackEvidence | None) -> Row:
    """All null where no tracks were looked for."""
    if found is None:
        return {}
    return {
        "evidence_concept": found.concept,
        "evidence_tracks": [{"window": window, "track": track} for window, track in found.tracks],
        "evidence_viou": found.viou,
        "evidence_frames": list(found.frames),
        "evidence_score": found.score,
        "evidence_looks": found.looks,
        "rival_concept": found.rival or None,
        "rival_viou": found.rival_viou if found.rival else None,
        "evidence_stretches": [_stretch_row(s) for s in found.stretches],
    }


def _stretch_row(found: StretchEvidence) -> Row:
    rival = {"rival": found.rival or None, "rival_viou": found.rival_viou if found.rival else None}
    return asdict(found) | rival


def _by_tracks(row: Mapping[str, Any]) -> TrackEvidence | None:
    if row.get("evidence_concept") is None:  # also in rows of before these columns came
        return None
    return TrackEvidence(
        concept=row["evidence_concept"],
        tracks=tuple((t["window"], t["track"]) for t in row["evidence_tracks"]),
        viou=row["evidence_viou"],
        frames=tuple(row["evidence_frames"]),
        score=row["evidence_score"],
        looks=row["evidence_looks"],
        rival=row["rival_concept"] or "",
        rival_viou=row["rival_viou"] or 0.0,
        # Rows of before this column came hold nothing there.
        stretches=tuple(_stretch(s) for s in row.get("evidence_stretches") or ()),
    )


def _stretch(row: Mapping[str, Any]) -> StretchEvidence:
    return StretchEvidence(**dict(row) | {"rival": row["rival"] or "", "rival_viou": row["rival_viou"] or 0.0})


def _label(row: Mapping[str, Any]) -> Label:
    return Label(
        object_id=int(row["object_id"]),
        name=row["name"],
        confidence=float(row["confidence"]),
        attributes=tuple(Attribute(a["value"], AttributeType(a["type"]), a["confidence"]) for a in row["attributes"]),
        alternatives=tuple(row["alternatives"]),
        uncertain=bool(row["uncertain"]),
        reason=row["reason"],
        # Rows of before these columns came hold nothing there.
        actions=tuple(row.get("actions") or ()),
        relationships=tuple(row.get("relationships") or ()),
        original=row.get("original") or "",
    )
