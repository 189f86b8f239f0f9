"""The benchmark runs and its claims hold on a small vocabulary."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from benchmarks import traser_decoding


@pytest.mark.slow
def test_held_answers_are_valid_and_free_ones_are_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traser_decoding, "_ranks", lambda: None)
    traser_decoding.main(["--answers", "6", "--json"])
    cost, loop, valid = json.loads(capsys.readouterr().out)
    assert [row["valid"] for row in valid["rows"]] == ["100.0 %", "100.0 %", "0.0 %"]
    assert all(row["held: mean"] > 0 for row in cost["rows"])
    assert {row["batch"] for row in loop["rows"]} == {1, 8}
