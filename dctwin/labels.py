"""How metrics are written for people: groups, labels, units, digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dctwin.errors import InputError, nearest
from dctwin.units import unit_of

if TYPE_CHECKING:
    import pandas as pd

# group -> metric -> how it is called; every metric of docs/metrics.md but `currency`, `price_year`
# and `pue_category`, which are said along with cost and PUE.
METRIC_GROUPS: dict[str, dict[str, str]] = {
    "Efficiency": {
        "pue": "PUE",
        "ppue_cooling": "partial PUE, cooling",
        "ppue_power": "partial PUE, power",
        "pue_fuel_inside": "PUE, engines within the boundary",
        "tue": "TUE",
        "cer": "CER, heat removed over cooling energy",
        "mlc": "MLC, mechanical load component",
        "elc": "ELC, electrical loss component",
        "mean_chiller_cop": "mean COP of the chillers",
        "free_cooling_h_frac": "hours without a compressor",
        "unmet_cooling_h": "hours of unmet cooling",
        "itee_sv": "ITEEsv",
        "iteu_sv_frac": "ITEUsv",
    },
    "Energy": {
        "it_kwh": "IT",
        "facility_kwh": "facility",
        "grid_import_kwh": "from the grid",
        "grid_export_kwh": "to the grid",
        "onsite_kwh": "own generation used",
        "genset_kwh": "from engine generators",
        "fuel_kwh": "fuel burned, lower heating value",
        "curtailed_kwh": "own generation curtailed",
        "self_consumption_frac": "own generation used, share",
        "shed_kwh": "load not covered",
        "plan_gap_frac": "plan above its bound",
        "battery_discharged_kwh": "given by the battery",
        "battery_cycles_count": "full cycles of the battery",
        "battery_capacity_left_frac": "capacity left of the battery",
        "heat_reused_kwh": "heat reused",
        "genset_heat_reused_kwh": "heat of engines reused",
        "peak_facility_kw": "facility peak, mean of a step",
        "peak_grid_kw": "grid peak, mean of a step",
        "contracted_kwh": "contracted elsewhere",
        "ref_frac": "REF, renewable share",
        "cfe_247_frac": "carbon-free energy, hour by hour",
        "matched_hourly_frac": "own and contracted, matched by the hour",
        "matched_annual_frac": "own and contracted, matched by the year",
        "grid_renewable_frac": "renewable share of the grid energy drawn",
        "curtailing_h": "hours in which the region curtails",
        "surplus_import_kwh": "from the grid in those hours",
        "grid_outage_h": "hours without grid",
        "erf_frac": "ERF, heat reused over facility energy",
        "ere": "ERE",
        "erf_fuel_inside_frac": "ERF, engines within the boundary",
    },
    "Water": {
        "water_l": "drawn",
        "water_potable_l": "potable",
        "water_reclaimed_l": "reclaimed",
        "water_sea_l": "from the sea",
        "water_evaporated_l": "evaporated",
        "water_blowdown_l": "blown down",
        "water_drift_l": "drifted off",
        "water_withdrawn_l": "withdrawn and given back",
        "wue_l_per_kwh": "WUE, site",
        "wue_source_l_per_kwh": "WUE, with generation",
    },
    "Carbon": {
        "carbon_operational_kg": "operational, location-based",
        "carbon_total_kg": "all scopes, location-based",
        "carbon_scope1_kg": "scope 1, fuel, refrigerant, coolant",
        "carbon_fuel_kg": "fuel burned",
        "carbon_refrigerant_kg": "refrigerant leaked",
        "carbon_coolant_kg": "boiling coolant escaped",
        "carbon_scope2_location_kg": "scope 2, location-based",
        "carbon_scope2_market_kg": "scope 2, contract-based",
        "carbon_scope3_kg": "scope 3, built and fuel supply",
        "carbon_embodied_kg_per_year": "embodied",
        "carbon_marginal_kg": "marginal",
        "cue_kg_per_kwh": "CUE, location-based",
        "cue_market_kg_per_kwh": "CUE, contract-based",
        "cue_scope1_kg_per_kwh": "scope 1 over IT energy",
        "cue_scope2_kg_per_kwh": "scope 2 over IT energy, location-based",
        "cue_scope2_market_kg_per_kwh": "scope 2 over IT energy, contract-based",
        "cue_scope3_kg_per_kwh": "scope 3 over IT energy",
    },
    "Cost": {
        "cost_total_per_year": "facility in all",
        "cost_energy_per_year": "energy",
        "cost_fuel_per_year": "fuel",
        "cost_network_per_year": "network, demand and surcharges",
        "cost_contracts_per_year": "contracts over the energy price",
        "cost_carbon_per_year": "carbon price",
        "cost_water_per_year": "water",
        "cost_maintenance_per_year": "maintenance",
        "cost_capital_per_year": "capital",
        "cost_export_revenue_per_year": "revenue of export",
        "cost_per_it_kwh": "levelised, per kWh of IT",
        "cost_it_capital_per_year": "IT hardware, apart",
    },
}
LABELS = {name: label for group in METRIC_GROUPS.values() for name, label in group.items()}
_GROUPS = {name: group for group, labels in METRIC_GROUPS.items() for name in labels}
# The columns of a comparison, after design and site.
KEY_METRICS = (
    "pue",
    "wue_l_per_kwh",
    "wue_source_l_per_kwh",
    "cue_kg_per_kwh",
    "mean_chiller_cop",
    "free_cooling_h_frac",
    "unmet_cooling_h",
    "facility_kwh",
    "water_l",
    "carbon_operational_kg",
    "cost_energy_per_year",
)
# What regions differ in: the columns `regions` of a comparison.
REGION_METRICS = (
    "pue",
    "cue_scope1_kg_per_kwh",
    "cue_scope2_kg_per_kwh",
    "cue_scope2_market_kg_per_kwh",
    "carbon_scope2_location_kg",
    "cfe_247_frac",
    "curtailing_h",
    "surplus_import_kwh",
    "cost_energy_per_year",
    "cost_network_per_year",
    "cost_capital_per_year",
    "cost_total_per_year",
)
COLUMN_SETS = {"key": KEY_METRICS, "regions": REGION_METRICS}
# Behind a figure that stands on assumed prices or factors.
ASSUMED_MARK = "*"
ASSUMED_NOTE = "* stands on assumed prices or factors"
SHORT_LABELS = {
    "pue": "PUE",
    "wue_l_per_kwh": "WUE",
    "wue_source_l_per_kwh": "WUE source",
    "cue_kg_per_kwh": "CUE",
    "mean_chiller_cop": "COP",
    "free_cooling_h_frac": "free hours",
    "unmet_cooling_h": "unmet",
    "facility_kwh": "facility",
    "water_l": "water",
    "carbon_operational_kg": "carbon",
    "cost_energy_per_year": "energy cost",
    "cue_scope1_kg_per_kwh": "scope 1",
    "cue_scope2_kg_per_kwh": "scope 2",
    "cue_scope2_market_kg_per_kwh": "scope 2 by contract",
    "carbon_scope2_location_kg": "scope 2",
    "cfe_247_frac": "24/7 CFE",
    "curtailing_h": "curtailing",
    "surplus_import_kwh": "drawn then",
    "cost_network_per_year": "network",
    "cost_capital_per_year": "capital",
    "cost_total_per_year": "facility in all",
}
# Totals that read better in thousands: unit -> the thousands' unit.
_LARGE = {"kWh": "MWh", "L": "m³", "kg": "t"}


def is_money(name: str) -> bool:
    """Whether a metric is an amount in the currency of its site."""
    return name.startswith("cost_")


def short_label(name: str) -> str:
    """What a metric is called at the head of a column."""
    return SHORT_LABELS.get(name) or LABELS.get(name, name)


def full_label(name: str) -> str:
    """What a metric is called on its own, where no heading tells its group.

    >>> full_label("pue"), full_label("cost_capital_per_year"), full_label("flagged_h")
    ('PUE', 'Cost: capital', 'flagged_h')
    """
    group = _GROUPS.get(name, "Efficiency")
    label = LABELS.get(name, name)
    return label if group == "Efficiency" else f"{group}: {label}"


def column_metrics(words: str) -> tuple[str, ...]:
    """Metrics of a comparison's columns from `regions` or `pue,cost_total_per_year`.

    >>> column_metrics("pue,cue_kg_per_kwh")
    ('pue', 'cue_kg_per_kwh')
    """
    found: list[str] = []
    for word in (part.strip() for part in words.split(",")):
        if word not in LABELS and word not in COLUMN_SETS:
            known = (*COLUMN_SETS, *LABELS)
            raise InputError(f"--columns: no such metric, {nearest(word, known)} (got {word!r})")
        found += COLUMN_SETS.get(word, (word,))
    return tuple(dict.fromkeys(found))


def money_of(metrics: Mapping[Any, Any]) -> str:
    """The money that a run's costs are in, with the year of its prices.

    >>> money_of({"currency": "JPY", "price_year": 2024.0})
    '2024 JPY'
    """
    currency, year = metrics.get("currency"), metrics.get("price_year")
    return f"{year:.0f} {currency}" if currency and year else str(currency or "")


def row_money(table: pd.DataFrame) -> pd.Series[str]:
    """The money of each row's costs, as `money_of` has it; empty where there is none."""
    import pandas as pd

    if "currency" not in table:
        return pd.Series("", index=table.index, dtype=object)
    columns = [name for name in ("currency", "price_year") if name in table]
    # Few of them differ, and few are put into words.
    codes = table.groupby(columns, dropna=False, sort=False).ngroup()
    different = table[columns].drop_duplicates().to_dict("records")
    names = [money_of(row) if isinstance(row["currency"], str) else "" for row in different]
    return pd.Series([names[code] for code in codes], index=table.index, dtype=object)


def moneys(table: pd.DataFrame, metric: str) -> list[str]:
    """The moneys in which a table holds a cost; none where the metric is no cost."""
    if not is_money(metric):
        return []
    rows = table[table[metric].notna()] if metric in table else table
    return sorted({name for name in row_money(rows).unique() if name})


def one_money(table: pd.DataFrame, metric: str) -> str:
    """The money of a cost in all rows; nothing where it is no cost.

    Raises InputError where rows differ in it: they must not be ranked as plain numbers.
    """
    found = moneys(table, metric)
    if len(found) > 1:
        raise InputError(
            f"{metric}: rows in {' and '.join(found)} are not one quantity, "
            "take sites of one currency and price year"
        )
    return found[0] if found else ""


def metric_unit(name: str, currency: str = "") -> str:
    """The unit of a metric, written for people; a share is shown in per cent.

    >>> metric_unit("wue_l_per_kwh"), metric_unit("ref_frac"), metric_unit("pue")
    ('L/kWh', '%', '')
    """
    if name == "cost_per_it_kwh":
        return f"{currency}/kWh".lstrip("/")
    if is_money(name):
        return f"{currency}/year".lstrip("/")
    if name.endswith("_frac"):
        return "%"
    if name == "itee_sv":
        return ""
    return unit_of(name) or ""


def metric_text(name: str, value: Any) -> str:
    """A metric's value for people, without its unit; an undefined one is a dash."""
    if value is None or value != value:
        return "–"
    if value == 0:
        return "0"
    if isinstance(value, str):
        return value
    if name.endswith("_frac"):
        return f"{100 * value:.1f}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if name.endswith(("_kwh", "_l", "_kg", "_kw", "_h")) and "_per_" not in name:
        return f"{value:,.1f}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.2f}"


def large(name: str, value: float | None) -> tuple[str, str]:
    """A yearly total in thousands of its unit, so that a table stays narrow: (text, unit)."""
    unit = metric_unit(name)
    if unit in _LARGE:
        return ("–" if value is None else f"{value / 1000:,.0f}"), _LARGE[unit]
    return metric_text(name, value), unit
