"""Questions from a file of any known form, and those of them that are asked."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from svg2_assets.evaluation.questions.files import SCHEMA_ID, read_generated
from svg2_assets.evaluation.questions.public import LeftOut, read_agqa, read_perception_test
from svg2_assets.evaluation.questions.values import InvalidQuestions, Question
from svg2_assets.scene.errors import printable

_SNIFFED = 1 << 16  # bytes of a file's beginning


class Form(StrEnum):
    """The form of a file of questions."""

    GENERATED = "generated"
    AGQA = "agqa"
    PERCEPTION_TEST = "perception-test"


_READERS: Mapping[Form, Callable[[Path, Counter[LeftOut]], Iterator[Question]]] = {
    Form.GENERATED: lambda path, _: read_generated(path),
    Form.AGQA: read_agqa,
    Form.PERCEPTION_TEST: read_perception_test,
}


def read_questions(path: Path, left_out: Counter[LeftOut], form: Form | None = None) -> Iterator[Question]:
    """Each question once, in memory of its id; of `form`, or of what the file looks like. Raises `InvalidQuestions`."""
    seen: set[bytes] = set()
    for question in _READERS[form or form_of(path)](path, left_out):
        key = _digest(question.id)
        if key in seen:
            left_out[LeftOut.TWICE] += 1
        else:
            seen.add(key)
            yield question


def form_of(path: Path) -> Form:
    """What the beginning of the file looks like. Raises `InvalidQuestions`."""
    try:
        with path.open("rb") as file:
            head = file.read(_SNIFFED)
    except OSError as error:
        where = printable(str(path))
        raise InvalidQuestions(f"{where}: cannot be read: {error.strerror}. Give the path of a file.") from error
    if SCHEMA_ID.encode() in head.partition(b"\n")[0]:
        return Form.GENERATED
    return Form.PERCEPTION_TEST if b'"mc_question"' in head or b'"object_tracking"' in head else Form.AGQA


def drawn(
    questions: Iterable[Question], most: int | None, left_out: Counter[LeftOut], *, seed: int = 0
) -> list[Question]:
    """`most` of `questions` at random, all where it is None, by video; the same for the same seed, whatever the order.

    Holds no more than `most` at a time.
    """
    if most is None:
        return sorted(questions, key=_place)
    kept: list[tuple[int, str, Question]] = []
    for question in questions:
        entry = (-int.from_bytes(_digest(f"{seed} {question.id}")), question.id, question)
        if len(kept) < most:
            heapq.heappush(kept, entry)
        else:
            heapq.heappushpop(kept, entry)
            left_out[LeftOut.NOT_DRAWN] += 1
    return sorted((question for *_, question in kept), key=_place)


def about(
    questions: Iterable[Question], has: Callable[[str], bool], left_out: Counter[LeftOut], why: LeftOut
) -> Iterator[Question]:
    """Those of `questions` whose video `has` it; the others are counted as `why`."""
    for question in questions:
        if has(question.video_id):
            yield question
        else:
            left_out[why] += 1


def _place(question: Question) -> tuple[str, str]:
    return question.video_id, question.id


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()[:12]
