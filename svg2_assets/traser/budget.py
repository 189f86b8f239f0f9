"""Which objects and windows stand in the sequence when not all fit, and how many passes it takes to ask about all.

Lengths are known before anything is written (`length_of`): what is least worth goes first, the answer is never cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import FloatArray
from svg2_assets.traser.arrangement import Block, Clip, Plan, Subject, blocks_of, length_of, length_of_part
from svg2_assets.traser.selection import PHASE, Dropped
from svg2_assets.traser.values import Role, Track

SMALLEST, LARGEST = 0.0002, 0.2  # shares of the frame between which area counts, on a logarithmic scale
FAST = 0.1  # frames a second at which motion counts in full: across the picture in 10 s
WEIGHTS = {"area": 0.4, "duration": 0.3, "motion": 0.3}
NEAR = 0.05  # of the frame's side: boxes that come closer are beside each other


@dataclass(frozen=True, slots=True)
class Fitted:
    """A clip that fits: its `clip` with the tracks that stay, in order, their `blocks` and what was left out.

    `arrange(fitted.clip, ..., blocks=fitted.blocks)` writes it. `kept` are places in the tracks that came in; an answer
    must speak of these objects alone. `length`: ids of the blocks. `notes` say what is missing, for people.
    """

    clip: Clip
    blocks: tuple[Block, ...]
    kept: tuple[int, ...]
    length: int
    dropped: tuple[Dropped, ...] = ()
    notes: tuple[str, ...] = ()


def fit(
    clip: Clip, plan: Plan, *, video: str, prompt: int = 0, answer: int = 0, worth: Sequence[float] | None = None
) -> Fitted:
    """`clip` within the plan's most objects and most tokens.

    `prompt` and `answer` are numbers of ids that need room beside the blocks; leave room for the longest answer to be
    written. `worth` [tracks] multiplies salience, as where an answer says more of some objects. Windows go first: inner
    ones, then those in which an object comes or goes, then (where its whole is shown anyway) its last; then the blocks
    of scene and camera; then objects. Those of least worth go first.

    Raises `PhaseError` when not even one object fits.
    """
    scores = salience(clip) * np.asarray(worth if worth is not None else 1.0)
    kept, dropped = _at_most(clip, plan, scores)
    blocks = blocks_of(_only(clip, kept), plan)
    room = plan.arranging.most_tokens - prompt - answer
    if plan.arranging.cut_at is not None or (kept and _length(blocks, plan) <= room):  # as it is most often
        return _fitted(clip, blocks, kept, plan=plan, dropped=dropped)
    before = kept
    kept, roomless, without_room = _objects_with_room(clip, kept, blocks, plan, room=room, scores=scores)
    if not kept and clip.tracks:
        raise PhaseError(
            video=video,
            phase=PHASE,
            expected=f"room for an object in a sequence of {plan.arranging.most_tokens} tokens",
            found=f"{prompt} of the prompt and {answer} of the answer, {max(room, 0)} left",
            remedy="Allow more tokens, or a shorter answer.",
        )
    blocks = blocks if kept == before else blocks_of(_only(clip, kept), plan)
    whole = [b for b in blocks if b.subject not in roomless]
    blocks = _shortened(whole, plan, room=room, scores=scores[kept])
    fitted = _fitted(clip, blocks, kept, plan=plan, dropped=[*dropped, *without_room])
    return replace(fitted, notes=(*fitted.notes, *_missing(whole, blocks, plan, roomless)))


def passes(clip: Clip, most: int) -> tuple[tuple[int, ...], ...]:
    """Places in `clip.tracks`, in as few groups of at most `most` as hold all, about equally many in each.

    The first group starts with the most salient object and grows by what has been beside its members, so that likely
    relations are asked about in one pass; so does each next group with what is left.
    """
    if most < 1:
        raise ValueError(f"a pass asks about at least 1 object, not {most}")
    count = len(clip.tracks)
    if count <= most:
        return (tuple(range(count)),) if count else ()
    groups = -(-count // most)
    scores, beside = salience(clip), nearness(clip)
    left = set(range(count))
    found = []
    for remaining in range(groups, 0, -1):
        group = _grown(left, -(-len(left) // remaining), scores=scores, beside=beside)
        left -= set(group)
        found.append(tuple(sorted(group)))
    return tuple(found)


def salience(clip: Clip) -> FloatArray:
    """[tracks] 0..1: how large an object is (logarithm of its mean area), how long it is seen, how much it moves.

    The largest things of a video are its walls and floors, so area alone does not decide.
    """
    return np.asarray([_salience(t, clip) for t in clip.tracks], dtype=np.float64)


def nearness(clip: Clip) -> FloatArray:
    """[tracks, tracks] 0..1: the share of the steps that show the rarer of two on which their boxes are beside each
    other.
    """
    boxes = np.stack([t.boxes for t in clip.tracks]).astype(np.float64)  # [tracks, steps, 4]
    count = len(boxes)
    beside = np.zeros((count, count))
    shown = ~np.isnan(boxes[:, :, 0])
    for i in range(count):
        apart = np.abs(boxes[:, :, :2] - boxes[i, :, :2]) - (boxes[:, :, 2:] + boxes[i, :, 2:]) / 2
        close = (apart < NEAR).all(axis=2)  # false where either is not shown
        rarer = np.minimum(shown.sum(axis=1), shown[i].sum())
        beside[i] = close.sum(axis=1) / np.maximum(rarer, 1)
    np.fill_diagonal(beside, 0)
    return beside


def _salience(track: Track, clip: Clip) -> float:
    grid = clip.grid
    steps = np.unique(grid.step_of(track.tokens))
    share = max(float(track.coverage.sum()) / (len(steps) * grid.cells), SMALLEST)
    area = min(np.log(share / SMALLEST) / np.log(LARGEST / SMALLEST), 1.0)
    seen = ~np.isnan(track.boxes[:, 0])
    duration = max(int(seen.sum()), len(steps)) / grid.steps
    seconds = max(float(clip.times[-1] - clip.times[0]), 1.0) * max(duration, 1 / grid.steps)
    motion = min(_path(track.boxes) / seconds / FAST, 1.0)
    return float(WEIGHTS["area"] * area + WEIGHTS["duration"] * duration + WEIGHTS["motion"] * motion)


def _path(boxes: np.ndarray) -> float:
    """How far the centre of a box goes over the steps that show it, in frames."""
    centres = boxes[~np.isnan(boxes[:, 0]), :2].astype(np.float64)
    return float(np.linalg.norm(np.diff(centres, axis=0), axis=1).sum())


def _only(clip: Clip, kept: Sequence[int]) -> Clip:
    return Clip(clip.grid, clip.times, [clip.tracks[k] for k in kept])


def _at_most(clip: Clip, plan: Plan, scores: FloatArray) -> tuple[list[int], list[Dropped]]:
    """Which tracks stay of too many, in order, and the others."""
    most, count = plan.arranging.most_objects, len(clip.tracks)
    if most is None or count <= most:
        return list(range(count)), []
    order = _by_worth(range(count), scores) if plan.arranging.salient else list(range(count))
    why = "is less salient" if plan.arranging.salient else "comes later"
    kept = sorted(order[:most])
    return kept, [_dropped(clip, k, f"{why} than the {most} objects that a sequence has") for k in sorted(order[most:])]


def _dropped(clip: Clip, at: int, why: str) -> Dropped:
    number = clip.tracks[at].number
    return Dropped(number, f"object {number + 1} {why}")


def _objects_with_room(
    clip: Clip, kept: Sequence[int], blocks: Sequence[Block], plan: Plan, *, room: int, scores: FloatArray
) -> tuple[list[int], frozenset[Subject], list[Dropped]]:
    """Which objects fit at their shortest, what of scene and camera does not fit beside them all, the other objects."""
    # Numbers only fall as objects go, and shorter numbers are no longer: the estimate stays an upper bound.
    shortest = {k: _shortest(b, n, plan) for n, (k, b) in enumerate(zip(kept, blocks, strict=False), 1)}
    subjects = {b.subject: _shortest(b, 0, plan) for b in blocks if b.subject is not Subject.OBJECT}
    left = room - sum(shortest.values())
    roomless = set()
    for subject in (s for s in (Subject.CAMERA, Subject.SCENE) if s in subjects):
        if subjects[subject] <= left:
            left -= subjects[subject]
        else:
            roomless.add(subject)
    order = _by_worth(kept, scores)
    staying = set(kept)
    while left < 0 and order:
        least = order.pop()
        staying.discard(least)
        left += shortest[least]
    why = f"is less salient than those that fit {plan.arranging.most_tokens} tokens"
    gone = [_dropped(clip, k, why) for k in kept if k not in staying]
    return [k for k in kept if k in staying], frozenset(roomless), gone


def _shortest(block: Block, number: int, plan: Plan) -> int:
    """Ids of `block` with as few windows as it may have."""
    parts = sorted(length_of_part(p, plan=plan) for p in block.parts)
    spared = sum(parts) if _whole_is_shown(plan) else sum(parts[:-1])
    return length_of(block, number, plan=plan) - spared


def _whole_is_shown(plan: Plan) -> bool:
    return Role.OBJECT in plan.arranging.roles


def _shortened(blocks: Sequence[Block], plan: Plan, *, room: int, scores: FloatArray) -> list[Block]:
    """`blocks` without the windows of least worth that don't fit."""
    over = _length(blocks, plan) - room
    gone: set[tuple[int, int]] = set()
    for at, part in _by_tier(blocks, plan, scores):
        if over <= 0:
            break
        gone.add((at, part))
        over -= length_of_part(blocks[at].parts[part], plan=plan)
    return [
        replace(block, parts=tuple(p for i, p in enumerate(block.parts) if (at, i) not in gone))
        for at, block in enumerate(blocks)
    ]


def _by_tier(blocks: Sequence[Block], plan: Plan, scores: FloatArray) -> Iterator[tuple[int, int]]:
    """Windows in the order in which they go: (block, part)."""
    order = []
    for at, block in enumerate(blocks):
        score = 0.0 if block.track is None else float(scores[block.track])
        worth = [score * w for w in _worth_of_parts(block)]
        best = int(np.argmax(worth)) if worth else -1
        for i, value in enumerate(worth):
            tier = 2 if i == best else int(i in {0, len(worth) - 1})
            if tier < 2 or _whole_is_shown(plan):
                order.append((tier, value, at, i))
    return ((at, i) for _, _, at, i in sorted(order))


def _worth_of_parts(block: Block) -> list[float]:
    """What each window shows of its object: share of all it shows, and of the way it goes."""
    covered = np.asarray([block.places[p.first : p.last, 3].sum() for p in block.parts], dtype=np.float64)
    way = np.asarray([_way(block.places[p.first : p.last]) for p in block.parts], dtype=np.float64)
    return [float(v) for v in _shares(covered) + _shares(way)]


def _way(places: np.ndarray) -> float:
    """How far the object's centre goes from the first to the last of its tokens in a window, in frames."""
    return float(np.hypot(*(places[-1, 4:6] - places[0, 4:6])))


def _shares(values: FloatArray) -> FloatArray:
    total = values.sum()
    return values / total if total > 0 else values


def _length(blocks: Sequence[Block], plan: Plan) -> int:
    return sum(length_of(b, n, plan=plan) for n, b in enumerate(blocks, 1))


def _fitted(
    clip: Clip, blocks: Sequence[Block], kept: Sequence[int], *, plan: Plan, dropped: Sequence[Dropped]
) -> Fitted:
    notes = tuple(d.reason for d in dropped)
    return Fitted(_only(clip, kept), tuple(blocks), tuple(kept), _length(blocks, plan), tuple(dropped), notes)


def _missing(
    whole: Sequence[Block], blocks: Sequence[Block], plan: Plan, roomless: frozenset[Subject]
) -> Iterator[str]:
    """Sentences on what has no place beside the objects."""
    for subject in sorted(roomless):
        yield f"there is no room for the block of the {subject.value}"
    before, after = sum(len(b.parts) for b in whole), sum(len(b.parts) for b in blocks)
    if after < before:
        objects = sum(len(a.parts) > len(b.parts) for a, b in zip(whole, blocks, strict=True))
        yield (
            f"{before - after} of {before} windows, of {objects} blocks, are left out to keep within "
            f"{plan.arranging.most_tokens} tokens: blocks of {_length(whole, plan)} are cut to {_length(blocks, plan)}"
        )


def _by_worth(places: Sequence[int] | range, scores: FloatArray) -> list[int]:
    """Best first; of equals the earlier."""
    return sorted(places, key=lambda k: (-scores[k], k))


def _grown(left: set[int], size: int, *, scores: FloatArray, beside: FloatArray) -> list[int]:
    """`size` of `left`, each next the one most beside those before it and most salient."""
    pool = np.asarray(sorted(left), dtype=np.int64)
    group: list[int] = []
    tie = np.zeros(len(pool))
    while len(group) < size:
        best = int(np.argmax(scores[pool] + tie))
        group.append(int(pool[best]))
        pool, tie = np.delete(pool, best), np.delete(tie, best)
        tie = np.maximum(tie, beside[group[-1], pool])
    return group
