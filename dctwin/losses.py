"""Where a run's electricity is lost on its way from the grid to the chips, read off the ledger.

Stages are the places whose electricity passes through: `power.<path>.<device>`, supplies inside
racks `rack.<group>.<device>`, and stores. Nothing is computed anew: sums of posted flows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dctwin.ledger import BOUNDARY, GENSET, Ledger

# The IT energy of PUE is metered at the output of the UPS (category 1), of the PDU (2) or at the
# input of the IT equipment (3): ISO/IEC 30134-2. On direct current, the rectifiers or the
# solid-state transformer that the batteries stand behind are the UPS; a remote power panel or a
# static switch at the PDU counts with it.
_METERED_AT = {
    1: ("power.ups_loss", "power.rectifier_loss", "power.sst_loss"),
    2: ("power.pdu_loss", "power.rpp_loss"),
}


@dataclass(frozen=True)
class Stage:
    """A place that passes electricity on: input_kwh = output_kwh + loss_kwh + stored_kwh."""

    name: str
    fed_from: tuple[str, ...]
    account: str
    input_kwh: float
    output_kwh: float
    loss_kwh: float
    stored_kwh: float
    heat_to: tuple[str, ...]


def stages(ledger: Ledger) -> list[Stage]:
    """The stages from the grid to the chips: each stands behind all that feed it."""
    into = _electricity(ledger, by_target=True)
    out = _electricity(ledger, by_target=False)
    names = [name for name in _from_the_grid(into, out) if _is_stage(name)]
    heat: dict[str, dict[str, float]] = {}
    accounts: dict[str, str] = {}
    for flow in ledger.flows:
        if flow.carrier == "heat" and flow.source in into and _is_stage(flow.source):
            to = heat.setdefault(flow.source, {})
            to[flow.target] = to.get(flow.target, 0.0) + ledger.total(flow.value, "heat")
            accounts.setdefault(flow.source, flow.account)
    stored = {node: float(np.sum(kw)) * ledger.step_h for node, kw in ledger.stored}
    return [
        Stage(
            name=name,
            fed_from=tuple(into[name]),
            account=accounts.get(name, ""),
            input_kwh=sum(into[name].values()),
            output_kwh=sum(out.get(name, {}).values()),
            loss_kwh=sum(heat.get(name, {}).values()),
            stored_kwh=stored.get(name, 0.0),
            heat_to=tuple(heat.get(name, {})),
        )
        for name in names
    ]


def drawn_kwh(ledger: Ledger) -> float:
    """Electricity that entered the facility, from the grid, own sources and engines."""
    return sum(
        ledger.total(flow.value, "electricity")
        for flow in ledger.flows
        if flow.carrier == "electricity"
        and (flow.source in BOUNDARY or flow.source.startswith(GENSET))
    )


def loss_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """One row a stage, from the grid to the chips."""
    total = drawn_kwh(ledger)
    return [
        {
            "stage": stage.name,
            "fed_from": ", ".join(stage.fed_from),
            "account": stage.account,
            "input_kwh": stage.input_kwh,
            "loss_kwh": stage.loss_kwh,
            "output_kwh": stage.output_kwh,
            "efficiency_frac": stage.output_kwh / stage.input_kwh if stage.input_kwh > 0 else None,
            "loss_of_drawn_frac": stage.loss_kwh / total if total > 0 else None,
            "heat_to": ", ".join(stage.heat_to),
        }
        for stage in stages(ledger)
    ]


def heat_rows(ledger: Ledger) -> list[dict[str, Any]]:
    """Heat that IT, power path and lights give to each loop (room or water) and to the air."""
    sums: dict[str, dict[str, float]] = {}
    for flow in ledger.flows:
        if flow.carrier != "heat":
            continue
        first = flow.source.split(".")[0]
        part = {"power": "power", "storage": "power", "lighting": "lighting"}.get(first)
        if first == "rack":
            part = "power" if flow.source.count(".") == 2 else "it"
        if part is None:
            continue
        row = sums.setdefault(flow.target, {"it": 0.0, "power": 0.0, "lighting": 0.0})
        row[part] += ledger.total(flow.value, "heat")
    return [
        {"place": place, **{f"{part}_kwh": kwh for part, kwh in row.items()}}
        for place, row in sorted(sums.items())
    ]


def pue_by_category(ledger: Ledger) -> dict[int, float | None]:
    """PUE with IT metered at the UPS output (1), the PDU output (2) and the IT input (3).

    Where a rack has no such device in front of it, it is metered at its own input.
    """
    facility_kwh = sum(ledger.total(kw, "electricity") for kw in ledger.accounts().values())
    found: dict[int, float | None] = {}
    it_kwh = sum(
        ledger.total(kw, "electricity")
        for name, kw in ledger.accounts().items()
        if name.startswith("it.")
    )
    for category, accounts in _METERED_AT.items():
        metered = _metered_kwh(ledger, accounts)
        found[category] = facility_kwh / metered if metered > 0 else None
    found[3] = facility_kwh / it_kwh if it_kwh > 0 else None
    return found


def _metered_kwh(ledger: Ledger, accounts: tuple[str, ...]) -> float:
    """Energy past the last devices of these accounts before the racks, and into racks without."""
    links = {
        place: {to: kwh for to, kwh in row.items() if not to.startswith("storage.")}
        for place, row in _electricity(ledger, by_target=False).items()
    }
    meters = {f.source for f in ledger.flows if f.carrier == "heat" and f.account in accounts}
    inside = {f.source for f in ledger.flows if f.carrier == "heat" and f.account[:3] == "it."}

    def it_side(node: str) -> bool:
        return node.startswith("rack.") or node in inside

    def has(node: str, what: Callable[[str], bool]) -> bool:
        return any(what(to) or has(to, what) for to in links.get(node, {}))

    def past(node: str) -> float:
        """Energy metered at this place or behind it."""
        last = node in meters and not has(node, meters.__contains__)
        if last and has(node, it_side):
            # On a bus with other sources, what leaves the bus: the meter stands behind them all.
            return sum(
                sum(links[to].values()) if to.startswith("bus.") else kwh
                for to, kwh in links[node].items()
            )
        return sum(kwh if it_side(to) else past(to) for to, kwh in links.get(node, {}).items())

    return past("bus.main")


def _is_stage(name: str) -> bool:
    parts = name.split(".")
    return parts[0] in ("power", "storage") or (parts[0] == "rack" and len(parts) == 3)


def _electricity(ledger: Ledger, by_target: bool) -> dict[str, dict[str, float]]:
    """Place -> neighbour -> kWh of electricity, into (or out of) every place."""
    links: dict[str, dict[str, float]] = {}
    for flow in ledger.flows:
        if flow.carrier == "electricity":
            place, other = (flow.target, flow.source) if by_target else (flow.source, flow.target)
            row = links.setdefault(place, {})
            row[other] = row.get(other, 0.0) + ledger.total(flow.value, "electricity")
    return links


def _from_the_grid(
    into: dict[str, dict[str, float]], out: dict[str, dict[str, float]]
) -> list[str]:
    """Places in the order in which electricity reaches them; stores may send some back."""
    ordered: list[str] = []
    waiting = [name for name in dict.fromkeys((*into, *out)) if name not in BOUNDARY]
    while waiting:
        ready = [
            name
            for name in waiting
            if not any(
                source in waiting and not source.startswith("storage.")
                for source in into.get(name, {})
            )
        ]
        ready = ready or waiting[:1]
        ordered.extend(ready)
        waiting = [name for name in waiting if name not in ready]
    return ordered
