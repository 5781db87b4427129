"""A stage in a branch of its own takes what it brings to the setpoint."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import outdoor_air
from test_plant import AIR, two_exchangers

from dctwin.components.component import Place, Stage
from dctwin.components.cooling.exchanger import Exchanger
from dctwin.plant import Wiring


@given(st.floats(0.5, 30.0), st.floats(12.0, 22.0), st.floats(0.1, 1.0))
def test_a_branch_has_the_share_that_it_brings_to_the_setpoint(
    ua: float, sink_c: float, most: float
) -> None:
    """Second route: the share by bisection over an exchanger's own equations (Incropera)."""
    # At the setpoint itself a branch of next to no flow reaches it but for rounding.
    assume(abs(sink_c - 20.0) > 0.01)
    facility = two_exchangers(ua, 5.0).replace(
        {"cooling.loops.chw.stages.x.parallel_flow_frac": most}
    )
    wiring = Wiring(facility, AIR, Place())
    flow, heat_kw = 20.0, 100.0  # 25 °C to 20 °C
    served = wiring.serve_chain(
        facility.circuits[0], heat_kw, 25.0, flow, {"cw": sink_c}, {"cw": flow}, {}
    )

    def reaches(share: float) -> bool:
        ntu, c_r = ua / (share * flow), share
        ends = np.exp(-ntu * (1 - c_r))
        eff = ntu / (1 + ntu) if c_r > 1 - 1e-9 else (1 - ends) / (1 - c_r * ends)
        return bool(eff * (25.0 - sink_c) >= 5.0)

    low, high = 0.0, most
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if reaches(middle) else (low, middle)
    assert served.services[0].heat_kw == pytest.approx(low * heat_kw, abs=1e-5)
    total = sum(service.heat_kw for service in served.services)
    assert served.leaving_c == pytest.approx(25.0 - total / flow, rel=1e-12)


def test_the_search_finds_what_the_closed_form_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other stage in a branch has the search alone."""
    rng = np.random.default_rng(2)
    count = 400
    air = outdoor_air(np.full(count, 10.0), np.full(count, 0.5), 101_325.0)
    facility = two_exchangers(12.0, 5.0).replace(
        {"cooling.loops.chw.stages.x.parallel_flow_frac": 0.8}
    )
    sinks = {"cw": rng.uniform(12.0, 19.5, count)}
    heat_kw = rng.uniform(20.0, 100.0, count)

    def taken_kw() -> np.ndarray:
        wiring = Wiring(facility, air, Place())
        served = wiring.serve_chain(
            facility.circuits[0], heat_kw, 25.0, heat_kw / 5.0, sinks, {"cw": 20.0}, {}
        )
        return np.asarray(served.services[0].heat_kw)

    exact_kw = taken_kw()
    assert (exact_kw < 0.79 * heat_kw).any()
    monkeypatch.setattr(Exchanger, "branch_frac", Stage.branch_frac)
    np.testing.assert_allclose(taken_kw(), exact_kw, atol=1e-3)
