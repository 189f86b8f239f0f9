from __future__ import annotations

from pathlib import Path

from svg2_assets.evaluation.table.settings import TableSetup
from svg2_assets.traser.forms import read_form

TABLES = Path(__file__).parents[3] / "configs" / "tables"


def test_the_shipped_table_is_a_setup() -> None:
    setup = read_form(TableSetup, TABLES / "table2.yaml")
    compared = {dataset for predictions in setup.systems.values() for dataset in predictions}
    assert compared == set(setup.datasets), "each data set has a system, and systems name no other"
