"""One unit per quantity in the whole tree: the suffixes that names end in.

A public number is named for its unit (`supply_c`, `heat_in_kw`, `flow_kg_s`), so no conversion
happens between modules; the few edges where other units come in convert with the constants below.
"""

from __future__ import annotations

import re

# suffix -> how the unit is written for people
SUFFIXES: dict[str, str] = {
    "kw": "kW",
    "kwh": "kWh",
    "kj": "kJ",
    "c": "°C",
    "k": "K",
    "kg_s": "kg/s",
    "m3_s": "m³/s",
    "l_s": "L/s",
    "m_s": "m/s",
    "pa": "Pa",
    "v": "V",
    "a": "A",
    "s": "s",
    "h": "h",
    "ms": "ms",
    "hz": "Hz",
    "frac": "-",
    "l": "L",
    "kg": "kg",
    "m": "m",
    "m2": "m²",
    "m3": "m³",
    "mm2": "mm²",
    "usd": "USD",
    "jpy": "JPY",
    "deg": "°",
    "ohm": "Ω",
    "count": "count",
    "w_m2": "W/m²",
    "month": "month",
    "year": "year",
}

JOULES_PER_KWH = 3.6e6
SECONDS_PER_HOUR = 3600.0
KELVIN_AT_0_C = 273.15
# Density of water at 15 °C and 1 atm (CoolProp 8.0): turns kilograms of make-up into litres.
WATER_KG_PER_L = 0.99910

_PER = re.compile(r"_per_")
_LAST = re.compile(r"(?:^|_)(kg_s|m3_s|l_s|m_s|w_m2|[a-z]+[0-9]?)$")


def unit_of(name: str) -> str | None:
    """The unit that a name ends in, written for people, or None when it ends in none.

    >>> unit_of("supply_c"), unit_of("wue_l_per_kwh"), unit_of("fan_curve")
    ('°C', 'L/kWh', None)
    """
    parts = _PER.split(name)
    last = _LAST.search(parts[0])
    if last is None or last.group(1) not in SUFFIXES:
        return None
    unit = SUFFIXES[last.group(1)]
    for below in parts[1:]:
        if below not in SUFFIXES and not all(p in SUFFIXES for p in below.split("_")):
            return None
        text = SUFFIXES.get(below) or "·".join(SUFFIXES[p] for p in below.split("_"))
        unit = f"{unit}/({text})" if "·" in text else f"{unit}/{text}"
    return unit
