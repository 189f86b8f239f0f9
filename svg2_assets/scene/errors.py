"""Errors that name the video, the phase, what was expected and what to do."""

from __future__ import annotations


class Svg2Error(Exception):
    """Root of every error this project raises on purpose."""


class InvalidSceneValue(Svg2Error, ValueError):
    """A value of the vocabulary was given parts that contradict each other."""


class VideoError(Svg2Error):
    """A video cannot be processed. The text names the video, the reason and the remedy; it never stops other videos.

    `reason` is one word for machines (`empty`, `truncated`, `no-video-stream`, `permission`, ...).
    """

    def __init__(self, *, video: str, reason: str, detail: str, remedy: str = "", phase: str = "videos") -> None:
        self.video, self.reason, self.detail, self.remedy, self.phase = video, reason, detail, remedy, phase
        super().__init__(f"{printable(video)}: {phase}: {detail}" + (f" {remedy}" if remedy else ""))


class PhaseError(Svg2Error):
    """A phase failed for one video: names both, what was expected and what to do."""

    def __init__(self, *, video: str, phase: str, expected: str, found: str, remedy: str = "") -> None:
        self.video, self.phase = video, phase
        text = f"{printable(video)}: {phase}: expected {expected}, found {found}."
        super().__init__(text + (f" {remedy}" if remedy else ""))


class UnusableBackend(Svg2Error):
    """A backend that can work for no video: weights or a package missing, a setting it cannot have.

    The text says what is wrong and what to do, and names no video: a run that meets it tries no further one.
    """


def printable(text: str, *, limit: int = 200) -> str:
    """`text` on one line, control characters escaped, cut to `limit` characters: names of files are untrusted data."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
