"""The plain way through TRASER's network, as it was released, for `benchmarks.traser_memory`.

All patches through the vision tower at once, all groups padded to the longest and resampled together by transformers'
own Perceiver, its own attention and cache for the language model, logits of every position.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.idefics2.configuration_idefics2 import Idefics2PerceiverConfig
from transformers.models.idefics2.modeling_idefics2 import Idefics2PerceiverResampler

from svg2_assets.traser.network.model import Batch, Traser
from svg2_assets.traser.network.resampler import Bundle, Resampler
from svg2_assets.traser.values import Grid, Role


class PlainTraser:
    """Shares its weights with a `Traser` of the released design."""

    def __init__(self, model: Traser) -> None:
        with torch.device("meta"):
            self.backbone: Any = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**model.config.backbone)).eval()
        self.backbone.load_state_dict(model.backbone.state_dict(), assign=True)
        own, shared = self.backbone.model, model.backbone.model
        own.visual.rotary_pos_emb = shared.visual.rotary_pos_emb  # frequencies are no weights
        own.language_model.rotary_emb = shared.language_model.rotary_emb
        self.resamplers = {role: _perceiver(model.resampler(role)) for role in (Role.WINDOW, Role.OBJECT)}

    def see(self, patches: Tensor, grid: Grid) -> Tensor:
        """Visual tokens [N, D] of a clip."""
        device = self.backbone.device
        thw = torch.tensor([[grid.steps, 2 * grid.rows, 2 * grid.cols]], device=device)
        features: Tensor = self.backbone.model.visual(patches.to(device), grid_thw=thw).pooler_output
        return features

    def resample(self, role: Role, features: Tensor, bundle: Bundle) -> Tensor:
        """Latents [G, slots, D], all groups at once."""
        context = pad_sequence([features[t.to(features.device)] for t in bundle.tokens], batch_first=True)
        lengths = torch.tensor([len(t) for t in bundle.tokens], device=features.device)
        mask = (torch.arange(context.shape[1], device=features.device) < lengths[:, None]).long()
        latents: Tensor = self.resamplers[role](context, mask)
        return latents

    def embed(self, batch: Batch, features: Tensor) -> Tensor:
        """Input embeddings [1, L, D] of one sample."""
        embedded = self.backbone.get_input_embeddings()(batch.ids)
        for role, groups in batch.groups.items():
            latents = self.resample(role, features, groups.bundle)
            for start, slots, made in zip(groups.starts, groups.slots, latents, strict=True):
                embedded[0, start : start + slots] = made
        return embedded

    def read(self, embedded: Tensor, positions: Tensor) -> Tensor:
        """Logits [1, V] after the last position."""
        out = self.backbone(inputs_embeds=embedded, position_ids=positions, use_cache=True)
        logits: Tensor = out.logits[:, -1]
        return logits


def _perceiver(resampler: Resampler) -> Any:
    shape = resampler.shape
    config = Idefics2PerceiverConfig(
        hidden_size=shape.hidden,
        resampler_n_latents=shape.latents,
        resampler_depth=shape.depth,
        resampler_n_heads=shape.heads,
        resampler_head_dim=shape.head,
        num_key_value_heads=shape.key_heads,
    )
    with torch.device("meta"):
        made = Idefics2PerceiverResampler(config).eval()
    made.load_state_dict(resampler.state_dict(), assign=True)
    return made
