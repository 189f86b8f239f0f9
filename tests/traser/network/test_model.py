"""The whole network: against its formulas written plainly, and against itself on other ways of running it."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch import Tensor  # noqa: E402

from svg2_assets.traser.arrangement import IGNORED  # noqa: E402
from svg2_assets.traser.network.model import Traser, diversity_loss  # noqa: E402
from svg2_assets.traser.sampling import normalised  # noqa: E402
from svg2_assets.traser.values import Example, Grid, Role  # noqa: E402
from tests.traser.network import plain, small  # noqa: E402

ABLATIONS = {
    "none": frozenset[Role](),
    "OTR": frozenset({Role.OBJECT}),
    "TWR": frozenset({Role.WINDOW}),
    "both": frozenset({Role.OBJECT, Role.WINDOW}),
}


def close(one: Tensor, other: Tensor, tolerance: float = 2e-4) -> None:
    torch.testing.assert_close(one, other, atol=tolerance, rtol=1e-3)


def untouched(model: Traser) -> Any:
    """transformers' own Qwen2.5-VL with the same weights: its attention, its vision tower."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    made = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**small.backbone())).eval()
    made.load_state_dict(model.backbone.state_dict())
    return made


def released_weights(model: Traser) -> dict[str, Tensor]:
    named = {plain.WINDOW: model.window_resampler, plain.OBJECT: model.object_resampler}
    return {prefix + name: w for prefix, part in named.items() for name, w in part.state_dict().items()}


def written_plainly(model: Traser, example: Example) -> tuple[Tensor, list[int], Tensor]:
    """Embeddings, labels and logits of one sample by the plain formulas, from the objects' tokens alone."""
    transformer, arranged = untouched(model), example.arranged
    grid = example.grid
    thw = torch.tensor([[grid.steps, 2 * grid.rows, 2 * grid.cols]])
    features = transformer.model.visual(torch.from_numpy(example.patches), grid_thw=thw).pooler_output
    first = next(g.start for g in arranged.groups) - len(small.Letters().encode("Object 1: ")) - 2
    learned = int((arranged.labels != IGNORED).sum())
    embedded, labels = plain.sequence(
        transformer,
        released_weights(model),
        features=features,
        grid=grid,
        objects=[g.tokens.tolist() for g in arranged.groups if g.role is Role.OBJECT],
        prompt=(arranged.ids[:first].tolist(), [32, 33]),
        answer=arranged.ids[-learned:].tolist(),
        marks=small.MARKS,
        encode=small.Letters().encode,
        shape=small.SHAPE,
    )
    return embedded, labels, plain.answered(transformer, embedded)


@torch.no_grad()
def test_it_computes_what_the_released_formulas_do() -> None:
    model, examples = small.model(), small.samples()
    batch = small.batch(examples)
    embedded, _ = model.embed(batch)
    losses = []
    for row, example in enumerate(examples):
        expected, labels, logits = written_plainly(model, example)
        assert batch.labels[row, : len(labels)].tolist() == labels
        close(embedded[row, : len(labels)], expected)
        losses.append(plain.language_loss(logits, labels))
        found, _ = model.prefill(small.batch([example], left=True))
        close(found[0], logits[-1])
    assert float(model.loss(batch).language) == pytest.approx(float(np.mean(losses)), rel=1e-4)
    close(model.token_losses(batch), torch.tensor(losses))


@torch.no_grad()
def test_the_vision_tower_in_pieces_is_exact() -> None:
    model, batch = small.model(), small.batch(small.samples())
    transformer = untouched(model)
    thw = torch.tensor([[g.steps, 2 * g.rows, 2 * g.cols] for g in batch.grids])
    whole = transformer.model.visual(batch.patches, grid_thw=thw).pooler_output
    for at_once in (1, 150, 300, 10_000):
        close(model.see(batch.patches, batch.grids, at_once=at_once), whole, 1e-5)


@torch.no_grad()
def test_a_batch_padded_on_the_left_decodes_as_each_sample_alone() -> None:
    model, examples = small.model(), small.samples()
    logits, state = model.prefill(small.batch(examples, left=True))
    written = [[40, 41, 42], [50, 51, 52], [60, 61, 62]]
    steps = [model.step(torch.tensor(ids), state) for ids in zip(*written, strict=True)]
    for row, example in enumerate(examples):
        alone, own = model.prefill(small.batch([example], left=True))
        close(logits[row], alone[0])
        for ids, together in zip(written[row], steps, strict=True):
            close(together[row], model.step(torch.tensor([ids]), own)[0])


@torch.no_grad()
@pytest.mark.parametrize("at_once", [1, 7, 64, 100_000])
def test_prompts_read_in_pieces_are_the_same_prompts(at_once: int) -> None:
    model, batch = small.model(), small.batch(small.samples(), left=True)
    transformer = untouched(model)
    embedded, _ = model.embed(batch)
    whole = transformer.model.language_model(
        inputs_embeds=embedded, attention_mask=batch.mask, position_ids=batch.positions, use_cache=False
    ).last_hidden_state
    logits, state = model.prefill(batch, at_once=at_once, room=2)
    close(logits, transformer.lm_head(whole[:, -1]))
    assert state.cache.get_seq_length() == batch.ids.shape[1]
    assert torch.isfinite(logits).all()


@torch.no_grad()
def test_prefill_and_steps_are_one_forward_over_the_whole_text() -> None:
    model, example = small.model(), small.sample()
    learned = int((example.arranged.labels != IGNORED).sum())
    asked = replace(
        example,
        arranged=replace(
            example.arranged, ids=example.arranged.ids[:-learned], labels=example.arranged.labels[:-learned]
        ),
    )
    logits, state = model.prefill(small.batch([asked], left=True), room=3)  # the cache has to be moved on the way
    answer = example.arranged.ids[-learned:]
    found = [logits, *(model.step(torch.tensor([int(token)]), state) for token in answer)]
    _, _, whole = written_plainly(model, example)
    close(torch.cat(found), whole[-learned - 1 :])


@torch.no_grad()
def test_rows_that_are_done_leave_and_the_others_go_on() -> None:
    model, examples = small.model(), small.samples()
    _, state = model.prefill(small.batch(examples, left=True))
    model.step(torch.tensor([40, 41, 42]), state)
    state.select(torch.tensor([2, 0]))
    found = model.step(torch.tensor([52, 50]), state)
    for row, (example, ids) in enumerate([(examples[2], (42, 52)), (examples[0], (40, 50))]):
        _, own = model.prefill(small.batch([example], left=True))
        model.step(torch.tensor([ids[0]]), own)
        close(found[row], model.step(torch.tensor([ids[1]]), own)[0])


@torch.no_grad()
def test_every_way_of_attending_gives_the_same() -> None:
    model, examples = small.model(), small.samples()
    padded, right = small.batch(examples, left=True), small.batch(examples)
    eager = untouched_traser(model, "eager")
    for batch in (padded, small.batch(examples[:1], left=True)):
        close(eager.prefill(batch, at_once=16)[0], model.prefill(batch, at_once=16)[0])
    for batch in (padded, right):
        close(eager.loss(batch).language, model.loss(batch).language)
    close(model.loss(padded).language, model.loss(right).language)


def untouched_traser(model: Traser, attention: str) -> Traser:
    made = Traser(replace(model.config, backbone={**model.config.backbone, "attn_implementation": attention})).eval()
    made.load_state_dict(model.state_dict())
    return made


@pytest.mark.parametrize("roles", ABLATIONS.values(), ids=ABLATIONS)
def test_every_ablation_trains_and_decodes(roles: frozenset[Role]) -> None:
    model = small.model().train()
    examples = small.samples(roles=roles)
    used = {g.role for e in examples for g in e.arranged.groups}
    assert used == (roles or {Role.TOKENS})
    lost = model.loss(small.batch(examples))
    lost.total.backward()
    assert torch.isfinite(lost.total)
    for role in (Role.OBJECT, Role.WINDOW):
        reached = model.resampler(role).latents.grad is not None
        assert reached == (role in roles)
    logits, state = model.eval().prefill(small.batch(examples, left=True))
    assert torch.isfinite(model.step(logits.argmax(1), state)).all()


@torch.no_grad()
def test_without_resamplers_the_tokens_themselves_are_read() -> None:
    model, example = small.model(), small.sample(roles=ABLATIONS["none"])
    batch = small.batch([example])
    embedded, made = model.embed(batch)
    features = model.see(batch.patches, batch.grids)
    assert made == {}
    for group in example.arranged.groups:
        assert group.slots == len(group.tokens)
        assert torch.equal(embedded[0, group.start : group.start + group.slots], features[torch.tensor(group.tokens)])


@torch.no_grad()
def test_a_clip_without_objects_is_read_with_and_without_surroundings() -> None:
    model = small.model()
    bare, seen = small.sample(0), small.sample(0, preset="default")
    assert [g.role for g in bare.arranged.groups] == []
    assert {g.role for g in seen.arranged.groups} == {Role.OBJECT, Role.WINDOW}
    logits, _ = model.prefill(small.batch([bare, seen, small.sample(1)], left=True))
    for row, example in enumerate([bare, seen]):
        close(logits[row], model.prefill(small.batch([example], left=True))[0][0])
    assert math.isfinite(float(model.loss(small.batch([bare])).total))


def test_gradients_reach_merger_resamplers_and_embeddings() -> None:
    model = small.model(place=True, diversity=0.1).train()
    model.freeze(vision_blocks=True)
    assert model.window_resampler.pair_place is not None
    torch.nn.init.normal_(model.window_resampler.pair_place.linear.weight)  # 0 at first: what is before it learns next
    examples = small.samples(preset="default")
    model.loss(small.batch(examples)).total.backward()
    vision = dict(model.backbone.model.visual.named_parameters())
    for name, p in vision.items():
        assert (p.grad is not None) == name.startswith("merger."), name
    for name, p in model.named_parameters():
        if ".visual." not in name:
            assert p.grad is not None, name
            assert torch.isfinite(p.grad).all(), name
            assert float(p.grad.abs().max()) > 0, name
    model.freeze(vision_blocks=False)
    assert all(p.requires_grad for p in model.parameters())


def test_gradients_reach_the_resamplers_past_a_frozen_language_model() -> None:
    model = small.model().train()
    model.requires_grad_(False)
    model.window_resampler.requires_grad_(True)
    model.object_resampler.requires_grad_(True)
    model(small.batch(small.samples())).total.backward()
    for name, p in model.named_parameters():
        assert (p.grad is not None) == ("resampler" in name), name
        assert p.grad is None or float(p.grad.abs().max()) > 0, name


def test_float32_weights_learn_under_autocast() -> None:
    model, batch = small.model(place=True).train(), small.batch(small.samples(preset="default"))
    expected = model.loss(batch).total.detach()
    with torch.autocast("cpu", torch.bfloat16):
        lost = model(batch).total
    lost.backward()
    assert lost.dtype == torch.float32
    torch.testing.assert_close(lost.detach(), expected, rtol=0.05, atol=0)
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in model.parameters())


@torch.no_grad()
def test_place_parts_that_are_zero_leave_the_output_as_it_was() -> None:
    released, ours = small.model(), Traser(small.config(place=True)).eval()
    told = ours.load_state_dict(released.state_dict(), strict=False)
    assert len(told.missing_keys) == 15
    batch = small.batch(small.samples(), left=True)
    assert torch.equal(ours.prefill(batch)[0], released.prefill(batch)[0])
    assert torch.equal(ours.loss(batch).total, released.loss(batch).total)


def test_diversity_is_one_for_equal_latents_and_zero_for_orthogonal_ones() -> None:
    row = torch.randn(1, 1, 8)
    assert float(diversity_loss({Role.OBJECT: row.expand(3, 4, 8)})) == pytest.approx(1.0)
    assert float(diversity_loss({Role.OBJECT: torch.eye(8)[None, :4]})) == pytest.approx(0.0)
    halves = torch.stack([torch.eye(8)[:2].repeat(2, 1), torch.eye(8)[:4]])  # 2 of 6 pairs alike, then none
    assert float(diversity_loss({Role.WINDOW: halves})) == pytest.approx((2 / 6 + 0) / 2)
    both = {Role.OBJECT: row.expand(1, 2, 8), Role.WINDOW: torch.eye(8)[None, :2]}
    assert float(diversity_loss(both)) == pytest.approx(0.5)
    assert float(diversity_loss({Role.OBJECT: row})) == 0.0
    assert float(diversity_loss({})) == 0.0


def test_the_diversity_loss_is_weighed_and_drives_latents_apart() -> None:
    batch = small.batch(small.samples())
    plainly, pushed = small.model(), small.model(diversity=0.5)
    lost = pushed.loss(batch)
    torch.testing.assert_close(lost.total, plainly.loss(batch).total + 0.5 * lost.diversity)
    slope = torch.autograd.grad(lost.diversity, pushed.object_resampler.latents)[0]
    with torch.no_grad():
        pushed.object_resampler.latents -= 0.05 * slope / slope.norm() * pushed.object_resampler.latents.norm()
    assert pushed.loss(batch).diversity < lost.diversity


def test_checkpointing_changes_no_gradient() -> None:
    batch = small.batch(small.samples())
    found = []
    for on in (False, True):
        model = small.model().train()
        model.freeze()
        if on:
            model.enable_checkpointing()
        model.loss(batch).total.backward()
        found.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    for name, grad in found[0].items():
        torch.testing.assert_close(found[1][name], grad, atol=1e-5, rtol=1e-3)
    with pytest.raises(ValueError, match=r"eval\(\)"):
        model.prefill(small.batch(small.samples(), left=True))


def test_logits_in_pieces_change_neither_loss_nor_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    batch, found = small.batch(small.samples()), []
    for at_once in (1024, 5):
        monkeypatch.setattr("svg2_assets.traser.network.model.LOGITS_AT_ONCE", at_once)
        model = small.model().train()
        lost = model.loss(batch)
        lost.total.backward()
        found.append([lost.total.detach(), model.token_losses(batch).detach(), *(p.grad for p in model.parameters())])
        assert lost.tokens == 36
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-3)


@torch.no_grad()
def test_pictures_as_bytes_are_seen_as_normalised_ones_are() -> None:
    model, examples = small.model(), small.samples()
    draw = np.random.default_rng(3)
    raw = [replace(e, patches=draw.integers(0, 256, e.patches.shape, dtype=np.uint8)) for e in examples]
    made = [replace(e, patches=normalised(e.patches)) for e in raw]
    bytes_, floats = small.batch(raw), small.batch(made)
    assert (bytes_.patches.dtype, floats.patches.dtype) == (torch.uint8, torch.float32)
    assert bytes_.to("cpu", torch.bfloat16).patches.dtype == torch.uint8
    close(model.see(bytes_.patches, bytes_.grids), model.see(floats.patches, floats.grids), 1e-5)
    mixed = small.batch([raw[0], *made[1:]])
    close(model.see(mixed.patches, mixed.grids), model.see(floats.patches, floats.grids), 1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@torch.no_grad()
def test_half_precision_learns_and_decodes_near_float32(dtype: torch.dtype) -> None:
    model, examples = small.model(place=True), small.samples(preset="default")
    half = copy.deepcopy(model).to(dtype)
    batch, kept = small.batch(examples, left=True), small.batch(examples, left=True, patches=dtype)
    assert kept.patches.dtype == dtype
    wide, narrow = model.prefill(batch)[0], half.prefill(kept)[0]
    assert narrow.dtype == dtype
    assert float((narrow.float() - wide).norm() / wide.norm()) < (0.08 if dtype == torch.bfloat16 else 0.02)
    assert float(half.loss(kept).total) == pytest.approx(float(model.loss(batch).total), rel=0.05)


def test_half_precision_gradients_are_finite() -> None:
    model = small.model(place=True).to(torch.bfloat16).train()
    model.loss(small.batch(small.samples(preset="default"))).total.backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


def test_rotary_frequencies_stay_exact_whatever_the_weights_are() -> None:
    model = small.model()
    vision, text = model.backbone.model.visual.rotary_pos_emb, model.backbone.model.language_model.rotary_emb
    expected = [vision.inv_freq.clone(), text.inv_freq.clone()]
    model.to(torch.bfloat16).float().half()
    for rotary, frequencies in zip((vision, text), expected, strict=True):
        assert rotary.inv_freq.dtype == torch.float32
        assert torch.equal(rotary.inv_freq, frequencies)


def test_samples_on_the_wrong_side_and_samples_without_answers_are_refused() -> None:
    model, examples = small.model(), small.samples()
    with pytest.raises(ValueError, match="left=True"):
        model.prefill(small.batch(examples))
    silent = small.sample()
    silent = replace(silent, arranged=replace(silent.arranged, labels=np.full_like(silent.arranged.labels, IGNORED)))
    with pytest.raises(ValueError, match="no token of this batch is learned"):
        model.loss(small.batch([silent]))


def test_moving_a_batch_keeps_its_patches_where_they_are_if_asked() -> None:
    batch = small.batch(small.samples())
    moved = batch.to("meta", torch.bfloat16, patches=False)
    assert (moved.ids.device.type, moved.patches.device.type) == ("meta", "cpu")
    assert moved.patches.dtype == torch.bfloat16
    assert batch.to("meta").patches.device.type == "meta"


def test_grids_of_another_size_than_the_window_are_cut_into_the_same_windows() -> None:
    model = small.model()
    for grid in (Grid(1, 1, 1), Grid(2, 2, 2), Grid(2, 9, 3), Grid(5, 4, 8)):
        patches = torch.randn(4 * grid.tokens, 1176)
        thw = torch.tensor([[grid.steps, 2 * grid.rows, 2 * grid.cols]])
        with torch.no_grad():
            expected = untouched(model).model.visual(patches, grid_thw=thw).pooler_output
            close(model.see(patches, [grid]), expected, 1e-5)


@torch.no_grad()
def test_a_pair_s_slot_is_filled_from_the_windows_of_both_and_their_boxes() -> None:
    model, examples = small.model(place=True), small.samples(preset="default")
    pairing = model.window_resampler.pair_place
    assert pairing is not None
    torch.nn.init.normal_(pairing.linear.weight)
    known = 0
    for example in examples:  # of a batch each example looks at its own windows
        embedded, made = model.embed(small.batch([*examples, example]))
        row, groups = len(examples), example.arranged.groups
        windows = [k for k, g in enumerate(groups) if g.role is Role.WINDOW]
        shown = dict(zip(windows, made[Role.WINDOW][-len(windows) :].mean(dim=1), strict=True))
        for group in (g for g in groups if g.role is Role.BESIDE):
            own, other = (shown[k][None] if k >= 0 else torch.zeros(1, embedded.shape[-1]) for k in group.pair)
            expected = pairing(own, other, torch.from_numpy(group.meta)[None])[0]
            torch.testing.assert_close(embedded[row, group.start], expected, atol=1e-5, rtol=1e-4)
            known += min(group.pair) >= 0
    assert known > 0
