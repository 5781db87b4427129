"""The ledger: every flow of energy and water, from a named place to a named place.

Metrics, Sankey diagrams, reports and the balance check are read off the ledger, never computed
beside it. Flows are non-negative arrays over (designs, hours); a storage change is posted apart
because it may have either sign.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dctwin.errors import ComputationError
from dctwin.physics.arrays import added, namespace
from dctwin.units import SECONDS_PER_HOUR, WATER_KG_PER_L

if TYPE_CHECKING:
    import pandas as pd

Carrier = Literal["electricity", "heat", "water"]
ENERGY: tuple[Carrier, ...] = ("electricity", "heat")
WATER: tuple[Carrier, ...] = ("water",)
_Add = Callable[[Sequence[Any]], Any]

# Places outside the facility: what enters or leaves through them needs no balance of their own.
BOUNDARY = frozenset(
    {
        "grid",
        "sun",
        "wind",
        "hydro",
        "geothermal",
        "ambient",
        "reuse",
        "fuel.diesel",
        "fuel.gas",
        "fuel.hydrogen",
        "shortfall",
        "water.body",
        "shed",
        "water.main",
        "water.reclaimed",
        "water.sea",
        "water.drain",
        "water.atmosphere",
    }
)
# What drives a renewable source on site; generation enters the books here.
RENEWABLES = frozenset({"sun", "wind", "hydro", "geothermal"})
# Where load that nothing covers comes from: power that never came, so that the rest of the books
# stays whole. No account and no metric holds it.
SHED = "shed"
# Flows out of these places are what the facility draws from outside.
SOURCES = frozenset({"grid", SHED}) | RENEWABLES
# Engine generators are metered at their output: their fuel and its heat stay outside the accounts.
GENSET = "genset."
# The account of a battery's losses: where they come from stands a battery.
BATTERY_LOSS = "power.battery_loss"
CLOSURE_LIMIT = 1e-9


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow [kW, or kg/s for water] from `source` to `target`.

    `account` names the end use (`cooling.chiller`, `power.ups_loss`) at the one place where the
    flow is counted as facility energy; it is empty everywhere else.
    """

    carrier: Carrier
    source: str
    target: str
    value: Any
    account: str = ""


@dataclass
class Ledger:
    """The flows of one run. `step_h` turns power into energy."""

    step_h: float
    flows: list[Flow] = field(default_factory=list)
    stored: list[tuple[str, Any]] = field(default_factory=list)

    def post(
        self, carrier: Carrier, source: str, target: str, value: Any, account: str = ""
    ) -> None:
        """Add a flow from `source` to `target`."""
        self.flows.append(Flow(carrier, source, target, value, account))

    def store(self, node: str, stored_kw: Any) -> None:
        """Add a change of stored energy at `node` (negative when it gives energy back)."""
        self.stored.append((node, stored_kw))

    def select(self, **match: str) -> Iterator[Flow]:
        """The flows whose fields equal all of `match`."""
        for flow in self.flows:
            if all(getattr(flow, key) == value for key, value in match.items()):
                yield flow

    def accounts(self) -> dict[str, Any]:
        """Account -> power served [kW] over (designs, hours), in order of first posting."""
        asked = self._asked()
        if not any(flow.source == SHED for flow in self.flows):
            return asked
        served_frac = self.served_frac()
        return {name: kw * served_frac for name, kw in asked.items()}

    def served_frac(self) -> Any:
        """Share of each step's load that is served: what is shed is taken off every use alike.

        The flows are those of the load that is asked for, which the balances need; what is not
        served computes nothing, needs no cooling and no water.
        """
        shed_kw: Any = sum(flow.value for flow in self.select(source=SHED))
        asked_kw: Any = sum(self._asked().values(), 0.0)
        xp = namespace(shed_kw, asked_kw)
        some, served_kw = asked_kw > 0, xp.maximum(asked_kw - shed_kw, 0.0)
        return xp.where(some, served_kw / xp.where(some, asked_kw, 1.0), 1.0)

    def _asked(self) -> dict[str, Any]:
        """Account -> power asked for, what is shed included."""
        totals: dict[str, Any] = {}
        for flow in self.flows:
            if flow.account and flow.carrier != "water":
                totals[flow.account] = totals.get(flow.account, 0.0) + flow.value
        return totals

    def pick(self, index: int, designs: int, hours: int) -> Ledger:
        """The ledger of one design of a batch, every flow an array of shape (hours,)."""
        one = Ledger(self.step_h)
        for flow in self.flows:
            value = pick(flow.value, index, designs, hours)
            one.flows.append(flow if value is flow.value else replace(flow, value=value))
        one.stored = [(node, pick(value, index, designs, hours)) for node, value in self.stored]
        return one

    def totals(self) -> pd.DataFrame:
        """Every flow summed over the run: kWh of energy, litres of water."""
        import pandas as pd

        rows = [
            {
                "carrier": flow.carrier,
                "source": flow.source,
                "target": flow.target,
                "account": flow.account,
                "total": self.total(flow.value, flow.carrier),
                "unit": "L" if flow.carrier == "water" else "kWh",
            }
            for flow in self.flows
        ]
        return pd.DataFrame(rows)

    def total(self, value: Any, carrier: Carrier) -> float:
        """Sum of a flow over the run [kWh, or L for water]."""
        if carrier == "water":
            return float(np.sum(value)) * self.step_h * SECONDS_PER_HOUR / WATER_KG_PER_L
        return float(np.sum(value)) * self.step_h

    def sankey(self, carriers: tuple[Carrier, ...] = ENERGY) -> dict[str, Any]:
        """Nodes and links of an energy (or water) Sankey diagram: names and totals."""
        links: dict[tuple[str, str, str], float] = {}
        for flow in self.flows:
            if flow.carrier in carriers:
                key = (flow.source, flow.target, flow.carrier)
                links[key] = links.get(key, 0.0) + self.total(flow.value, flow.carrier)
        kept = {key: total for key, total in links.items() if total > 0}
        nodes = sorted({end for source, target, _ in kept for end in (source, target)})
        return {
            "nodes": nodes,
            "links": [
                {"source": source, "target": target, "carrier": carrier, "total": total}
                for (source, target, carrier), total in kept.items()
            ],
        }

    def closure(self) -> Mapping[str, float]:
        """Largest relative imbalance of energy, electricity and water over nodes and steps."""
        gaps = {
            "energy_rel": self._largest(ENERGY),
            "electricity_rel": _relative(*self._drawn_and_used(_in_order)),
            "water_rel": self._largest(WATER),
        }
        return {name: float(np.max(gap)) for name, gap in gaps.items()}

    def closes(self) -> Any:
        """Whether each design's books surely close, shape (designs, 1) or less: at two thirds of
        the cost of the closure, and twice as strict. Where they do not, `check` tells.

        Each step: |entered - left| <= limit/2 x entered, with no floor for a node that carries
        next to nothing.
        """
        found: Any = True
        nodes = chain(self._nodes(ENERGY, added), self._nodes(WATER, added))
        for entered, left in chain([self._drawn_and_used(added)], (both for _, *both in nodes)):
            if entered is not left:
                found = found & _agree(entered, left, 0.5 * CLOSURE_LIMIT)
        # One reduction for all nodes: where JAX compiles, each would cost as much as the rest.
        xp = namespace(found)
        return xp.all(xp.atleast_1d(found), axis=-1, keepdims=True)

    def check(self) -> Mapping[str, float]:
        """The closure, or an error naming the node that does not balance."""
        closure = self.closure()
        if any(np.isnan(gap) for gap in closure.values()):
            raise ComputationError(self._not_a_number())
        for name, gap in closure.items():
            if not gap <= CLOSURE_LIMIT:
                nodes = self._nodes(WATER if name == "water_rel" else ENERGY, _in_order)
                found = {node: float(np.max(_relative(*both))) for node, *both in nodes}
                node = max(found, key=lambda node: found[node])
                raise ComputationError(
                    f"the books do not close: {name} is {gap:.2e}, above {CLOSURE_LIMIT:.0e}, "
                    f"worst at node '{node}'"
                )
        return closure

    def _not_a_number(self) -> str:
        """Where a flow first is not a number; flows are posted from the racks to the grid."""
        for flow in self.flows:
            bad = ~np.isfinite(flow.value)
            if np.any(bad):
                steps = "all" if np.all(bad) else np.count_nonzero(bad)
                return (
                    f"{flow.source}: {flow.carrier} to '{flow.target}' is not a number in {steps} "
                    "steps: more is asked of it than it can do (a feeder past its greatest power)"
                )
        return "a change of stored energy is not a number"

    def _largest(self, carriers: tuple[Carrier, ...]) -> Any:
        """Imbalance of the node that balances worst."""
        worst: Any = 0.0
        for _, entered, left in self._nodes(carriers, _in_order):
            gap = _relative(entered, left)
            worst = namespace(worst, gap).maximum(worst, gap)
        return worst

    def _nodes(self, carriers: tuple[Carrier, ...], add: _Add) -> Iterator[tuple[str, Any, Any]]:
        """Nodes, what enters them and what leaves."""
        into: dict[str, list[Any]] = {}
        out: dict[str, list[Any]] = {}
        for flow in self.flows:
            if flow.carrier in carriers:
                if flow.target not in BOUNDARY:
                    into.setdefault(flow.target, []).append(flow.value)
                if flow.source not in BOUNDARY:
                    out.setdefault(flow.source, []).append(flow.value)
        if "heat" in carriers:
            for node, stored_kw in self.stored:
                given_kw, taken_kw = _given_and_taken(stored_kw)
                into.setdefault(node, []).append(given_kw)
                out.setdefault(node, []).append(taken_kw)
        for node in sorted(into.keys() | out.keys()):
            yield node, add(into.get(node, ())), add(out.get(node, ()))

    def _drawn_and_used(self, add: _Add) -> tuple[Any, Any]:
        """Electricity as one node: drawn from outside and from storage; counted in accounts,
        exported and stored."""
        drawn: list[Any] = []
        used: list[Any] = []
        for flow in self.flows:
            if flow.carrier == "electricity" and (
                flow.source in SOURCES or flow.source.startswith(GENSET)
            ):
                drawn.append(flow.value)
            if flow.carrier == "electricity" and flow.target in SOURCES:
                used.append(flow.value)
            if flow.carrier != "water" and flow.account:
                used.append(flow.value)
        for node, stored_kw in self.stored:
            if node.startswith("storage."):
                given_kw, taken_kw = _given_and_taken(stored_kw)
                drawn.append(given_kw)
                used.append(taken_kw)
        return add(drawn), add(used)


def pick(value: Any, index: int, designs: int, hours: int) -> np.ndarray:
    """One design's row of a value of shape (), (hours,), (designs, 1) or (designs, hours)."""
    if isinstance(value, np.ndarray) and value.shape == (hours,) and value.dtype == float:
        return value
    array = np.asarray(value, dtype=float)
    if array.ndim == 2:
        array = array[index if array.shape[0] == designs else 0]
    return np.broadcast_to(array, (hours,))


def _in_order(values: Sequence[Any]) -> Any:
    """The sum of values as they stand, so that its rounding is the same for a design alone and in a
    stack, where more of them may differ from step to step; of one value itself."""
    return reduce(operator.add, values) if values else 0.0


def _given_and_taken(stored_kw: Any) -> tuple[Any, Any]:
    """A storage change as two non-negative flows, so that gaps are measured against all that
    passes a node and not against a difference."""
    xp = namespace(stored_kw)
    return xp.maximum(-stored_kw, 0.0), xp.maximum(stored_kw, 0.0)


def _agree(entered: Any, left: Any, limit: float) -> Any:
    """Where |entered - left| <= limit x entered; True: in all steps of all designs."""
    xp = namespace(entered, left)
    gap = entered - left
    if xp is np:
        # Reading arrays is cheaper than making them, and most nodes balance to the last digit.
        worst = max(np.max(gap), -np.min(gap))
        if worst == 0.0 or worst <= limit * np.min(entered) < np.inf:
            return True
    return xp.abs(gap) - limit * entered <= 0.0  # false where both are infinite


def _relative(entered: Any, left: Any) -> Any:
    """Largest gap of each design over its steps, relative to what passes in the step; a step that
    carries next to nothing of the node's largest flow is measured against a millionth of that."""
    xp = namespace(entered, left)
    if entered is left:
        return 0.0
    gap = entered - left
    if xp is np and not np.any(gap):  # most nodes balance to the last digit
        return 0.0
    passes = xp.atleast_1d(xp.abs(entered))  # what leaves differs by the gap
    least = 1e-6 * xp.max(passes, axis=-1, keepdims=True)
    least = xp.where(least > 0, least, 1.0)
    return xp.max(xp.abs(gap) / xp.maximum(passes, least), axis=-1, keepdims=True)
