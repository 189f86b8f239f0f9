"""The Perceiver resampler, against its formulas and against the module that it was released as."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch import Tensor  # noqa: E402

from svg2_assets.traser.network.resampler import (  # noqa: E402
    BUCKET_WASTE,
    INITIAL,
    Bundle,
    Resampler,
    ResamplerShape,
    buckets,
    resample,
)
from svg2_assets.traser.values import GROUP_FEATURES, PLACE_FEATURES  # noqa: E402
from tests.traser.network import plain  # noqa: E402
from tests.traser.network.small import SHAPE  # noqa: E402

LENGTHS = [5, 1, 130, 40, 41, 9, 300, 2, 77, 45]


def drawn(shape: ResamplerShape = SHAPE, *, seed: int = 0, **more: bool) -> Resampler:
    """A resampler in which everything that may be learned was."""
    torch.manual_seed(seed)
    made = Resampler(shape, **more).eval()
    with torch.no_grad():
        for name, p in made.named_parameters():
            if "_place." not in name:
                p.add_(torch.randn_like(p) * (0.3 if p.ndim == 1 or name == "latents" else p.shape[-1] ** -0.5))
    return made


def bundle(lengths: list[int] = LENGTHS, *, seed: int = 1, features: int = 400) -> tuple[Tensor, Bundle]:
    generator = torch.Generator().manual_seed(seed)
    tokens = [torch.randint(features, (n,), generator=generator) for n in lengths]
    places = [torch.rand(n, PLACE_FEATURES, generator=generator) for n in lengths]
    meta = torch.rand(len(lengths), GROUP_FEATURES, generator=generator)
    return torch.randn(features, SHAPE.hidden, generator=generator), Bundle(tokens, places, meta)


@torch.no_grad()
def test_it_computes_the_released_formulas() -> None:
    resampler, (features, groups) = drawn(), bundle()
    weights = {f"x.{name}": value for name, value in resampler.state_dict().items()}
    found = resample(resampler, features, groups)
    assert found.shape == (len(LENGTHS), SHAPE.latents, SHAPE.hidden)
    for latents, tokens in zip(found, groups.tokens, strict=True):
        expected = plain.resampled(weights, "x.", features[tokens], shape=SHAPE)
        torch.testing.assert_close(latents, expected, atol=2e-5, rtol=1e-4)


@torch.no_grad()
def test_it_is_the_module_that_was_released_by_names_and_values() -> None:
    from transformers.models.idefics2.configuration_idefics2 import Idefics2PerceiverConfig
    from transformers.models.idefics2.modeling_idefics2 import Idefics2PerceiverResampler

    resampler = drawn(replace(SHAPE, widening=4))
    released = Idefics2PerceiverResampler(
        Idefics2PerceiverConfig(
            hidden_size=SHAPE.hidden,
            resampler_n_latents=SHAPE.latents,
            resampler_depth=SHAPE.depth,
            resampler_n_heads=SHAPE.heads,
            resampler_head_dim=SHAPE.head,
            num_key_value_heads=SHAPE.key_heads,
        )
    ).eval()
    released.load_state_dict(resampler.state_dict(), strict=True)
    features, groups = bundle()
    longest = max(LENGTHS)
    context = torch.stack([torch.cat([features[t], features.new_zeros(longest - len(t), 64)]) for t in groups.tokens])
    mask = torch.arange(longest) < torch.tensor(LENGTHS)[:, None]
    torch.testing.assert_close(
        resample(resampler, features, groups), released(context, mask.long()), atol=2e-5, rtol=1e-4
    )


def test_initial_values_are_the_released_ones_by_width() -> None:
    fresh = Resampler(ResamplerShape(hidden=256))
    weights = fresh.state_dict()
    assert (weights["latents"] == 1).all()
    assert all((w == 1).all() for name, w in weights.items() if "norm" in name)
    for name, w in weights.items():
        if name.endswith("_proj.weight"):
            assert float(w.std()) == pytest.approx(0.02 * (2048 / 256) ** 0.5, rel=0.05)


@torch.no_grad()
def test_groups_alone_in_buckets_and_all_padded_to_the_longest_are_the_same() -> None:
    resampler, (features, groups) = drawn(place=True), bundle()
    liven_places(resampler)
    bucketed = resample(resampler, features, groups)
    longest = max(LENGTHS)
    index = torch.stack([torch.cat([t, t.new_zeros(longest - len(t))]) for t in groups.tokens])
    places = torch.stack([torch.cat([p, p.new_ones(longest - len(p), PLACE_FEATURES)]) for p in groups.places])
    mask = torch.arange(longest) < torch.tensor(LENGTHS)[:, None]
    torch.testing.assert_close(bucketed, resampler(features[index], mask, places, groups.meta), atol=1e-5, rtol=1e-4)
    for g, tokens in enumerate(groups.tokens):
        one = Bundle([tokens], [groups.places[g]], groups.meta[g : g + 1])
        torch.testing.assert_close(bucketed[g], resample(resampler, features, one)[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(bucketed, resample(resampler, features, groups, limit=60), atol=1e-5, rtol=1e-4)


def test_buckets_hold_every_group_once_and_little_padding() -> None:
    lengths = [int(n) for n in torch.randint(1, 4000, (300,), generator=torch.Generator().manual_seed(3))]
    made = list(buckets(lengths, limit=5000, beside=32))
    assert sorted(g for bucket in made for g in bucket) == list(range(300))
    for bucket in made:
        longest, shortest = max(lengths[g] for g in bucket), min(lengths[g] for g in bucket)
        assert longest <= max(shortest * BUCKET_WASTE, shortest + 32)
        assert len(bucket) == 1 or (longest + 32) * len(bucket) <= 5000


@torch.no_grad()
def test_a_context_read_in_pieces_is_the_same_context(monkeypatch: pytest.MonkeyPatch) -> None:
    resampler, (features, groups) = drawn(), bundle()
    whole = resample(resampler, features, groups)
    monkeypatch.setattr("svg2_assets.traser.network.resampler.NORMED_AT_ONCE", 7)
    torch.testing.assert_close(resample(resampler, features, groups), whole, atol=1e-5, rtol=1e-4)


def liven_places(resampler: Resampler) -> None:
    with torch.no_grad():
        for part in (resampler.key_place, resampler.latent_place, resampler.out_place):
            assert part is not None
            torch.nn.init.normal_(part.linear.weight, std=0.1, generator=torch.Generator().manual_seed(7))


@torch.no_grad()
def test_as_released_it_knows_no_order_and_with_place_it_does() -> None:
    features, groups = bundle()
    turned = Bundle([t.flip(0) for t in groups.tokens], groups.places, groups.meta)
    blind, seeing = drawn(), drawn(place=True)
    torch.testing.assert_close(resample(blind, features, turned), resample(blind, features, groups), atol=1e-5, rtol=0)
    liven_places(seeing)
    apart = (resample(seeing, features, turned) - resample(seeing, features, groups)).abs().amax(dim=(1, 2))
    assert (apart[torch.tensor(LENGTHS) > 1] > 1e-2).all()


@torch.no_grad()
def test_place_starts_without_effect_and_then_learns() -> None:
    features, groups = bundle()
    released, ours = drawn(), drawn(place=True)
    told = ours.load_state_dict(released.state_dict(), strict=False)
    assert all("_place." in name for name in told.missing_keys)
    assert len(told.missing_keys) == 3
    assert torch.equal(resample(ours, features, groups), resample(released, features, groups))
    with torch.enable_grad():
        resample(ours, features, groups).pow(3).sum().backward()
    for part in (ours.key_place, ours.latent_place, ours.out_place):
        assert part is not None
        assert float(part.linear.weight.grad.abs().max()) > 0


def test_orthogonal_latents_are_apart_and_small() -> None:
    latents = Resampler(SHAPE, orthogonal=True).latents.detach()
    expected = torch.eye(SHAPE.latents) * SHAPE.hidden * INITIAL**2
    torch.testing.assert_close(latents @ latents.T, expected, atol=1e-6, rtol=0)


@torch.no_grad()
def test_what_small_latents_make_of_a_context_is_decided_by_the_context() -> None:
    def decided(*, orthogonal: bool) -> float:
        resampler, generator = Resampler(SHAPE, orthogonal=orthogonal), torch.Generator().manual_seed(0)
        context = torch.randn(16, 12, SHAPE.hidden, generator=generator)
        nothing = torch.zeros(16, 12, PLACE_FEATURES), torch.zeros(16, GROUP_FEATURES)
        made = resampler(context, torch.ones(16, 12, dtype=torch.bool), *nothing)
        return float(made.var(dim=0).mean() / made.pow(2).mean())

    assert decided(orthogonal=True) > 0.4 > 2 * decided(orthogonal=False)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@torch.no_grad()
def test_half_precision_is_near_float32(dtype: torch.dtype) -> None:
    resampler, (features, groups) = drawn(place=True), bundle()
    liven_places(resampler)
    wide = resample(resampler, features, groups)
    half = resample(resampler.to(dtype), features.to(dtype), groups)
    assert half.dtype == dtype
    tolerance = 0.05 if dtype == torch.bfloat16 else 0.01
    assert float((half.float() - wide).norm() / wide.norm()) < tolerance


@torch.no_grad()
def test_norms_do_not_overflow_in_float16() -> None:
    resampler = drawn().half()
    features, groups = bundle()
    loud = (features * 300).half()  # squares that no float16 holds
    assert torch.isfinite(resample(resampler, loud, groups)).all()


def test_checkpointing_changes_no_gradient() -> None:
    features, groups = bundle()
    found = []
    for on in (False, True):
        resampler = drawn(place=True).train()
        resampler.checkpointing = on
        context = features.clone().requires_grad_()
        resample(resampler, context, groups).pow(2).sum().backward()
        found.append([context.grad, *(p.grad for p in resampler.parameters())])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
