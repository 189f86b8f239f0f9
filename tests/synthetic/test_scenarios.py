import numpy as np
import pytest

from svg2_assets.scene.taxonomy import Category
from svg2_assets.synthetic import scenarios
from svg2_assets.synthetic.backgrounds import make_backdrop
from svg2_assets.synthetic.cameras import Move
from svg2_assets.synthetic.relations import Scene, relate
from svg2_assets.synthetic.rendering import Painter
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.stage import Stage
from svg2_assets.synthetic.survey import survey
from svg2_assets.synthetic.world import World

VIDEO = World(WorldSettings.of(Difficulty.EASY, width=96, height=72, fps=8.0), seed=0).video
TOLD = {
    scenarios.kick_ball: {("kicking", "functional"), ("looking at", "attentional"), ("on", "spatial")},
    scenarios.push_box: {("pushing", "functional"), ("touching", "spatial")},
    scenarios.converse: {("talking to", "social"), ("facing", "social"), ("waving at", "social")},
    scenarios.put_away: {
        ("holding", "functional"),
        ("carrying", "stateful"),
        ("inside", "spatial"),
        ("putting away", "event_level"),
    },
    scenarios.hand_over: {("handing over to", "event_level"), ("holding", "functional"), ("carrying", "stateful")},
    scenarios.ride: {("riding", "stateful"), ("moving together with", "motion")},
    scenarios.tow: {("attached to", "stateful"), ("moving together with", "motion")},
    scenarios.overtake: {("overtaking", "event_level")},
    scenarios.chase: {("following", "motion"), ("chasing", "event_level"), ("looking at", "attentional")},
    scenarios.flock: {("moving together with", "motion")},
    scenarios.watch: {("looking at", "attentional")},
    scenarios.lay_table: {("on", "spatial"), ("looking at", "attentional")},
    scenarios.unpack: {("inside", "spatial")},
}


def staged(story, seed):
    settings = WorldSettings.of(Difficulty.EASY, width=96, height=72, fps=8.0)
    rng = np.random.Generator(np.random.PCG64(seed))
    while not (backdrop := make_backdrop(rng, aspect=settings.aspect, contrast=0.2)).outdoor:
        pass
    stage = Stage(settings, rng, backdrop, 0, settings.frames)
    story(stage)
    return stage


def told(stage):
    painter = Painter(stage, width=96, height=72)
    scene = Scene(stage, survey(stage, painter), painter.boxes / painter.height)
    return relate(scene, VIDEO, first_id=0)


@pytest.mark.parametrize("story", TOLD, ids=lambda s: s.__name__)
def test_a_story_shows_what_it_tells(story):
    for seed in range(4):
        seen = {(r.predicate, r.category.value) for r in told(staged(story, seed))}
        assert TOLD[story] <= seen, (seed, TOLD[story] - seen)


def test_every_story_is_listed():
    assert {*scenarios.STORIES, *scenarios.OUTDOOR_STORIES, scenarios.unpack} == set(TOLD)


def actors(stage, *names):
    return [next(a for a in stage.actors if a.name in names[i]) for i in range(len(names))]


PEOPLE = {"person", "man", "woman", "child"}


@pytest.mark.parametrize("seed", range(4))
def test_a_kicked_ball_lies_until_the_foot_meets_it(seed):
    stage = staged(scenarios.kick_ball, seed)
    person, ball = actors(stage, PEOPLE, {"ball"})
    (kick,) = [r for r in told(stage) if r.predicate == "kicking"]
    first = round(kick.spans.parts[0].start * VIDEO.fps)
    assert np.ptp(ball.x[:first]) < 1e-9
    assert abs(ball.x[-1] - ball.x[0]) > 0.3
    assert abs(person.x[first] - ball.x[first]) < 0.2


@pytest.mark.parametrize("seed", range(4))
def test_what_is_held_is_in_the_hand_and_moves_with_it(seed):
    for story in (scenarios.put_away, scenarios.hand_over):
        stage = staged(story, seed)
        by_index = {a.index: a for a in stage.actors}
        held = [c for c in stage.claims if c.predicate == "holding"]
        assert held
        for claim in held:
            hand_x, hand_y = by_index[claim.subject].hand()
            item = by_index[claim.object]
            middle = item.y - 0.4 * item.size
            # In the middle of its time: at its ends the item is on its way from ground or hand to hand.
            when = np.flatnonzero(claim.holds)
            when = when[len(when) // 4 : -len(when) // 4]
            gap = np.hypot(item.x - hand_x, middle - hand_y)[when]
            assert gap.max() < 0.05


@pytest.mark.parametrize("seed", range(4))
def test_what_was_put_away_stays_within_the_box(seed):
    stage = staged(scenarios.put_away, seed)
    crate = next(a for a in stage.actors if a.name in {"box", "basket", "bin"})
    inside = next(c for c in stage.claims if c.predicate == "inside")
    item = next(a for a in stage.actors if a.index == inside.subject)
    on = inside.holds
    assert (np.abs(item.x - crate.x)[on] < 0.5 * crate.size[on]).all()
    assert ((item.y <= crate.y) & (item.y > crate.y - crate.size))[on].all()


def test_people_who_talk_face_each_other_and_move_their_mouths():
    stage = staged(scenarios.converse, 1)
    left, right = stage.actors
    assert (np.sign(right.x - left.x) == left.facing).all()
    assert (left.facing == -right.facing).all()
    talking = next(c for c in stage.claims if c.predicate == "talking to" and c.subject == left.index)
    mouth = left.shown["mouth"]
    assert 0.3 < mouth[talking.holds].mean() < 0.9
    assert not mouth[~talking.holds].any()


def test_a_camera_that_tracks_a_thing_is_said_to_follow_it():
    followed = []
    for seed in range(30):
        world = World(WorldSettings.of(Difficulty.EASY, width=96, height=72, fps=6.0, camera_chance=1.0), seed=seed)
        if all(s.camera.move is not Move.TRACK for s in world.truth.stages):
            continue
        followed += [
            (world, r) for r in world.truth.relations if r.subject == -1 and r.category is Category.ATTENTIONAL
        ]
    assert len(followed) >= 3
    for world, r in followed:
        assert r.predicate == "following"
        middles = [
            m.box[0] + m.box[2] / 2
            for i in range(*(round(t * world.video.fps) for t in (r.spans.parts[0].start, r.spans.parts[0].end)))
            if (m := world.truth.masks_at(i).get(r.object))
        ]
        assert abs(np.median(middles) - world.video.width / 2) < 0.25 * world.video.width
