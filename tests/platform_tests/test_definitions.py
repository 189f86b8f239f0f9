"""What a code location offers: a change here is a change users see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from svg2_assets.definitions import defs
from svg2_assets.quality.suites import rules_without_suite

SNAPSHOT = Path(__file__).parent / "definitions.json"
ROOT = Path(__file__).parents[2]


def offered() -> dict[str, object]:
    repository = defs().get_repository_def()
    graph = repository.asset_graph
    return {
        "assets": {
            key.to_user_string(): {
                "deps": sorted(k.to_user_string() for k in graph.get(key).parent_keys),
                "group": graph.get(key).group_name,
                "kinds": sorted(graph.get(key).kinds),
                "owners": sorted(graph.get(key).owners),
                "pools": sorted(graph.get(key).pools or ()),
                "code_version": graph.get(key).code_version,
                "partitioned": graph.get(key).is_partitioned,
            }
            for key in sorted(graph.get_all_asset_keys(), key=str)
        },
        "checks": sorted(f"{k.asset_key.to_user_string()}:{k.name}" for k in graph.asset_check_keys),
        "jobs": sorted(j for j in repository.job_names if not j.startswith("__")),
        "sensors": sorted(s.name for s in repository.sensor_defs),
        "schedules": sorted(s.name for s in repository.schedule_defs),
    }


def test_assets_checks_jobs_sensors_and_schedules_are_those_of_the_snapshot() -> None:
    """After an intended change: SVG2_UPDATE_SNAPSHOTS=1 pytest tests/platform_tests/test_definitions.py"""
    if os.environ.get("SVG2_UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(json.dumps(offered(), indent=2) + "\n")
    assert offered() == json.loads(SNAPSHOT.read_text())


def test_every_rule_is_shown_by_a_suite() -> None:
    assert list(rules_without_suite()) == []


def test_an_asset_selection_still_parses() -> None:
    """antlr 4.9, which other packages ask for, breaks this silently."""
    selection = dg.AssetSelection.from_string('key:"trajectories"+')
    chosen = selection.resolve(defs().get_repository_def().asset_graph)
    assert dg.AssetKey("descriptions") in chosen
    assert dg.AssetKey("videos") not in chosen


def test_definitions_import_no_heavy_library() -> None:
    code = (
        "import sys, svg2_assets.definitions as d; d.defs();"
        "heavy = {'torch', 'transformers', 'sam2', 'great_expectations', 'pandas', 'onnxruntime', 'boto3', 'openai',"
        " 'dagster_aws'} & set(sys.modules); sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, cwd=ROOT)


def test_resources_and_sensors_are_those_of_this_project() -> None:
    import resources
    import sensors

    assert Path(resources.__file__ or "").parent == ROOT / "resources"
    assert Path(sensors.__file__ or "").parent == ROOT / "sensors"


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ["dagster", "definitions", "validate", "-w", "workspace.yaml"],
        ["dg", "check", "defs"],
        ["dg", "list", "defs"],
    ],
    ids=lambda c: " ".join(c[:3]),
)
def test_dagsters_own_commands_load_the_location(command: list[str], tmp_path: Path) -> None:
    tool = str(Path(sys.executable).parent / command[0])
    environment = {**os.environ, "SVG2_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path)}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [tool, *command[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if command[1] == "list":
        assert "scene_graphs" in done.stdout
