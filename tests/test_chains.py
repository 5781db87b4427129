"""Power chains alone: against the run, the baseline, conductors."""

from __future__ import annotations

import numpy as np
import pytest

import dctwin
from dctwin.accounting.factors import factor
from dctwin.errors import ComputationError, InputError


def test_a_chain_is_the_product_of_its_stages() -> None:
    chain = dctwin.power_chain("dtc-warm-water-ac", 0.5)
    stages = dctwin.chain_table("dtc-warm-water-ac", 0.5)
    assert chain.efficiency_frac == pytest.approx(np.prod(stages["efficiency_frac"]))
    assert chain.grid_kw == pytest.approx(chain.it_kw + stages["loss_kw"].sum())
    # 2N at half of the design load: a quarter of each unit's share of it.
    ups = stages.set_index("stage").loc["power.it.ups"]
    assert ups["unit_load_frac"] == pytest.approx(ups["output_kw"] / (10 * 500))


def test_frontier_in_closed_form() -> None:
    """P_in = (P_out + 13 W)/0.98 a node, (P_out + 17 W)/0.96 a rectifier (ExaDigiT/RAPS)."""
    node_w = 2704.26
    chassis_w = 16 * (node_w + 13) / 0.98 + 4 * 250
    grid_kw = 592 * (chassis_w + 4 * 17) / 0.96 / 1000
    assert dctwin.power_chain("frontier").grid_kw == pytest.approx(grid_kw, rel=1e-9)


def test_the_baseline_is_on_every_row_and_the_sign_follows_it() -> None:
    names = ["dtc-warm-water-ac", "dtc-warm-water-800vdc", "outside-air-evaporative-ac"]
    table = dctwin.compare_chains(names, it_kw=500, load_frac=(0.5,))
    assert set(table["baseline"]) == {names[0]}
    rows = table.set_index("design")
    assert rows.loc[names[0], "saving_frac"] == 0.0
    assert rows.loc[names[1], "saving_frac"] > 0
    assert rows.loc[names[1], "grid_kw"] == pytest.approx(
        500 / rows.loc[names[1], "efficiency_frac"]
    )
    other = dctwin.compare_chains(names, load_frac=(0.5,), baseline=names[1]).set_index("design")
    assert other.loc[names[0], "saving_frac"] < 0
    with pytest.raises(InputError, match="baseline: 'none' is not compared"):
        dctwin.compare_chains(names, baseline="none")
    assert rows.loc[names[0], "not_alike"] == ""
    assert "redundancy" in rows.loc[names[1], "not_alike"]
    assert list(table["end_v"]) == [50.0] * 3
    full = dctwin.compare_chains(["ai-hall-380-vdc", "ai-hall-legacy-480-208-vac"], load_frac=(1,))
    assert full.loc[1, "not_alike"] == "ends at 12 V, not 48 V"
    assert full.loc[0, "busiest_stage"] == "rack.gpu.dcdc"
    assert 0.9 < full.loc[0, "busiest_load_frac"] < 1.0
    figure = dctwin.chain_efficiency(table)
    assert names[0] in figure.layout.title.text


def test_overload_is_told() -> None:
    hall = dctwin.load_design("ai-hall-800-vdc-rectifier")
    small = hall.replace({"power.it.rectifier.rated_kw": 400, "name": "small"})
    rows = dctwin.compare_chains([hall, small], load_frac=(1.0,)).set_index("design")
    assert rows.loc[hall.name, "overloads"] == ""
    assert "power.it.rectifier" in rows.loc["small", "overloads"]
    assert "one path lost" in rows.loc["small", "overloads"]
    assert rows.loc["small", "not_alike"] == "overloaded"


def test_conductors() -> None:
    table = dctwin.conductor_table("sakura-like-380-vdc").set_index("stage")
    row = table.loc["power.rows.busway"]
    assert row["copper_kg"] == pytest.approx(8 * 2 * 8890 * 40 * 600e-6)
    assert row["embodied_kg"] == pytest.approx(
        factor("metals", "copper", "embodied").value * row["copper_kg"]
    )
    assert row["aluminium_kg"] == 0


def test_a_feeder_past_its_greatest_power_says_so() -> None:
    thin = dctwin.load_design("sakura-like-380-vdc").replace(
        {"power.feeds.rows.stages.busway.section_mm2": 1}
    )
    with pytest.raises(
        ComputationError, match=r"power\.rows\.busway: cannot deliver \d+ kW, it is past"
    ):
        dctwin.power_chain(thin)
    with pytest.raises(InputError, match="load_frac"):
        dctwin.power_chain(thin, 0.0)
