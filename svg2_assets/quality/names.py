"""Names against what else is known of their objects: description, verification, wholes, how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from svg2_assets.labels.concepts import COCO, PARENT, compatible, is_a
from svg2_assets.labels.imagenet import CONCEPT_OF
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Outcome, Problem, Severity, check
from svg2_assets.scene.taxonomy import PEOPLE, UNKNOWN_NAME, Verdict, is_person

KEY = ("video_id", "object_id")
MOST_TEXT = 20_000  # characters of a description that are looked at
SURE, UNSURE = 0.5, 0.5  # a supported name scores at least, a contradicted one less than

WHOLES = ("person", "animal", "vehicle", "furniture")
"""What is a thing of its own: a part of something else it cannot be, whatever lies over it in the picture."""
CARRIERS = ("vehicle", "furniture")
"""What may hold people, animals and things so that they are taken for its parts."""
COLLECTIVES = frozenset("crowd group herd flock team family pile stack row set pair bunch queue traffic".split())
"""Wholes that are made of things of one kind."""

_NUMBERS = {w: n for n, w in enumerate("two three four five six seven eight nine ten".split(), start=2)}
_SEVERAL = "several|many|multiple|numerous|a few|a pair of|a group of|a row of"
_ONE_OF = re.compile(rf"\bone of (?:the |these |those )?(?P<many>{_SEVERAL}|{'|'.join(_NUMBERS)}|[2-9]|1[0-9])\b", re.I)
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


@check("name_vs_description", phase="parsed_labels", severity=Severity.WARN)
def name_vs_description(tables: PhaseTables) -> Outcome:
    """The description of an object speaks of what it is called: the name, its head noun, a finer or coarser kind."""
    texts = {(v, o): text or "" for v, o, text in tables.descriptions.select(*KEY, "text").iter_rows()}
    problems = []
    for video_id, object_id, name in tables.labels("parsed").select(*KEY, "name").iter_rows():
        text = texts.get((video_id, object_id), "")
        if (name or UNKNOWN_NAME) != UNKNOWN_NAME and text.strip() and not mentions(text, name):
            message = f"object {object_id} is called {name!r}, of which its description does not speak"
            problems.append(Problem(video_id, message, {"object_id": object_id, "name": name, "text": text[:200]}))
    return Outcome(problems)


@check("name_vs_verification", phase="verified_labels")
def name_vs_verification(tables: PhaseTables) -> Outcome:
    """A name that verification changed says why (error); the verdict on a name that is kept and its score go together
    (warn)."""
    parsed = {(v, o): name for v, o, name in tables.labels("parsed").select(*KEY, "name").iter_rows()}
    problems = []
    columns = (*KEY, "name", "verdict", "score", "reason", "evidence")
    for row in tables.labels("verified").select(columns).iter_rows(named=True):
        key, shown = (row["video_id"], row["object_id"]), {k: row[k] for k in columns[1:5]}
        before = parsed.get(key, row["name"])
        if row["name"] != before and not (row["reason"] or "").strip() and not (row["evidence"] or "").strip():
            message = f"object {key[1]} was called {before!r} and is now {row['name']!r}, for no reason that is given"
            problems.append(Problem(key[0], message, shown))
        elif row["name"] != UNKNOWN_NAME and _at_odds(row["verdict"], row["score"]):
            message = f"object {key[1]}: {row['name']!r} is {row['verdict']} with a score of {row['score']:.2f}"
            problems.append(Problem(key[0], message, shown, Severity.WARN))
    return Outcome(problems)


@check("part_vs_whole", phase="verified_labels", severity=Severity.WARN)
def part_vs_whole(tables: PhaseTables) -> Outcome:
    """A part is not called what its whole is called, nor a thing that is never a part (a person, an animal, a vehicle,
    a piece of furniture), unless its whole carries such things or is made of them."""
    names = tables.names()
    parts = tables.trajectories.select(*KEY, "part_of").drop_nulls("part_of")
    problems = []
    for video_id, object_id, whole_id in parts.iter_rows():
        part, whole = (names.get((video_id, o), UNKNOWN_NAME) for o in (object_id, whole_id))
        if UNKNOWN_NAME in (part, whole):
            continue
        if why := _odd_part(part, whole):
            message = f"object {object_id} ({part!r}) is a part of object {whole_id} ({whole!r}): {why}"
            row = {"object_id": object_id, "name": part, "part_of": whole_id, "whole": whole}
            problems.append(Problem(video_id, message, row))
    return Outcome(problems, {"parts": parts.height})


@check("count_vs_description", phase="verified_labels", severity=Severity.WARN)
def count_vs_description(tables: PhaseTables) -> Outcome:
    """Where a description says that its object is one of several (one of three), as many of that name are found."""
    names = tables.names()
    problems = []
    for video_id, object_id, text in tables.descriptions.select(*KEY, "text").iter_rows():
        name, said = names.get((video_id, object_id), UNKNOWN_NAME), one_of(text or "")
        if said is None or name == UNKNOWN_NAME:
            continue
        found = sum(
            v == video_id and compatible(name, other) for (v, _), other in names.items() if other != UNKNOWN_NAME
        )
        if found < said:
            message = f"object {object_id} ({name!r}) is described as one of {said} or more; {found} found"
            row = {"object_id": object_id, "name": name, "described": said, "found": found}
            problems.append(Problem(video_id, message, row))
    return Outcome(problems)


def mentions(text: str, name: str) -> bool:
    """Whether `text` speaks of a thing called `name`: by the name, its head noun, another word for people where it is
    one, or the name of a finer or coarser kind. Singular and plural count alike."""
    words = [_singular(w) for w in _WORD.findall(text[:MOST_TEXT].lower())]
    wanted = [_singular(w) for w in _WORD.findall(name.lower())]
    if not wanted or wanted[-1] in words:
        return True
    if is_person(name):
        return any(w in PEOPLE or w == "clothe" for w in words) or bool(_clothing() & set(words))
    phrases = {" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)}
    return any(compatible(concept, name.lower()) for concept in _concepts(phrases))


def one_of(text: str) -> int | None:
    """The number of which a description says that its object is one: 2 for `several`; None where it says no such."""
    found = _ONE_OF.search(text[:MOST_TEXT])
    if found is None:
        return None
    many = found["many"].lower()
    return _NUMBERS.get(many, int(many) if many.isdigit() else 2)


def _odd_part(part: str, whole: str) -> str:
    if set(whole.split()) & COLLECTIVES:
        return ""
    if part == whole:
        return "a part is not what its whole is"
    kind = next((k for k in WHOLES if is_a(part, k)), None)
    if kind is None or any(is_a(whole, k) for k in CARRIERS):
        return ""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} is a thing of its own"


def _at_odds(verdict: str, score: float | None) -> bool:
    if score is None:
        return False  # the business of score_in_range
    low, high = verdict == Verdict.SUPPORTED.value and score < SURE, verdict == Verdict.CONTRADICTED.value
    return low or (high and score >= UNSURE)


def _concepts(phrases: set[str]) -> Iterator[str]:
    """The concepts that any of `phrases` means."""
    yield from (p for p in phrases if p in COCO or p in PARENT or p in PARENT.values())
    yield from (CONCEPT_OF[p] for p in phrases if p in CONCEPT_OF)


@cache
def _clothing() -> frozenset[str]:
    """Single words for clothes: what the classifier sees of people."""
    clothes: Mapping[str, Any] = CONCEPT_OF
    return frozenset(_singular(w) for w, concept in clothes.items() if concept == "clothes" and " " not in w)


def _singular(word: str) -> str:
    """`word` without a plural ending, roughly: both sides of a comparison go through it."""
    if word in {"people", "men", "women", "children"}:
        return {"people": "person", "men": "man", "women": "woman", "children": "child"}[word]
    for ending, singular in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + singular
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


PARSED = (name_vs_description,)
VERIFIED = (name_vs_verification, part_vs_whole, count_vs_description)
