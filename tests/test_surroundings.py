"""What the engines get of a site: yields of several sources, batches that differ, series files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dctwin
from dctwin.api import simulate_batch
from dctwin.errors import InputError
from dctwin.surroundings import boundary_of, onsite_frac, prepare

BASE = dctwin.load_design("dtc-warm-water-ac")
HERE = prepare(dctwin.load_site("inzai"))


def with_onsite(**entries: Any) -> Any:
    return BASE.replace({"onsite": entries})


def test_several_sources_have_a_yield_each() -> None:
    facility = with_onsite(
        pv=[{"equipment": "pv-fixed-1mw", "name": "field"}, {"equipment": "pv-east-west-1mw"}],
        wind={"equipment": "nrel-atb-4mw-150"},
        series=[{"equipment": "small-hydro-500kw", "name": "river"}],
    )
    found = onsite_frac([facility], HERE)
    assert list(found) == ["pv.field", "pv.pv", "wind.wind", "series.river"]
    assert all(share.shape == (8760,) for share in found.values())
    assert found["series.river"][0] == 0.40


def test_one_run_posts_each_source_to_the_ledger() -> None:
    run = dctwin.simulate(
        BASE.name,
        "ishikari",
        set={
            "onsite": {
                "pv": {"equipment": "pv-snow-1mw"},
                "wind": {"equipment": "iea-3-4mw-130", "wake_loss_frac": 0.08},
                "series": [
                    {"equipment": "small-hydro-500kw", "name": "river"},
                    {"equipment": "geothermal-binary-1mw", "name": "well"},
                ],
            }
        },
    )
    made = {
        source: run.ledger.total(flow.value, "electricity")
        for source in ("sun", "wind", "hydro", "geothermal")
        for flow in run.ledger.select(source=source)
    }
    assert made["hydro"] == pytest.approx(500 * 0.55 * 8760, rel=0.02)
    assert all(kwh > 0 for kwh in made.values())
    assert run.metrics["onsite_kwh"] == pytest.approx(
        sum(made.values()) - run.metrics["grid_export_kwh"]
    )
    assert max(run.closure.values()) < 1e-9


def test_designs_of_a_batch_may_differ_in_tilt() -> None:
    pair = [
        with_onsite(pv={"equipment": "pv-fixed-1mw", "tilt_deg": tilt}) for tilt in (10.0, 30.0)
    ]
    assert boundary_of(pair, HERE).onsite_frac["pv.pv"].shape == (2, 8760)
    together = simulate_batch(pair, HERE)
    alone = [simulate_batch([one], HERE)[0] for one in pair]
    for a, b in zip(together, alone, strict=True):
        assert a.metrics["onsite_kwh"] == pytest.approx(b.metrics["onsite_kwh"], rel=1e-12)
    assert together[0].metrics["onsite_kwh"] != together[1].metrics["onsite_kwh"]


def test_a_series_from_a_file(tmp_path: Path) -> None:
    start = np.datetime64("2024-01-01T00:00")
    rows = "".join(f"{start + np.timedelta64(k, 'h')},{(k % 24) / 24}\n" for k in range(8784))
    (tmp_path / "river.csv").write_text("time_utc,output_frac\n" + rows, encoding="utf-8")
    data = {**BASE.document.data, "onsite": {"series": {
        "kind": "series", "source": "hydro", "rated_kw": 100.0, "file": "river.csv"}}}  # fmt: skip
    import yaml

    path = tmp_path / "design.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    run = dctwin.simulate(path, "inzai")
    assert run.metrics["onsite_kwh"] == pytest.approx(100 * 8760 * 11.5 / 24, rel=1e-6)
    (tmp_path / "river.csv").write_text("time_utc,else\n2024-01-01 00:00,1\n2024-01-01 01:00,1\n")
    with pytest.raises(InputError, match="output_frac: no such column"):
        dctwin.simulate(path, "inzai")


def test_two_of_a_name_are_refused() -> None:
    with pytest.raises(InputError, match="a second 'pv'"):
        with_onsite(pv=[{"equipment": "pv-fixed-1mw"}, {"equipment": "pv-fixed-1mw"}])
    with pytest.raises(InputError, match="cannot stand here"):
        with_onsite(wind={"equipment": "pv-fixed-1mw"})


def test_dispatch_gets_the_prices_that_are_billed() -> None:
    boundary, tariff = boundary_of([BASE], HERE), HERE.site.file.tariff
    # Demand and capacity of the year's peak; energy with losses and what the network adds.
    per_year = 12 * (
        (tariff.demand_jpy_per_kw_month or 0.0) + (tariff.wheeling_demand_jpy_per_kw_month or 0.0)
    ) + (tariff.capacity_jpy_per_kw_year or 0.0)
    assert boundary.demand_price_per_kw == pytest.approx(per_year)
    assert per_year > 0
    assert np.all(boundary.price_per_kwh > HERE.grid.price_per_kwh)
