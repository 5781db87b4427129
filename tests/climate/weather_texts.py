"""Weather files written by code, so that the tests need no file from elsewhere.

The sun here is made with other formulas than the package's (Cooper 1969 declination and the common
three-term equation of time, good to about a minute), so the noon test is not circular.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np

HEADER = {
    "city": "Testville",
    "latitude": "35.0",
    "longitude": "139.0",
    "zone": "9.0",
    "altitude": "20",
    "leap": "No",
    "per_hour": "1",
    "first": "1/1",
    "last": "12/31",
    "design": "DESIGN CONDITIONS,0",
}
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def sun_w_m2(
    day: np.ndarray, local_h: np.ndarray, latitude: float, longitude: float, zone: float
) -> np.ndarray:
    """Clear-sky horizontal irradiance, 1000 W/m² times the sine of the elevation."""
    b = 2.0 * np.pi * (day - 81) / 365.0
    equation_min = 9.87 * np.sin(2 * b) - 7.53 * np.cos(b) - 1.5 * np.sin(b)
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284 + day) / 365.0)
    solar_h = local_h + longitude / 15.0 - zone + equation_min / 60.0
    angle = np.pi / 12.0 * (solar_h - 12.0)
    phi = np.radians(latitude)
    sine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(angle)
    return 1000.0 * np.clip(sine, 0.0, None)


def head_lines(**changes: str) -> list[str]:
    h = {**HEADER, **changes}
    return [
        f"LOCATION,{h['city']},-,TST,Made,999999,{h['latitude']},{h['longitude']},{h['zone']},"
        f"{h['altitude']}",
        h["design"],
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        f"HOLIDAYS/DAYLIGHT SAVINGS,{h['leap']},0,0,0",
        "COMMENTS 1,made by a test",
        "COMMENTS 2,",
        f"DATA PERIODS,1,{h['per_hour']},Data,Sunday,{h['first']},{h['last']}",
    ]


@lru_cache(maxsize=32)
def rows(
    days: int = 365,
    years: tuple[int, ...] = (2021,),
    leap: bool = False,
    per_hour: int = 1,
    minutes: tuple[int, ...] = (60,),
    latitude: float = 35.0,
    longitude: float = 139.0,
    zone: float = 9.0,
) -> tuple[str, ...]:
    """Rows of an EPW file from 1 January; month m has the year `years[(m - 1) % len(years)]`."""
    out = []
    day_of_year = 0
    lengths = [29 if leap and m == 1 else n for m, n in enumerate(DAYS)]
    for month, length in enumerate(lengths, 1):
        year = years[(month - 1) % len(years)]
        for day in range(1, length + 1):
            day_of_year += 1
            if day_of_year > days:
                return tuple(out)
            part = np.arange(24 * per_hour)
            middle_h = (part + 0.5) / per_hour
            number = np.full(part.size, float(day_of_year))
            sun = sun_w_m2(number, middle_h, latitude, longitude, zone)
            warm = -np.cos(2 * np.pi * (day_of_year - 20) / 365) * np.sign(latitude or 1.0)
            dry = 15.0 + 10.0 * warm + 4.0 * np.sin(2 * np.pi * (middle_h - 9) / 24)
            for k in part:
                out.append(
                    f"{year},{month},{day},{k // per_hour + 1},{minutes[k % per_hour]},?9,"
                    f"{dry[k]:.1f},{dry[k] - 6.0:.1f},65,101000,0,1400,300,"
                    f"{sun[k]:.1f},{0.7 * sun[k]:.1f},{0.3 * sun[k]:.1f},0,0,0,9999,180,2.5,"
                    "5,5,9999,99999,9,999999999,0,0.1,0,88,0.2,0.0,0.0"
                )
    return tuple(out)


def epw(lines: tuple[str, ...] | list[str] | None = None, **changes: str) -> str:
    """An EPW text: the rows (a common year by default) under a head with these changes."""
    return "\n".join([*head_lines(**changes), *(rows() if lines is None else lines)]) + "\n"


def with_field(lines: tuple[str, ...], row: int, field: int, value: str) -> tuple[str, ...]:
    """The rows with one field of one row replaced (EPW: 6 dry bulb, 8 humidity, 9 pressure, …)."""
    cells = lines[row].split(",")
    cells[field] = value
    return (*lines[:row], ",".join(cells), *lines[row + 1 :])


def with_run(
    lines: tuple[str, ...], first: int, count: int, field: int, value: str
) -> tuple[str, ...]:
    for row in range(first, first + count):
        lines = with_field(lines, row, field, value)
    return lines


TMY3_HEAD = (
    '999999,"TESTVILLE",TS,-5.0,36.100,-79.950,273\n'
    "Date (MM/DD/YYYY),Time (HH:MM),GHI (W/m^2),DNI (W/m^2),DHI (W/m^2),Dry-bulb (C),"
    "Dew-point (C),RHum (%),Pressure (mbar),Wspd (m/s)\n"
)


def tmy3_rows() -> list[str]:
    out = []
    for line in rows(latitude=36.1, longitude=-79.95, zone=-5.0, years=(1988, 1999)):
        c = line.split(",")
        out.append(
            f"{int(c[1]):02d}/{int(c[2]):02d}/{c[0]},{int(c[3]):02d}:00,{c[13]},{c[14]},{c[15]},"
            f"{c[6]},{c[7]},{c[8]},980,{c[21]}"
        )
    return out


def tmy3() -> str:
    return TMY3_HEAD + "\n".join(tmy3_rows()) + "\n"


def pvgis(latitude: float = 45.0, longitude: float = 8.0) -> dict[str, Any]:
    """The structure of PVGIS 5.3's tool `tmy`, values made."""
    hourly = []
    for line in rows(latitude=latitude, longitude=longitude, zone=0.0, years=(2018, 2007, 2009)):
        c = line.split(",")
        hourly.append(
            {
                "time(UTC)": f"{c[0]}{int(c[1]):02d}{int(c[2]):02d}:{int(c[3]) - 1:02d}00",
                "T2m": float(c[6]),
                "RH": 65.0,
                "G(h)": float(c[13]),
                "Gb(n)": float(c[14]),
                "Gd(h)": float(c[15]),
                "IR(h)": 300.0,
                "WS10m": 2.5,
                "WD10m": 180.0,
                "SP": 98000.0,
            }
        )
    location = {"latitude": latitude, "longitude": longitude, "elevation": 250.0}
    databases = {"radiation_db": "PVGIS-SARAH3", "meteo_db": "ERA5"}
    return {
        "inputs": {"location": location, "meteo_data": databases},
        "outputs": {"months_selected": [], "tmy_hourly": hourly},
    }


def pvgis_text(root: dict[str, Any] | None = None) -> str:
    return json.dumps(pvgis() if root is None else root)


CSV_HEAD = "# name: Yard\n# latitude_deg: 35.17\n# longitude_deg: 136.97\n# altitude_m: 15\n"


def csv_rows(count: int = 48, step_min: int = 60, zone: str = "+09:00") -> list[str]:
    start = np.datetime64("2025-01-01T00:00")
    out = []
    for k in range(count):
        stamp = start + np.timedelta64(k * step_min, "m")
        hour = (k * step_min / 60.0) % 24
        sun = max(0.0, 600.0 * np.sin(np.pi * (hour - 6) / 12))
        out.append(
            f"{stamp}{zone},{5 + hour / 10:.2f},0.6,101500,2,{sun:.1f},{sun:.1f},{sun / 5:.1f}"
        )
    return out


CSV_COLUMNS = (
    "time,dry_bulb_c,relative_humidity_frac,pressure_pa,wind_m_s,ghi_w_m2,dni_w_m2,dhi_w_m2"
)


def csv(lines: list[str] | None = None, head: str = CSV_HEAD, columns: str = CSV_COLUMNS) -> str:
    return head + "\n".join([columns, *(csv_rows() if lines is None else lines)]) + "\n"
