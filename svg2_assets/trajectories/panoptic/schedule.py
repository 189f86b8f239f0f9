"""When to segment: on a clock in seconds, and sooner when something happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from svg2_assets.trajectories.panoptic.settings import CheckSettings


class Reason(StrEnum):
    """Why a frame is segmented."""

    SHOT = "shot"
    CLOCK = "clock"
    THOROUGH = "thorough"
    UNTRACKED = "untracked"
    LOST = "lost"
    CONFIRM = "confirm"
    END = "end"


@dataclass(slots=True)
class CheckClock:
    """Decides, frame by frame, whether this one is segmented. Times are seconds on the video's clock."""

    settings: CheckSettings
    last: float = 0.0
    last_full: float = 0.0
    """when new objects were last looked for, not only those that wait confirmed"""
    last_thorough: float = 0.0
    untracked: float = 0.0
    """share of the frame that was untracked after the last check"""

    def reason(
        self, time: float, *, untracked: float, presences: Mapping[int, tuple[float, float]], pending: bool, last: bool
    ) -> Reason | None:
        """Why to check at `time`, None to go on. `presences`: object -> (one frame ago, now). `pending`: new objects
        wait to be confirmed. `last`: the video's last frame, where only those are looked for."""
        rules, since = self.settings, time - self.last + 1e-9
        if time - self.last_thorough + 1e-9 >= rules.thorough_every:
            return Reason.THOROUGH
        if time - self.last_full + 1e-9 >= rules.every:
            return Reason.CLOCK
        if since < rules.soonest:
            return Reason.END if last and pending else None
        if pending and self.last == self.last_full:  # once between two full looks
            return Reason.CONFIRM
        if untracked - self.untracked >= rules.growth:
            return Reason.UNTRACKED
        if any(before >= rules.lost_presence > now for before, now in presences.values()):
            return Reason.LOST
        return None

    def checked(self, time: float, reason: Reason, *, untracked: float) -> None:
        """A check was made at `time`; `untracked` is what is left after it."""
        self.last, self.untracked = time, untracked
        if reason not in (Reason.CONFIRM, Reason.END):
            self.last_full = time
        if reason in (Reason.THOROUGH, Reason.SHOT):
            self.last_thorough = time
