"""Random on-site plants with engines behind one hall: the books close, heat and fuel add up."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from still_air import still_air
from strategies import gensets, onsites, weathers
from test_annual import arrays, assert_closed, assert_electricity_closed, assert_metrics_sound

import dctwin
from dctwin.components.component import Air
from dctwin.engines.annual import run_year
from dctwin.engines.flows import Boundary

HALL = dctwin.load_design("air-cooled-chiller-ac")


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(onsites(HALL.design_it_kw), gensets(HALL.design_it_kw), weathers())
def test_books_close_with_engines(
    onsite: dict[str, Any], engine: dict[str, Any], boundary: Boundary
) -> None:
    year = run_year(HALL.replace({"onsite": {"gensets": engine, **onsite}}), boundary)
    hours = len(boundary.local_hour)
    flows = arrays(year, hours)
    for carrier, source, target, _, values in flows:
        largest = max(float(np.max(v)) for c, *_, v in flows if c == carrier)
        assert values.min() >= -1e-9 * largest, (carrier, source, target)
    assert_closed(year, flows, {"electricity", "heat"}, hours)
    assert_electricity_closed(year, flows, hours)
    assert_metrics_sound(year, hours)
    at_engines = [f for f in flows if f[2].startswith("genset.") or f[1].startswith("genset.")]
    fuel_kw: Any = sum(v for _, s, *_, v in at_engines if s.startswith("fuel."))
    given_kw: Any = sum(v for _, s, *_, v in at_engines if s.startswith("genset."))
    np.testing.assert_allclose(fuel_kw, given_kw, rtol=1e-9, atol=1e-9)
    reused_kw: Any = sum((v for _, _, t, _, v in flows if t == "reuse"), 0.0)
    assert np.max(reused_kw) <= onsite.get("heat_demand_kw", 0.0) * (1 + 1e-9)


def test_a_load_that_never_changes_stands_in_every_step() -> None:
    """Air and load of every hour the same: the grid's flow has its hours all the same."""
    air = Air(*(np.full(24, getattr(still_air(15.0), f.name)) for f in fields(Air)[:6]))
    year = run_year(HALL, Boundary(air, np.arange(24), 1.0))
    (flow,) = year.ledger.select(source="grid")
    assert np.shape(flow.value) == (24,)
