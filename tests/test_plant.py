"""The plant: loops share a sink, and their stages hand on what is left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import document, facilities, outdoor_air

from dctwin.components.component import Place
from dctwin.design import Facility, parse_design
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary
from dctwin.plant import Wiring

AIR = outdoor_air(np.array([10.0, 30.0]), np.array([0.5, 0.5]), 101_325.0)


@settings(max_examples=50)
@given(facilities())
def test_users_of_a_loop_share_all_of_its_flow(facility: Facility) -> None:
    wiring = Wiring(facility, AIR, Place())
    for sink in wiring.circuits:
        shares = [share for (_, to), share in wiring.share.items() if to == sink]
        if shares:
            assert sum(shares) == pytest.approx(1.0, rel=1e-12)


@settings(max_examples=50)
@given(facilities())
def test_heat_order_puts_every_loop_before_its_sinks(facility: Facility) -> None:
    order = [circuit.name for circuit in facility.circuits]
    for circuit in facility.circuits:
        for stage in circuit.stages:
            if stage.sink:
                assert order.index(circuit.name) < order.index(stage.sink)


# --- chains -----------------------------------------------------------------------------------


def two_exchangers(first_ua: float, second_ua: float) -> Facility:
    """A water loop with two exchangers to one condenser loop, met in series."""
    return parse_design(document({
        "name": "two", "title": "Two exchangers in series",
        "it": {"racks": {"a": {"kind": "rack", "design_kw": 100.0, "load_frac": 1.0,
                               "air": "chw", "fan_frac": 0.0}}},
        "cooling": {"loops": {
            "chw": {"fluid": "water", "design_heat_kw": 100.0, "supply_c": 20.0, "rise_k": 5.0,
                      "stages": [
                          {"kind": "exchanger", "name": "x", "sink": "cw", "ua_kw_per_k": first_ua},
                          {"kind": "exchanger", "name": "y", "sink": "cw",
                           "ua_kw_per_k": second_ua}]},
            "cw": {"fluid": "water", "design_heat_kw": 100.0, "supply_c": 15.0, "rise_k": 5.0,
                   "stages": [{"kind": "dry-cooler", "rated_heat_kw": 200.0, "rated_range_k": 5.0,
                               "rated_air_m3_s": 40.0, "fan_kw": 4.0}]},
        }},
    }))  # fmt: skip


@given(st.floats(0.5, 30.0), st.floats(0.5, 30.0), st.floats(10.0, 40.0))
def test_a_chain_hands_on_what_is_left(first_ua: float, second_ua: float, heat_kw: float) -> None:
    facility = two_exchangers(first_ua, second_ua)
    circuit = facility.circuits[0]
    wiring = Wiring(facility, AIR, Place())
    flow, sink_flow = 20.0, 20.0
    served = wiring.serve_chain(
        circuit, heat_kw, 20.0 + heat_kw / flow, flow, {"cw": 15.0}, {"cw": sink_flow}, {}
    )
    given_kw = sum(service.heat_kw for service in served.services)
    assert given_kw + served.shortfall_kw == pytest.approx(heat_kw, rel=1e-11)
    assert served.shortfall_kw >= 0
    assert served.leaving_c == pytest.approx(20.0 + (heat_kw - given_kw) / flow, rel=1e-12)
    # The second exchanger meets what the first one returned, on both sides (Incropera, 7th ed.,
    # eq. 11.30a: NTU/(1 + NTU) at equal capacity rates).
    first, second = (service.heat_kw for service in served.services)
    ntu = second_ua / flow
    able = ntu / (1 + ntu) * flow * (20.0 + heat_kw / flow - first / flow - 15.0 - first / flow)
    assert second == pytest.approx(max(min(able, heat_kw - first), 0.0), rel=1e-9, abs=1e-9)


@given(st.integers(1, 12), st.floats(0.0, 1.0))
def test_rounding_starts_no_next_stage(count: int, load: float) -> None:
    """Handlers of outdoor air take all of the heat on a cool day; air handlers then stand still."""
    facility = parse_design(document({
        "name": "free", "title": "Outdoor air ahead of coils",
        "it": {"racks": {"a": {"kind": "rack", "design_kw": 10.0, "count": 10, "load_frac": load,
                               "air": "room"}}},
        "cooling": {"loops": {
            "room": {"fluid": "air", "design_heat_kw": 100.0, "supply_c": 24.0, "rise_k": 12.0,
                     "stages": [
                         {"kind": "outside-air", "count": count, "design_flow_m3_s": 20.0 / count,
                          "fan_rise_pa": 300.0},
                         {"kind": "crah", "sink": "cw", "ua_kw_per_k": 20.0,
                          "design_flow_m3_s": 8.0, "fan_rise_pa": 400.0}]},
            "cw": {"fluid": "water", "design_heat_kw": 100.0, "supply_c": 15.0, "rise_k": 5.0,
                   "stages": [{"kind": "dry-cooler", "rated_heat_kw": 200.0, "rated_range_k": 5.0,
                               "rated_air_m3_s": 40.0, "fan_kw": 4.0}]},
        }},
    }))  # fmt: skip
    air = outdoor_air(np.linspace(-10.0, 10.0, 24), np.full(24, 0.5), np.full(24, 101_325.0))
    year = run_year(facility, Boundary(air, np.arange(24), 1.0))
    for flow in year.ledger.select(target="room.crah"):
        assert np.max(flow.value) == 0.0, flow.carrier


# --- banks that are staged ----------------------------------------------------------------------
