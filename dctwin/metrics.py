"""Metrics of ISO/IEC 30134 and its kin, read off the ledger of one design.

A metric that is undefined is None with a reason, never 0 or infinite. Definitions with the
standard's number stand in docs/metrics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.ledger import GENSET, RENEWABLES, Ledger
from dctwin.units import SECONDS_PER_HOUR, WATER_KG_PER_L

# Accounts of compressors: hours without their power are free-cooling hours.
COMPRESSORS = frozenset({"cooling.chiller"})

# The ledger's places that make-up water comes from.
WATER_SOURCES = {"potable": "water.main", "reclaimed": "water.reclaimed", "sea": "water.sea"}


@dataclass(frozen=True)
class GridYear:
    """What the grid is in each step: numbers or arrays of shape (hours,); None where not given."""

    carbon_kg_per_kwh: Any
    currency: str
    market_carbon_kg_per_kwh: Any = None
    price_per_kwh: Any = None
    water_l_per_kwh: Any = None
    carbon_free_frac: Any = None
    renewable_frac: Any = None
    marginal_carbon_kg_per_kwh: Any = None
    curtailing_frac: Any = None  # 1 where the region curtails renewable energy
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


def compute_metrics(
    ledger: Ledger,
    traces: Mapping[str, Any],
    grid: GridYear,
    design_loss_frac: float,
    contracts: Contracted = NO_CONTRACTS,
) -> Metrics:
    """All metrics of a run of one design: arrays in the ledger have shape (hours,).

    Those that need the machines and their prices come from the accounting package.
    """
    sums = _Sums(ledger, traces, grid, contracts)
    values: dict[str, float | str | None] = {}
    undefined: dict[str, str] = {}

    def put(name: str, value: float | str | None, reason: str = "") -> None:
        values[name] = value
        if value is None:
            undefined[name] = reason

    def per_it(name: str, amount: float | None, reason: str = "") -> None:
        if amount is None:
            put(name, None, reason)
        elif sums.it_kwh <= 0:
            put(name, None, "no IT energy")
        else:
            put(name, amount / sums.it_kwh)

    cooling_kwh, power_kwh = sums.part("cooling."), sums.part("power.")
    compute_kwh = sums.accounts.get("it.compute", 0.0)
    per_it("pue", sums.facility_kwh)
    put("pue_category", 3.0)
    no_fuel = "no fuel is burned on site"
    per_it("pue_fuel_inside", sums.fuel_facility_kwh, no_fuel)
    per_it("ppue_cooling", sums.it_kwh + cooling_kwh)
    per_it("ppue_power", sums.it_kwh + power_kwh)
    put(
        "tue",
        sums.facility_kwh / compute_kwh if compute_kwh > 0 else None,
        "no compute energy",
    )
    per_it("wue_l_per_kwh", sums.water_l)
    source_l = sums.water_at_source_l
    per_it(
        "wue_source_l_per_kwh",
        None if source_l is None else sums.water_l + source_l,
        "the site gives no water intensity of its grid",
    )
    per_it("cue_kg_per_kwh", sums.carbon_kg)
    per_it(
        "cue_market_kg_per_kwh",
        sums.market_carbon_kg,
        "the site gives no contract-based carbon intensity",
    )
    facility = sums.facility_kwh
    put("erf_frac", sums.reused_kwh / facility if facility > 0 else None, "no facility energy")
    per_it("ere", facility - sums.reused_kwh)
    inside_kwh, all_heat_kwh = sums.fuel_facility_kwh, sums.reused_kwh + sums.genset_heat_kwh
    put("erf_fuel_inside_frac", all_heat_kwh / inside_kwh if inside_kwh else None, no_fuel)
    renewable_kwh = sums.onsite_kwh + sums.covered_kwh
    put("ref_frac", renewable_kwh / facility if facility > 0 else None, "no facility energy")
    put(
        "cer",
        sums.removed_kwh / cooling_kwh if cooling_kwh > 0 else None,
        "no cooling energy",
    )
    put("cfe_247_frac", sums.carbon_free_frac, "the site gives no carbon-free share of its grid")
    matched = sums.matched_kwh / facility if facility > 0 else None
    put("matched_hourly_frac", matched, "no facility energy")
    put("matched_annual_frac", sums.matched_annual_frac, "no facility energy")
    none = "the site gives no renewable share of its grid"
    put("grid_renewable_frac", sums.grid_renewable_frac, none)
    put("itee_sv", None, "needs a server benchmark (SERT) of the machines")
    put("iteu_sv_frac", None, "needs measured processor use of each server")
    put("it_kwh", sums.it_kwh)
    put("facility_kwh", sums.facility_kwh)
    put("grid_import_kwh", sums.import_kwh)
    put("grid_export_kwh", sums.export_kwh)
    put("onsite_kwh", sums.onsite_kwh)
    put("genset_kwh", sums.genset_kwh)
    put("fuel_kwh", sums.fuel_kwh)
    put("curtailed_kwh", sums.curtailed_kwh)
    put("shed_kwh", sums.shed_kwh)
    own_kwh = sums.onsite_kwh + sums.own_export_kwh + sums.curtailed_kwh
    put(
        "self_consumption_frac",
        sums.onsite_kwh / own_kwh if own_kwh > 0 else None,
        "no generation on site",
    )
    for name, value in storage_metrics(ledger, traces).items():
        put(name, value, "no battery")
    put("water_l", sums.water_l)
    for kind in ("evaporation", "blowdown", "drift"):
        name = "evaporated" if kind == "evaporation" else kind
        put(f"water_{name}_l", sums.water_by_kind[kind])
    for name, amount_l in sums.water_by_source.items():
        put(f"water_{name}_l", amount_l)
    put("water_withdrawn_l", sums.water_by_kind["withdrawal"])
    put("contracted_kwh", sums.contracted_kwh)
    none = "the site does not say when its region curtails"
    put("curtailing_h", sums.curtailing_h, none)
    put("surplus_import_kwh", sums.surplus_import_kwh, none)
    put("grid_outage_h", sums.outage_h)
    put("carbon_operational_kg", sums.carbon_kg)
    put("carbon_scope2_location_kg", sums.carbon_kg)
    put(
        "carbon_scope2_market_kg",
        sums.market_carbon_kg,
        "the site gives no contract-based carbon intensity",
    )
    put("carbon_marginal_kg", sums.marginal_carbon_kg, "the site gives no marginal intensity")
    put("carbon_embodied_kg_per_year", None, "needs the design's machines")
    put(
        "cost_energy_per_year",
        sums.cost,
        "the site gives no energy price",
    )
    put("cost_total_per_year", None, "needs the design's machines")
    put("currency", grid.currency)
    put("peak_facility_kw", sums.peak_facility_kw)
    put("peak_grid_kw", sums.peak_grid_kw)
    put("unmet_cooling_h", sums.unmet_h)
    put("free_cooling_h_frac", sums.free_h_frac, "no heat to remove")
    per_it("mlc", cooling_kwh)
    put(
        "elc",
        design_loss_frac if np.isfinite(design_loss_frac) else None,
        "the power path cannot carry the design load",
    )
    put("mean_chiller_cop", sums.chiller_cop, "no compressor ran")
    put("heat_reused_kwh", sums.reused_kwh)
    put("genset_heat_reused_kwh", sums.genset_heat_kwh)
    return Metrics(values, undefined)


def storage_metrics(ledger: Ledger, traces: Mapping[str, Any]) -> dict[str, float | None]:
    """Use and age of the battery at the end of the run; None where there is none."""
    node = "storage.battery"
    if f"{node}.energy_kwh" not in traces:
        names = ("battery_discharged_kwh", "battery_cycles_count", "battery_capacity_left_frac")
        return dict.fromkeys(names)
    given_kw = _sum(ledger, carrier="electricity", source=node)
    return {
        "battery_discharged_kwh": float(np.sum(given_kw)) * ledger.step_h,
        "battery_cycles_count": float(np.asarray(traces[f"{node}.cycles_count"])[-1]),
        "battery_capacity_left_frac": float(np.asarray(traces[f"{node}.capacity_left_frac"])[-1]),
    }


class _Sums:
    """The sums that the metrics share, each taken from the ledger once."""

    def __init__(
        self,
        ledger: Ledger,
        traces: Mapping[str, Any],
        grid: GridYear,
        contracts: Contracted,
    ) -> None:
        step_h = self.step_h = ledger.step_h
        account_kw = ledger.accounts()
        self.accounts = {name: float(np.sum(kw)) * step_h for name, kw in account_kw.items()}
        self.it_kwh = self.part("it.")
        self.facility_kwh = sum(self.accounts.values())
        import_kw = _sum(ledger, carrier="electricity", source="grid")
        self.import_kwh = float(np.sum(import_kw)) * step_h
        self.export_kwh = float(np.sum(_sum(ledger, carrier="electricity", target="grid"))) * step_h
        own_kw = sum((_sum(ledger, carrier="electricity", source=s) for s in RENEWABLES), 0.0)
        engine_kw = _sum_from(ledger, "electricity", GENSET)
        own_kwh, self.genset_kwh = (float(np.sum(kw)) * step_h for kw in (own_kw, engine_kw))
        self.fuel_kwh = float(np.sum(_sum_from(ledger, "heat", "fuel."))) * step_h
        # What engines sell is theirs in proportion to all that is generated on site.
        own_share = own_kwh / (own_kwh + self.genset_kwh) if self.genset_kwh > 0 else 1.0
        self.own_export_kwh = self.export_kwh * own_share
        # What is sold beyond own generation was bought before and stored.
        self.onsite_kwh = max(own_kwh - self.own_export_kwh, 0.0)
        shed_kw = _sum(ledger, carrier="electricity", source="shed")
        self.shed_kwh = float(np.sum(shed_kw)) * step_h
        self.curtailed_kwh = step_h * sum(
            float(np.sum(kw)) for name, kw in traces.items() if name.endswith(".curtailed_kw")
        )
        to_l = step_h * SECONDS_PER_HOUR / WATER_KG_PER_L
        self.water_by_kind = {
            kind: float(np.sum(_sum(ledger, carrier="water", account=kind))) * to_l
            for kind in ("evaporation", "blowdown", "drift", "withdrawal")
        }
        self.water_by_source = {
            name: float(np.sum(_sum(ledger, carrier="water", source=place))) * to_l
            for name, place in WATER_SOURCES.items()
        }
        self.water_l = sum(self.water_by_source.values())
        self.carbon_kg = float(np.sum(import_kw * grid.carbon_kg_per_kwh)) * step_h
        made_kw = contracts.hourly_kw
        self.contracted_kwh = float(np.sum(made_kw + 0.0 * import_kw)) * step_h
        self.contracted_kwh += contracts.certificate_kwh
        # Attributes are matched by the year (GHG Protocol, Scope 2 Guidance), up to what is drawn.
        self.covered_kwh = min(self.contracted_kwh, self.import_kwh)
        bare = 1.0 - self.covered_kwh / self.import_kwh if self.import_kwh > 0 else 0.0
        market_kg = _weighted(import_kw, grid.market_carbon_kg_per_kwh, step_h)
        self.market_carbon_kg = None if market_kg is None else market_kg * bare
        self.marginal_carbon_kg = _weighted(import_kw, grid.marginal_carbon_kg_per_kwh, step_h)
        renewable_kwh = _weighted(import_kw, grid.renewable_frac, step_h)
        self.grid_renewable_frac = (
            renewable_kwh / self.import_kwh
            if renewable_kwh is not None and self.import_kwh > 0
            else None
        )
        self.surplus_import_kwh = _weighted(import_kw, grid.curtailing_frac, step_h)
        self.curtailing_h = _weighted(1.0 + 0.0 * import_kw, grid.curtailing_frac, step_h)
        outage = 1.0 - grid.available_frac + 0.0 * import_kw
        self.outage_h = float(np.sum(outage)) * step_h
        self.water_at_source_l = _weighted(import_kw, grid.water_l_per_kwh, step_h)
        self.cost = _weighted(import_kw, grid.price_per_kwh, step_h)
        facility_kw = sum(account_kw.values())
        self.peak_facility_kw = float(np.max(facility_kw))
        self.peak_grid_kw = float(np.max(import_kw))
        heat = list(ledger.select(carrier="heat", target="reuse"))
        engines = sum((np.sum(f.value) for f in heat if f.source.startswith(GENSET)), 0.0)
        self.genset_heat_kwh = float(engines) * step_h
        self.reused_kwh = float(sum((np.sum(f.value) for f in heat), 0.0)) * step_h
        self.reused_kwh -= self.genset_heat_kwh
        # Engines metered at their input: the fuel takes the place of their output.
        self.fuel_facility_kwh = (
            self.facility_kwh - self.genset_kwh + self.fuel_kwh if self.fuel_kwh > 0 else None
        )
        removed = [f for f in ledger.flows if f.carrier == "heat" and f.source.startswith("rack.")]
        self.removed_kwh = float(sum(np.sum(f.value) for f in removed)) * step_h
        compressor_kw = sum((account_kw[a] for a in COMPRESSORS & account_kw.keys()), 0.0)
        heat_kw = sum((f.value for f in removed), 0.0)
        busy = np.asarray(heat_kw) > 0
        free = busy & (np.asarray(compressor_kw) <= 0)
        self.free_h_frac = float(free.sum() / busy.sum()) if busy.any() else None
        self.chiller_cop = _chiller_cop(ledger)
        self.unmet_h = float(np.sum(np.asarray(traces["unmet_k"]) > 0)) * step_h
        matched_kw = np.minimum(import_kw, made_kw)
        # Engines that export give the rest to the facility; what they give is not carbon-free.
        engine_kw = np.minimum(engine_kw, np.maximum(facility_kw - import_kw, 0.0))
        own_used_kw = self._own_used(facility_kw, import_kw + engine_kw)
        self.matched_kwh = float(np.sum(own_used_kw + matched_kw)) * step_h
        made_kwh = float(np.sum(own_kw)) * step_h + self.contracted_kwh
        self.matched_annual_frac = (
            min(made_kwh / self.facility_kwh, 1.0) if self.facility_kwh > 0 else None
        )
        self.carbon_free_frac = self._carbon_free(
            grid, engine_kw, own_used_kw, import_kw, matched_kw
        )

    def part(self, prefix: str) -> float:
        """Energy of all accounts below a prefix [kWh]."""
        return sum(kwh for name, kwh in self.accounts.items() if name.startswith(prefix))

    def _own_used(self, facility_kw: Any, brought_kw: Any) -> Any:
        """Own generation used in each step [kW], out of a battery too: what grid and engines leave.

        What a battery gives beyond own generation came from the grid, or was in it at the start:
        it is nobody's carbon-free energy.
        """
        used_kw = np.maximum(facility_kw - brought_kw, 0.0)
        used_kwh = float(np.sum(used_kw)) * self.step_h
        return used_kw * (min(1.0, max(self.onsite_kwh, 0.0) / used_kwh) if used_kwh > 0 else 0.0)

    @staticmethod
    def _carbon_free(
        grid: GridYear, engine_kw: Any, own_kw: Any, import_kw: Any, matched_kw: Any
    ) -> float | None:
        """Share of each hour's energy from carbon-free sources, weighted by energy.

        Google (2021), 24/7 Carbon-Free Energy: Methodologies and Metrics: own and agreed output
        counts in its hour, up to the load; the rest has the grid's share of that hour.
        """
        if grid.carbon_free_frac is None:
            return None
        own_kw = np.maximum(own_kw, 0.0)
        total = float(np.sum(own_kw + import_kw + engine_kw))
        if total <= 0:
            return None
        rest_kw = (import_kw - matched_kw) * grid.carbon_free_frac
        return float(np.sum(own_kw + matched_kw + rest_kw) / total)


def _sum(ledger: Ledger, **match: str) -> Any:
    return sum((flow.value for flow in ledger.select(**match)), 0.0)


def _sum_from(ledger: Ledger, carrier: str, prefix: str) -> Any:
    """Flows of a carrier out of all places whose name begins so."""
    flows = ledger.select(carrier=carrier)
    return sum((flow.value for flow in flows if flow.source.startswith(prefix)), 0.0)


def _weighted(import_kw: Any, per_kwh: Any, step_h: float) -> float | None:
    return None if per_kwh is None else float(np.sum(import_kw * per_kwh)) * step_h


def _chiller_cop(ledger: Ledger) -> float | None:
    """Heat taken from the loops by machines with compressors over their electricity."""
    nodes = {f.target for f in ledger.flows if f.account in COMPRESSORS}
    power = sum(float(np.sum(f.value)) for f in ledger.flows if f.account in COMPRESSORS)
    heat = sum(
        float(np.sum(f.value)) for f in ledger.flows if f.carrier == "heat" and f.target in nodes
    )
    return heat / power if power > 0 else None
