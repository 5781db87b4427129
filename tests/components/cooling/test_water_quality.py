"""Cycles of concentration from what the make-up contains."""

from __future__ import annotations

import pytest

from dctwin.components.cooling.water_quality import MOST_CYCLES, allowed_cycles
from dctwin.errors import InputError


def test_the_first_limit_counts() -> None:
    # JRA-GL-02: silica 50, hardness 200 mg/L.
    makeup = {"silica_kg_per_m3": 0.020, "hardness_kg_per_m3": 0.060}
    assert allowed_cycles(makeup, "plain") == pytest.approx(2.5)
    assert allowed_cycles(makeup, "inhibited") == pytest.approx(7.5)
    assert allowed_cycles({"chloride_kg_per_m3": 0.001}, "plain") == MOST_CYCLES


def test_unknown_or_impossible_water_is_refused() -> None:
    with pytest.raises(InputError, match="needs what the site's water contains"):
        allowed_cycles({}, "plain")
    with pytest.raises(InputError, match=r"silica_kg_per_m3.*too much"):
        allowed_cycles({"silica_kg_per_m3": 0.049}, "plain")
