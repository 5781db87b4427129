"""Hypothesis strategies for dispatch: batteries, hydrogen paths, hours at the bus, policies."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from strategies import floats, gensets, policies

from dctwin.components.onsite.battery import Battery
from dctwin.components.onsite.genset import Genset
from dctwin.components.onsite.hydrogen_tank import HydrogenTank
from dctwin.design.onsite import Onsite
from dctwin.dispatch.gensets import Bank
from dctwin.dispatch.hours import Hours, Stores
from dctwin.dispatch.policies import Policy
from dctwin.equipment import load_equipment

SIZE_KW = 100.0


def policy(data: dict[str, Any]) -> Policy:
    """A policy as a design file writes it."""
    return Onsite.model_validate({"policy": data}).policy


@st.composite
def batteries(draw: st.DrawFn, straight: bool = False) -> Battery:
    capacity_kwh = SIZE_KW * draw(floats(0.1, 10.0))
    power = [SIZE_KW * draw(floats(0.0, 2.0)) for _ in range(2)]
    most = max(*power, 1e-6) / capacity_kwh
    start = draw(floats(0.0, 1.0))
    return Battery(
        capacity_kwh=capacity_kwh,
        charge_kw=power[0],
        discharge_kw=power[1],
        charge_efficiency_frac=draw(floats(0.5, 1.0)),
        discharge_efficiency_frac=draw(floats(0.5, 1.0)),
        ohmic_loss_h=0.0 if straight else min(0.5, 0.24 / most) * draw(floats(0.0, 1.0)),
        start_frac=start,
        reserve_frac=start * draw(st.sampled_from([0.0, 0.5, 1.0])),
    )


@st.composite
def stores(draw: st.DrawFn) -> Stores:
    """A battery, a hydrogen path, or both."""
    battery = draw(st.one_of(st.none(), batteries()))
    if battery is not None and draw(st.booleans()):
        return Stores(battery)
    electrolyser: Any = load_equipment("pem-1mw").component
    cell: Any = load_equipment(draw(st.sampled_from(["pem-500kw", "solid-oxide-300kw"]))).component
    return Stores(
        battery,
        electrolyser.with_values(rated_kw=SIZE_KW * draw(floats(0.05, 1.0))),
        draw(st.integers(1, 3)),
        HydrogenTank(
            capacity_kg=SIZE_KW * draw(floats(0.001, 0.5)), start_frac=draw(floats(0.0, 1.0))
        ),
        cell.with_values(rated_kw=SIZE_KW * draw(floats(0.05, 1.0))),
        draw(st.integers(1, 3)),
    )


@st.composite
def banks(draw: st.DrawFn) -> list[Bank]:
    """Engine generators of one or two entries, or none."""
    found = []
    for index, entry in enumerate(draw(st.lists(gensets(SIZE_KW / 2), max_size=2))):
        unit: Any = load_equipment(entry["equipment"]).component
        changed = {key: entry[key] for key in entry.keys() & Genset.model_fields.keys()}
        found.append(
            Bank(f"set-{index}", unit.with_values(**changed), entry["count"], entry["mode"],
                 entry.get("load_frac"))
        )  # fmt: skip
    return found


@st.composite
def hours(draw: st.DrawFn, most: int = 48, outages: bool = True) -> Hours:
    """Load, own sources, prices of any sign, carbon, perhaps outages and a limited connection."""
    steps = draw(st.integers(2, most))

    def series(low: float, high: float) -> Any:
        return (
            np.resize(draw(st.lists(st.integers(0, 20), min_size=1, max_size=steps)), steps)
            / 20.0
            * (high - low)
            + low
        )

    there = None
    if outages and draw(st.booleans()):
        # The grid comes and goes within steps too.
        there = np.clip(2.0 * series(0.0, 1.0) - 0.4, 0.0, 1.0)
    return Hours(
        load_kw=series(0.0, SIZE_KW),
        own_kw=series(0.0, 2.0 * SIZE_KW) * draw(st.sampled_from([0.0, 1.0])),
        step_h=draw(st.sampled_from([0.25, 0.5, 1.0])),
        air_c=series(-20.0, 45.0),
        price_per_kwh=series(-0.5, 1.0) if draw(st.booleans()) else series(0.1, 1.0),
        export_price_per_kwh=series(-0.3, 0.4)
        if draw(st.integers(0, 4)) == 0
        else draw(st.sampled_from([None, -0.2, 0.0, 0.05, 0.4])),
        demand_price_per_kw=draw(st.sampled_from([None, 0.5, 20.0])),
        carbon_kg_per_kwh=series(0.0, 1.0),
        grid_available=there,
        connection_kw=draw(st.sampled_from([None, None, 0.5 * SIZE_KW, 5.0 * SIZE_KW]))
        if outages
        else None,
        export=draw(st.booleans()),
    )


def simple_policies() -> st.SearchStrategy[Policy]:
    """Policies that are no plans."""
    return policies(SIZE_KW).map(policy)
