"""Loss tree, heat by place and PUE by category, read off a run's ledger."""

from __future__ import annotations

import pytest

import dctwin
from dctwin.ledger import Ledger
from dctwin.losses import pue_by_category, stages


@pytest.fixture(scope="module")
def run() -> dctwin.Run:
    return dctwin.simulate("dtc-warm-water-ac", "inzai")


def test_stages_stand_from_the_grid_to_the_chips_and_add_up(run: dctwin.Run) -> None:
    tree = run.loss_tree()
    assert list(tree["stage"]) == [
        "power.shared.transformer", "power.it.ups", "power.it.busway", "rack.gpu.psu",
    ]  # fmt: skip
    assert (tree["input_kwh"] - tree["output_kwh"] - tree["loss_kwh"]).abs().max() < 1e-3
    energy = run.energy_kwh()
    lost = sum(v for k, v in energy.items() if k.startswith("power.") or k == "it.psu_loss")
    assert tree["loss_kwh"].sum() == pytest.approx(lost, rel=1e-9)


def test_heat_by_place_is_all_that_it_and_power_give(run: dctwin.Run) -> None:
    heat = run.heat_by_place().set_index("place")
    assert heat.to_numpy().sum() == pytest.approx(
        sum(
            v
            for k, v in run.energy_kwh().items()
            if k.startswith(("it.", "power.")) or k == "lighting"
        ),
        rel=1e-9,
    )
    assert heat.loc["loop.hall", "power_kwh"] > 0
    assert heat.loc["loop.tcs", "power_kwh"] == 0


def test_pue_by_category(run: dctwin.Run) -> None:
    found = run.pue_by_category()
    assert found[3] == pytest.approx(run.metrics["pue"])
    # No PDU: the second meter stands at the IT input. The first leaves the busway's loss in.
    assert found[2] == pytest.approx(found[3])
    tree = run.loss_tree().set_index("stage")
    ups_kwh = tree.loc["power.it.ups", "output_kwh"]
    assert found[1] == pytest.approx(run.metrics["facility_kwh"] / ups_kwh)
    assert found[1] < found[3]


def test_pue_of_rectifiers_inside_the_cabinet_and_of_a_bus_with_sun() -> None:
    inside = dctwin.simulate("frontier", "inzai")
    found = inside.pue_by_category()
    assert found[1] == found[2] == pytest.approx(found[3])
    sunny = dctwin.simulate("sakura-like-380-vdc", "ishikari").pue_by_category()
    assert sunny[1] is not None
    assert sunny[3] is not None
    assert 1.0 < sunny[1] < sunny[3]


def test_nothing_at_all() -> None:
    assert stages(Ledger(1.0)) == []
    assert pue_by_category(Ledger(1.0)) == {1: None, 2: None, 3: None}


def test_figures(run: dctwin.Run) -> None:
    fall = dctwin.loss_waterfall(run).data[0]
    assert (fall.x[0], fall.x[-1]) == ("drawn", "chips")
    assert fall.y[0] + sum(fall.y[1:-1]) == pytest.approx(
        (run.energy_kwh()["it.compute"] + run.energy_kwh()["it.fans"]) / 1000
    )
    sankey = dctwin.power_sankey(run).data[0]
    assert any(label.startswith("losses") for label in sankey.node.label)
    swing = dctwin.power_swing("dtc-warm-water-ac", frequency_hz=2.0)
    assert len(dctwin.swing_figure(swing).data) == 3
