"""ASHRAE TC 9.9 classes of IT equipment: what air and what water it is allowed.

Air classes: ASHRAE Thermal Guidelines for Data Processing Environments, 5th ed. 2021, allowable
dry bulb; H1 is the class of air-cooled high-density equipment. Liquid: ASHRAE Water-Cooled Servers,
Common Designs, Components and Processes, 2019 (W classes: facility water at the border of the IT
space), and the S classes of TC 9.9 (2024) for the coolant of the racks' own loop. The numbers were
read second-hand (lists of the classes), those of the S classes recalled: they are in their names.
"""

from __future__ import annotations

from typing import Literal

AirClass = Literal["none", "A1", "A2", "A3", "A4", "H1"]
LiquidClass = Literal[
    "none", "W17", "W27", "W32", "W40", "W45", "W+", "S30", "S40", "S50"
]  # fmt: skip

# Lowest and highest allowable inlet [°C].
AIR_CLASS_C: dict[str, tuple[float, float]] = {
    "A1": (15.0, 32.0),
    "A2": (10.0, 35.0),
    "A3": (5.0, 40.0),
    "A4": (5.0, 45.0),
    "H1": (5.0, 25.0),
}
# Warmest supply [°C]; W+ (above 45 °C) has no upper limit of its own.
LIQUID_CLASS_C: dict[str, float] = {
    "W17": 17.0,
    "W27": 27.0,
    "W32": 32.0,
    "W40": 40.0,
    "W45": 45.0,
    "S30": 30.0,
    "S40": 40.0,
    "S50": 50.0,
}
