"""Metrics of ISO/IEC 30134 and its kin, read off what a design's ledger adds up to.

They are computed for one design or for all of a batch at once, in NumPy or JAX. A metric that is
undefined is None with a reason, never 0 or infinite. Definitions with the standard's number stand
in docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.ledger import Ledger
from dctwin.physics.arrays import Array, namespace
from dctwin.totals import WATER_SOURCES, Totals, monthly_peaks_kw, part, totals_of


@dataclass(frozen=True)
class GridYear:
    """What the grid is in each step: numbers or arrays of shape (hours,); None where not given."""

    carbon_kg_per_kwh: Any
    currency: str
    price_year: int | None = None  # of the energy price
    market_carbon_kg_per_kwh: Any = None
    price_per_kwh: Any = None
    water_l_per_kwh: Any = None
    carbon_free_frac: Any = None
    renewable_frac: Any = None
    marginal_carbon_kg_per_kwh: Any = None
    curtailing_frac: Any = None  # 1 where the region curtails renewable energy
    surplus_kw: Any = None  # what it throws away then
    available_frac: Any = 1.0  # 0 in an outage
    local_month: Any = 0  # 0 to 11 by the site's clock: demand is billed by the month


@dataclass(frozen=True)
class Contracted:
    """What contracts give: output of agreed plants in each step, energy covered by certificates."""

    hourly_kw: Any = 0.0
    certificate_kwh: float = 0.0


NO_CONTRACTS = Contracted()


@dataclass(frozen=True)
class Metrics:
    """Values by name, None where undefined, and the reason for each None."""

    values: Mapping[str, float | str | None]
    undefined: Mapping[str, str]


class Values:
    """Metrics of some designs: arrays of shape (designs, 1) or numbers, NaN where undefined."""

    def __init__(self) -> None:
        self.by_name: dict[str, Array | str] = {}
        self.reasons: dict[str, str] = {}

    def __getitem__(self, name: str) -> Array:
        return self.by_name[name]

    def missing(self, name: str) -> bool:
        """Whether a metric is undefined for all designs."""
        return self.by_name[name] is np.nan

    def put(self, name: str, value: Array | str | None, reason: str = "") -> None:
        """Note a metric; None where it is undefined for all designs."""
        self.by_name[name] = np.nan if value is None else value
        self.reasons[name] = reason

    def per(
        self,
        name: str,
        numerator: Array | None,
        denominator: Array,
        reason: str,
        none: str = "",
    ) -> None:
        """Note a quotient, undefined for `reason` where the denominator is zero."""
        if numerator is None:
            self.put(name, None, none)
        else:
            self.put(name, over(numerator, denominator), reason)

    def one(self, index: int = 0) -> Metrics:
        """Those of one design."""
        values = {name: _picked(value, index) for name, value in self.by_name.items()}
        undefined = {name: self.reasons[name] for name, value in values.items() if value is None}
        return Metrics(values, undefined)


def _picked(value: Array | str, index: int) -> float | str | None:
    if isinstance(value, str):
        return value
    flat = np.ravel(value)
    number = float(flat[index if len(flat) > 1 else 0])
    return None if np.isnan(number) else number


def over(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator; not a number where the denominator is not positive."""
    xp = namespace(numerator, denominator)
    some = denominator > 0
    return xp.where(some, numerator / xp.where(some, denominator, 1.0), np.nan)


def compute_metrics(
    ledger: Ledger,
    traces: Mapping[str, Any],
    grid: GridYear,
    design_loss_frac: float,
    contracts: Contracted = NO_CONTRACTS,
) -> Metrics:
    """All metrics of a run of one design that need its ledger alone."""
    made_kw = {"": contracts.hourly_kw} if contracts is not NO_CONTRACTS else {}
    totals = totals_of(ledger, traces, grid, made_kw)
    return metric_values(totals, grid, design_loss_frac, contracts.certificate_kwh).one()


def contracted_kwh(totals: Totals) -> Array:
    """Output of the plants of all contracts."""
    return sum((v for name, v in totals.items() if name.startswith("contract_kwh:")), 0.0)


NO_IT = "no IT energy"
_NO_FACILITY = "no facility energy"
_NO_FUEL = "no fuel is burned on site"
_NO_MARKET = "the site gives no contract-based carbon intensity"
_NO_MACHINES = "needs the design's machines"


def metric_values(
    totals: Totals, grid: GridYear, design_loss_frac: Array, certificate_kwh: Array = 0.0
) -> Values:
    """All metrics of some designs that need their totals alone.

    Those that need the machines and their prices come from the accounting package.
    """
    found = Values()
    it_kwh, facility_kwh = part(totals, "it."), part(totals, "")
    shares = _contract_shares(totals, certificate_kwh)
    _efficiency(found, totals, it_kwh, facility_kwh, shares)
    _renewables(found, totals, facility_kwh, shares)
    found.put("itee_sv", None, "needs a server benchmark (SERT) of the machines")
    found.put("iteu_sv_frac", None, "needs measured processor use of each server")
    _amounts(found, totals, it_kwh, facility_kwh, shares)
    found.put("currency", grid.currency)
    none = "the site gives no energy price"
    found.put("price_year", None if grid.price_year is None else float(grid.price_year), none)
    found.put("peak_facility_kw", totals["peak_facility_kw"])
    peaks = monthly_peaks_kw(totals)
    found.put("peak_grid_kw", _greatest(peaks))
    found.put("unmet_cooling_h", totals["unmet_h"])
    found.per("free_cooling_h_frac", totals["free_h"], totals["busy_h"], "no heat to remove")
    found.per("mlc", part(totals, "cooling."), it_kwh, NO_IT)
    xp = namespace(design_loss_frac)
    loss_frac = xp.where(xp.isfinite(design_loss_frac), design_loss_frac, np.nan)
    found.put("elc", loss_frac, "the power path cannot carry the design load")
    compressor_kwh = totals.get("compressor_kwh", 0.0)
    heat_kwh = totals.get("compressor_heat_kwh", 0.0)
    found.per("mean_chiller_cop", heat_kwh, compressor_kwh, "no compressor ran")
    found.put("heat_reused_kwh", totals["reused_kwh"])
    found.put("genset_heat_reused_kwh", totals["genset_heat_kwh"])
    return found


@dataclass(frozen=True)
class _Shares:
    """Where the year's energy came from [kWh]."""

    onsite: Array  # own generation used on site
    own_export: Array  # of what is exported, the share of own generation and not of engines
    fuel: Array  # burned on site
    fuel_facility: Array  # with engines metered at their input; not a number without fuel
    contracted: Array  # output of agreed plants, and certificates
    covered: Array  # of it, what the facility drew
    own_used: Array  # own generation used in its step
    market_kg: Array | None  # carbon by contracts


def _contract_shares(totals: Totals, certificate_kwh: Array) -> _Shares:
    xp = namespace(totals["import_kwh"], totals["own_kwh"], certificate_kwh)
    own_kwh, genset_kwh = totals["own_kwh"], totals["genset_kwh"]
    # What engines sell is theirs in proportion to all that is generated on site.
    made_kwh = own_kwh + genset_kwh
    own_share = xp.where(genset_kwh > 0, own_kwh / xp.where(made_kwh > 0, made_kwh, 1.0), 1.0)
    own_export_kwh = totals["export_kwh"] * own_share
    # What is sold beyond own generation was bought before and stored.
    onsite_kwh = xp.maximum(own_kwh - own_export_kwh, 0.0)
    fuel_kwh = sum((v for name, v in totals.items() if name.startswith("fuel:")), 0.0)
    # Engines metered at their input: the fuel takes the place of their output.
    fuel_facility_kwh = xp.where(fuel_kwh > 0, part(totals, "") - genset_kwh + fuel_kwh, np.nan)
    contracted = contracted_kwh(totals) + certificate_kwh
    # Attributes are matched by the year (GHG Protocol, Scope 2 Guidance), up to what is drawn.
    import_kwh = totals["import_kwh"]
    covered_kwh = xp.minimum(contracted, import_kwh)
    bare = xp.where(import_kwh > 0, 1.0 - covered_kwh / xp.where(import_kwh > 0, import_kwh, 1), 0)
    market_kg = totals.get("market_carbon_kg")
    # What a battery gives beyond own generation came from the grid, or was in it at the start: it
    # is nobody's carbon-free energy.
    own_used_kwh = xp.minimum(totals["own_used_kwh"], onsite_kwh)
    return _Shares(
        onsite_kwh,
        own_export_kwh,
        fuel_kwh,
        fuel_facility_kwh,
        contracted,
        covered_kwh,
        own_used_kwh,
        None if market_kg is None else market_kg * bare,
    )


def _efficiency(
    found: Values, totals: Totals, it_kwh: Array, facility_kwh: Array, shares: _Shares
) -> None:
    """Energy, water and carbon over IT energy."""
    cooling_kwh, power_kwh = part(totals, "cooling."), part(totals, "power.")

    def per_it(name: str, amount: Array | None, none: str = "") -> None:
        found.per(name, amount, it_kwh, NO_IT, none)

    per_it("pue", facility_kwh)
    found.put("pue_category", 3.0)
    inside_kwh = shares.fuel_facility
    found.per("pue_fuel_inside", inside_kwh, it_kwh, _NO_FUEL)
    per_it("ppue_cooling", it_kwh + cooling_kwh)
    per_it("ppue_power", it_kwh + power_kwh)
    compute_kwh = totals.get("account:it.compute", 0.0)
    found.per("tue", facility_kwh, compute_kwh, "no compute energy")
    per_it("wue_l_per_kwh", totals["water_l"])
    source_l = totals.get("water_at_source_l")
    per_it(
        "wue_source_l_per_kwh",
        None if source_l is None else totals["water_l"] + source_l,
        "the site gives no water intensity of its grid",
    )
    per_it("cue_kg_per_kwh", totals["carbon_kg"])
    per_it("cue_market_kg_per_kwh", shares.market_kg, _NO_MARKET)
    found.per("erf_frac", totals["reused_kwh"], facility_kwh, _NO_FACILITY)
    per_it("ere", facility_kwh - totals["reused_kwh"])
    all_heat_kwh = totals["reused_kwh"] + totals["genset_heat_kwh"]
    found.per("erf_fuel_inside_frac", all_heat_kwh, inside_kwh, _NO_FUEL)
    found.per("ref_frac", shares.onsite + shares.covered, facility_kwh, _NO_FACILITY)
    found.per("cer", totals["removed_kwh"], cooling_kwh, "no cooling energy")


def _renewables(found: Values, totals: Totals, facility_kwh: Array, shares: _Shares) -> None:
    """How carbon-free and renewable the energy is, by the hour and by the year."""
    import_kwh, own_kwh, matched_kwh = totals["import_kwh"], shares.own_used, totals["matched_kwh"]
    none = "the site gives no carbon-free share of its grid"
    # Google (2021), 24/7 Carbon-Free Energy: Methodologies and Metrics: own and agreed output
    # counts in its hour, up to the load; the rest has the grid's share of that hour.
    rest_kwh = totals.get("carbon_free_rest_kwh")
    free_kwh = None if rest_kwh is None else own_kwh + matched_kwh + rest_kwh
    all_kwh = own_kwh + import_kwh + totals["genset_used_kwh"]
    found.per("cfe_247_frac", free_kwh, all_kwh, none, none)
    found.per("matched_hourly_frac", own_kwh + matched_kwh, facility_kwh, _NO_FACILITY)
    made = over(totals["own_kwh"] + shares.contracted, facility_kwh)
    found.put("matched_annual_frac", namespace(made).minimum(made, 1.0), _NO_FACILITY)
    none = "the site gives no renewable share of its grid"
    found.per("grid_renewable_frac", totals.get("grid_renewable_kwh"), import_kwh, none, none)


def _amounts(
    found: Values, totals: Totals, it_kwh: Array, facility_kwh: Array, shares: _Shares
) -> None:
    """Energy, water, carbon and money of the run."""
    found.put("it_kwh", it_kwh)
    found.put("facility_kwh", facility_kwh)
    found.put("grid_import_kwh", totals["import_kwh"])
    found.put("grid_export_kwh", totals["export_kwh"])
    found.put("onsite_kwh", shares.onsite)
    found.put("genset_kwh", totals["genset_kwh"])
    found.put("fuel_kwh", shares.fuel)
    curtailed_kwh = totals.get("curtailed_kwh", 0.0)
    found.put("curtailed_kwh", curtailed_kwh)
    found.put("shed_kwh", totals["shed_kwh"])
    own_kwh = shares.onsite + shares.own_export + curtailed_kwh
    found.per("self_consumption_frac", shares.onsite, own_kwh, "no generation on site")
    has_battery = "battery_cycles_count" in totals
    for name in ("discharged_kwh", "cycles_count", "capacity_left_frac"):
        value = totals[f"battery_{name}"] if has_battery else None
        found.put(f"battery_{name}", value, "no battery")
    found.put("plan_gap_frac", totals.get("plan_gap_frac"), "no dispatch by optimum")
    found.put("water_l", totals["water_l"])
    for name, kind in (
        ("evaporated", "evaporation"),
        ("blowdown", "blowdown"),
        ("drift", "drift"),
    ):
        found.put(f"water_{name}_l", totals[f"water:{kind}"])
    for name in WATER_SOURCES:
        found.put(f"water_{name}_l", totals[f"water_{name}_l"])
    found.put("water_withdrawn_l", totals["water:withdrawal"])
    found.put("contracted_kwh", shares.contracted)
    none = "the site does not say when its region curtails"
    found.put("curtailing_h", totals.get("curtailing_h"), none)
    found.put("surplus_import_kwh", totals.get("surplus_import_kwh"), none)
    found.put("grid_outage_h", totals["outage_h"])
    found.put("carbon_operational_kg", totals["carbon_kg"])
    found.put("carbon_scope2_location_kg", totals["carbon_kg"])
    found.put("carbon_scope2_market_kg", shares.market_kg, _NO_MARKET)
    none = "the site gives no marginal intensity"
    found.put("carbon_marginal_kg", totals.get("marginal_carbon_kg"), none)
    found.put("carbon_embodied_kg_per_year", None, _NO_MACHINES)
    none = "the site gives no energy price"
    found.put("cost_energy_per_year", totals.get("energy_cost"), none)
    found.put("cost_total_per_year", None, _NO_MACHINES)


def _greatest(values: list[Array]) -> Array:
    highest = values[0]
    for value in values[1:]:
        highest = namespace(highest, value).maximum(highest, value)
    return highest
