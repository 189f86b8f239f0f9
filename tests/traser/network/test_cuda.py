"""What only a GPU's kernels can get wrong: causal attention behind a cache, on the right and on the left."""

from __future__ import annotations

import copy

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tests.traser.network import small  # noqa: E402

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@torch.no_grad()
def test_reading_on_the_device_is_reading_on_the_cpu(dtype: object) -> None:
    model, batch = small.model(), small.batch(small.samples(), left=True)
    expected, before = model.prefill(batch)
    after = model.step(torch.tensor([40, 41, 42]), before)
    there = copy.deepcopy(model).to("cuda", dtype)
    moved = batch.to("cuda", patches=False)
    tolerance = {torch.float32: 1e-3, torch.float16: 0.02, torch.bfloat16: 0.1}[dtype]
    for at_once in (16, 10_000):
        logits, state = there.prefill(moved, at_once=at_once)
        written = there.step(torch.tensor([40, 41, 42], device="cuda"), state)
        for found, wanted in ((logits, expected), (written, after)):
            assert float((found.float().cpu() - wanted).norm() / wanted.norm()) < tolerance


def test_losses_and_gradients_on_the_device_are_those_on_the_cpu() -> None:
    batch = small.batch(small.samples(preset="default"))
    model = small.model(place=True, diversity=0.1).train()
    there = copy.deepcopy(model).cuda()
    for one, data in ((model, batch), (there, batch.to("cuda"))):
        one.loss(data).total.backward()
    for (name, p), other in zip(model.named_parameters(), there.parameters(), strict=True):
        assert p.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(other.grad.cpu(), p.grad, atol=1e-3, rtol=1e-2, msg=name)
