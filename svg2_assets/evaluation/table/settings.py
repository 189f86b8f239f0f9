"""What a table compares, as a YAML file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from svg2_assets.evaluation.graphs.settings import MAIN, THRESHOLDS, Direction, Settings, lenient, strict
from svg2_assets.evaluation.graphs.tallies import Measure
from svg2_assets.evaluation.judges.choosing import JudgeChoice
from svg2_assets.evaluation.judges.likeness import Judge


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Pooling(StrEnum):
    """How videos make one figure."""

    MICRO = "micro"
    MACRO = "macro"


class Counting(StrEnum):
    """Which labels count as right."""

    LENIENT = "lenient"
    STRICT = "strict"


class Graphs(_Form):
    """Where graphs are: a `folder` of documents `<video id>.json`, or the store's, of `source`, which is the name of
    predictions or of an import; without either, the store's own annotated graphs.
    """

    folder: Path | None = Field(default=None, description="Folder of scene-graph documents")
    source: str = Field(default="", description="Name of predictions or of an import in the store")

    @model_validator(mode="after")
    def _one(self) -> Graphs:
        if self.folder is not None and self.source:
            raise ValueError("give either `folder` or `source`")
        return self


class DataSet(_Form):
    """Videos with truth, and the measures that are columns: of a data set without relations, objects alone."""

    truth: Graphs = Graphs()
    measures: tuple[Measure, ...] = Field(default=tuple(Measure), min_length=1, description="Columns")


class TableSetup(_Form):
    """The table, whole. `systems`: name -> name of the data set -> where its predictions are."""

    datasets: dict[str, DataSet] = Field(min_length=1, description="Data sets by name")
    systems: dict[str, dict[str, Graphs]] = Field(min_length=1, description="Systems by name")
    judge: JudgeChoice = JudgeChoice()
    counting: Counting = Field(default=Counting.LENIENT, description="lenient or strict")
    threshold: float = Field(default=MAIN, ge=0, lt=1, description="tIoU that a relation must exceed")
    pooling: Pooling = Field(default=Pooling.MICRO, description="micro or macro")
    direction: Direction = Field(default=Direction.AS_GIVEN, description="as given, symmetric or inverse")
    seed: int = Field(default=0, ge=0, description="Of the bootstrap")

    @model_validator(mode="after")
    def _known(self) -> TableSetup:
        for system, predictions in self.systems.items():
            unknown = sorted(predictions.keys() - self.datasets.keys())
            if unknown:
                raise ValueError(f"systems.{system}.{unknown[0]}: there are the data sets {', '.join(self.datasets)}")
        return self

    def settings(self, judge: Judge) -> Settings:
        """As scoring takes it. Strict figures of tier `lexical` are those of the text alone, as in the paper."""
        alone = self.counting is Counting.STRICT and self.judge.tier == "lexical"
        criterion = strict(None if alone else judge) if self.counting is Counting.STRICT else lenient(judge)
        thresholds = tuple(sorted({*THRESHOLDS, self.threshold}))
        return Settings((criterion,), thresholds, self.threshold, direction=self.direction)
