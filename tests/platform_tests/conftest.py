"""A small installation with fake backends: real store, real Dagster, real (tiny) videos."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import dagster as dg
import numpy as np
import pytest

from resources.fakes.describer import FakeDescriber
from resources.fakes.parser import FakeParser
from resources.fakes.relator import FakeRelator
from resources.fakes.tracker import FakeTracker
from resources.fakes.verifier import FakeVerifier
from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.catalog.intake import Intake, register
from svg2_assets.definitions import PHASE_ASSETS, PHASE_CHECKS
from svg2_assets.partitions import add_partitions

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def write_clip(path: Path, *, seed: int, frames: int = 6, size: tuple[int, int] = (64, 48)) -> Path:
    """A tiny real video; another seed gives other content."""
    noise = np.random.default_rng(seed)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(6))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(frames):
            pixels = noise.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


_given: dict[str, object] = {}


class GivenBackends(BackendsResource):
    """Hands out the backends a test made."""

    def _backend(self, role: str) -> object:
        return _given[role]


@dataclass
class Platform:
    """One installation under a temporary folder."""

    home: Path
    instance: dg.DagsterInstance
    store: SceneGraphStore
    tracker: FakeTracker = field(default_factory=FakeTracker)
    describer: FakeDescriber = field(default_factory=FakeDescriber)
    parser: FakeParser = field(default_factory=FakeParser)
    verifier: FakeVerifier = field(default_factory=FakeVerifier)
    relator: FakeRelator = field(default_factory=FakeRelator)

    def add(self, *names: str, batch_size: int = 1) -> Intake:
        """Write one clip a name and register them all."""
        paths = [str(self.clip(name)) for name in names]
        return self.register(paths, batch_size=batch_size)

    def clip(self, name: str) -> Path:
        return write_clip(self.home / name, seed=abs(hash(name)) % 2**32)

    def register(self, paths: Sequence[str], *, batch_size: int = 1) -> Intake:
        intake = register(self.store, paths, self.media().prober(), batch_size=lambda _: batch_size)
        add_partitions(self.instance, intake.partitions)
        return intake

    def media(self) -> MediaResource:
        return MediaResource(cache=str(self.home / "cache"))

    def run(self, first: str, last: str | None = None, *, select: Sequence[str] | None = None, checks: bool = True):
        """Materialize all phases (or `select`) of the partitions from `first` to `last`."""
        for role in ("tracker", "describer", "parser", "verifier", "relator"):
            _given[role] = getattr(self, role)
        assets = [*PHASE_ASSETS, *(PHASE_CHECKS if checks else ())]
        where: dict = {"partition_key": first}
        if last is not None:
            where = {"tags": {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}}
        return dg.materialize(
            assets,
            instance=self.instance,
            resources={
                "store": SceneGraphStoreResource(uri=self.store.uri),
                "media": self.media(),
                "backends": GivenBackends(),
            },
            raise_on_error=False,
            run_config=QUIET,
            selection=dg.AssetSelection.assets(*select) if select else None,
            **where,
        )

    def run_checks(self, asset: str, key: str) -> dg.ExecuteInProcessResult:
        """Run the checks of `asset` alone, as the UI does."""
        chosen = [k for check in PHASE_CHECKS for k in check.check_keys if k.asset_key == dg.AssetKey(asset)]
        job = dg.define_asset_job("checks_alone", selection=dg.AssetSelection.checks(*chosen))
        none = dg.ResourceDefinition.none_resource()
        given = {"store": SceneGraphStoreResource(uri=self.store.uri), "media": none, "backends": none}
        definitions = dg.Definitions(PHASE_ASSETS, jobs=[job], asset_checks=PHASE_CHECKS, resources=given)
        # Dagster looks for an asset to take a given key, and there is none here; the tag is what it makes of a key.
        tags = {"dagster/partition": key}
        return definitions.resolve_job_def("checks_alone").execute_in_process(
            instance=self.instance, tags=tags, raise_on_error=False, run_config=QUIET
        )

    def gates(self, phase: str) -> dict[str, tuple[str, str]]:
        """video id -> (status, gate)"""
        rows = self.store.read("phase_state", where={"phase": phase}).to_dicts()
        return {r["video_id"]: (r["status"], r["gate"]) for r in rows}

    def materialized(self, asset: str) -> set[str]:
        return set(self.instance.get_materialized_partitions(dg.AssetKey(asset)))


@contextmanager
def platform_in(folder: Path) -> Iterator[Platform]:
    """An installation under `folder` for as long as the block; its store and clips stay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SVG2_HOME", str(folder / "home"))
        store = SceneGraphStoreResource(uri=str(folder / "store")).open()
        with dg.DagsterInstance.ephemeral() as instance:
            yield Platform(folder, instance, store)
    _given.clear()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with platform_in(tmp_path) as made:
        yield made


@pytest.fixture
def environment_of() -> Callable[[Path], dict[str, str]]:
    """The environment of a command on an installation of its own."""
    return lambda home: {**os.environ, "SVG2_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1"}
