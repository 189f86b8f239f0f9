"""Requests as DAM's server enforces them.

One message of a user: 8 or 1 PNG images in mode RGBA as data URLs, alpha the mask, then the question in plain words.
No other role, no placeholders: the server puts its own in front of the question.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from resources.dam.settings import VIDEO_IMAGES, DamSettings
from svg2_assets.descriptions.frames import repeated
from svg2_assets.descriptions.gallery import Gallery, View, encoded_png
from svg2_assets.llm.calls import Call
from svg2_assets.llm.prompts import Prompt, prompt

MODEL = "describe_anything_model"
"""the name by which the server takes any weights that it was started with"""
PROMPTS = "svg2_assets.descriptions"
ANSWER_TOKENS = 80  # of a detailed description


def call_for(gallery: Gallery, object_id: int, settings: DamSettings) -> Call:
    """The call that describes `object_id`.

    Of an object that shows on 2 to 7 frames some are sent more than once, evenly, to make 8; of one that shows on a
    single frame that one is sent as an image.
    """
    views = tuple(gallery.views(object_id))
    images = images_of(views, settings.frames)
    asked = question(settings, video=len(images) > 1)
    return Call(
        purpose="describe",
        video_id=gallery.video.id,
        phase="descriptions",
        model=MODEL,
        messages=[{"role": "user", "content": [*images, {"type": "text", "text": asked.text}]}],
        prompt_version=asked.version,
        max_output_tokens=512,
        answer_tokens=ANSWER_TOKENS,
        options={"temperature": 0},
    )


def images_of(views: Sequence[View], frames: int) -> list[dict[str, Any]]:
    """The image parts for `views` (at least one), 8 or 1 of them."""
    urls = [data_url(view) for view in views]
    count = VIDEO_IMAGES if frames == VIDEO_IMAGES and len(urls) > 1 else 1
    return [{"type": "image_url", "image_url": {"url": url}} for url in repeated(urls, count)]


def data_url(view: View) -> str:
    """A view as PNG in mode RGBA: alpha 255 inside the mask, 0 outside."""
    alpha = np.where(view.mask, np.uint8(255), np.uint8(0))
    written = encoded_png(np.dstack([view.pixels, alpha]))
    return "data:image/png;base64," + base64.b64encode(written).decode("ascii")


def question(settings: DamSettings, *, video: bool) -> Prompt:
    """What is asked of a video, or of an image."""
    if settings.question:
        return Prompt(settings.question, "setting")
    return prompt(PROMPTS, "dam_video" if video else "dam_image")
