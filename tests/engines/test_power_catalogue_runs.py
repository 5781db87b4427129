"""Every power device of the catalogue stands in a bundled design or here, and runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from feed_halls import HOURS, boundary, group, hall

from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.generator import Generator
from dctwin.components.power.stage import PowerStage
from dctwin.components.registry import device_class, kinds
from dctwin.design import load_design
from dctwin.engines.annual import run_year
from dctwin.equipment import load_equipment
from dctwin.library import entries

POWER = [k for k in kinds() if issubclass(device_class(k), PowerStage | Battery | Generator)]
NAMES = [name for name, path in entries("equipment").items() if path.parent.name in POWER]
# Classes beside others that stand in designs: what they would add is a curve.
IN_NO_DESIGN = {
    "psu-bronze-230v-3kw", "psu-silver-230v-3kw", "psu-gold-115v-3kw", "psu-platinum-115v-3kw",
    "psu-platinum-230v-3kw", "psu-titanium-115v-3kw", "rectifier-cray-ex-15kw-peaked",
    "oil-630kva-old", "oil-63mva-110-20kv", "gas-2500kw", "solid-oxide-300kw",
}  # fmt: skip


def test_bundled_designs_use_the_catalogue() -> None:
    used = set().union(*(load_design(name).equipment() for name in entries("designs")))
    assert set(NAMES) - used == IN_NO_DESIGN


@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name: str) -> None:
    one: Any = load_equipment(name).component
    entry: dict[str, Any] = {"equipment": name, "name": "it-is"}
    year_flows = "power.it.it-is"
    if isinstance(one, PowerStage):
        kw = float(np.clip(0.5 * one.rated_kw, 10.0, 10_000.0))
        facility = hall({"it": [entry | {"count": 1 + int(kw / one.rated_kw)}]}, kw=kw)
    elif isinstance(one, Battery):
        sources = {"utility_v": 340, "utility_limit_kw": 300, "battery_v": 264, "battery": entry}
        feeds = {"dc": {"sources": sources}}
        facility = hall({"feeds": feeds}, {"all": group("dc", 400.0)})
        year_flows = "storage.dc"
    else:
        entry |= {"mode": "base-load"}
        facility = hall({}, kw=0.75 * one.rated_kw, onsite={"gensets": entry})
        year_flows = "genset.it-is"
    year = run_year(facility, boundary())
    assert max(year.closure.values()) < 1e-9
    lost = list(year.ledger.select(carrier="heat", source=year_flows))
    assert sum(float(np.sum(np.broadcast_to(flow.value, (HOURS,)))) for flow in lost) > 0
