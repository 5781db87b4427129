"""Points of a sweep as people read them: which columns, how they are headed and written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from dctwin.sweeps.analyse import column_unit, heading, world_columns
from dctwin.sweeps.spec import FLAG_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

# Larger numbers are written out whole: six digits leave them no fraction.
_WHOLE = 1e5


def points_table(
    rows: pd.DataFrame, metrics: Sequence[str], varied: Collection[str]
) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of points: world, metrics, penalty and hours beyond a limit come first, as
    a terminal cuts at the right; then what is varied."""
    hours, worst = FLAG_COLUMNS
    penalty = "penalty" in rows and (rows["penalty"] != 0).any()
    columns = [
        "point",
        *world_columns(rows),
        *(name for name in metrics if name not in FLAG_COLUMNS),
        *(["penalty"] if penalty else []),
        hours,
        *(str(name) for name in rows if name in varied),
        worst,
    ]
    columns = [name for name in columns if name in rows]
    heads = [heading(name, rows) for name in columns]
    if penalty:
        # One number is added to every objective, each in its own unit.
        unit = column_unit(rows, metrics[0]) if len(metrics) == 1 else ""
        heads[columns.index("penalty")] = f"penalty [{unit or 'as ' + ', '.join(metrics)}]"
    return heads, [[value_text(row[name]) for name in columns] for _, row in rows.iterrows()]


def value_text(value: Any) -> str:
    """A value of a table, a number with its first six digits.

    >>> value_text(1.05204999), value_text(23456.7), value_text(1234567.8), value_text(None)
    ('1.05205', '23,456.7', '1,234,568', '–')
    """
    if value is None or value != value:
        return "–"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:,.6g}"
