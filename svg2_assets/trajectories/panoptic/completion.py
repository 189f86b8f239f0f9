"""The offline part: what an object was before it was found, frame by frame backwards, as long as that is believable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.panoptic.protocols import Tracked, TrackSession
from svg2_assets.trajectories.panoptic.registry import Entry
from svg2_assets.trajectories.panoptic.settings import GateSettings

Known = Callable[[int, int], Sequence[Mask]]
"""(frame, object) -> the masks of all other objects there"""


def complete(
    session: TrackSession,
    entries: Sequence[Entry],
    *,
    frames: Sequence[int],
    stop: Mapping[int, int],
    known: Known,
    gates: GateSettings,
) -> int:
    """Follow `entries` back from where they were registered, each down to frame `stop[id]`; how many masks that gave.

    `frames`: those that the tracker has seen, in order.

    Going back ends where the tracker sees nothing that it believes in, where what it sees looks different, or where
    that is another object which is already known: nothing is invented before an object exists.
    """
    found, latest = 0, max((e.registered for e in entries), default=0)
    going = {e.id: 0 for e in entries}
    by_id = {e.id: e for e in entries}
    for index in reversed([f for f in frames if f < latest]):
        if not going:
            break
        going = {i: missed for i, missed in going.items() if index >= stop[i]}
        due = [i for i in going if by_id[i].registered > index]
        seen = session.retrace(index, due) if due else {}
        for object_id in due:
            tracked, entry = seen.get(object_id), by_id[object_id]
            if tracked is not None and _believable(tracked, entry, gates) and index not in entry.masks:
                if _is_taken(tracked, known(index, object_id), gates):
                    del going[object_id]
                    continue
                entry.take(index, tracked, least_presence=gates.retrace_presence)
                found, going[object_id] = found + 1, 0
            else:
                going[object_id] += 1
                if going[object_id] >= gates.retrace_misses:
                    del going[object_id]
    return found


def _believable(tracked: Tracked, entry: Entry, gates: GateSettings) -> bool:
    if tracked.mask is None or tracked.presence < gates.retrace_presence:
        return False
    look = tracked.appearance
    return look is None or float(look @ entry.appearance) >= gates.retrace_appearance


def _is_taken(tracked: Tracked, others: Sequence[Mask], gates: GateSettings) -> bool:
    if tracked.mask is None or not others:
        return False
    return bool(mask_algebra.iou([tracked.mask], others).max() >= gates.taken_iou)
