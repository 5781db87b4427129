"""How points are shown, in the terminal and on the page."""

from __future__ import annotations

import pandas as pd

from dctwin.sweeps.shown import points_table, value_text

POINTS = pd.DataFrame(
    {
        "point": [3, 1],
        "design": ["a", "a"],
        "site": ["inzai", "inzai"],
        "weather": ["", ""],
        "scenario": ["base", "base"],
        "it.racks.gpu.load_frac": [0.75, 0.5],
        "cooling.loops.fws.supply_c": [36.0, 40.0],
        "pue": [1.0520499, 1.06],
        "water_l": [1234567.8, 23456.7],
        "penalty": [0.0, 0.0],
        "flagged_h": [0.0, 32.0],
        "worst_flag": [None, "loop.fws supply_c"],
    }
)
VARIED = ("cooling.loops.fws.supply_c", "it.racks.gpu.load_frac", "not.in.the.table")


def test_columns_are_in_the_order_of_the_file_and_the_longest_last() -> None:
    heads, cells = points_table(POINTS, ["pue", "water_l"], VARIED)
    assert heads == [
        "point", "design", "site", "pue", "water_l", "flagged_h", "it.racks.gpu.load_frac",
        "cooling.loops.fws.supply_c", "worst_flag",
    ]  # fmt: skip
    assert cells[0] == ["3", "a", "inzai", "1.05205", "1,234,568", "0", "0.75", "36", "–"]


def test_a_penalty_is_shown_where_there_is_one_with_what_it_is_added_to() -> None:
    late = POINTS.assign(penalty=[0.0, 0.1])
    assert "penalty [as pue, water_l]" in points_table(late, ["pue", "water_l"], VARIED)[0]
    assert "penalty [L]" in points_table(late, ["water_l"], VARIED)[0]


def test_limits_that_rank_or_were_not_watched_are_no_second_column() -> None:
    assert points_table(POINTS, ["flagged_h"], ())[0].count("flagged_h") == 1
    bare = POINTS.drop(columns=["flagged_h", "worst_flag"])
    assert points_table(bare, ["pue"], ())[0] == ["point", "design", "site", "pue"]


def test_values_are_written_with_six_digits() -> None:
    assert [value_text(v) for v in (None, float("nan"), 7, "x")] == ["–", "–", "7", "x"]
    assert value_text(99999.94) == "99,999.9"
    assert value_text(100000.4) == "100,000"
