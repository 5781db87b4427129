"""Heat for others: to a district network directly, and lifted by a heat pump."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from dctwin.components.component import Duty, Limit, Service, Stage, inside, param, ratio
from dctwin.physics.arrays import Array, namespace
from dctwin.physics.seasons import over_year
from dctwin.physics.vapour_compression import cycle_fit

# The refrigerants' fits end at 40 °C of evaporation; so far beyond they still err by less than
# 0.4 % (tested against CoolProp). Warm loops evaporate there.
_EVAPORATING_BEYOND_K = 5.0

Monthly = Annotated[tuple[float, ...], Field(min_length=12, max_length=12)]


class _Network(Stage):
    """A connection to a heat network that takes what it needs at its own temperatures.

    Demand  `degree`: demand_kw · (hot_water_frac + (1 - hot_water_frac) · x), with
            x = (base_c - dry bulb)/(base_c - design_c) held within 0-1 (heating degrees);
            `monthly`: demand_kw · the month's share.
    Heat beyond the demand stays in the loop. Abstract: how heat gets there is open.
    """

    demand: Literal["degree", "monthly"] = Field("degree", description="what the demand follows")
    demand_kw: float = param("kW", 0.01, 10_000_000, "largest heat that the network takes")
    base_c: float = param("°C", 5, 25, "dry bulb above which nobody heats", 15.0)
    design_c: float = param("°C", -50, 15, "dry bulb of the largest demand", -10.0)
    hot_water_frac: float = param("-", 0, 1, "demand that does not follow the weather", 0.1)
    monthly_frac: Monthly = Field(
        (1.0,) * 12, description="demand of each month over demand_kw, January first"
    )
    network_supply_c: float = param("°C", 15, 120, "temperature at which the network wants heat")
    network_return_c: float = param("°C", 5, 90, "temperature at which its water comes back")

    @model_validator(mode="after")
    def _falls(self) -> Self:
        self._in_order("network_return_c", "network_supply_c")
        self._in_order("design_c", "base_c")
        return self

    def wanted_kw(self, duty: Duty) -> Array:
        """Heat that the network takes now."""
        if self.demand == "monthly":
            return self.demand_kw * over_year(self.monthly_frac, duty.place.year_frac)
        dry_c = duty.air.dry_bulb_c
        xp = namespace(dry_c, self.base_c, self.demand_kw)
        cold = xp.clip((self.base_c - dry_c) / (self.base_c - self.design_c), 0.0, 1.0)
        return self.demand_kw * (self.hot_water_frac + (1.0 - self.hot_water_frac) * cold)

    @abstractmethod
    def serve(self, duty: Duty) -> Service: ...


class HeatReuse(_Network):
    """Plate exchanger straight to the network: first stage of a warm loop.

    Both ends keep the approach: heat flows only while the loop returns at network_supply_c +
    approach_k or warmer, and cools it to network_return_c + approach_k at most:
    heat <= C · (return - network_return_c - approach_k). The network's pump gives the flow that
    leaves at network_supply_c. Demand: _Network. Balance: heat_kw = reject_kw, all of it reused.
    Valid for a plate exchanger sized for its approach at design flow; at part load the true
    approach is smaller, so this gives a little too little.
    Source: pinch at either end of a counterflow exchanger, Incropera et al., 7th ed., ch. 11;
    approach 1.5-3 K of plate exchangers (LBNL DC Pro v3.0 manual: 3 °F).
    """

    kind: ClassVar[str] = "heat-reuse"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "reuse"
    extensive: ClassVar[frozenset[str]] = frozenset({"demand_kw", "capacity_kw"})
    reports: ClassVar[frozenset[str]] = frozenset({"demand_frac", "leaving_c"})

    capacity_kw: float = param("kW", 0.01, 10_000_000, "largest heat of the exchanger")
    approach_k: float = param("K", 0.2, 20, "at both ends", 2.0)

    def reach_c(self, duty: Duty) -> Array:
        fall_k = ratio(duty.heat_kw, duty.flow_kw_per_k)
        hot_c = self.network_supply_c + self.approach_k - fall_k
        least_c = self.network_return_c + self.approach_k
        return namespace(hot_c, least_c).maximum(hot_c, least_c)

    def serve(self, duty: Duty) -> Service:
        wanted_kw = self.wanted_kw(duty)
        hot = duty.return_c >= self.network_supply_c + self.approach_k
        fall_k = duty.return_c - self.network_return_c - self.approach_k
        xp = namespace(duty.heat_kw, duty.flow_kw_per_k, wanted_kw, hot, fall_k, self.capacity_kw)
        able_kw = xp.minimum(duty.flow_kw_per_k * fall_k, self.capacity_kw) * hot
        heat_kw = xp.clip(xp.minimum(able_kw, wanted_kw), 0.0, duty.heat_kw)
        return Service(
            heat_kw=heat_kw,
            power_kw={},
            reject_kw=heat_kw,
            traces={
                "demand_frac": wanted_kw / self.demand_kw + 0.0 * heat_kw,
                "leaving_c": duty.return_c - ratio(heat_kw, duty.flow_kw_per_k),
            },
        )


class HeatPump(_Network):
    """Heat pump from the loop's return to the network, its compressor within the data center.

    Evaporating  T_e = leaving loop water - evaporator_approach_k
    Condensing   T_c = network_supply_c + condenser_approach_k, at least least_lift_k above T_e
    Work         per heat taken, w = isentropic work per cooling / efficiency_frac
                 (physics/vapour_compression.py); the network gets heat · (1 + w) <= its demand
    At part load the approaches stay (they would shrink) and so does the efficiency (it would
    fall by some points below half load): both are means. Demand: _Network.
    Balance: heat_kw + heat_pump = reject_kw, all of it reused. The machine stands inside the fence,
    so its electricity is facility energy and its heat counts as reused (docs/stores-and-sinks.md).
    Valid: evaporating -15…45 °C, condensing up to the end of the refrigerant's fit, 65 to 90 °C: a
    network that asks for more is refused; where a warm loop and least_lift_k do, it is flagged
    (limits `evaporating_c`, `condensing_c`), and the fit's share of Carnot is held at its end.
    Source: vapour-compression cycle, CoolProp; overall efficiency 0.55-0.70 of large machines
    (assumed 0.62).
    """

    kind: ClassVar[str] = "heat-pump"
    rejects_to: ClassVar[Literal["loop", "air", "reuse"]] = "reuse"
    extensive: ClassVar[frozenset[str]] = frozenset({"demand_kw", "capacity_kw"})
    reports: ClassVar[frozenset[str]] = frozenset(
        {"demand_frac", "evaporating_c", "condensing_c", "cop", "leaving_c"}
    )

    refrigerant: str = Field(description="R1234ze(E), R1233zd(E), R134a, …")
    capacity_kw: float = param("kW", 0.01, 1_000_000, "largest heat taken from the loop")
    efficiency_frac: float = param("-", 0.3, 0.9, "isentropic, motor and drive together", 0.62)
    evaporator_approach_k: float = param("K", 0.3, 15, "leaving water less evaporating", 2.0)
    condenser_approach_k: float = param("K", 0.3, 15, "condensing less network supply", 2.0)
    least_lift_k: float = param("K", 3, 30, "condensing less evaporating that valves keep", 12.0)

    @model_validator(mode="after")
    def _known(self) -> Self:
        fit = cycle_fit(self.refrigerant)
        hottest_c = fit.condensing_range_c[1] - self.condenser_approach_k
        if self.network_supply_c > hottest_c:
            raise ValueError(
                f"network_supply_c must be at most {hottest_c:g} °C with {self.refrigerant}, which "
                f"condenses up to {fit.condensing_range_c[1]:g} °C (condenser_approach_k above)"
            )
        return self

    def _evaporating_range_c(self) -> tuple[float, float]:
        low_c, high_c = cycle_fit(self.refrigerant).evaporating_range_c
        return low_c, high_c + _EVAPORATING_BEYOND_K

    def reach_c(self, duty: Duty) -> Array:
        # Where the pump's evaporator may still work: above the refrigerant's least temperature.
        return self._evaporating_range_c()[0] + self.evaporator_approach_k + 0.0 * duty.heat_kw

    def _work(self, leaving_c: Array) -> tuple[Array, Array, Array]:
        """Work per heat taken, evaporating and condensing temperature."""
        xp = namespace(leaving_c, *vars(self).values())
        fit = cycle_fit(self.refrigerant)
        evaporating_c = leaving_c - self.evaporator_approach_k
        condensing_c = xp.maximum(
            self.network_supply_c + self.condenser_approach_k, evaporating_c + self.least_lift_k
        )
        work = fit.work_per_cooling_frac(evaporating_c, condensing_c)
        return xp.maximum(work, 0.0) / self.efficiency_frac, evaporating_c, condensing_c

    def serve(self, duty: Duty) -> Service:
        wanted_kw = self.wanted_kw(duty)
        asked = (duty.heat_kw, duty.return_c, duty.flow_kw_per_k, wanted_kw)
        xp = namespace(*asked, *vars(self).values())
        least_c = self.reach_c(duty)
        able_kw = xp.minimum(duty.flow_kw_per_k * (duty.return_c - least_c), self.capacity_kw)
        most_kw = xp.clip(able_kw, 0.0, duty.heat_kw)
        # Work at the coldest water first: what follows from it is a little less than is wanted, as
        # less heat means warmer water and less work. The next pass is above, the third below again.
        heat_kw = most_kw
        for _ in range(3):
            leaving_c = duty.return_c - ratio(heat_kw, duty.flow_kw_per_k)
            work, evaporating_c, condensing_c = self._work(leaving_c)
            heat_kw = xp.minimum(most_kw, wanted_kw / (1.0 + work))
        leaving_c = duty.return_c - ratio(heat_kw, duty.flow_kw_per_k)
        work, evaporating_c, condensing_c = self._work(leaving_c)
        power_kw = work * heat_kw
        runs = heat_kw > 0
        evaporating = self._evaporating_range_c()
        condensing = cycle_fit(self.refrigerant).condensing_range_c
        return Service(
            heat_kw=heat_kw,
            power_kw={"heat_pump": power_kw},
            reject_kw=heat_kw + power_kw,
            limits=(
                Limit("evaporating_c", runs * inside(evaporating_c, *evaporating), "K"),
                Limit("condensing_c", runs * inside(condensing_c, *condensing), "K"),
            ),
            traces={
                "demand_frac": wanted_kw / self.demand_kw + 0.0 * heat_kw,
                "evaporating_c": evaporating_c,
                "condensing_c": condensing_c,
                "cop": ratio(heat_kw + power_kw, power_kw),
                "leaving_c": leaving_c,
            },
        )
