"""The lean year that sweeps run: without flags and with few traces, it adds up to the full year."""

from __future__ import annotations

import numpy as np
import pytest

from dctwin.accounting.contracts import contracted_kw
from dctwin.api import made_frac_of
from dctwin.design import load_design
from dctwin.engines.annual import year_of
from dctwin.engines.fit import fit
from dctwin.library import entries
from dctwin.site import load_site
from dctwin.surroundings import Surroundings, boundary_of, prepare
from dctwin.totals import totals_of


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return prepare(load_site("inzai"))


@pytest.mark.parametrize("name", entries("designs"))
def test_a_lean_year_adds_up_to_the_full_one(name: str, around: Surroundings) -> None:
    facility = load_design(name)
    boundary = boundary_of([facility], around)
    built = fit(facility, boundary)
    made_kw = contracted_kw(facility, made_frac_of(facility, around))
    full, lean = (year_of(built, boundary, lean=lean) for lean in (False, True))
    wanted, found = (
        totals_of(year.ledger, year.traces, around.grid, made_kw) for year in (full, lean)
    )
    assert found.keys() == wanted.keys()
    for total, value in wanted.items():
        np.testing.assert_allclose(found[total], value, rtol=1e-12, err_msg=total)
    # What is not wanted is not computed either.
    assert lean.flags == []
    assert len(full.flags) > 0
    assert lean.traces.keys() < full.traces.keys()
