from collections import Counter
from itertools import pairwise

import cv2
import numpy as np
import pytest

from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import (
    CAMERA_ID,
    PREDICATE_CATEGORIES,
    SYMMETRIC,
    Category,
    contradicts,
    inverse_of,
    legal_endpoints,
)
from svg2_assets.synthetic.objects import Kind
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World


def world_of(difficulty, *, seed, **overrides):
    given = {"width": 80, "height": 60, "seconds": 3.0, "fps": 6.0} | overrides
    return World(WorldSettings.of(difficulty, **given), seed=seed)


@pytest.fixture(scope="module")
def worlds():
    """Thirty clips of mixed difficulty."""
    return [world_of(list(Difficulty)[seed % 3], seed=seed) for seed in range(30)]


@pytest.fixture(scope="module")
def cut_world():
    worlds = (world_of(Difficulty.HARD, seed=s, seconds=6.0, cut_chance=1.0, reappear_share=1.0) for s in range(20))
    return next(w for w in worlds if len(w.truth.cuts) == 2)


def test_relations_hold_only_while_both_ends_are_visible(worlds):
    checked = 0
    for world in worlds[:6]:
        tracks = world.truth.trajectories()
        spans = {i: t.spans(world.video) for i, t in tracks.items()} | {
            CAMERA_ID: Spans.of([(0, world.video.duration)])
        }
        for r in world.truth.relations:
            assert (spans[r.subject] & spans[r.object]).contains(r.spans, tolerance=1e-6), r
            checked += 1
    assert checked > 300


def test_all_categories_occur(worlds):
    seen = Counter(r.category for w in worlds for r in w.truth.relations)
    assert set(seen) == set(Category)
    assert min(seen.values()) >= 5


def test_no_two_relations_contradict_each_other(worlds):
    for world in worlds:
        relations = world.truth.relations
        assert len({r.key for r in relations}) == len(relations)
        by_pair = {}
        for r in relations:
            by_pair.setdefault((r.subject, r.object), []).append((r.predicate, r.spans))
            turned = inverse_of(r.predicate)
            if turned and turned != r.predicate:
                by_pair.setdefault((r.object, r.subject), []).append((turned, r.spans))
        for pair, said in by_pair.items():
            for i, (predicate, spans) in enumerate(said):
                for other, others in said[i + 1 :]:
                    assert not (contradicts(predicate, other) and spans & others), (world.video.id, pair, predicate)


def test_symmetric_relations_are_stored_once_lower_id_first(worlds):
    symmetric = [r for w in worlds for r in w.truth.relations if r.predicate in SYMMETRIC]
    assert symmetric
    assert all(r.subject < r.object for r in symmetric)


def test_relations_have_the_category_and_ends_that_the_vocabulary_allows(worlds):
    for world in worlds:
        names = {o.id: o.name for o in world.truth.objects} | {CAMERA_ID: "camera"}
        for r in world.truth.relations:
            camera = r.subject == CAMERA_ID
            ends = {"subject": names[r.subject], "object_": names[r.object], "subject_is_camera": camera}
            assert legal_endpoints(r.category, **ends), (world.video.id, ends, r)
            if not camera:
                assert PREDICATE_CATEGORIES.get(r.predicate, r.category) is r.category


def test_left_of_is_not_said(worlds):
    assert not {r.predicate for w in worlds for r in w.truth.relations} & {"left of", "right of"}


def test_who_is_in_front_hides_the_other(worlds):
    """The one behind shows fewer pixels than it would alone, the hidden ones belonging to the one in front."""
    checked = 0
    for world in worlds[1:6]:
        truth = world.truth
        for r in (r for r in truth.relations if r.predicate == "in front of"):
            index = round(r.spans.parts[0].start * world.video.fps)
            visible, whole = truth.masks_at(index), truth.amodal_at(index)
            if r.object not in visible:
                continue
            hidden = whole[r.object].to_array() & ~visible[r.object].to_array()
            assert (hidden & whole[r.subject].to_array()).any(), (world.video.id, r)
            checked += 1
    assert checked > 20


def test_visible_masks_lie_in_amodal_ones(worlds):
    for world in worlds[:6]:
        truth, index = world.truth, world.video.num_frames // 2
        whole = truth.amodal_at(index)
        things = {o.id for o in truth.objects if o.kind is Kind.THING}
        shown = {i: m for i, m in truth.masks_at(index).items() if i in things}
        assert shown.keys() <= whole.keys()
        assert all(not (m.to_array() & ~whole[i].to_array()).any() for i, m in shown.items())


def test_a_thing_paints_its_mask_and_nothing_else():
    """The picture with and without a thing differs where its mask is (lens blur aside)."""
    share = []
    for seed in range(6):
        quiet = {"noise": 0.0, "lighting": 0.0, "camera_chance": 0.0, "shake": 0.0, "cut_chance": 0.0}
        full, empty = (world_of(Difficulty.MEDIUM, seed=seed, width=192, height=144, **quiet) for _ in range(2))
        for w in (full, empty):
            w.truth.stages[0].actors[0].grounded[:] = False  # no shadow
        actor = empty.truth.stages[0].actors[0]
        actor.present[:] = False
        index = full.video.num_frames // 2
        (a,), (b,) = full.pick([index]), empty.pick([index])
        mask = full.truth.masks_at(index).get(actor.index)
        if mask is None:
            continue
        changed = np.abs(a.pixels.astype(int) - b.pixels).max(axis=2) > 12
        wide = cv2.dilate(mask.to_array().astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        assert not (changed & ~wide).any()
        share.append((changed & mask.to_array()).sum() / mask.area)
    assert len(share) >= 4
    assert np.mean(share) > 0.7


def test_a_cut_changes_the_picture_and_every_object(cut_world):
    truth, pixels = cut_world.truth, [f.pixels.astype(int) for f in cut_world.frames()]
    steps = np.asarray([np.abs(b - a).mean() for a, b in pairwise(pixels)])
    cuts = np.asarray(truth.cuts) - 1
    assert steps[cuts].min() > 1.5 * np.delete(steps, cuts).max()
    for cut in truth.cuts:
        assert not truth.masks_at(cut).keys() & truth.masks_at(cut - 1).keys()
    shots = {o.id: o.shot for o in truth.objects}
    bounds = [0, *truth.cuts, cut_world.video.num_frames]
    for id_, track in truth.trajectories().items():
        assert bounds[shots[id_]] <= track.frames[0] <= track.frames[-1] < bounds[shots[id_] + 1]


def test_what_comes_back_after_a_cut_names_its_first_appearance(cut_world):
    objects = {o.id: o for o in cut_world.truth.objects}
    again = [o for o in objects.values() if o.same_as is not None]
    assert {o.kind for o in again} >= {Kind.THING, Kind.PART}
    for o in again:
        first = objects[o.same_as]
        assert (first.shot, first.same_as, first.name) == (0, None, o.name)
        assert o.shot > 0
        assert float(first.appearance @ o.appearance) > 0.98
    new = [o for o in objects.values() if o.shot > 0 and o.same_as is None and o.kind is Kind.THING]
    assert new


def test_looks_tell_kinds_apart_but_not_look_alikes(worlds):
    alike, parts = [], []
    for world in worlds:
        objects = {o.id: o for o in world.truth.objects}
        assert all(np.linalg.norm(o.appearance) == pytest.approx(1, abs=1e-5) for o in objects.values())
        assert all(o.appearance.dtype == np.float32 and o.appearance.shape == (8,) for o in objects.values())
        parts += [
            float(o.appearance @ objects[o.part_of].appearance) for o in objects.values() if o.part_of is not None
        ]
        for stage, first in zip(world.truth.stages, (0,), strict=False):
            figures = {}
            for actor in stage.actors:
                figures.setdefault(id(actor.figure), []).append(first + actor.index)
            pairs = [ids for ids in figures.values() if len(ids) == 2 and set(ids) <= objects.keys()]
            alike += [float(objects[a].appearance @ objects[b].appearance) for a, b in pairs]
    assert len(alike) > 10
    assert min(alike) > 0.98
    assert max(parts) < 0.98
    assert np.median(parts) < 0.7


def test_names_and_attributes_are_typed(worlds):
    for world in worlds[:6]:
        for o in world.truth.objects:
            types = Counter(a.type.value for a in o.attributes)
            assert types["color"] == 1
            assert max(types.values()) == 1
            assert (o.kind is Kind.PART) == (o.part_of is not None) == (o.level > 1)


def test_the_graph_is_valid_and_complete(worlds):
    world = worlds[4]
    graph = world.truth.graph(world.video)
    assert [o.id for o in graph.objects] == [o.id for o in world.truth.objects]
    assert all(len(o.trajectory) > 0 for o in graph.objects)
    assert graph.relations == world.truth.relations
    assert {o.verification.verdict.value for o in graph.objects} == {"supported"}


def test_a_clip_full_to_the_brim_still_renders():
    full = {"things": 500, "stories": 12, "lookalikes": 30, "cut_chance": 1.0, "reappear_share": 1.0}
    world = world_of(Difficulty.HARD, seed=1, **full)
    assert len(world.truth.stages) > 1
    assert all(100 < s.objects <= 255 for s in world.truth.stages)
    assert len(world.truth.masks_at(3)) > 50
