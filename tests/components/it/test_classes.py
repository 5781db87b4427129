"""Classes of TC 9.9: every name has its limits, and the wider class allows more."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from dctwin.components.it.classes import AIR_CLASS_C, LIQUID_CLASS_C, AirClass, LiquidClass


def test_every_class_has_its_limits() -> None:
    assert set(get_args(AirClass)) == {"none", *AIR_CLASS_C}
    assert set(get_args(LiquidClass)) == {"none", "W+", *LIQUID_CLASS_C}
    assert all(name[1:] == f"{most_c:g}" for name, most_c in LIQUID_CLASS_C.items())


def test_each_air_class_allows_what_the_narrower_one_does() -> None:
    a = [AIR_CLASS_C[name] for name in ("A1", "A2", "A3", "A4")]
    assert all(w[0] <= n[0] and w[1] >= n[1] for n, w in pairwise(a))
