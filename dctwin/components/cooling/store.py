"""Stores of cold: what they may take and give at an hour, and the chain of hours that follows.

A store is a stage of a loop. When it gives cold it takes heat from the loop before the later stages
see it; when it is charged it gives heat to them. Which of both it does is a policy of the clock,
the price or the outdoor air; how much follows from power limits and from what it holds, a running
sum held between empty and full (physics/scan.py). One step of the transient clock is the same
equation over one step. See docs/decisions/0004-stores.md.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from dctwin.components.component import Duty, Limit, Service, Stage, Stored, param, ratio
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.fluids import fluid
from dctwin.physics.scan import clipped_sums
from dctwin.units import SECONDS_PER_HOUR

HOURS_PER_DAY = 24.0


class ColdFlows(NamedTuple):
    """Cold of a store: charge_kw - discharge_kw - leak_kw is what charge_kwh rises by."""

    charge_kw: Array
    discharge_kw: Array
    leak_kw: Array
    charge_kwh: Array


def cold_flows(
    offer_kw: Array,
    want_kw: Array,
    leak_kw: Array,
    start_kwh: Array,
    capacity_kwh: Array,
    step_h: float,
) -> ColdFlows:
    """What is stored of an offer and given of a want, hour after hour along the last axis.

    What leaks away is lost before what is wanted. A full store takes less than is offered, an
    empty one gives less than is wanted.
    """
    xp = namespace(offer_kw, want_kw, leak_kw, capacity_kwh)
    net_kw = offer_kw - want_kw - leak_kw
    if xp.ndim(net_kw) == 0:  # one moment
        before = xp.minimum(start_kwh, capacity_kwh)
        after = xp.clip(before + net_kw * step_h, 0.0, capacity_kwh)
    else:
        before, after = clipped_sums(net_kw * step_h, start_kwh, 0.0, capacity_kwh)
    gap_kw = (after - before) / step_h - net_kw
    refused_kw, missing_kw = xp.maximum(-gap_kw, 0.0), xp.maximum(gap_kw, 0.0)
    return ColdFlows(
        xp.maximum(offer_kw - refused_kw, 0.0),
        xp.maximum(want_kw - missing_kw, 0.0),
        xp.maximum(leak_kw - xp.maximum(missing_kw - want_kw, 0.0), 0.0),
        after,
    )


def within_hours(local_hour: Array, from_h: Array, until_h: Array) -> Array:
    """Whether an hour lies in a window that may pass midnight; from = until means always."""
    xp = namespace(local_hour, from_h, until_h)
    span_h = xp.where(until_h > from_h, until_h - from_h, until_h - from_h + HOURS_PER_DAY)
    return (local_hour - from_h) % HOURS_PER_DAY < span_h


class _ColdStore(Stage):
    """A store that machines charge. Abstract: what it is made of is open.

    Charges where the policy says so, else gives where it says so, never both in one step.
    Policies: `hour`, windows of local standard time; `price`, energy price over the mean of its
    day; `dry_bulb`, cold hours charge and warm hours use.
    Balance: heat_kw + gained_kw + store_pump = returned_kw (or reject_kw, to a sink) + stored_kw;
    the heat of its pump stays in the water.
    """

    reports: ClassVar[frozenset[str]] = frozenset({"leaving_c", "filled_frac"})

    policy: Literal["hour", "price", "dry_bulb"] = Field(
        "hour", description="what says when to charge and when to use"
    )
    charge_from_h: float = param("h", 0, 24, "charging begins, local standard time", 22.0)
    charge_until_h: float = param("h", 0, 24, "charging ends", 8.0)
    use_from_h: float = param("h", 0, 24, "use begins", 8.0)
    use_until_h: float = param("h", 0, 24, "use ends", 22.0)
    charge_price_frac: float = param("-", -10, 10, "charges at this price over its day's mean", 0.9)
    use_price_frac: float = param("-", -10, 10, "is used from this price over its day's mean", 1.1)
    charge_below_c: float = param("°C", -50, 60, "charges in air colder than this", 15.0)
    use_above_c: float = param("°C", -50, 60, "is used in air warmer than this", 25.0)
    charge_kw: float = param("kW", 0, 1_000_000, "most cold taken up")
    discharge_kw: float = param("kW", 0, 1_000_000, "most cold given")
    plant_kw: float = param(
        "kW", 0, 2_000_000, "load and charging together stay below this", 2_000_000.0
    )
    leak_kw_per_k: float = param("kW/K", 0, 1_000, "heat leak from outdoor air", 0.0)
    pump_kw_per_kw: float = param("kW/kW", 0, 0.1, "its pump's electricity per cold moved", 0.005)
    start_frac: float = param("-", 0, 1, "charge at the start", 0.5)

    @model_validator(mode="after")
    def _policy_in_order(self) -> Self:
        if self.policy == "price":
            self._in_order("charge_price_frac", "use_price_frac", equal=True)
        if self.policy == "dry_bulb":
            self._in_order("charge_below_c", "use_above_c", equal=True)
        return self

    @abstractmethod
    def capacity_kwh(self) -> Array:
        """Usable cold when full."""

    @abstractmethod
    def _coldest_c(self) -> Array:
        """Temperature of the cold that it holds."""

    @abstractmethod
    def _offer_kw(self, duty: Duty) -> Array:
        """Cold that it could take up now, were it told to."""

    @abstractmethod
    def _conductance_kw_per_k(self, duty: Duty) -> Array:
        """Heat per kelvin between the entering fluid and what it holds."""

    def start_kwh(self) -> Array:
        """Cold at the start of the year."""
        return self.start_frac * self.capacity_kwh()

    def works_idle(self) -> bool:
        return True

    def reach_c(self, duty: Duty) -> Array:
        drive_k = ratio(duty.heat_kw, self._conductance_kw_per_k(duty))
        return self._coldest_c() + drive_k - ratio(duty.heat_kw, duty.flow_kw_per_k)

    def told(self, duty: Duty) -> tuple[Array, Array]:
        """Whether the policy says to charge, and whether it says to use."""
        place = duty.place
        if self.policy == "hour":
            charge = within_hours(place.local_hour, self.charge_from_h, self.charge_until_h)
            use = within_hours(place.local_hour, self.use_from_h, self.use_until_h)
        elif self.policy == "price":
            price = place.price_over_day()
            charge, use = price <= self.charge_price_frac, price >= self.use_price_frac
        else:
            dry_c = duty.air.dry_bulb_c
            charge, use = dry_c < self.charge_below_c, dry_c > self.use_above_c
        return charge, use

    def cold(self, duty: Duty) -> tuple[ColdFlows, Array]:
        """The store's cold over the steps of the duty; and whether it is told to charge."""
        xp = namespace(duty.heat_kw, duty.return_c, duty.air.dry_bulb_c, self.charge_kw)
        charge, use = self.told(duty)
        room_kw = xp.maximum(self.plant_kw - duty.heat_kw, 0.0)
        offer_kw = xp.minimum(xp.minimum(self._offer_kw(duty), self.charge_kw), room_kw)
        drive_k = xp.maximum(duty.return_c - self._coldest_c(), 0.0)
        able_kw = self._conductance_kw_per_k(duty) * drive_k
        want_kw = xp.minimum(xp.minimum(duty.heat_kw, able_kw), self.discharge_kw)
        leak_kw = self.leak_kw_per_k * xp.maximum(duty.air.dry_bulb_c - self._coldest_c(), 0.0)
        pumped = 1.0 + self.pump_kw_per_kw
        flows = cold_flows(
            xp.where(charge, offer_kw, 0.0),
            xp.where(xp.logical_and(use, xp.logical_not(charge)), want_kw, 0.0) * pumped,
            leak_kw,
            self.start_kwh() if duty.charge_kwh is None else duty.charge_kwh,
            self.capacity_kwh(),
            duty.place.step_h,
        )
        return flows._replace(discharge_kw=flows.discharge_kw / pumped), charge

    def _takes(self, duty: Duty, flows: ColdFlows, charge: Array) -> Array:
        """Where it charges, or would but for what cools it: told to, not full, and with room."""
        xp = namespace(charge, flows.charge_kw, duty.heat_kw, self.charge_kw)
        would = (self.charge_kw > 0) & (duty.heat_kw < self.plant_kw)
        would = would & (flows.charge_kwh < self.capacity_kwh())
        return xp.logical_and(charge, xp.logical_or(flows.charge_kw > 0, would))

    def serve(self, duty: Duty) -> Service:
        flows, charge = self.cold(duty)
        moved_kw = flows.charge_kw + flows.discharge_kw
        pump_kw = self.pump_kw_per_kw * moved_kw
        given_kw = flows.charge_kw * (1.0 + self.pump_kw_per_kw)
        to_sink = self.rejects_to == "loop"
        used_kw = flows.discharge_kw * (1.0 + self.pump_kw_per_kw)
        xp = namespace(moved_kw)
        # Fluid warmer than the store holds cannot charge it: flagged, whether it seems to or not.
        supply_c = duty.sink_c if to_sink else duty.supply_c
        charging_k = xp.where(self._takes(duty, flows, charge), supply_c - self._coldest_c(), 0.0)
        return Service(
            heat_kw=flows.discharge_kw,
            power_kw={"store_pump": pump_kw},
            reject_kw=given_kw if to_sink else 0.0 * given_kw,
            limits=(Limit("charging_k", charging_k, "K"),),
            traces={
                "leaving_c": duty.return_c - ratio(flows.discharge_kw, duty.flow_kw_per_k),
                "filled_frac": flows.charge_kwh / self.capacity_kwh(),
            },
            store=Stored(
                returned_kw=0.0 * given_kw if to_sink else given_kw,
                gained_kw=flows.leak_kw,
                stored_kw=used_kw + flows.leak_kw - flows.charge_kw,
                charge_kwh=flows.charge_kwh,
            ),
        )


class ChilledWaterTank(_ColdStore):
    """Stratified tank of chilled water; its cold water comes from the loop's later stages.

    Capacity = volume · density · cp · (warm_c - cold_c) · figure of merit. It stands in parallel
    with the machines: charging sends more warm water to them, use sends less, and what it gives is
    as cold as cold_c. Power limits are those of pump and diffusers; leak = UA · (outdoor dry bulb -
    cold_c) while anything is left. Policy, order and balance: _ColdStore.
    Valid: stratified, loop supply at or below cold_c while it charges (limit `charging_k`).
    Source: sensible heat; figure of merit 0.85-0.95 of stratified tanks, ASHRAE Handbook HVAC
    Applications 2019, ch. 51 (thermal storage).
    """

    kind: ClassVar[str] = "chilled-water-tank"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "air"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {"volume_m3", "charge_kw", "discharge_kw", "plant_kw", "leak_kw_per_k"}
    )

    volume_m3: float = param("m³", 0.01, 1_000_000, "water in the tank")
    cold_c: float = param("°C", 0, 40, "water of a charged tank", 7.0)
    warm_c: float = param("°C", 1, 60, "water of a discharged tank", 15.0)
    figure_of_merit_frac: float = param("-", 0.5, 1, "usable share: mixing and dead volume", 0.9)

    @model_validator(mode="after")
    def _colder_when_charged(self) -> Self:
        self._in_order("cold_c", "warm_c")
        return self

    def capacity_kwh(self) -> Array:
        water = fluid("water")
        kj_per_m3_k = water.density_kg_per_m3(self.cold_c) * water.specific_heat_kj_per_kg_k(
            self.cold_c
        )
        full_kj = self.volume_m3 * kj_per_m3_k * (self.warm_c - self.cold_c)
        return full_kj / SECONDS_PER_HOUR * self.figure_of_merit_frac

    def _coldest_c(self) -> Array:
        return self.cold_c

    def _offer_kw(self, duty: Duty) -> Array:
        return self.charge_kw + 0.0 * duty.heat_kw

    def _conductance_kw_per_k(self, duty: Duty) -> Array:
        return duty.flow_kw_per_k


class IceTank(_ColdStore):
    """Internal-melt ice tank: a brine loop (`sink`) freezes it, the loop it stands in melts it.

    Freezing  charge <= C_brine (1 - exp(-UA_freeze/C_brine)) · (0 °C - brine supply)
    Melting   heat   <= C (1 - exp(-UA_melt/C)) · (return - 0 °C)
    Both coils see ice and water at 0 °C and constant UA (in truth it falls as ice thickens on
    freezing and as it thins on melting: the rating is a mean over the charge). The machine that
    makes the ice is the chiller of the brine loop: it works at that loop's supply temperature,
    with its own curves and capacity there, so the price of the cold is in its compressor.
    Latent heat only; policy, leak and balance: _ColdStore.
    Valid: brine below 0 °C while it charges (limit `charging_k`).
    Source: effectiveness of a coil in a medium of one temperature, Incropera et al., 7th ed.,
    table 11.3; 333.6 kJ/kg at 0 °C (IAPWS R10-06).
    """

    kind: ClassVar[str] = "ice-tank"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "loop"
    extensive: ClassVar[frozenset[str]] = frozenset(
        {
            "latent_kwh",
            "freeze_kw_per_k",
            "melt_kw_per_k",
            "charge_kw",
            "discharge_kw",
            "plant_kw",
            "leak_kw_per_k",
        }
    )

    latent_kwh: float = param("kWh", 0.1, 100_000_000, "cold of the ice when full")
    freeze_kw_per_k: float = param("kW/K", 0.01, 100_000, "UA from brine to ice, mean of a charge")
    melt_kw_per_k: float = param("kW/K", 0.01, 100_000, "UA from ice to water, mean of a use")

    def capacity_kwh(self) -> Array:
        return self.latent_kwh

    def useless_with(self, sink_coldest_c: float) -> str:
        if sink_coldest_c < 0.0:
            return ""
        return f"never freezes: it asks for brine below 0 °C, not {sink_coldest_c:g} °C or warmer"

    def _coldest_c(self) -> Array:
        return 0.0

    def _offer_kw(self, duty: Duty) -> Array:
        xp = namespace(duty.sink_c, duty.sink_kw_per_k)
        below_k = xp.maximum(0.0 - duty.sink_c, 0.0)
        return coil_kw_per_k(self.freeze_kw_per_k, duty.sink_kw_per_k) * below_k

    def _conductance_kw_per_k(self, duty: Duty) -> Array:
        return coil_kw_per_k(self.melt_kw_per_k, duty.flow_kw_per_k)


def coil_kw_per_k(ua_kw_per_k: Array, flow_kw_per_k: Array) -> Array:
    """Heat per kelvin of a coil in a medium of one temperature; 0 without flow."""
    xp = namespace(ua_kw_per_k, flow_kw_per_k)
    return -flow_kw_per_k * xp.expm1(-ratio(ua_kw_per_k, flow_kw_per_k))
