"""One window of a video through the model: a session whose memory ends with it.

The frames are streamed, so the model keeps none of them back; what it drops after its start-up delay in other modes is
dropped at the end of the window here, by the same thresholds. Masks are made one at a time at the video's size. The
model's own detection NMS and hole filling need code from the Hub at run time: the first is done here, the second is
left out, since holes of a few pixels move no overlap.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from resources.sam3.errors import ModelFailure
from resources.sam3.settings import FollowSettings
from svg2_assets.labels.concept_tracks import Sighting
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, Video

if TYPE_CHECKING:
    import torch

MOST_TOKENS = 32  # of a prompt


def set_up(model: Any, settings: FollowSettings) -> None:
    """Thresholds into the model; its own NMS and hole filling off, NMS of masks in their place."""
    model.score_threshold_detection, model.new_det_thresh = settings.least_score, settings.new_score
    model.max_num_objects = settings.most_objects
    model.det_nms_thresh = 0.0
    model.fill_hole_area = 0
    detect = type(model).run_detection

    def run_detection(**arguments: Any) -> dict[int, dict[str, torch.Tensor]]:
        found = detect(model, **arguments)
        return {prompt: _suppressed(detections, settings.nms) for prompt, detections in found.items()}

    model.run_detection = run_detection


def look(
    model: Any, processor: Any, frames: Iterable[Frame], concepts: Sequence[str], *, video: Video
) -> dict[int, list[Sighting]]:
    """Frame index -> what was found there of `concepts`. Raises `ModelFailure` on numbers that are none."""
    import torch

    session = _session(model, processor, concepts)
    found: dict[int, list[Sighting]] = {}
    with torch.inference_mode():
        for frame in frames:
            picture = processor(images=frame.pixels, device=model.device, return_tensors="pt").pixel_values
            out = model(inference_session=session, frame=picture)
            # Each frame is looked at once; its place stays taken, since frames are numbered by how many there are.
            session.processed_frames[out.frame_idx] = picture.new_empty(0)
            found[frame.index] = list(_sightings(session, out, video, frame.index))
    dismissed = _dismissed(model, session)
    return {index: [s for s in sightings if s.track not in dismissed] for index, sightings in found.items()}


def _session(model: Any, processor: Any, concepts: Sequence[str]) -> Any:
    session = processor.init_video_session(inference_device=model.device, dtype=model.dtype)
    for concept in concepts:
        # As the processor's `add_text_prompt`, which lets a long name overflow the text encoder.
        tokens = processor.tokenizer(
            concept, return_tensors="pt", padding="max_length", max_length=MOST_TOKENS, truncation=True
        ).to(model.device)
        prompt = session.add_prompt(concept)
        session.prompt_input_ids[prompt] = tokens.input_ids
        session.prompt_attention_masks[prompt] = tokens.attention_mask
    return session


def _sightings(session: Any, out: Any, video: Video, index: int) -> Iterator[Sighting]:
    """Tracks of one frame at the video's size; within a concept no pixel belongs to two, the surer one has it."""
    taken: dict[int, Mask] = {}
    hidden = set(out.suppressed_obj_ids or ())
    scores = {i: out.obj_id_to_tracker_score.get(i, 0.0) for i in out.obj_id_to_mask if i not in hidden}
    for track in sorted(scores, key=lambda i: (-scores[i], i)):
        score = float(out.obj_id_to_score[track])
        mask = _at_size(out.obj_id_to_mask[track], video, index)
        if not math.isfinite(score):
            raise _not_finite(video, index)
        if not mask.area:
            continue
        prompt = session.obj_id_to_prompt_id[track]
        free = mask_algebra.difference(mask, taken[prompt]) if prompt in taken else mask
        taken[prompt] = mask_algebra.union([mask, taken[prompt]]) if prompt in taken else mask
        if free.area:
            yield Sighting(session.prompts[prompt], track, min(1.0, max(0.0, score)), free)


def _at_size(logits: torch.Tensor, video: Video, index: int) -> Mask:
    """Mask logits [1, h, w] as a mask of the video's size."""
    import torch
    from torch.nn import functional

    if not bool(torch.isfinite(logits).all()):
        raise _not_finite(video, index)
    large = functional.interpolate(
        logits[None].float(), size=(video.height, video.width), mode="bilinear", align_corners=False
    )
    return Mask.from_array((large[0, 0] > 0).cpu().numpy().astype(np.uint8))


def _dismissed(model: Any, session: Any) -> set[int]:
    """Tracks that detections did not bear out, or that ran beside an older one, within their first frames."""
    started: dict[int, int] = session.obj_first_frame_idx

    def early(track: int, frames: Sequence[int]) -> int:
        return sum(f < started[track] + model.hotstart_delay for f in frames)

    alone = {t for t, f in session.unmatched_frame_inds.items() if early(t, f) >= model.hotstart_unmatch_thresh}
    doubles = {
        t for (_, t), f in session.overlap_pair_to_frame_inds.items() if early(t, f) >= model.hotstart_dup_thresh
    }
    return alone | doubles


def _suppressed(detections: dict[str, torch.Tensor], threshold: float) -> dict[str, torch.Tensor]:
    """Greedy non-maximum suppression by mask IoU, the surest first."""
    import torch

    scores = detections["scores"]
    if threshold >= 1 or len(scores) < 2:
        return detections
    flat = (detections["mask"] > 0).flatten(1).float()
    common = flat @ flat.T
    areas = flat.sum(dim=1)
    overlap = (common / (areas[:, None] + areas[None] - common).clamp(min=1)).cpu()
    kept: list[int] = []
    for i in torch.argsort(scores.float(), descending=True, stable=True).tolist():
        if all(float(overlap[i, k]) <= threshold for k in kept):
            kept.append(i)
    chosen = torch.tensor(sorted(kept), device=scores.device)
    return {name: value[chosen] for name, value in detections.items()}


def _not_finite(video: Video, index: int) -> ModelFailure:
    return ModelFailure(
        video=video.id,
        expected=f"SAM 3 to give finite numbers on frame {index}",
        found="some that are not",
        remedy='Try the setting {"model": {"dtype": "float32"}}; if that does not help, the checkpoint is damaged.',
    )
