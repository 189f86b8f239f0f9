"""The compose deployment, as far as it can be judged without an engine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "infra" / "compose"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    return yaml.safe_load((COMPOSE / "compose.yaml").read_text())


def test_the_file_is_valid_under_the_compose_specification() -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [str(tool), "--builtin-schema", "vendor.compose-spec", str(COMPOSE / "compose.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_names_every_variable_that_compose_reads() -> None:
    read = set(re.findall(r"(?<!\$)\$\{(\w+)", (COMPOSE / "compose.yaml").read_text()))
    named = set(re.findall(r"^#? ?(\w+)=", (COMPOSE / ".env.example").read_text(), re.MULTILINE))
    assert named == read


def test_what_the_image_copies_is_there() -> None:
    lines = (COMPOSE / "Dockerfile").read_text().splitlines()
    sources = [s for line in lines if line.startswith("COPY ") for s in line.split()[1:-1]]
    assert sources
    assert [s for s in sources if not (ROOT / s).exists()] == []


def test_the_image_holds_what_the_wheel_is_built_from() -> None:
    import tomllib

    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = re.findall(r"^COPY (.*) \S+$", (COMPOSE / "Dockerfile").read_text(), re.MULTILINE)
    roots = {source for line in copied for source in line.split()}
    wanted = {*build["packages"], *(Path(p).parts[0] for p in build["force-include"]), "pyproject.toml", "README.md"}
    assert wanted <= roots


def test_every_service_waits_for_what_it_needs(composed: dict[str, Any]) -> None:
    services = composed["services"]
    assert set(services) == {"postgres", "code", "webserver", "daemon", "dam"}
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in services[needed], (name, needed)


def test_only_this_machine_reaches_the_ui(composed: dict[str, Any]) -> None:
    published = [port for service in composed["services"].values() for port in service.get("ports", ())]
    assert published
    assert all(str(port).startswith("127.0.0.1:") for port in published)


def test_no_secret_is_written_down() -> None:
    for path in sorted((ROOT / "infra").rglob("*")):
        if path.is_file():
            found = re.findall(r"(?:PASSWORD|SECRET\w*|ACCESS_KEY_ID)[=:] *(\S+)", path.read_text())
            assert all(v.startswith("${") or v == "change-me" for v in found), (path, found)


def test_the_services_speak_to_the_code_location_where_it_listens(composed: dict[str, Any]) -> None:
    (place,) = yaml.safe_load((COMPOSE / "workspace.yaml").read_text())["load_from"]
    server = place["grpc_server"]
    command = composed["services"][server["host"]]["command"]
    assert command[command.index("-p") + 1] == str(server["port"])
    (local,) = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    assert local["python_module"]["location_name"] == server["location_name"]
