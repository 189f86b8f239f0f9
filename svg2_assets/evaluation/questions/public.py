"""The public question files: AGQA 2.0 (balanced) and Perception Test (multiple choice), read item by item.

AGQA 2.0: `{question id: {question, answer, video_id, global, local, ans_type, steps, semantic, structural, ...}}`, open
answers, scored by exact match. Perception Test: `{video id: {mc_question: [{id, question, options, answer_id, area,
reasoning, tag}], ...}}`, three options, scored by top-1 accuracy. Sources: the README files of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from svg2_assets.evaluation.questions.values import InvalidQuestions, Question
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson, entries_of


class LeftOut(StrEnum):
    """Why a question is not asked."""

    NO_ANSWER = "has no answer, as in test splits"
    NO_QUESTIONS = "videos without a question of several choices"
    TWICE = "has the id of an earlier one"
    NO_GRAPH = "of videos that some set of graphs does not have"
    NO_VIDEO = "of videos whose file is not at hand"
    NOT_DRAWN = "not among those drawn"


AGQA_KINDS = {"ans_type": "answer", "structural": "structure", "semantic": "semantics", "global": "reasoning"}
"""AGQA's fields -> our dimensions."""
PERCEPTION_KINDS = {"area": "area", "reasoning": "reasoning", "tag": "skill"}


def read_agqa(path: Path, left_out: Counter[LeftOut]) -> Iterator[Question]:
    """The questions of AGQA's `train_balanced.txt` or `test_balanced.txt`, in memory of one.

    Raises `InvalidQuestions` naming file, line and question for what is not as it has to be.
    """
    for where, key, record in _members(path):
        place = f"{where}: question {printable(key, limit=60)}"
        if record.get("answer") is None:
            left_out[LeftOut.NO_ANSWER] += 1
            continue
        yield Question(
            id=key,
            video_id=_text(record, "video_id", place),
            text=_text(record, "question", place),
            answer=_text(record, "answer", place),
            kinds=_kinds(record, AGQA_KINDS, place),
        )


def read_perception_test(path: Path, left_out: Counter[LeftOut]) -> Iterator[Question]:
    """The `mc_question`s of a Perception Test annotation file; others are passed over. Raises as `read_agqa` does."""
    for where, video, record in _members(path):
        asked = record.get("mc_question", [])
        if not isinstance(asked, list):
            raise InvalidQuestions(f"{where}: {printable(video)}: expected a list as `mc_question`.")
        left_out[LeftOut.NO_QUESTIONS] += not asked
        for number, one in enumerate(asked):
            place = f"{where}: {printable(video, limit=60)}: mc_question[{number}]"
            if not isinstance(one, Mapping):
                raise InvalidQuestions(f"{place}: expected an object with question, options and answer_id.")
            if one.get("answer_id") is None:
                left_out[LeftOut.NO_ANSWER] += 1
                continue
            options = _options(one, place)
            yield Question(
                id=f"{video}/{one.get('id', number)}",
                video_id=video,
                text=_text(one, "question", place),
                answer=options[_answer_id(one, len(options), place)],
                options=options,
                kinds=_kinds(one, PERCEPTION_KINDS, place),
            )


def _members(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Place (file and line), key and record."""
    name = printable(str(path))
    try:
        for line, key, value in entries_of(path):
            where = f"{name}: line {line}"
            if not isinstance(value, Mapping):
                raise InvalidQuestions(f"{where}: {printable(key, limit=60)}: expected an object with named fields.")
            yield where, key, value
    except BrokenJson as error:
        raise InvalidQuestions(f"{name}: {error}. Download the file again.") from error
    except OSError as error:
        raise InvalidQuestions(f"{name}: cannot be read: {error.strerror}. Give the path of a file.") from error


def _text(record: Mapping[str, Any], field: str, place: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value.strip():
        found = "nothing" if field not in record else printable(repr(value), limit=40)
        raise InvalidQuestions(f"{place}: expected a text as `{field}`, found {found}.")
    return value


def _options(record: Mapping[str, Any], place: str) -> tuple[str, ...]:
    options = record.get("options")
    if (
        not isinstance(options, list)
        or len(options) < 2
        or not all(isinstance(o, str) and o.strip() for o in options)
        or len(set(options)) < len(options)
    ):
        raise InvalidQuestions(f"{place}: expected two or more different texts as `options`.")
    return tuple(options)


def _answer_id(record: Mapping[str, Any], options: int, place: str) -> int:
    """A number, or a text of one, as some copies have it."""
    value = record["answer_id"]
    number = int(value) if isinstance(value, str) and value.isdecimal() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < options:
        raise InvalidQuestions(
            f"{place}: expected 0 to {options - 1} as `answer_id`, found {printable(repr(value), limit=40)}."
        )
    return number


def _kinds(record: Mapping[str, Any], fields: Mapping[str, str], place: str) -> dict[str, tuple[str, ...]]:
    found = {}
    for field, dimension in fields.items():
        value = record.get(field)
        values = value if isinstance(value, list) else [value] if value is not None else []
        if not all(isinstance(v, str) for v in values):
            raise InvalidQuestions(f"{place}: expected a text or a list of texts as `{field}`.")
        found[dimension] = tuple(dict.fromkeys(values))
    return found
