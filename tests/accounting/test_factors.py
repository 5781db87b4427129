"""Factors: every one has a range, a status and a source; water of a mix; exchange."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

import dctwin
from dctwin.accounting.factors import Used, exchange, factor, grid_water_l_per_kwh, table
from dctwin.components.power.stage import Role, RoledStage
from dctwin.components.registry import device_class, kinds
from dctwin.errors import InputError

DATA = Path(dctwin.__file__).parent / "accounting" / "data"


def leaves(here: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(here, dict) and "value" in here:
        yield path
    elif isinstance(here, dict):
        for key, below in here.items():
            yield from leaves(below, (*path, str(key)))


ALL = [
    (file.stem, *path)
    for file in sorted(DATA.glob("*.yaml"))
    for path in leaves(yaml.safe_load(file.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("path", ALL, ids=".".join)
def test_every_factor_is_sourced_and_lies_in_its_range(path: tuple[str, ...]) -> None:
    found = factor(*path)
    assert found.low <= found.value <= found.high
    assert found.status in ("read", "computed", "assumed")
    assert len(found.source) > 5
    assert found.unit


ROLED = [k for k in kinds() if issubclass(device_class(k), RoledStage)]


@pytest.mark.parametrize("role", get_args(Role))
def test_every_role_in_a_power_path_has_factors(role: str) -> None:
    assert table("equipment")[role]["size"] == ["rated_kw"]
    assert not {"converter", "loss-law"} & set(table("equipment"))


@pytest.mark.parametrize("kind", [k for k in kinds() if k not in ("loop", *ROLED)])
def test_every_kind_of_machine_has_factors(kind: str) -> None:
    row = table("equipment")[kind]
    assert row["size"]
    for name in row["size"]:
        one = device_class(kind)
        assert name in one.model_fields or hasattr(one, name), name


def test_warming_potentials_of_the_sixth_assessment() -> None:
    gwp = {name: factor("refrigerants", "gwp", name).value for name in table("refrigerants")["gwp"]}
    assert gwp["R134a"] == 1530
    # A blend is the mean of its parts by mass: R410A is half R32 and half R125 (3740).
    assert gwp["R410A"] == pytest.approx(0.5 * gwp["R32"] + 0.5 * 3740, abs=1)
    # R513A: 56 % R1234yf, 44 % R134a; R515B: 91.1 % R1234ze(E), 8.9 % R227ea.
    assert gwp["R513A"] == pytest.approx(0.56 * gwp["R1234yf"] + 0.44 * gwp["R134a"], abs=1)
    assert gwp["R515B"] == pytest.approx(0.911 * gwp["R1234ze(E)"] + 0.089 * gwp["R227ea"], abs=1)


def test_diesel_of_the_japanese_manual() -> None:
    # 38.0 GJ/kL x 0.0188 tC/GJ x 44/12 over 9.94 kWh/L
    per_l = 38.0 * 0.0188 * 44 / 12
    assert factor("fuels", "diesel", "combustion").value == pytest.approx(per_l / 9.94, rel=1e-3)


def test_water_of_a_mix_is_the_weighted_mean() -> None:
    mix = {"gas": 0.5, "nuclear": 0.3, "wind": 0.2}
    expected = 0.5 * 0.776 + 0.3 * 2.544
    assert grid_water_l_per_kwh(mix, "tower") == pytest.approx(expected)
    assert grid_water_l_per_kwh(mix, "once_through") < expected
    dammed = grid_water_l_per_kwh({"hydro_reservoir": 1.0}, "tower")
    assert dammed == 17.0
    assert grid_water_l_per_kwh({"hydro": 1.0}, "tower") == 0.0


def test_bad_mixes_are_refused() -> None:
    with pytest.raises(InputError, match="add up to 1"):
        grid_water_l_per_kwh({"gas": 0.5}, "tower")
    with pytest.raises(InputError, match="did you mean 'nuclear'"):
        grid_water_l_per_kwh({"nuclar": 1.0}, "tower")


def test_exchange_there_and_back() -> None:
    used = Used()
    yen = exchange(10.0, "USD", "JPY", used)
    assert yen == pytest.approx(1514.0)
    assert exchange(yen, "JPY", "USD", used) == pytest.approx(10.0)
    assert "money.per_usd.JPY" in used.factors
    assert exchange(5.0, "USD", "USD", Used()) == 5.0
    with pytest.raises(InputError, match="no exchange rate"):
        exchange(1.0, "USD", "XXX", used)
