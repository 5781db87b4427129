"""A weather year written by code, for uploads: mild, near Inzai unless told otherwise."""

from __future__ import annotations

import base64
import math

MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def epw(latitude_deg: float = 35.83, longitude_deg: float = 140.15, mean_c: float = 12.0) -> str:
    """An EPW text of a common year: a daily and a yearly swing about a mean temperature."""
    lines = [
        f"LOCATION,Testville,-,TST,Made,999999,{latitude_deg},{longitude_deg},9.0,20",
        "DESIGN CONDITIONS,0",
        "TYPICAL/EXTREME PERIODS,0",
        "GROUND TEMPERATURES,0",
        "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
        "COMMENTS 1,made by a test",
        "COMMENTS 2,",
        "DATA PERIODS,1,1,Data,Sunday,1/1,12/31",
    ]
    day_of_year = 0
    for month, days in enumerate(MONTH_DAYS, 1):
        for day in range(1, days + 1):
            day_of_year += 1
            season = -math.cos(2 * math.pi * (day_of_year - 20) / 365)
            for hour in range(24):
                swing = math.sin(2 * math.pi * (hour - 9) / 24)
                dry_c = mean_c + 9.0 * season + 3.0 * swing
                sun = max(0.0, 700.0 * math.sin(math.pi * (hour + 0.5 - 6) / 12))
                lines.append(
                    f"2021,{month},{day},{hour + 1},60,?9,{dry_c:.1f},{dry_c - 6:.1f},65,101000,0,"
                    f"1400,300,{sun:.1f},{0.7 * sun:.1f},{0.3 * sun:.1f},0,0,0,9999,180,2.5,"
                    "5,5,9999,99999,9,999999999,0,0.1,0,88,0.2,0.0,0.0"
                )
    return "\n".join(lines) + "\n"


def broken_epw() -> str:
    """The same with a word for the temperature of its second hour, in line 10."""
    lines = epw().split("\n")
    cells = lines[9].split(",")
    cells[6] = "warm"
    lines[9] = ",".join(cells)
    return "\n".join(lines)


def data_url(text: str) -> str:
    """The form in which a browser hands over a file."""
    return "data:application/octet-stream;base64," + base64.b64encode(text.encode()).decode()
