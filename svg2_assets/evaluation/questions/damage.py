"""Graphs that are wrong in a known way, to see that scores notice it."""

from __future__ import annotations

import random
from dataclasses import replace

from svg2_assets.evaluation.questions.values import Fact, Question
from svg2_assets.scene.graph import SceneGraph


def without_relations(graph: SceneGraph, *, share: float, seed: int = 0) -> SceneGraph:
    """`graph` without `share` of its relations, drawn at random."""
    kept = len(graph.relations) - round(share * len(graph.relations))
    places = sorted(_draw(graph, seed).sample(range(len(graph.relations)), kept))
    return replace(graph, relations=tuple(graph.relations[i] for i in places))


def with_names_exchanged(graph: SceneGraph, *, seed: int = 0) -> SceneGraph:
    """`graph` with the name of each object given to another one: all go round in one circle."""
    order = _draw(graph, seed).sample(range(len(graph.objects)), len(graph.objects))
    named = {i: graph.objects[j].name for i, j in zip(order, order[1:] + order[:1], strict=True)}
    return replace(graph, objects=tuple(replace(o, name=named[i]) for i, o in enumerate(graph.objects)))


def emptied(graph: SceneGraph) -> SceneGraph:
    """A graph of the video that says nothing."""
    return replace(graph, objects=(), relations=())


def says_all(graph: SceneGraph, question: Question) -> bool:
    """Whether `graph` says every fact that suffices for the answer; ids are those of the true graph."""
    relations = {r.key for r in graph.relations}
    attributes = {(o.id, a.value.lower()) for o in graph.objects for a in o.attributes}
    ids = {o.id for o in graph.objects}
    return all(_says(fact, relations, attributes, ids) for fact in question.needs)


def _says(fact: Fact, relations: set[tuple[int, str, int]], attributes: set[tuple[int, str]], ids: set[int]) -> bool:
    if fact.object is not None:
        return (fact.subject, fact.value, fact.object) in relations
    return (fact.subject, fact.value) in attributes if fact.value else fact.subject in ids


def _draw(graph: SceneGraph, seed: int) -> random.Random:
    return random.Random(f"{seed} {graph.video.id}")  # noqa: S311 - no secret
