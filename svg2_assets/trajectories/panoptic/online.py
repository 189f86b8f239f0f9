"""The online part: follow what is known, look for what is new, in one pass over the frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.flow import FlowPair
from svg2_assets.trajectories.panoptic.cap import most_salient, salience
from svg2_assets.trajectories.panoptic.completion import complete
from svg2_assets.trajectories.panoptic.discovery import Known, compare, twins, worthy
from svg2_assets.trajectories.panoptic.interpolation import Between
from svg2_assets.trajectories.panoptic.leaks import repaired
from svg2_assets.trajectories.panoptic.protocols import Proposal, Segmenter, Tracked, TrackSession, Vectors
from svg2_assets.trajectories.panoptic.registry import Entry, Registry, Standing
from svg2_assets.trajectories.panoptic.relinking import Lost, lost_twin
from svg2_assets.trajectories.panoptic.schedule import CheckClock, Reason
from svg2_assets.trajectories.panoptic.settings import PanopticSettings
from svg2_assets.trajectories.protocols import Origin

SMALL = 0.01  # of the frame: what is smaller is looked for on crops too


class OnlinePass:
    """One pass over one video. Give it every frame in order, then call `finish`."""

    def __init__(self, video: Video, segmenter: Segmenter, session: TrackSession, settings: PanopticSettings) -> None:
        self._video, self._segmenter, self._session, self._settings = video, segmenter, session, settings
        self._clock = CheckClock(settings.checks)
        self._live: dict[int, Entry] = {}
        self._shot, self._first = -1, 0
        self._stride = settings.pace.stride(video.fps)
        self._between = Between(longest=round((settings.gates.retrace_seconds + 1) * video.fps))
        self._seen: list[int] = []
        self.registry = Registry()
        self.cuts: list[int] = []
        self.counts: Counter[str] = Counter()
        self._twins: Counter[tuple[int, int]] = Counter()

    def take(self, frame: Frame, flow: FlowPair | None) -> None:
        """The next frame, with the flow from the one before it: None on the first frame of every shot."""
        if flow is None:
            self._begin_shot(frame)
            return
        self._between.add(frame.index, flow)
        if (frame.index - self._first) % self._stride and frame.index != self._video.num_frames - 1:
            return
        self._seen.append(frame.index)
        self._follow(frame)
        for entry in self._live.values():
            self._steady(entry, self._seen[-3:])

    def _steady(self, entry: Entry, frames: Sequence[int]) -> None:
        """The mask before the newest is settled now that the newest is known, and what lies before it is filled."""
        if len(frames) == 3:
            least = self._settings.gates.steady
            agreed = self._between.steadied(entry.masks, (frames[0], frames[1], frames[2]), least)
            if agreed is not None:
                entry.masks[frames[1]] = agreed
                self.counts["masks steadied"] += 1
            self._bridge(entry, frames[0], frames[1])

    def _bridge(self, entry: Entry, before: int, after: int) -> None:
        if after - before > 1 and before in entry.masks and after in entry.masks:
            self._between.fill(entry.masks, before, after)

    def _follow(self, frame: Frame) -> None:
        tracked = self._without_leaks(self._session.advance(frame))
        for object_id, entry in self._live.items():
            now = tracked.get(object_id, Tracked(None, 0.0))
            entry.take(frame.index, now, least_presence=self._settings.gates.presence)
        visible = self._visible(frame.index)
        untracked = self._untracked(visible.values())
        reason = self._clock.reason(
            frame.time,
            untracked=untracked,
            presences={i: (e.before, e.presence) for i, e in self._live.items()},
            pending=any(e.standing is Standing.TENTATIVE for e in self._live.values()),
            last=frame.index == self._video.num_frames - 1,
        )
        if reason is not None:
            self._check(frame, reason, visible)

    def _without_leaks(self, tracked: Mapping[int, Tracked]) -> dict[int, Tracked]:
        least = self._settings.gates.presence
        now = {i: t.mask for i, t in tracked.items() if t.mask is not None and t.presence >= least and i in self._live}
        before = {i: e.last for i, e in self._live.items() if e.last is not None}
        usual = {i: e.usual_area for i, e in self._live.items()}
        mended = repaired(now, before, usual, self._settings.gates)
        self.counts["leaks mended"] += len(mended)
        return {i: replace(t, mask=mended.get(i, t.mask)) for i, t in tracked.items()}

    def finish(self) -> None:
        """The video is over."""
        self._end_shot()

    def _begin_shot(self, frame: Frame) -> None:
        if self._shot >= 0:
            for entry in self._live.values():
                if self._seen[-1] in entry.masks:
                    self._between.follow(entry.masks, self._seen[-1], frame.index)
            self._end_shot()
            self.cuts.append(frame.index)
        self._session.forget(list(self._live))
        self._live = {}
        self._shot += 1
        self._first, self._seen = frame.index, [frame.index]
        self._between.add(frame.index, None)
        self._check(frame, Reason.SHOT, {})

    def _check(self, frame: Frame, reason: Reason, visible: dict[int, Mask]) -> None:
        self.counts["checks"] += 1
        self.counts[f"checks: {reason.value}"] += 1
        self._settle_twins(visible)
        proposals = worthy(self._propose(frame, reason, visible), self._settings.discovery)
        looks = self._session.embed(frame, [p.mask for p in proposals])
        known = {i: Known(m, self._live[i].appearance) for i, m in visible.items()}
        findings = compare(proposals, looks, known, self._settings.discovery)
        for object_id, position in findings.matched.items():
            self._found_again(self._live[object_id], visible[object_id], proposals[position], looks[position])
        self._count_looks(reason, visible)
        if reason not in (Reason.CONFIRM, Reason.END):
            self._count_chances(findings.matched.keys())
        if reason is not Reason.END:
            self._register(frame, proposals, looks, findings.new)
        self._complete([e for e in self._live.values() if self._is_settled(e)])
        self._clock.checked(frame.time, reason, untracked=self._untracked(self._visible(frame.index).values()))

    def _propose(self, frame: Frame, reason: Reason, visible: dict[int, Mask]) -> Sequence[Proposal]:
        """A look for new objects at everything; one to confirm only at those that wait for it."""
        if reason not in (Reason.CONFIRM, Reason.END):
            known = mask_algebra.union(list(visible.values())) if visible else None
            return self._segmenter.segment(frame, known=known, closely=reason in (Reason.SHOT, Reason.THOROUGH))
        waiting = [m for i, m in visible.items() if self._live[i].standing is Standing.TENTATIVE]
        if not waiting:
            return ()
        least = SMALL * self._video.width * self._video.height
        small = any(m.area < least for m in waiting)
        return self._segmenter.segment(frame, focus=mask_algebra.union(waiting), closely=small)

    def _found_again(self, entry: Entry, mask: Mask, proposal: Proposal, look: Vectors) -> None:
        """A proposal of the same extent confirms an object; a whole says nothing for a piece of it."""
        smaller, larger = sorted((mask.area, proposal.mask.area))
        if smaller < self._settings.discovery.same_extent * larger:
            return
        entry.looked_like(look)
        entry.confirmed += 1
        enough = entry.confirmed >= self._settings.discovery.confirmations
        if entry.standing is Standing.TENTATIVE and enough:
            entry.standing = Standing.CONFIRMED

    def _count_looks(self, reason: Reason, visible: Mapping[int, Mask]) -> None:
        """Note who could have been found: on the whole frame alone small things often cannot."""
        least = SMALL * self._video.width * self._video.height
        for object_id in visible.keys() & self._live.keys():
            entry = self._live[object_id]
            if reason in (Reason.CONFIRM, Reason.END):
                entry.looks += entry.standing is Standing.TENTATIVE
            else:
                entry.looks += reason is Reason.THOROUGH or visible[object_id].area >= least

    def _count_chances(self, matched: Iterable[int]) -> None:
        """Who is not found again at a few checks was no object."""
        there = set(matched)
        for entry in list(self._live.values()):
            if entry.standing is Standing.TENTATIVE and entry.id not in there:
                entry.chances -= 1
                if entry.chances <= 0:
                    self._drop(entry)

    def _settle_twins(self, visible: dict[int, Mask]) -> None:
        """Of two that cover each other check after check, the later one is, or goes on as, the earlier."""
        pairs = set(twins(visible, self._settings.discovery))
        self._twins = Counter({pair: self._twins[pair] + 1 for pair in pairs})
        for earlier, later in sorted(pairs):
            if later not in self._live or earlier not in self._live:
                continue
            if self._live[later].standing is Standing.TENTATIVE:
                self._drop(self._live[later])
            elif self._twins[earlier, later] >= self._settings.discovery.twin_checks:
                self._live.pop(later).continues = earlier
                self._session.forget([later])
                self.counts["joined"] += 1
            else:
                continue
            visible.pop(later, None)

    def _drop(self, entry: Entry) -> None:
        entry.standing = Standing.DROPPED
        self._live.pop(entry.id, None)
        self._session.forget([entry.id])
        self.counts["dropped"] += 1

    def _register(self, frame: Frame, proposals: Sequence[Proposal], looks: Vectors, new: Sequence[int]) -> None:
        chosen = self._within_cap(proposals, new)
        lost = {e.id: Lost(e.appearance, e.last) for e in self._lost(frame.index)}
        before = self._of_earlier_shots()
        prompts: dict[int, Mask] = {}
        for position in chosen:
            entry, proposal = self._open(frame, looks[position]), proposals[position]
            entry.continues = lost_twin(looks[position], proposal.mask, lost, self._settings.discovery.relink)
            if entry.continues is not None:
                del lost[entry.continues]
            entry.relinked_from = lost_twin(looks[position], proposal.mask, before, self._settings.discovery.relink)
            prompts[entry.id] = proposal.mask
            entry.take(frame.index, Tracked(proposal.mask, 1.0, proposal.score), least_presence=0.0)
        if prompts:
            self._session.prompt(frame, prompts)

    def _open(self, frame: Frame, look: Vectors) -> Entry:
        origin = Origin.SEED if frame.index == self._first and self._shot == 0 else Origin.DISCOVERED
        entry = self.registry.open(
            frame=frame.index,
            shot=self._shot,
            origin=origin,
            appearance=np.asarray(look, dtype=np.float32),
            chances=self._settings.discovery.chances,
        )
        self._live[entry.id] = entry
        return entry

    def _within_cap(self, proposals: Sequence[Proposal], new: Sequence[int]) -> Sequence[int]:
        """As many of the `new` as may be followed: the most salient ones."""
        room = self._settings.discovery.most_objects - len(self._live)
        if len(new) <= room:
            return new
        chosen = most_salient([_salience(proposals[n]) for n in new], room=room)
        self.counts["left out by the cap"] += len(new) - len(chosen)
        return [new[i] for i in chosen]

    def _lost(self, index: int) -> list[Entry]:
        """Confirmed objects of this shot that have not been seen for a while and that nothing continues yet."""
        frames = self._settings.gates.lost_seconds * self._video.fps
        taken = {e.continues for e in self._live.values()}
        return [
            e
            for e in self.registry.of_shot(self._shot)
            if e.standing is Standing.CONFIRMED and index - e.seen > frames and e.id not in taken
        ]

    def _of_earlier_shots(self) -> dict[int, Lost]:
        """The objects of earlier shots. Who went on under another id counts once: two that are one leave no margin."""
        earlier = [e for e in self.registry if e.shot < self._shot]
        gone_on = {i for e in earlier for i in (e.continues, e.relinked_from)}
        return {e.id: Lost(e.appearance) for e in earlier if e.id not in gone_on}

    def _is_settled(self, entry: Entry) -> bool:
        return entry.standing is Standing.CONFIRMED and not entry.completed

    def _complete(self, entries: Sequence[Entry]) -> None:
        """Follow objects back that have just proved to be some; who continues a lost one fills its gap."""
        if not entries:
            return
        furthest = round(self._settings.gates.retrace_seconds * self._video.fps)
        stop = {}
        for entry in entries:
            entry.completed = True
            first = max(self._first, entry.registered - furthest)
            if entry.continues is not None:
                old = self.registry[entry.continues]
                first = max(first, old.seen + 1)
                self._live.pop(old.id, None)
                self._session.forget([old.id])
            stop[entry.id] = first
        late = [e for e in entries if e.registered > stop[e.id]]
        self.counts["masks from going back"] += complete(
            self._session, late, frames=self._seen, stop=stop, known=self._others, gates=self._settings.gates
        )
        for entry in late:
            earlier = [f for f in self._seen if f <= entry.registered]
            for at in range(2, len(earlier)):
                self._steady(entry, earlier[at - 2 : at + 1])
            if len(earlier) >= 2:
                self._bridge(entry, earlier[-2], earlier[-1])

    def _others(self, index: int, object_id: int) -> list[Mask]:
        return [e.masks[index] for e in self.registry.of_shot(self._shot) if e.id != object_id and index in e.masks]

    def _end_shot(self) -> None:
        """Who waits to be confirmed stays if the tracker never doubted it, however short it was seen."""
        for entry in list(self._live.values()):
            if entry.standing is Standing.TENTATIVE:
                sure = entry.chances == self._settings.discovery.chances and _never_doubted(entry, self._settings)
                if sure:
                    entry.standing = Standing.CONFIRMED
                else:
                    self._drop(entry)
        self._complete([e for e in self._live.values() if self._is_settled(e)])
        if len(self._seen) >= 2:
            for entry in self.registry.of_shot(self._shot):
                self._bridge(entry, self._seen[-2], self._seen[-1])
        for entry in self.registry.of_shot(self._shot):
            rare = entry.confirmed < self._settings.discovery.support * entry.looks
            if rare and entry.looks >= self._settings.discovery.support_looks:
                self._drop(entry)

    def _visible(self, index: int) -> dict[int, Mask]:
        return {i: e.masks[index] for i, e in self._live.items() if index in e.masks}

    def _untracked(self, masks: Iterable[Mask]) -> float:
        known = list(masks)
        covered = mask_algebra.union(known).area if known else 0
        return 1.0 - covered / (self._video.width * self._video.height)


def _salience(proposal: Proposal) -> float:
    share = proposal.mask.area / (proposal.mask.height * proposal.mask.width)
    return salience(proposal.score * proposal.stability, share)


def _never_doubted(entry: Entry, settings: PanopticSettings) -> bool:
    return bool(entry.qualities) and min(entry.qualities) >= settings.discovery.sure_score
