"""A changed prompt makes exactly its phase stale (and, through its rows, what follows)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from resources.profiles import BackendsResource
from svg2_assets.llm import prompts
from svg2_assets.recipes import recipes

ROLES = {"tracker": "embedded", "verifier": "embedded"}  # those of profile svg2 need weights
PARSED, DESCRIBED, RELATED = ("svg2_assets.labels", "svg2_assets.descriptions", "svg2_assets.relations.vlm")


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    prompts.prompt.cache_clear()
    yield
    prompts.prompt.cache_clear()


class Edited:
    """The files of a package, one prompt of which says something else."""

    def __init__(self, package: str, name: str) -> None:
        self.package, self.name = package, name

    def __call__(self, package: str) -> Edited:
        self.asked = package
        return self

    def joinpath(self, *parts: str) -> Edited:
        self.parts = parts
        return self

    def read_text(self, encoding: str) -> str:
        text = files(self.asked).joinpath(*self.parts).read_text(encoding=encoding)
        edited = (self.asked, self.parts[-1]) == (self.package, f"{self.name}.md")
        return text + "\nBe brief." if edited else text


@pytest.mark.parametrize(
    ("package", "name", "phase", "profile", "overrides"),
    [
        (PARSED, "parse", "parsed_labels", "svg2", {}),
        (PARSED, "again", "parsed_labels", "svg2", {}),
        (PARSED, "paper", "parsed_labels", "svg2", {"parser": '{"preset": "paper"}'}),
        (DESCRIBED, "dam_video", "descriptions", "svg2", {}),
        (DESCRIBED, "dam_image", "descriptions", "svg2", {}),
        (DESCRIBED, "grouped", "descriptions", "vision", {}),
        (RELATED, "system", "relations", "svg2", {}),
        (RELATED, "spatial", "relations", "svg2", {}),
        (RELATED, "dynamic", "relations", "svg2", {}),
        (RELATED, "release_spatial", "relations", "svg2", {"relator": '{"preset": "release"}'}),
        (RELATED, "release_temporal", "relations", "svg2", {"relator": '{"preset": "release"}'}),
    ],
)
def test_a_changed_prompt_makes_its_phase_stale_and_no_other(
    package: str, name: str, phase: str, profile: str, overrides: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    backends = BackendsResource(profile=profile, roles=ROLES, overrides=overrides)
    before = {p: r.output_version("the same input") for p, r in recipes(backends).items()}
    prompts.prompt.cache_clear()
    monkeypatch.setattr(prompts, "files", Edited(package, name))
    after = {p: r.output_version("the same input") for p, r in recipes(backends).items()}
    assert [p for p in before if before[p] != after[p]] == [phase]


def test_no_prompt_is_left_out_above() -> None:
    (marker,) = (m for m in test_a_changed_prompt_makes_its_phase_stale_and_no_other.pytestmark)
    tried = {(package, name) for package, name, *_ in marker.args[1]}
    there = {
        (package, path.stem)
        for package in (PARSED, DESCRIBED, RELATED)
        for path in Path(str(files(package))).joinpath("prompts").glob("*.md")
    }
    assert tried == there
