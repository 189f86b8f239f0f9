"""Generated questions as a file: JSON lines, the first of which says what they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from svg2_assets.evaluation.questions.values import Event, Fact, InvalidQuestions, Program, Question, QuestionType
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import unfinished

SCHEMA_ID = "svg2-assets/questions/1"

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Event(_Form):
    subject: Text
    predicate: Text
    object: str = ""


class _Program(_Form):
    type: Annotated[QuestionType, Field(strict=False)]
    name: str = ""
    attribute: str = ""
    events: list[_Event] = []


class _Fact(_Form):
    subject: int
    value: str = ""
    object: int | None = None


class _Question(_Form):
    id: Text
    video_id: Text
    text: Text
    answer: Text
    options: list[Text] = []
    kinds: dict[str, list[str]] = {}
    program: _Program | None = None
    needs: list[_Fact] = []

    @model_validator(mode="after")
    def _is_answerable(self) -> _Question:
        if self.options and self.answer not in self.options:
            raise ValueError(f"the answer {self.answer!r} is none of the options")
        if len(set(self.options)) != len(self.options) or len(self.options) == 1:
            raise ValueError("options are two or more, each once")
        if self.program is not None and not _fits(self.program):
            raise ValueError(f"a program of type {self.program.type.value} has another number of names or relations")
        return self


_NAMED = frozenset({QuestionType.EXISTENCE, QuestionType.COUNT, QuestionType.ATTRIBUTE})
_OF_ONE = frozenset({QuestionType.RELATION, QuestionType.OBJECT})


def write_questions(questions: Iterable[Question], path: Path, *, made: Mapping[str, Any]) -> int:
    """Write `questions` to `path`, which is there whole or not at all; returns how many. `made`: how they were made.

    Raises `UnusableTarget` where the system refuses.
    """
    count = 0
    with unfinished(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"schema": SCHEMA_ID, "made": dict(made)}, ensure_ascii=False) + "\n")
        for question in questions:
            file.write(json.dumps(asdict(question), ensure_ascii=False) + "\n")
            count += 1
    return count


def read_generated(path: Path) -> Iterator[Question]:
    """The questions of a file that `write_questions` wrote. Raises `InvalidQuestions` naming file and line."""
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            head = _parsed(file.readline(), f"{name}: line 1")
            if not isinstance(head, dict) or head.get("schema") != SCHEMA_ID:
                raise InvalidQuestions(
                    f'{name}: line 1: expected {{"schema": "{SCHEMA_ID}"}}. Make questions with `svg2 questions make`.'
                )
            for number, line in enumerate(file, 2):
                if line.strip():
                    yield _read(_parsed(line, f"{name}: line {number}"), f"{name}: line {number}")
    except OSError as error:
        raise InvalidQuestions(f"{name}: cannot be read: {error.strerror}. Give the path of a file.") from error


def _parsed(line: bytes, where: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidQuestions(f"{where}: no JSON: {printable(str(error))}. Make the file anew.") from error


def _read(value: Any, where: str) -> Question:
    try:
        form = _Question.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise InvalidQuestions(f"{where}: {printable(place)}: {printable(first['msg'])}. Make the file anew.") from None
    program = None if form.program is None else _program(form.program)
    return Question(
        form.id,
        form.video_id,
        form.text,
        form.answer,
        tuple(form.options),
        {dimension: tuple(values) for dimension, values in form.kinds.items()},
        program,
        tuple(Fact(f.subject, f.value, f.object) for f in form.needs),
    )


def _program(form: _Program) -> Program:
    events = tuple(Event(e.subject, e.predicate, e.object) for e in form.events)
    return Program(form.type, form.name, form.attribute, events)


def _fits(program: _Program) -> bool:
    if program.type in _NAMED:
        return bool(program.name) and not program.events
    return len(program.events) == (1 if program.type in _OF_ONE else 2)
