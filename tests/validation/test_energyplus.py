"""Random plants against EnergyPlus: a few of them in every test run."""

from __future__ import annotations

import pytest

from validation import energyplus


def test_the_data_set_is_read() -> None:
    found = energyplus.chillers()
    assert len(found) >= 150
    trane = found["ElectricEIRChiller Trane CVHE 1442kW/6.61COP/VSD"]
    assert (trane.reference_kw, trane.reference_cop) == (1441.8, 6.61)
    assert trane.capft.bounds == (4.44, 8.89, 12.78, 35.0)
    assert trane.eirfplr.coefficients == (0.09299787, 0.3244475, 0.5818753)


def test_a_seed_gives_the_same_plants_within_the_stated_ranges() -> None:
    plants = energyplus.draw(30, seed=5)
    assert plants == energyplus.draw(30, seed=5)
    assert plants != energyplus.draw(30, seed=6)
    for plant in plants:
        assert 5 <= plant.supply_c <= 18
        assert 0.4 <= plant.load_kw / plant.chiller.reference_kw <= 0.85
    assert len({plant.weather for plant in plants}) == 5


@pytest.mark.parametrize("plant", energyplus.draw(3, seed=7), ids=lambda p: p.weather[:9])
def test_a_plant_comes_within_the_aims(plant: energyplus.Plant) -> None:
    errors = energyplus.errors_percent(plant)
    assert not isinstance(errors, str), errors
    for error, (_, high) in zip(errors, energyplus.AIMS.values(), strict=True):
        assert abs(error) <= high


def test_a_plant_that_energyplus_refuses_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    plant = energyplus.draw(1, seed=1)[0]
    huge = type(plant)(**{**vars(plant), "tower_frac": 1.8})
    assert "UA" in str(energyplus.errors_percent(huge))


def test_the_command_says_what_it_needs() -> None:
    with pytest.raises(SystemExit):
        energyplus.main(["--draws", "0"])
