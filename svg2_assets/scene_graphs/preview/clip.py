"""The pictures of the overlay video: a painted frame above a caption with what holds at that moment."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.video import Frame, Pixels, Video
from svg2_assets.scene_graphs.preview import lettering
from svg2_assets.scene_graphs.preview.moments import holds_at, middle_of
from svg2_assets.scene_graphs.preview.overlay import Shown, paint, tag_size
from svg2_assets.scene_graphs.preview.palette import NIGHT, NIGHT_FAINT, NIGHT_INK, tint
from svg2_assets.scene_graphs.preview.phrases import Inks, by_interest, clock, relation_phrase
from svg2_assets.scene_graphs.preview.tags import TagPlacer

ROWS, CAPTION_ROWS, CLOCK_ROWS = 432, 62, 24
WIDEST, NARROWEST, LOWEST = 960, 400, 240
CAPTION_SIZE = 13
_MARGIN, _BETWEEN = 8, 18
_INKS = Inks(NIGHT_INK, lift=0.45)


def fitted(video: Video, *, width: int, height: int, lowest: int = 1) -> tuple[int, int]:
    """(width, height) of the picture of `video` inside a box, aspect kept; enlarged to `lowest` rows at most."""
    scale = min(width / video.width, height / video.height, max(1.0, lowest / video.height))
    return max(1, round(video.width * scale)), max(1, round(video.height * scale))


class ClipPage:
    """Makes the pictures of one overlay video; `size` (width, height) is even and at most 960×432."""

    def __init__(self, graph: SceneGraph) -> None:
        self._graph = graph
        self._relations = by_interest(graph.relations)
        self._tag_size = tag_size(graph)
        width, height = fitted(graph.video, width=WIDEST, height=ROWS - CAPTION_ROWS, lowest=LOWEST)
        self.picture = width, height
        self.size = _even(max(NARROWEST, width)), _even(height + CAPTION_ROWS)
        self._left = (self.size[0] - width) // 2
        self._page = lettering.blank(*self.size, color=NIGHT)
        self._placer = TagPlacer(width, height)
        self._captioned: Sequence[Relation] = ()
        self._left_over = 0

    def draw(self, frame: Frame, shown: Sequence[Shown]) -> Pixels:
        """The picture of one frame. The array is reused by the next call."""
        width, height = self.picture
        painted = paint(resized(frame.pixels, self.picture), shown, placer=self._placer, text_size=self._tag_size)
        self._page[:height, self._left : self._left + width] = painted
        time = middle_of(self._graph.video, frame.index)
        holding = [r for r in self._relations if holds_at(r, time)]
        if holding != self._captioned:
            self._caption(holding)
            self._captioned = holding
        self._clock(frame.time)
        return self._page

    def _caption(self, holding: Sequence[Relation]) -> None:
        """Relations on two lines, as many as fit; the others are counted."""
        top = self.picture[1] + CLOCK_ROWS
        self._page[top:] = NIGHT
        line = lettering.line_height(CAPTION_SIZE)
        phrases = [relation_phrase(self._graph, r, inks=_INKS) for r in holding]
        rows, left_over = _flow(phrases, width=self.size[0] - 2 * _MARGIN, rows=2)
        for row, items in enumerate(rows):
            x = _MARGIN
            for phrase in items:
                room = self.size[0] - _MARGIN - x
                y = top + row * (line + 3)
                x += lettering.write_phrase(self._page, phrase, at=(x, y), size=CAPTION_SIZE, width=room) + _BETWEEN
        self._left_over = left_over

    def _clock(self, time: float) -> None:
        """A bar that grows with the time, the time itself, and how many relations found no room."""
        top, width = self.picture[1], self.size[0]
        self._page[top : top + CLOCK_ROWS] = NIGHT
        done = min(1.0, time / self._graph.video.duration)
        cv2.rectangle(self._page, (0, top), (width - 1, top + 2), tint(NIGHT, 0.2), cv2.FILLED)
        cv2.rectangle(self._page, (0, top), (round(done * (width - 1)), top + 2), NIGHT_INK, cv2.FILLED)
        text = f"{clock(time)} / {clock(self._graph.video.duration)}"
        lettering.write(self._page, text, at=(_MARGIN, top + 5), size=12, color=NIGHT_FAINT)
        if self._left_over:
            more = f"+{self._left_over} more"
            x = width - _MARGIN - lettering.width_of(more, 12)
            lettering.write(self._page, more, at=(x, top + 5), size=12, color=NIGHT_FAINT)


def resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """`pixels` at `size` = (width, height)."""
    if pixels.shape[1::-1] == size:
        return pixels
    halved = size[1] * 2 <= pixels.shape[0]  # above half the size, bilinear loses no pixel and costs a fraction
    scaled: Pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if halved else cv2.INTER_LINEAR)
    return scaled


def _flow(phrases: Sequence[lettering.Phrase], *, width: int, rows: int) -> tuple[list[list[lettering.Phrase]], int]:
    """`phrases` broken into at most `rows` lines of `width` columns, and how many found no room."""
    lines: list[list[lettering.Phrase]] = [[]]
    used = placed = 0
    for phrase in phrases:
        needs = lettering.phrase_width(phrase, CAPTION_SIZE) + _BETWEEN
        if used and used + needs > width + _BETWEEN:
            if len(lines) == rows:
                break
            lines.append([])
            used = 0
        lines[-1].append(phrase)
        used += needs
        placed += 1
    return lines, len(phrases) - placed


def _even(number: int) -> int:
    return number + number % 2
