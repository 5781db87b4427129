"""Pairs of parameters that bound one another, over every kind of device: swapped they are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dctwin.components.component import Component
from dctwin.components.cooling.loop import Loop
from dctwin.components.power.radial_feeder import RadialFeeder
from dctwin.components.registry import device_class, kinds
from dctwin.equipment import load_equipment
from dctwin.library import entries

# Words that make a pair of two parameters of otherwise equal name.
WORDS = (("min", "max"), ("low", "high"), ("cold", "warm"), ("from", "to"), ("start", "full"))
# Hours of the day wrap around: a window may pass midnight.
UNORDERED_UNITS = {"h"}
# Pairs that their names do not show, and what else must hold for them to matter.
MORE: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "chilled-water-tank": [
        ("charge_price_frac", "use_price_frac", {"policy": "price"}),
        ("charge_below_c", "use_above_c", {"policy": "dry_bulb"}),
    ],
    "ice-tank": [
        ("charge_price_frac", "use_price_frac", {"policy": "price"}),
        ("charge_below_c", "use_above_c", {"policy": "dry_bulb"}),
    ],
    "chiller": [("min_load_frac", "min_unload_frac", {})],
    "air-chiller": [("min_load_frac", "min_unload_frac", {})],
    "tower": [
        ("free_air_frac", "min_air_frac", {}),
        ("rated_wet_bulb_c", "rated_dry_bulb_c", {}),
    ],
    "closed-cooler": [("rated_wet_bulb_c", "rated_dry_bulb_c", {})],
    "hybrid-cooler": [("rated_wet_bulb_c", "rated_dry_bulb_c", {})],
    "heat-reuse": [("network_return_c", "network_supply_c", {}), ("design_c", "base_c", {})],
    "heat-pump": [("network_return_c", "network_supply_c", {}), ("design_c", "base_c", {})],
    "rack": [("liquid_idle_drop_frac", "liquid_frac", {})],
    "radial-feeder": [("min_v", "source_v", {})],
    "battery": [("reserve_frac", "start_frac", {})],
}


def one_of(kind: str) -> Component | None:
    """A device of this kind out of the catalogue."""
    if kind == "loop":
        return Loop(fluid="air", design_heat_kw=100.0, rise_k=10.0)
    if kind == "radial-feeder":
        return RadialFeeder(
            rated_kw=200, system="dc", source_v=380, min_v=350, segment_from=(-1,), length_m=(40,),
            section_mm2=(600,), rated_a=(600,), load_share_frac=(1,),
        )  # fmt: skip
    for path in entries("equipment").values():
        if path.parent.name == kind:
            return load_equipment(str(path)).component
    return None


def pairs(kind: str) -> list[tuple[str, str, dict[str, Any]]]:
    rows = {row["name"]: row for row in device_class(kind).parameters() if row["low"] is not None}
    found = list(MORE.get(kind, []))
    for name, row in rows.items():
        for low, high in WORDS:
            parts = name.split("_")
            if low not in parts or row["unit"] in UNORDERED_UNITS:
                continue
            other = "_".join(high if part == low else part for part in parts)
            if other in rows:
                found.append((name, other, {}))
    return found


CASES = [(kind, *pair) for kind in kinds() for pair in pairs(kind)]


def test_pairs_are_found() -> None:
    assert ("chilled-water-tank", "cold_c", "warm_c", {}) in CASES
    assert ("loop", "dew_point_min_c", "dew_point_max_c", {}) in CASES
    assert ("cycle-chiller", "min_load_frac", "max_load_frac", {}) in CASES


@pytest.mark.parametrize(
    ("kind", "low", "high", "more"), CASES, ids=[f"{k}-{low}" for k, low, _, _ in CASES]
)
def test_the_wrong_order_is_refused(kind: str, low: str, high: str, more: dict[str, Any]) -> None:
    device = one_of(kind)
    assert device is not None
    rows = {row["name"]: row for row in device.parameters()}
    least, most = rows[high]["low"], rows[high]["high"]
    # Values that both may have by themselves, the wrong way round.
    below = max(least, rows[low]["low"])
    above = min(most, rows[low]["high"])
    assert below < above
    values = dict(device) | more | {low: above, high: below}
    with pytest.raises(ValidationError, match=rf"\b({low}|{high}) must"):
        type(device).model_validate(values)
