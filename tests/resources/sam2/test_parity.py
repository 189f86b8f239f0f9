"""Our batched session against the package's own predictor, on one random model and the same picture tensors."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from resources.sam2 import building
from resources.sam2.engine import Engine
from resources.sam2.session import Sam2Session
from resources.sam2.settings import FollowSettings
from resources.sam2.tracker import Sam2MaskTracker
from svg2_assets.scene.masks import Mask, iou
from tests.resources.sam2.scene import HEIGHT, WIDTH, true_mask, video

LATER = 4
FRAMES = 11  # more than the six memories that are read
TOLERANCE = (
    5e-4  # of logits that spread over 3; a pointer placed one frame off changes them by 1e-3, less than all else
)


def package_predictor(engine: Engine) -> Any:
    """The package's predictor with the engine's weights."""
    from hydra import compose
    from hydra.utils import instantiate
    from omegaconf import OmegaConf

    engine.network  # noqa: B018 - tells hydra of sam2
    overrides = [
        "++model._target_=sam2.sam2_video_predictor.SAM2VideoPredictor",
        *building.OVERRIDES,
        *building._sized(engine.settings.image_size),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = compose(config_name="configs/sam2.1/sam2.1_hiera_t.yaml", overrides=overrides)
        OmegaConf.resolve(config)
        predictor = instantiate(config.model, _recursive_=True, _execution_whitelist_="sam2.*")
    predictor.load_state_dict(copy.deepcopy(engine.network.model.state_dict()))
    # Without a pointer all memory is bfloat16, which the package can only attend to under autocast.
    predictor.memory_attention.register_forward_pre_hook(
        lambda _, args, named: (args, {**named, "memory": named["memory"].float()}), with_kwargs=True
    )
    return predictor.eval()


def package_state(predictor: Any, engine: Engine, frames: list[Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    tensors = torch.cat([engine._prepared(f.pixels) for f in frames])
    monkeypatch.setattr("sam2.sam2_video_predictor.load_video_frames", lambda **_: (tensors, HEIGHT, WIDTH))
    return predictor.init_state("frames")


@contextmanager
def kept_logits(session: Sam2Session) -> Iterator[dict[int, Any]]:
    """The logits of the session's latest frame, by object."""
    logits: dict[int, Any] = {}
    follow = session._follower.follow

    def spied(*args: Any, **named: Any) -> Iterator[Any]:
        for part in follow(*args, **named):
            logits.update({i: o.logits.clone() for i, o in part.items()})
            yield part

    session._follower.follow = spied  # type: ignore[method-assign]
    yield logits


def enlarged(logits: Any) -> Any:
    return torch.nn.functional.interpolate(
        logits[None, None], size=(HEIGHT, WIDTH), mode="bilinear", align_corners=False
    )[0, 0]


def difference(first: Any, second: Any) -> float:
    return float((first - second).abs().max())


def test_forwards_as_the_package_predicts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    source = video(FRAMES)
    frames = list(source.frames())
    predictor = package_predictor(engine)
    state = package_state(predictor, engine, frames, monkeypatch)
    prompts = {0: (1, 2), LATER: (3,)}
    for index, ids in prompts.items():
        for i in ids:
            predictor.add_new_mask(state, index, i, true_mask(frames[index], i).to_array())
    expected = {t: dict(zip(ids, out[:, 0], strict=True)) for t, ids, out in predictor.propagate_in_video(state)}

    compared = 0
    with Sam2MaskTracker(engine).session(source) as session, kept_logits(session) as logits:
        for index, ids in prompts.items():
            session.prompt(frames[index], {i: true_mask(frames[index], i) for i in ids})
        for frame in frames:
            logits.clear()
            tracked = session.advance(frame)
            assert set(tracked) == {1, 2, 3}
            for i, found in logits.items():
                compared += 1
                reference = expected[frame.index][i]
                assert float(reference.std()) > 1  # there is something to compare
                assert difference(enlarged(found), reference) < TOLERANCE, (frame.index, i)
                theirs = Mask.from_array(reference.numpy() > 0)
                assert iou([tracked[i].mask or Mask.empty(HEIGHT, WIDTH)], [theirs])[0, 0] > 0.99
    assert compared == FRAMES * 3 - 3


def test_one_by_one_as_in_batches(engine: Engine) -> None:
    source = video(4)
    frames = list(source.frames())
    last = []
    for size in (1, 16):
        tracker = Sam2MaskTracker(engine, FollowSettings(objects_per_batch=size))
        with tracker.session(source) as session, kept_logits(session) as logits:
            session.prompt(frames[0], {i: true_mask(frames[0], i) for i in (1, 2, 3)})
            for frame in frames:
                session.advance(frame)
            last.append(logits)
    for i in (1, 2, 3):
        assert difference(last[0][i], last[1][i]) < TOLERANCE


def test_backwards_as_the_package_predicts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    source = video(FRAMES)
    frames = list(source.frames())
    predictor = package_predictor(engine)
    state = package_state(predictor, engine, frames, monkeypatch)
    first, second = FRAMES - 2, FRAMES - 1
    for index, i in ((first, 1), (first, 2), (second, 1)):
        predictor.add_new_mask(state, index, i, true_mask(frames[index], i).to_array())
    steps = predictor.propagate_in_video(state, start_frame_idx=first, reverse=True)
    expected = {t: dict(zip(ids, out[:, 0], strict=True)) for t, ids, out in steps}

    with Sam2MaskTracker(engine).session(source) as session, kept_logits(session) as logits:
        session.prompt(frames[first], {i: true_mask(frames[first], i) for i in (1, 2)})
        session.prompt(frames[second], {1: true_mask(frames[second], 1)})
        for index in range(first - 1, -1, -1):
            session.retrace(index, [1, 2])
            for i in (1, 2):
                assert difference(enlarged(logits[i]), expected[index][i]) < TOLERANCE, (index, i)


def test_the_model_attends_to_its_memory(engine: Engine) -> None:
    """Otherwise the comparison above would show nothing: another past must give other masks."""
    source = video(6)
    frames = list(source.frames())
    seen = []
    for i in (1, 3):
        with Sam2MaskTracker(engine).session(source) as session, kept_logits(session) as logits:
            session.prompt(frames[0], {0: true_mask(frames[0], i)})
            for frame in frames[1:4]:
                session.advance(frame)
            seen.append(enlarged(logits[0]))
    assert difference(seen[0], seen[1]) > 50 * TOLERANCE
