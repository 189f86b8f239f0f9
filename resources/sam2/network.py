"""The steps of the network that the tracker and the segmenter are made of. Nothing else touches sam2's inner parts.

Shapes: B objects, S = image size, h = w = S / 16, C = 256 channels of features, M = 64 of memories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from sam2.modeling.sam2_base import SAM2Base


@dataclass(frozen=True, slots=True)
class Features:
    """What the image encoder says of one picture: `deep` [1, C, h, w], `fine` at strides 4 and 8.

    `colours` [1, 3, h, w]: the picture itself, normalised, on the grid of `deep`; both tell what a mask looks like.
    """

    deep: torch.Tensor
    fine: tuple[torch.Tensor, torch.Tensor]
    colours: torch.Tensor

    @property
    def tensors(self) -> tuple[torch.Tensor, ...]:
        """All four maps."""
        return (self.deep, *self.fine, self.colours)


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the mask decoder says of B objects on one frame.

    `logits` [B, 1, S/4, S/4] and `large` [B, 1, S, S] of the mask, `presence` [B, 1] logits, `quality` [B] estimated
    IoU, `pointer` [B, C] what is remembered of the object as a whole.
    """

    logits: torch.Tensor
    large: torch.Tensor
    presence: torch.Tensor
    quality: torch.Tensor
    pointer: torch.Tensor


class Network:
    """The steps, on one model. Runs under the caller's inference mode and autocast."""

    def __init__(self, model: SAM2Base) -> None:
        self.model = model
        self._positions: dict[str, torch.Tensor] = {}

    def encode(self, pictures: torch.Tensor) -> list[Features]:
        """Features of normalised `pictures` [N, 3, S, S]."""
        from torch.nn import functional

        fine, finer, deep = self.model.forward_image(pictures)["backbone_fpn"][-3:]
        colours = functional.adaptive_avg_pool2d(pictures, deep.shape[-2:])
        maps = (deep, fine, finer, colours)
        each = [[m[i : i + 1] for m in maps] for i in range(len(pictures))]
        return [Features(deep, (fine, finer), colours) for deep, fine, finer, colours in each]

    def attend(
        self, features: Features, *, memory: torch.Tensor, positions: torch.Tensor, pointer_tokens: int
    ) -> torch.Tensor:
        """`features` in the light of what is remembered, [B, C, h, w].

        `memory` and `positions` [L, B, M]: the tokens attended to, the last `pointer_tokens` of them pointers.
        """
        batch = memory.shape[1]
        current = self._tokens(features.deep).expand(-1, batch, -1)
        attended = self.model.memory_attention(
            curr=current,
            curr_pos=self._tokens(self._position("deep", features.deep)).expand(-1, batch, -1),
            memory=memory,
            memory_pos=positions,
            num_obj_ptr_tokens=pointer_tokens,
        )
        return attended.permute(1, 2, 0).reshape(batch, *features.deep.shape[1:])

    def decode(self, attended: torch.Tensor, features: Features) -> Predicted:
        """Masks of B objects from `attended` [B, C, h, w], without a prompt."""
        several = self.model._use_multimask(False, None)  # noqa: SLF001
        many, _, ious, low, high, pointer, presence = self.model._forward_sam_heads(  # noqa: SLF001
            backbone_features=attended,
            high_res_features=self._fine(features, len(attended)),
            multimask_output=several,
        )
        del many
        return Predicted(low, high, presence.float(), ious.float().amax(dim=1), pointer)

    def adopt(self, masks: torch.Tensor, features: Features) -> Predicted:
        """Given `masks` [B, 1, S, S] (0 or 1) as if they had been predicted on the frame of `features`."""
        from torch.nn import functional

        batch = len(masks)
        _, _, ious, low, _, pointer, presence = self.model._use_mask_as_output(  # noqa: SLF001
            features.deep.expand(batch, -1, -1, -1), self._fine(features, batch), masks
        )
        # The memory is made of what the decoder could have said, at its resolution.
        high = functional.interpolate(low, size=masks.shape[-2:], mode="bilinear", align_corners=False)
        return Predicted(low, high, presence.float(), ious[:, 0].float(), pointer)

    def remember(self, predicted: Predicted, features: Features, *, prompted: bool) -> torch.Tensor:
        """Spatial memory [B, M, h, w] of `predicted`, bfloat16 as SAM 2 keeps it."""
        import torch

        tokens = self._tokens(features.deep).expand(-1, len(predicted.large), -1)
        memory, positions = self.model._encode_new_memory(  # noqa: SLF001
            current_vision_feats=[tokens],
            feat_sizes=[features.deep.shape[-2:]],
            pred_masks_high_res=predicted.large,
            object_score_logits=predicted.presence,
            is_mask_from_pts=prompted,
        )
        self._positions.setdefault("memory", positions[-1][:1].clone())
        return memory.to(torch.bfloat16)

    def prompt_points(
        self, points: torch.Tensor, features: Features, *, masks: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mask logits [B, 1, S/4, S/4] and estimated IoUs [B] for one positive point each, [B, 2] in network pixels.

        `masks` [B, 1, S/4, S/4]: logits of an earlier answer to be refined.
        """
        import torch

        labels = torch.ones(len(points), 1, dtype=torch.int32, device=points.device)
        sparse, dense = self.model.sam_prompt_encoder(points=(points[:, None], labels), boxes=None, masks=masks)
        low, ious, _, _ = self.model.sam_mask_decoder(
            image_embeddings=features.deep + self.model.no_mem_embed.reshape(1, -1, 1, 1),
            image_pe=self.model.sam_prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
            repeat_image=True,
            high_res_features=list(features.fine),
        )
        return low.float(), ious[:, 0].float()

    def spatial_positions(self) -> torch.Tensor:
        """Positional encoding of a spatial memory, [h·w, 1, M]; known once something was remembered."""
        return self._tokens(self._positions["memory"])

    def pointer_positions(self, distances: torch.Tensor, *, most: int) -> torch.Tensor:
        """Positional encoding [P, B, M] of pointers that are `distances` [P, B] frames away, `most` at the longest."""
        from sam2.modeling.sam2_utils import get_1d_sine_pe

        encoded = get_1d_sine_pe(distances / max(1, most), dim=self.model.hidden_dim)
        return self.model.obj_ptr_tpos_proj(encoded)

    def _position(self, name: str, like: torch.Tensor) -> torch.Tensor:
        if name not in self._positions:
            self._positions[name] = self.model.image_encoder.neck.position_encoding(like[:1])
        return self._positions[name]

    def _fine(self, features: Features, batch: int) -> list[torch.Tensor]:
        return [level.expand(batch, -1, -1, -1) for level in features.fine]

    @staticmethod
    def _tokens(maps: torch.Tensor) -> torch.Tensor:
        """[B, C, h, w] as [h·w, B, C]."""
        return maps.flatten(2).permute(2, 0, 1)


def stacked(values: Sequence[torch.Tensor]) -> Any:
    """`values` of one shape as one tensor, [N, ...]."""
    import torch

    return torch.stack(tuple(values))
