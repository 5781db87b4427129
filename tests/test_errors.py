"""Errors for people: one line a fault, an exit code, and the nearest name."""

from __future__ import annotations

import pytest

from dctwin.errors import ComputationError, DctwinError, Fault, InputError, nearest


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (Fault("a.yaml", 3, "it.racks", "is missing"), "a.yaml:3: it.racks: is missing"),
        (Fault("a.yaml", 0, "", "cannot be read"), "a.yaml: cannot be read"),
        (Fault("", 0, "step", "must be 1h"), "step: must be 1h"),
        (Fault("", 0, "", "no"), "no"),
    ],
)
def test_a_fault_is_one_line(fault: Fault, line: str) -> None:
    assert str(fault) == line


def test_input_error_lists_every_fault() -> None:
    error = InputError(Fault("a.yaml", 3, "x", "is missing"), "plain")
    assert str(error).splitlines() == ["a.yaml:3: x: is missing", "plain"]
    assert error.faults[1] == Fault("", 0, "", "plain")


def test_exit_codes() -> None:
    assert InputError("x").exit_code == 2
    assert ComputationError("x").exit_code == 1
    assert issubclass(InputError, DctwinError)
    assert issubclass(ComputationError, DctwinError)


def test_nearest_name() -> None:
    assert nearest("towr", ["tower", "pump"]) == "did you mean 'tower'?"
    assert nearest("zzz", ["tower", "pump"]) == "known: pump, tower"
    assert nearest("zzz", []) == "none is known"


def test_nearest_number_and_nearest_word() -> None:
    shares = [f"propylene-glycol-{share}" for share in (20, 25, 30, 40, 50)]
    told = nearest("propylene-glycol-37", ["ethylene-glycol-37", *shares])
    assert told == "did you mean 'propylene-glycol-40'? known numbers: 20, 25, 30, 40, 50"
    assert nearest("tank-2-m3", ["tank-9-m3", "tank-30-m3"]) == "did you mean 'tank-9-m3'?"
    metrics = ["tue", "pue", "wue_l_per_kwh", "wue_source_l_per_kwh", "carbon_total_kg"]
    assert nearest("wue", metrics) == "did you mean 'wue_l_per_kwh'?"
    assert nearest("total", metrics) == "did you mean 'carbon_total_kg'?"
    assert nearest("pui", metrics) == "did you mean 'pue'?"
    assert nearest("chillr", ["chiller", "chillr_old"]) == "did you mean 'chiller'?"
    assert nearest("9" * 5000, ["8" * 5000]).startswith("known")


def test_a_long_choice_stays_short() -> None:
    text = nearest("zzz", [f"name-{k:03}" for k in range(100)])
    assert len(text.splitlines()) == 1
    assert text.endswith("and 88 more")
