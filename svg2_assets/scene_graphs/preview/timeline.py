"""The relation timeline: when each object is visible and when each relation holds, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.video import Pixels
from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.lettering import BOLD, Phrase, Run
from svg2_assets.scene_graphs.preview.palette import CATEGORIES, FAINT, INK, RULE, STRIPE, WHITE, Color, color_of
from svg2_assets.scene_graphs.preview.phrases import Inks, end_phrase, facts, relation_phrase, title

WIDTH, MARGIN, LEFT, RIGHT = 1400, 24, 440, 1310
LANE, BAR, SIZE = 25, 13, 14
HEADER, AXIS, HEADING, FOOT = 76, 26, 38, 40
MOST_OBJECTS, MOST_RELATIONS = 40, 48
_INKS = Inks(INK)
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)


@dataclass(frozen=True, slots=True)
class Lane:
    """One line: words on the left, bars where `spans` lie, a note on the right. Without spans it is a heading."""

    words: Phrase
    color: Color
    spans: Spans | None = None
    note: str = ""

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return HEADING if self.spans is None and self.note == "" else LANE


def draw_timeline(graph: SceneGraph) -> Pixels:
    """The timeline of `graph` as a picture [H, 1400, 3]: a lane an object, then relations by category.

    Of more than 48 relations the most confident and longest are kept, and it is said how many there are besides.
    """
    lanes = lanes_of(graph)
    bottom = HEADER + AXIS + sum(lane.rows for lane in lanes)
    page = lettering.blank(WIDTH, bottom + FOOT, color=WHITE)
    _head(page, graph)
    _axis(page, graph.video.duration, bottom=bottom)
    y = HEADER + AXIS
    for lane in lanes:
        _draw_lane(page, lane, y=y, duration=graph.video.duration)
        y += lane.rows
    return page


def x_of(time: float, duration: float) -> int:
    """The column of `time` seconds."""
    return LEFT + round((RIGHT - LEFT) * min(1.0, max(0.0, time / duration)))


def lanes_of(graph: SceneGraph) -> list[Lane]:
    """All lanes from top to bottom."""
    lanes = [_heading("Objects")]
    for one in graph.objects[:MOST_OBJECTS]:
        spans = one.trajectory.spans(graph.video)
        words = end_phrase(graph, one.id, inks=Inks(INK))
        lanes.append(Lane(words, color_of(one.id), spans, f"{spans.duration:.1f} s"))
    lanes += _remainder(len(graph.objects), most=MOST_OBJECTS, nothing="No object was found.")
    chosen = strongest(graph.relations, most=MOST_RELATIONS)
    for category in Category:
        inside = [r for r in chosen if r.category is category]
        if inside:
            lanes.append(_heading(f"{category.value.replace('_', '-').capitalize()} relations", CATEGORIES[category]))
            lanes += [_relation_lane(graph, r) for r in inside]
    if not graph.relations:
        lanes.append(_heading("Relations"))
    return lanes + _remainder(len(graph.relations), most=MOST_RELATIONS, nothing="No relation is claimed.")


def strongest(relations: Sequence[Relation], *, most: int) -> list[Relation]:
    """The `most` relations of highest confidence and duration, in order of their first instant."""
    kept = sorted(relations, key=lambda r: (-r.confidence, -r.spans.duration, r.key))[:most]
    return sorted(kept, key=lambda r: (r.spans.parts[0].start, r.key))


def tick_step(duration: float) -> float:
    """Seconds between labelled ticks: a round number that makes at most twelve."""
    return next((step for step in _STEPS if duration / step <= 12), _STEPS[-1])


def _relation_lane(graph: SceneGraph, relation: Relation) -> Lane:
    words = relation_phrase(graph, relation, inks=_INKS)
    return Lane(words, CATEGORIES[relation.category], relation.spans, f"{relation.confidence:.0%}")


def _heading(text: str, color: Color = INK) -> Lane:
    return Lane((Run(text, color, BOLD),), color)


def _remainder(number: int, *, most: int, nothing: str) -> list[Lane]:
    text = nothing if number == 0 else f"and {number - most} more" if number > most else ""
    return [Lane((Run(text, FAINT),), FAINT, note=" ")] if text else []


def _head(page: Pixels, graph: SceneGraph) -> None:
    room = WIDTH - 2 * MARGIN
    name = lettering.fit(title(graph.video), room, size=22, weight=BOLD)
    lettering.write(page, name, at=(MARGIN, 14), size=22, color=INK, weight=BOLD)
    line = lettering.fit(facts(graph), room, size=SIZE)
    lettering.write(page, line, at=(MARGIN, 45), size=SIZE, color=FAINT)


def _axis(page: Pixels, duration: float, *, bottom: int) -> None:
    """Seconds above and below, a faint line at each tick."""
    step = tick_step(duration)
    for i in range(int(duration / step + 1e-6) + 1):
        x = x_of(i * step, duration)
        cv2.line(page, (x, HEADER + AXIS - 4), (x, bottom + 4), RULE, 1)
        text = f"{i * step:g} s"
        for y in (HEADER + 2, bottom + 8):
            lettering.write(page, text, at=(x - lettering.width_of(text, 12) // 2, y), size=12, color=FAINT)


def _draw_lane(page: Pixels, lane: Lane, *, y: int, duration: float) -> None:
    if lane.spans is None:
        size = 16 if lane.rows == HEADING else SIZE
        top = y + lane.rows - lettering.line_height(size) - 4
        lettering.write_phrase(page, lane.words, at=(MARGIN, top), size=size, width=LEFT - MARGIN)
        return
    cv2.rectangle(page, (LEFT, y + LANE // 2 - 1), (RIGHT, y + LANE // 2), STRIPE, cv2.FILLED)
    lettering.write_phrase(page, lane.words, at=(MARGIN, y + 3), size=SIZE, width=LEFT - MARGIN - 14)
    lettering.write(page, lane.note, at=(RIGHT + 12, y + 3), size=SIZE, color=FAINT)
    top = y + (LANE - BAR) // 2
    for span in lane.spans:
        left = x_of(span.start, duration)
        width = max(2, x_of(span.end, duration) - left)
        lettering.pill(page, (left, top, width, BAR), color=lane.color)
