"""The contact sheet: six to nine painted frames, what is in the video, and what happens."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import cv2

from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.scene.video import Frame, Pixels, Video
from svg2_assets.scene_graphs import groups
from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.clip import fitted, resized
from svg2_assets.scene_graphs.preview.lettering import BOLD, Run
from svg2_assets.scene_graphs.preview.moments import holds_at, middle_of
from svg2_assets.scene_graphs.preview.overlay import Shown, paint, tag_size
from svg2_assets.scene_graphs.preview.palette import FAINT, INK, RULE, STRIPE, WHITE, color_of
from svg2_assets.scene_graphs.preview.phrases import (
    Inks,
    by_interest,
    clock,
    facts,
    relation_phrase,
    title,
)
from svg2_assets.scene_graphs.preview.tags import TagPlacer

WIDTH, MARGIN, GAP = 1600, 28, 14
CAPTION_SIZE, LEGEND_SIZE = 14, 15
HEADER, CAPTION, ROW = 84, 30, 27
MOST_OBJECTS, MOST_RELATIONS = 24, 24
_INKS = Inks(INK)
_VERDICTS = {Verdict.SUPPORTED: "verified", Verdict.CONTRADICTED: "contradicted", Verdict.UNVERIFIED: "not verified"}


def cells_of(video: Video) -> int:
    """How many frames the sheet of `video` shows: nine, eight where they are upright, six of a short clip."""
    if video.width < 1.15 * video.height:
        return min(8, video.num_frames)
    return min(9 if video.duration >= 3 else 6, video.num_frames)


class ContactSheet:
    """Takes the chosen frames as they come and composes the page."""

    def __init__(self, graph: SceneGraph, frames: Sequence[int]) -> None:
        self._graph, self._frames = graph, list(frames)
        self._relations, self._groups = by_interest(graph.relations), groups.groups_of(graph)
        self._tag_size = tag_size(graph)
        self._columns = min(4 if graph.video.width < 1.15 * graph.video.height else 3, len(self._frames))
        width = (WIDTH - 2 * MARGIN - (self._columns - 1) * GAP) // self._columns
        self.picture = fitted(graph.video, width=width, height=520, lowest=300)
        self._cell = width, self.picture[1] + CAPTION
        self._legend_top = HEADER + ceil(len(self._frames) / self._columns) * (self._cell[1] + GAP) + 10
        self._page = lettering.blank(WIDTH, self._legend_top + _legend_rows(graph) * ROW + MARGIN, color=WHITE)
        self._head()
        self._legend()

    def add(self, frame: Frame, shown: Sequence[Shown]) -> None:
        """Paint `frame` into its cell."""
        row, column = divmod(self._frames.index(frame.index), self._columns)
        x = MARGIN + column * (self._cell[0] + GAP)
        y = HEADER + row * (self._cell[1] + GAP)
        width, height = self.picture
        placer = TagPlacer(width, height)
        painted = paint(resized(frame.pixels, self.picture), shown, placer=placer, text_size=self._tag_size)
        self._page[y : y + height, x : x + width] = painted
        self._caption(frame, at=(x, y + height + 5))

    def picture_box(self, place: int) -> tuple[int, int, int, int]:
        """(x, y, w, h) of the picture in cell `place` of the page."""
        row, column = divmod(place, self._columns)
        return (
            MARGIN + column * (self._cell[0] + GAP),
            HEADER + row * (self._cell[1] + GAP),
            *self.picture,
        )

    def page(self) -> Pixels:
        """The page [H, 1600, 3] so far."""
        return self._page

    def _caption(self, frame: Frame, *, at: tuple[int, int]) -> None:
        """The time, and the ids of what holds then."""
        x, y = at
        right = x + self._cell[0]
        time = clock(frame.time)
        x += lettering.write(self._page, time, at=at, size=CAPTION_SIZE, color=INK, weight=BOLD) + 12
        now = middle_of(self._graph.video, frame.index)
        for relation in (r for r in self._relations if holds_at(r, now)):
            phrase = relation_phrase(self._graph, relation, inks=_INKS, short=True)
            if x + lettering.phrase_width(phrase, CAPTION_SIZE) > right - 20:
                lettering.write(self._page, "…", at=(x, y), size=CAPTION_SIZE, color=FAINT)
                return
            x += lettering.write_phrase(self._page, phrase, at=(x, y), size=CAPTION_SIZE, width=right - x) + 14

    def _head(self) -> None:
        room = WIDTH - 2 * MARGIN
        name = lettering.fit(title(self._graph.video), room, size=26, weight=BOLD)
        lettering.write(self._page, name, at=(MARGIN, 14), size=26, color=INK, weight=BOLD)
        line = lettering.fit(facts(self._graph), room, size=15)
        lettering.write(self._page, line, at=(MARGIN, 50), size=15, color=FAINT)

    def _legend(self) -> None:
        """Objects on the left, relations on the right."""
        middle = MARGIN + (WIDTH - 2 * MARGIN) * 9 // 20
        left = (MARGIN, middle - 2 * GAP)
        right = (middle, WIDTH - MARGIN)
        self._heading("Objects", within=left)
        self._heading("Relations", within=right)
        for i, one in enumerate(self._graph.objects[:MOST_OBJECTS]):
            self._object(one, row=i + 1, within=left)
        for i, relation in enumerate(self._relations[:MOST_RELATIONS]):
            self._relation(relation, row=i + 1, within=right)
        self._more(len(self._graph.objects), MOST_OBJECTS, within=left, nothing="No object was found.")
        self._more(len(self._graph.relations), MOST_RELATIONS, within=right, nothing="No relation is claimed.")

    def _heading(self, text: str, *, within: tuple[int, int]) -> None:
        y = self._legend_top
        lettering.write(self._page, text, at=(within[0], y), size=17, color=INK, weight=BOLD)
        cv2.line(self._page, (within[0], y + 25), (within[1], y + 25), RULE, 1)

    def _object(self, one: SceneObject, *, row: int, within: tuple[int, int]) -> None:
        y = self._stripe(row, within)
        seconds = one.trajectory.spans(self._graph.video).duration
        x = self._right(f"{_VERDICTS[one.verification.verdict]} · {seconds:.1f} s", y=y, right=within[1] - 6)
        attributes = ", ".join(value for _, value in groups.shown(one, self._groups.get(one.id, ())))
        phrase = (
            Run(str(one.id), color_of(one.id), badge=True),
            Run(one.name, INK, BOLD),
            Run(attributes, FAINT),
        )
        self._line(phrase, at=(within[0] + 6, y), right=x - 12)

    def _relation(self, relation: Relation, *, row: int, within: tuple[int, int]) -> None:
        y = self._stripe(row, within)
        x = self._right(f"{_when(relation)} · {relation.confidence:.0%}", y=y, right=within[1] - 6)
        self._line(relation_phrase(self._graph, relation, inks=_INKS), at=(within[0] + 6, y), right=x - 12)

    def _more(self, number: int, most: int, *, within: tuple[int, int], nothing: str) -> None:
        text = nothing if number == 0 else f"and {number - most} more" if number > most else ""
        y = self._legend_top + ROW * (min(number, most) + 1) + 6
        lettering.write(self._page, text, at=(within[0] + 6, y), size=LEGEND_SIZE, color=FAINT)

    def _stripe(self, row: int, within: tuple[int, int]) -> int:
        y = self._legend_top + row * ROW + 2
        if row % 2 == 0:
            self._page[y : y + ROW, within[0] : within[1]] = STRIPE
        return y + 4

    def _right(self, text: str, *, y: int, right: int) -> int:
        x = right - lettering.width_of(text, LEGEND_SIZE)
        lettering.write(self._page, text, at=(x, y), size=LEGEND_SIZE, color=FAINT)
        return x

    def _line(self, phrase: lettering.Phrase, *, at: tuple[int, int], right: int) -> None:
        lettering.write_phrase(self._page, phrase, at=at, size=LEGEND_SIZE, width=right - at[0])


def _when(relation: Relation) -> str:
    first = relation.spans.parts[0]
    more = len(relation.spans) - 1
    return f"{first.start:.1f}–{first.end:.1f} s" + (f" +{more}" if more else "")


def _legend_rows(graph: SceneGraph) -> int:
    def rows(number: int, most: int) -> int:
        return max(1, min(number, most) + (number > most))

    return 1 + max(rows(len(graph.objects), MOST_OBJECTS), rows(len(graph.relations), MOST_RELATIONS))
