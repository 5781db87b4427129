"""Power paths into the ledger: what each device passes on, and its loss where it stands."""

from __future__ import annotations

from dctwin.engines.year import Flag, Year
from dctwin.physics.arrays import Array
from dctwin.plant import PathStep


def first_node(path: str, steps: list[PathStep], end: str) -> str:
    """The ledger's name of the place where a path begins."""
    return f"power.{path}.{steps[0].device.name}" if steps else end


def post_path(year: Year, path: str, steps: list[PathStep], end: str, load_kw: Array) -> Array:
    """Post a path from its first device to `end`; the flow into the first one is the caller's."""
    for index, step in enumerate(steps):
        node = f"power.{path}.{step.device.name}"
        follower = steps[index + 1].device.name if index + 1 < len(steps) else None
        target = f"power.{path}.{follower}" if follower else end
        year.ledger.post("electricity", node, target, step.output_kw)
        heat_to = f"loop.{step.device.heat_to}" if step.device.heat_to else "ambient"
        year.ledger.post("heat", node, heat_to, step.loss_kw, step.device.component.account)
        watch_power(year, node, step)
    return steps[0].input_kw if steps else load_kw


def watch_power(year: Year, node: str, step: PathStep) -> None:
    """Load fraction and limits of a device at work."""
    unit_kw = step.output_kw / step.on_count
    year.traces[f"{node}.load_frac"] = step.device.component.load_frac(unit_kw)
    if step.device.sharing == "staged":
        year.traces[f"{node}.on_count"] = step.on_count
    for limit in step.device.component.limits(unit_kw):
        year.flags.append(Flag(node, limit))
