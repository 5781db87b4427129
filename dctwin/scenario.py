"""A scenario file: what happens to a facility, when, under which weather."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dctwin.document import Document, faults_of, load_document
from dctwin.equipment import Name
from dctwin.errors import InputError
from dctwin.library import find


class _Structure(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScenarioWeather(_Structure):
    """Outdoor air that is held while the scenario runs."""

    dry_bulb_c: float = Field(ge=-50, le=60, strict=True, description="dry bulb [°C]")
    relative_humidity_frac: float = Field(
        ge=0.01, le=1, strict=True, description="relative humidity [-]"
    )


class ScenarioEvent(_Structure):
    """One thing that happens at one moment."""

    at_s: Annotated[float, Field(ge=0, le=86_400 * 7, strict=True, description="time [s]")]
    do: Literal["stop", "start"]
    pump: Name = Field(description="loop whose pump it is")


class ScenarioFile(_Structure):
    """What happens, for how long, and in which steps it is followed."""

    name: Name
    title: str
    description: str = ""
    duration_s: float = Field(gt=0, le=86_400 * 7, strict=True, description="length [s]")
    step_s: float = Field(
        1.0, ge=0.001, le=60, strict=True, description="step between events, whole milliseconds"
    )
    weather: ScenarioWeather | Literal["hottest"] = Field(
        "hottest", description="air that is held; `hottest` is the site's hour of highest dry bulb"
    )
    events: list[ScenarioEvent] = Field(default_factory=list)


@dataclass(frozen=True)
class Scenario:
    """A checked scenario."""

    file: ScenarioFile
    document: Document = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.file.name


def load_scenario(name_or_path: str | os.PathLike[str]) -> Scenario:
    """A scenario by catalogue name or path. Raises InputError, one line per fault."""
    document = load_document(find("scenarios", name_or_path))
    try:
        file = ScenarioFile.model_validate(document.data)
    except ValidationError as problem:
        raise InputError(*faults_of(problem, document, (), ScenarioFile)) from None
    faults = [
        document.fault(("events", index, "at_s"), "must not be after duration_s")
        for index, event in enumerate(file.events)
        if event.at_s > file.duration_s
    ]
    if faults:
        raise InputError(*faults)
    return Scenario(file, document)
