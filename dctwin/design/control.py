"""Control of a bank of devices: staging of its units, changeover by outdoor air, side streams."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dctwin.components.cooling.control import Changeover, Control, Staging
from dctwin.design.reader import Device, DeviceEntry, Reader, Structure
from dctwin.document import Path_

Source = Literal["potable", "reclaimed", "sea"]


def _number(low: float, high: float, text: str, default: Any = ...) -> Any:
    return Field(default, ge=low, le=high, strict=True, description=text)


class StagingEntry(Structure):
    """Units run only as the load needs them; without it all units of a bank share the load."""

    unit_kw: float | None = _number(
        0.001, 1_000_000, "heat that one unit is meant to carry (stages; pumps know theirs)", None
    )
    load_frac: float = _number(
        0.05, 1.5, "one more unit starts where each would carry more than this share", 0.9
    )
    off_load_frac: float = _number(
        0.05, 1.5, "one unit stops where each of the others would carry no more than this", 0.75
    )
    min_count: Annotated[int, Field(ge=1, le=100_000, strict=True)] = Field(
        1, description="units that never stop"
    )


class ChangeoverEntry(Structure):
    """A stage that is open only while the outdoor air is cold enough."""

    below_c: float = _number(-40, 50, "it opens below this outdoor temperature")
    of: Literal["dry_bulb", "wet_bulb"] = Field("dry_bulb", description="the temperature meant")
    hysteresis_k: float = _number(0, 15, "it closes this far above", 1.0)
    exclusive: bool = Field(
        False, description="while it is open the later stages stand still (no integrated cooling)"
    )


class StageEntry(DeviceEntry):
    """A cooling device of a loop, and how its bank is controlled."""

    staging: StagingEntry | None = None
    changeover: ChangeoverEntry | None = None
    parallel_flow_frac: float = _number(
        0, 1, "most of the loop's flow that it takes beside the next stage; 0 = in series", 0.0
    )
    water_source: Source | None = Field(None, description="its make-up; default the design's")


class PumpEntry(DeviceEntry):
    """The pumps of a loop, and how their bank is controlled."""

    staging: StagingEntry | None = None


def stage_control(
    reader: Reader, entry: StageEntry, device: Device, where: Path_, last: bool
) -> Control:
    """The control of a stage; faults go to the reader."""
    for key, needs in (
        ("changeover", entry.changeover is not None),
        ("parallel_flow_frac", entry.parallel_flow_frac > 0.0),
    ):
        if needs and last:
            reader.fault((*where, key), "the last stage has no follower to leave the rest to")
    given = entry.changeover
    changeover = None
    if given is not None:
        changeover = Changeover(given.of, given.below_c, given.hysteresis_k, given.exclusive)
    if entry.staging is not None and hasattr(device.component, "start_kwh"):
        reader.fault(
            (*where, "staging"), "stores of a bank fill and empty together: none is staged"
        )
    unit_kw = entry.staging.unit_kw if entry.staging else None
    if entry.staging is not None and unit_kw is None:
        reader.fault((*where, "staging", "unit_kw"), "is missing: heat that one unit is meant for")
        unit_kw = 1.0
    staging = _staging(reader, entry.staging, unit_kw or 1.0, device, where)
    return Control(staging, changeover, entry.parallel_flow_frac, entry.water_source or "")


def pump_control(reader: Reader, entry: PumpEntry, device: Device, where: Path_) -> Control:
    """The control of a loop's pumps; a pump's design flow is what it is meant for."""
    if entry.staging is not None and entry.staging.unit_kw is not None:
        reader.fault((*where, "staging", "unit_kw"), "pumps are staged by their design flow")
    return Control(
        _staging(reader, entry.staging, device.component.design_flow_m3_s, device, where)
    )


def _staging(
    reader: Reader, entry: StagingEntry | None, unit: float, device: Device, where: Path_
) -> Staging | None:
    if entry is None:
        return None
    if entry.off_load_frac > entry.load_frac:
        reader.fault(
            (*where, "staging", "off_load_frac"),
            f"must not be above load_frac {entry.load_frac:g} (got {entry.off_load_frac:g})",
        )
    if entry.min_count > device.count:
        reader.fault(
            (*where, "staging", "min_count"),
            f"must not be above the {device.count:g} units of the bank (got {entry.min_count})",
        )
    return Staging(entry.load_frac * unit, entry.off_load_frac * unit, float(entry.min_count))
