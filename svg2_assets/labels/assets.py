"""Assets `parsed_labels` and `verified_labels`: Phase 2b of every video of a partition."""

from collections import Counter

import dagster as dg

from resources.media.resource import MediaResource
from resources.profiles import BackendsResource
from resources.store.resource import SceneGraphStoreResource
from resources.store.store import SceneGraphStore
from svg2_assets.beforehand import answered_by_batch
from svg2_assets.catalog.lookup import CatalogEntry
from svg2_assets.labels.protocols import LabelParser, LabelVerifier
from svg2_assets.labels.rows import parsed_rows, verified_rows
from svg2_assets.orchestration import materialize_phase, phase_asset
from svg2_assets.recipes import recipe_of
from svg2_assets.runner import Outcome
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.video import FrameSource
from svg2_assets.scene_graphs.stored import read_descriptions, read_parsed, read_tracks


@phase_asset(
    "parsed_labels",
    group="annotation",
    kinds={"python", "lancedb"},
    description="A name and typed attributes per object, parsed from its description.",
    pool="openai",
)
def parsed_labels(
    context: dg.AssetExecutionContext,
    store: SceneGraphStoreResource,
    media: MediaResource,
    backends: BackendsResource,
) -> None:
    """Parse."""

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return parse(opened, media.source(opened, entry.video_id), backends.parser)

    recipe = recipe_of("parsed_labels", backends)
    before = answered_by_batch(context, "parsed_labels", backends, media)
    materialize_phase(context, recipe, store=store, work=work, before=before)


@phase_asset(
    "verified_labels",
    group="annotation",
    kinds={"python", "lancedb"},
    description="The labels after independent evidence was heard: a verdict and a score each.",
    pool="gpu",
)
def verified_labels(
    context: dg.AssetExecutionContext,
    store: SceneGraphStoreResource,
    media: MediaResource,
    backends: BackendsResource,
) -> None:
    """Verify."""

    def work(opened: SceneGraphStore, entry: CatalogEntry) -> Outcome:
        return verify(opened, media.source(opened, entry.video_id), backends.verifier)

    recipe = recipe_of("verified_labels", backends)
    materialize_phase(context, recipe, store=store, work=work)


def parse(store: SceneGraphStore, source: FrameSource, parser: LabelParser) -> Outcome:
    """The parsed labels of one video as rows."""
    video_id = source.video.id
    labels = parser.parse(read_descriptions(store, video_id), source=source, tracks=read_tracks(store, video_id))
    named = sum(label.name != UNKNOWN_NAME for label in labels)
    measures = {"labels": len(labels), "named": named, "attributes": sum(len(label.attributes) for label in labels)}
    return Outcome({"labels": parsed_rows(video_id, labels)}, measures)


def verify(store: SceneGraphStore, source: FrameSource, verifier: LabelVerifier) -> Outcome:
    """The verified labels of one video as rows."""
    video_id = source.video.id
    verified = verifier.verify(source, read_tracks(store, video_id), read_parsed(store, video_id))
    verdicts = Counter(v.verification.verdict.value for v in verified)
    return Outcome({"labels": verified_rows(video_id, verified)}, {"labels": len(verified), **verdicts})
