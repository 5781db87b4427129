"""Power paths through the whole plant: every node closes, and a loss is heat where it stands.

The engine's books are checked by a second route here: what goes into a device less what comes out
is found from the electricity alone, and must be the heat that its place receives.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from power_strategies import power_paths
from strategies import document, facilities, outdoor_air, weathers

import dctwin
from dctwin.banks import carry
from dctwin.design import Facility, parse_design
from dctwin.document import load_document
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.library import find

drawn = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
AIR: Any = outdoor_air(np.array([5.0, 30.0]), np.full(2, 0.5), np.full(2, 101_325.0))
MOMENTS = Boundary(AIR, np.zeros(2, dtype=int), 1.0, np.zeros(2))
AI_HALLS = [name for name in dctwin.catalogue().designs if name.startswith("ai-hall-")]


def places(facility: Facility) -> dict[str, str]:
    """Node of each device of a power path -> where its loss must go."""
    found = {}
    for path, devices in (
        ("it", facility.it_path),
        ("mechanical", facility.mechanical_path),
        ("shared", facility.shared_path),
    ):
        for device in devices:
            found[f"power.{path}.{device.name}"] = device.heat_to
    for group in facility.racks:
        for device in group.supply:
            found[f"rack.{group.name}.{device.name}"] = group.supply_loop
    return {node: f"loop.{loop}" if loop else "ambient" for node, loop in found.items()}


@given(facilities(), weathers())
@drawn
def test_a_loss_is_heat_where_the_device_stands(facility: Facility, boundary: Boundary) -> None:
    ledger = run_year(facility, boundary).ledger
    into: dict[str, Any] = defaultdict(float)
    heat: dict[tuple[str, str], Any] = defaultdict(float)
    for flow in ledger.flows:
        value = np.asarray(flow.value)
        # A pumped 1e-54 kW may be minus that: nothing, next to what the hall draws.
        assert value.min() >= -1e-9 * np.max(np.abs(value)) - 1e-20 * facility.design_it_kw
        if flow.carrier == "electricity":
            into[flow.target] = into[flow.target] + flow.value
            into[flow.source] = into[flow.source] - flow.value
        elif flow.carrier == "heat":
            heat[flow.source, flow.target] = heat[flow.source, flow.target] + flow.value
    for node, place in places(facility).items():
        # What a loop cannot take in any steady state goes outdoors (flagged).
        taken = {target for source, target in heat if source == node}
        assert {place} <= taken <= {place, "ambient"}
        lost_kw = sum(heat[node, target] for target in taken)
        scale = max(float(np.max(np.abs(lost_kw))), facility.design_it_kw)
        np.testing.assert_allclose(into[node], lost_kw, rtol=0, atol=1e-9 * scale)


@given(st.data())
@drawn
def test_paths_add_up_and_more_load_never_draws_less(data: st.DataObject) -> None:
    """Random paths alone: input = load + losses at every load; and no device of theirs makes power."""
    spec = load_document(find("designs", "dtc-warm-water-ac")).data
    spec = {**spec, "power": data.draw(power_paths(1000.0, ["hall"]))}
    facility = parse_design(document(spec))
    load_kw = np.linspace(0.0, 1000.0, 41)
    for path in (facility.it_path, facility.mechanical_path, facility.shared_path):
        input_kw, steps = carry(path, load_kw)
        np.testing.assert_allclose(
            input_kw, load_kw + sum(step.loss_kw for step in steps), rtol=1e-12
        )
        assert np.all(input_kw >= load_kw)
        for step in steps:
            assert np.all(step.on_count >= 1.0 - 1e-12)
            assert np.all(step.on_count <= step.device.count + 1e-12)


@pytest.mark.parametrize("name", AI_HALLS)
def test_a_chain_draws_more_for_more_load(name: str) -> None:
    """And its losses shrink against the load up to where the load itself makes them grow."""
    facility = dctwin.load_design(name)
    # Where eco mode begins the draw falls at once: 0.1 of eight UPS of 500 kW is 0.26 of the racks.
    load_kw = np.linspace(0.3, 1.0, 50) * facility.design_it_kw
    path = (*facility.shared_path, *facility.it_path)
    input_kw, _ = carry(path, load_kw)
    assert np.all(np.diff(input_kw) >= np.diff(load_kw) * (1 - 1e-12))
    efficiency = load_kw / input_kw
    peak = int(np.argmax(efficiency))
    assert np.all(np.diff(efficiency[: peak + 1]) > 0)


def test_the_chains_rank_as_their_stages_say() -> None:
    """Facility over compute energy: no UPS, then eco mode and 800 V, then double conversion, 2005."""
    order = ["in-rack-bbu-no-ups", "eco-mode", "modern-415-240-vac-double-conversion",
             "legacy-480-208-vac"]  # fmt: skip
    drawn_kw = [grid_kw(f"ai-hall-{name}") for name in order]
    assert drawn_kw == sorted(drawn_kw)
    sst, rectifier = grid_kw("ai-hall-800-vdc-sst"), grid_kw("ai-hall-800-vdc-rectifier")
    assert sst < rectifier < grid_kw("ai-hall-modern-415-240-vac-double-conversion")
    # The sign against AC depends on the baseline: 800 VDC loses to racks with their own batteries.
    assert rectifier > grid_kw("ai-hall-in-rack-bbu-no-ups")


def grid_kw(name: str) -> float:
    year = run_year(dctwin.load_design(name), MOMENTS)
    taken = [
        f.value for f in year.ledger.flows if f.source == "grid" and f.carrier == "electricity"
    ]
    return float(np.mean(np.sum(np.broadcast_arrays(*taken), axis=0)))


@pytest.mark.parametrize("name", [n for n in AI_HALLS if not n.endswith("cray-ex-like")])
def test_the_halls_differ_by_their_chain_alone(name: str) -> None:
    one, first = (load_document(find("designs", n)).data for n in (name, AI_HALLS[0]))
    assert one["cooling"] == first["cooling"]
    assert one["building"] == first["building"]
    rack, other = dict(one["it"]["racks"]["gpu"]), dict(first["it"]["racks"]["gpu"])
    rack.pop("supply"), other.pop("supply")
    assert rack == other


def test_a_staged_bank_reports_how_many_units_are_on() -> None:
    """Cabinet rectifiers with a maximum, staged within their chassis, beat equal sharing."""
    supply = "it.racks.cabinet.supply"
    cray = dctwin.load_design("ai-hall-cray-ex-like")
    peaked = {f"{supply}.rectifier.equipment": "rectifier-cray-ex-15kw-peaked"}
    equal = cray.replace({**peaked, "it.racks.cabinet.load_frac": 0.2})
    staged = equal.replace({f"{supply}.rectifier.sharing": "staged",
                            f"{supply}.rectifier.bus_count": 8})  # fmt: skip
    loss = {}
    for label, facility in (("equal", equal), ("staged", staged)):
        year = run_year(facility, MOMENTS)
        loss[label] = sum(
            float(np.sum(f.value)) for f in year.ledger.flows if f.account == "it.rectifier_loss"
        )
        traces = year.traces
    on = traces["rack.cabinet.rectifier.on_count"]
    assert np.all(np.asarray(on) % 8 == 0)
    load = np.asarray(traces["rack.cabinet.rectifier.load_frac"])
    assert np.all((load >= 0.4) & (load <= 0.65))
    assert loss["staged"] < loss["equal"]
