"""Seeded random truths and predictions in the terms of the public evaluators.

The numbers that the tests compare with are what the public programs gave for these very inputs under NumPy 2.4:
VidVRD-helper 1b4de17, OpenPVSG b2850b9, VIPSeg-Dataset 92e1459, deeplab2 64bc1c1, panopticapi 7bb4655. `RandomState`
draws the same for a seed in every version of NumPy.
"""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from svg2_assets.evaluation.public.tubes import tubes_of_maps
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory

Draw = np.random.RandomState


def rising(draw: Draw, low: int, high: int) -> list[int]:
    """[first, last], `low` <= first <= last < `high`."""
    return sorted(int(v) for v in draw.randint(low, high, 2))


# Boxes (VidVRD, VidOR)


def boxes(draw: Draw, frames: int, base: tuple[int, int, int, int], *, odd: bool) -> list[list[float]]:
    """Inclusive boxes near `base` (x, y, w, h); odd ones have fractions, and some are turned round."""
    found = []
    for _ in range(frames):
        x, y = base[0] + draw.randint(-2, 3), base[1] + draw.randint(-2, 3)
        box = [float(x), float(y), float(x + base[2] - 1), float(y + base[3] - 1)]
        if odd:
            box = [b + round(float(draw.rand()), 3) for b in box]
            if draw.rand() < 0.1:
                box = [box[2], box[1], box[0], box[3]]
        found.append(box)
    return found


def instance(draw: Draw, *, scored: bool, odd: bool) -> dict[str, Any]:
    """One relation; odd ones have trajectories that go on after their duration."""
    start, frames = int(draw.randint(0, 10)), int(draw.randint(1, 9))
    more = int(draw.randint(1, 4)) if odd and draw.rand() < 0.2 else 0
    bases = [(0, 0, 10, 10), (3, 3, 10, 8), (15, 0, 6, 12)]
    record = {
        "triplet": [str(draw.choice(["dog", "person"])), str(draw.choice(["chase", "near"])), "ball"],
        "duration": [start, start + frames],
        "sub_traj": boxes(draw, frames + more, bases[draw.randint(0, 3)], odd=odd),
        "obj_traj": boxes(draw, frames + more, bases[draw.randint(0, 2)], odd=odd),
    }
    if scored:
        record["score"] = float(draw.choice([0.25, 0.5, round(float(draw.rand()), 3)]))
        if odd and draw.rand() < 0.05:
            record["score"] = float(draw.choice([np.nan, np.inf]))
    return record


def relation_videos(seed: int, *, odd: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Truth and prediction with copies, shifted copies and inventions; some videos lack one or the other."""
    draw = Draw(seed)
    truth: dict[str, Any] = {}
    predicted: dict[str, Any] = {}
    for v in range(draw.randint(2, 6)):
        relations = [instance(draw, scored=False, odd=odd) for _ in range(draw.randint(0, 7))]
        truth[f"v{v}"] = relations
        if draw.rand() < 0.15:
            continue
        said = [instance(draw, scored=True, odd=odd) for _ in range(draw.randint(1, 25))]
        for relation in relations:
            if draw.rand() < 0.7:
                copy = dict(relation, score=float(draw.choice([0.5, round(float(draw.rand()), 3)])))
                if draw.rand() < 0.6:
                    copy["obj_traj"] = [[x + 1, y, r + 2, b] for x, y, r, b in copy["obj_traj"]]
                said.insert(draw.randint(0, len(said) + 1), copy)
        predicted[f"v{v}"] = said
    predicted["elsewhere"] = []
    truth["full"] = [instance(draw, scored=False, odd=odd)]
    predicted["full"] = [dict(truth["full"][0], score=0.5)]
    return truth, predicted


# Panoptic maps (COCO, VIPSeg)

CATEGORIES = [{"id": i, "name": f"c{i}", "isthing": int(i % 2)} for i in range(6)]


def layout(size: int, tubes: list[dict[str, Any]], t: int) -> np.ndarray:
    """A map of ids: the rectangles of `tubes` on frame t, later ones on top; 0 elsewhere."""
    ids = np.zeros((size, size), dtype=np.int64)
    for tube in tubes:
        if t in tube["frames"]:
            y, x = tube["at"][0] + t * tube["step"], tube["at"][1]
            ids[max(y, 0) : max(y + tube["size"][0], 0), x : x + tube["size"][1]] = tube["id"]
    return ids


def tubes(draw: Draw, size: int, frames: int, ids: Any) -> list[dict[str, Any]]:
    """Rectangles that move, each on a run of frames."""
    found = []
    for _ in range(draw.randint(2, 7)):
        first, last = rising(draw, 0, frames)
        found.append(
            {
                "id": next(ids) * (1 if draw.rand() < 0.7 else 300),
                "category_id": int(draw.randint(0, 5)),
                "iscrowd": int(draw.rand() < 0.2),
                "at": (int(draw.randint(0, size)), int(draw.randint(0, size))),
                "size": (int(draw.randint(3, size)), int(draw.randint(3, size))),
                "step": int(draw.randint(-1, 2)),
                "frames": range(first, last + 1),
            }
        )
    return found


def records(ids: np.ndarray, tubes: list[dict[str, Any]], *, truth: bool) -> list[dict[str, Any]]:
    """`segments_info` of a map, in the order of the tubes."""
    found = []
    for tube in tubes:
        area = int((ids == tube["id"]).sum())
        if area:
            found.append({"id": tube["id"], "category_id": tube["category_id"], "area": area})
            if truth:
                found[-1]["iscrowd"] = tube["iscrowd"]
    return found


def panoptic_video(seed: int, *, frames: int = 5, size: int = 14) -> tuple[list[Any], list[Any]]:
    """(map, records) of each frame of truth and prediction: tubes kept, moved, relabelled, renumbered, invented."""
    draw = Draw(seed)
    numbers = count(1)
    true = tubes(draw, size, frames, numbers)
    said = []
    for tube in true:
        if draw.rand() < 0.85:
            copy = dict(tube, id=next(numbers))
            if draw.rand() < 0.3:
                copy["at"] = (tube["at"][0] + 1, tube["at"][1])
            if draw.rand() < 0.15:
                copy["category_id"] = int(draw.randint(0, 5))
            said.append(copy)
    said += tubes(draw, size, frames, numbers)[: draw.randint(0, 3)]
    sides = []
    for side, is_truth in ((true, True), (said, False)):
        maps = [layout(size, side, t) for t in range(frames)]
        sides.append([(ids, records(ids, side, truth=is_truth)) for ids in maps])
    if draw.rand() < 0.3:  # true pixels that no record names
        for _, named in sides[0]:
            del named[:1]
    return sides[0], sides[1]


def label_maps(seed: int, *, frames: int = 4, size: int = 12, shift: int = 16) -> list[tuple[np.ndarray, np.ndarray]]:
    """(true, predicted) label maps of four classes, with void (255), crowds (instance 0) and wrong identities."""
    draw = Draw(seed)

    def side() -> np.ndarray:
        classes = draw.choice([0, 1, 2, 3, 255], (3, 3), p=[0.3, 0.2, 0.2, 0.2, 0.1])
        instances = draw.randint(0, 4, (3, 3))
        return (classes << shift) + instances

    blocks, found = side(), []
    for _ in range(frames):
        keep = draw.rand(3, 3) < 0.75
        true, said = blocks, np.where(keep, blocks, side())
        large = [np.kron(b, np.ones((size // 3, size // 3), dtype=np.int64)) for b in (true, said)]
        found.append((large[0], np.roll(large[1], int(draw.randint(0, 2)), axis=1)))
        blocks = np.where(draw.rand(3, 3) < 0.8, blocks, side())
    return found


# Panoptic video scene graphs (PVSG)


def scene_video(seed: int, *, frames: int = 10, size: int = 16) -> dict[str, Any]:
    """True id maps, objects and relations of a video, predicted masks by track, and results in order."""
    draw = Draw(seed)
    true = tubes(draw, size, frames, count(1))
    for number, tube in enumerate(true, start=1):
        at = tuple(int(v) for v in draw.randint(0, size - 6, 2))
        tube |= {"id": number, "category_id": int(draw.randint(0, 2)), "frames": range(frames), "at": at, "step": 0}
        if draw.rand() < 0.3:
            tube["frames"] = range(*rising(draw, 0, frames))
    maps = [layout(size, true, t) for t in range(frames)]
    relations = [
        [*(int(i) for i in draw.choice(len(true), 2, replace=False) + 1), int(draw.randint(0, 3)), spans(draw, frames)]
        for _ in range(draw.randint(0, 6))
    ]
    said = [dict(tube, id=i) for i, tube in enumerate(true) if draw.rand() < 0.9]
    said += [dict(tube, id=len(true) + i) for i, tube in enumerate(said) if draw.rand() < 0.3]
    for tube in said:
        if draw.rand() < 0.3:
            tube["at"] = (tube["at"][0] + 1, tube["at"][1])
    found = {
        tube["id"]: {
            "cid": tube["category_id"],
            "masks": {t: layout(size, [dict(tube, id=1)], t) for t in range(frames) if draw.rand() < 0.95},
        }
        for tube in said
    }
    objects = {i: found.get(i, {}) for i in range(len(true) * 2 + 1)}
    results = []
    for _ in range(draw.randint(20, 120)):
        a, b = draw.choice(sorted(found) or [0], 2) if draw.rand() < 0.9 else draw.randint(0, len(objects), 2)
        span = np.zeros(frames)
        for first, last in spans(draw, frames + 1) if draw.rand() < 0.5 or not relations else relations[0][3]:
            span[first : last + 1] = 1
        relation = int(draw.randint(0, 3))
        results.append({"subject_index": int(a), "object_index": int(b), "relation": relation, "relation_span": span})
    for a, b, predicate, said_spans in relations:  # what is true of the same two, most of the time
        if draw.rand() < 0.8:
            span = np.zeros(frames)
            for first, last in said_spans:
                span[first : last + 1 + draw.randint(0, 2)] = 1
            ends = {"subject_index": a - 1, "object_index": b - 1}
            results.insert(draw.randint(0, len(results) + 1), {**ends, "relation": predicate, "relation_span": span})
    return {
        "maps": maps,
        "truth": [{"object_id": t["id"], "category": t["category_id"]} for t in true],
        "relations": relations,
        "objects": objects,
        "results": results,
    }


def spans(draw: Draw, frames: int) -> list[list[int]]:
    """One or two [first, last]; they may reach beyond the video."""
    return [rising(draw, 0, frames + 2) for _ in range(draw.randint(1, 3))]


def trajectory(masks: dict[int, np.ndarray]) -> Trajectory:
    """The frames that show something."""
    return Trajectory.of(sorted(masks), [Mask.from_array(masks[t]) for t in sorted(masks)])


def scene_records(scenes: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Truth and prediction of `pvsg.recall`."""
    truth = {
        video: {
            "objects": scene["truth"],
            "relations": scene["relations"],
            "masks": tubes_of_maps(scene["maps"], [o["object_id"] for o in scene["truth"]]),
        }
        for video, scene in scenes.items()
    }
    predicted = {
        video: {
            "objects": {
                i: {"cid": o["cid"], "masks": trajectory(o["masks"])} if o else {} for i, o in scene["objects"].items()
            },
            "results": scene["results"],
        }
        for video, scene in scenes.items()
    }
    return truth, predicted


def given_statements(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Truth and prediction of `pvsg.recall_of_given`."""
    draw = Draw(seed)

    def statement() -> dict[str, Any]:
        subject, object_, relation = (int(v) for v in draw.randint(0, 4, 3))
        span = (draw.rand(12) < 0.6).astype(float)
        return {"subject_index": subject, "object_index": object_, "relation": relation, "relation_span": span}

    truth = {f"v{v}": [statement() for _ in range(draw.randint(1, 8))] for v in range(2)}
    predicted = {video: [statement() for _ in range(draw.randint(0, 120))] for video in truth}
    return truth, predicted


def volume_scene(seed: int) -> dict[str, Any]:
    """One video by volumes: dense masks [T, H, W] of both sides, and their relations with durations from frame 1 on."""
    draw, scene = Draw(seed), scene_video(seed)
    frames = len(scene["maps"])
    ids = [o["object_id"] for o in scene["truth"]]
    category = {o["object_id"]: o["category"] for o in scene["truth"]}
    true = {i: np.stack([m == i for m in scene["maps"]]) for i in ids}
    found = {}
    for i, o in scene["objects"].items():
        if o:
            found[i] = np.zeros_like(true[ids[0]])
            found[i][list(o["masks"])] = list(o["masks"].values())

    def durations() -> list[list[int]]:
        return [rising(draw, int(draw.rand() > 0.1), frames + 3) for _ in range(draw.randint(1, 3))]

    relations = [
        {"triplet": ((a, category[a]), (b, category[b]), p), "durs": durations()} for a, b, p, _ in scene["relations"]
    ]
    said = []
    for r in scene["results"]:
        a, b = r["subject_index"], r["object_index"]
        if a in found and b in found:
            ends = (a, scene["objects"][a]["cid"]), (b, scene["objects"][b]["cid"])
            score = float(draw.choice([0.5, round(float(draw.rand()), 3)]))
            said.append({"triplet": (*ends, r["relation"]), "durs": durations(), "score": score})
    for r in relations:
        (a, a_class), (b, b_class), p = r["triplet"]
        if a - 1 in found and b - 1 in found and draw.rand() < 0.7:
            ends = (a - 1, a_class), (b - 1, b_class)
            said.append({"triplet": (*ends, p), "durs": r["durs"], "score": round(float(draw.rand()), 3)})
    return {"frames": frames, "true": true, "found": found, "relations": relations, "said": said}


def volume_records(scenes: dict[str, dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Truth and prediction of `pvsg_volumes.detection`."""
    truth = {
        video: {
            "num_frames": scene["frames"],
            "masks": {i: trajectory(dict(enumerate(m))) for i, m in scene["true"].items()},
            "relations": scene["relations"],
        }
        for video, scene in scenes.items()
    }
    predicted = {
        video: {
            "masks": {i: trajectory(dict(enumerate(m))) for i, m in scene["found"].items()},
            "relations": scene["said"],
        }
        for video, scene in scenes.items()
    }
    return truth, predicted
