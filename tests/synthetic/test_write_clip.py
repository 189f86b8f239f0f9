import json

import av
import numpy as np
import pytest

from svg2_assets.scene import document
from svg2_assets.scene.masks import Mask
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.truth import write_clip
from svg2_assets.synthetic.world import World


@pytest.mark.parametrize(("width", "height"), [(96, 72), (97, 71)])
def test_a_written_clip_is_read_back(tmp_path, width, height):
    world = World(WorldSettings.of(Difficulty.MEDIUM, width=width, height=height, seconds=2.0), seed=4)
    video, masks, graph = write_clip(world, tmp_path / "clips")

    with av.open(str(video)) as container:
        decoded = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
        assert float(container.streams.video[0].average_rate) == pytest.approx(12)
    assert len(decoded) == world.video.num_frames
    errors = [np.abs(d.astype(int) - f.pixels).mean() for d, f in zip(decoded, world.frames(), strict=True)]
    assert max(errors) < 12

    read = document.read(graph.read_text())
    assert [o.id for o in read.objects] == [o.id for o in world.truth.objects]
    assert [r.key for r in read.relations] == [r.key for r in world.truth.relations]

    rows = json.loads(masks.read_text())
    assert len(rows) == world.video.num_frames
    for index, row in enumerate(rows):
        shown = {o.id: Mask.from_json(m) for o, m in zip(read.objects, row, strict=True)}
        assert {i: m for i, m in shown.items() if m.area} == world.truth.masks_at(index)
