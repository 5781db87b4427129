"""A rack of equal nodes: its power from what stands in a node and how busy that is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import model_validator

from dctwin.components.component import param
from dctwin.components.it.rack import Rack

_ONLY_RACK = ("design_kw", "idle_frac")


class NodeRack(Rack):
    """A rack whose power is counted up from processors, accelerators, memory, network and drives.

    A node draws Σ count · (idle + use · (full − idle)) of processors and accelerators, plus memory,
    network interfaces and drives, which draw the same always. `cpu_use_frac` and `gpu_use_frac` say
    how busy they are at a load of 1; at a load of 0 all idle, and power is a straight line between.
    What Rack calls design_kw and idle_frac follows from that and cannot be given.
    Valid for machines whose memory and network power does not follow their load.
    Source: power model of ExaDigiT (Brewer et al., SC24, arXiv 2410.05133).
    """

    kind: ClassVar[str] = "node-rack"
    extensive: ClassVar[frozenset[str]] = frozenset({"nodes_count", "design_kw", "mass_kwh_per_k"})

    design_kw: float = param("kW", 0.1, 2_000, "power at a load of 1: follows from the nodes", 1.0)
    idle_frac: float = param("-", 0, 1, "idle over that: follows from the nodes", 0.0)
    fan_frac: float = param("-", 0, 0.4, "fans, share of full power at 25 °C inlet", 0.0)
    nodes_count: float = param("count", 1, 10_000, "nodes in the rack")
    cpus_count: float = param("count", 0, 64, "processors a node", 1.0)
    cpu_idle_kw: float = param("kW", 0, 5, "one processor, idle")
    cpu_full_kw: float = param("kW", 0, 5, "one processor, busy")
    gpus_count: float = param("count", 0, 64, "accelerators a node", 0.0)
    gpu_idle_kw: float = param("kW", 0, 10, "one accelerator, idle", 0.0)
    gpu_full_kw: float = param("kW", 0, 10, "one accelerator, busy", 0.0)
    memory_kw: float = param("kW", 0, 10, "memory of a node, always", 0.0)
    nics_count: float = param("count", 0, 64, "network interfaces a node", 0.0)
    nic_kw: float = param("kW", 0, 5, "one network interface, always", 0.0)
    drives_kw: float = param("kW", 0, 5, "drives of a node, always", 0.0)
    cpu_use_frac: float = param("-", 0, 1, "how busy processors are at a load of 1", 1.0)
    gpu_use_frac: float = param("-", 0, 1, "how busy accelerators are at a load of 1", 1.0)

    @model_validator(mode="before")
    @classmethod
    def _from_nodes(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        given = [name for name in _ONLY_RACK if name in data]
        if given:
            raise ValueError(f"{', '.join(given)} follows from the nodes, leave it out")
        defaults = {name: info.default for name, info in cls.model_fields.items()}
        values = {**defaults, **data}
        names = [name for name in cls.model_fields if name.endswith(("_count", "_kw", "_use_frac"))]
        if not all(isinstance(values[name], (int, float)) for name in names):
            return data  # the fields' own checks say what is wrong
        idle_kw, full_kw = _node_kw(values, 0.0), _node_kw(values, 1.0)
        if full_kw <= 0:
            raise ValueError("a node that draws nothing at full load")
        # Fans come on top of what the nodes draw.
        design_kw = values["nodes_count"] * full_kw / (1.0 - values["fan_frac"])
        return {**data, "design_kw": design_kw, "idle_frac": idle_kw / full_kw}


def _node_kw(node: Mapping[str, float], load_frac: float) -> float:
    """Power of one node at a load of 0 to 1."""
    cpu_kw = node["cpu_idle_kw"] + load_frac * node["cpu_use_frac"] * (
        node["cpu_full_kw"] - node["cpu_idle_kw"]
    )
    gpu_kw = node["gpu_idle_kw"] + load_frac * node["gpu_use_frac"] * (
        node["gpu_full_kw"] - node["gpu_idle_kw"]
    )
    always_kw = node["memory_kw"] + node["nics_count"] * node["nic_kw"] + node["drives_kw"]
    return node["cpus_count"] * cpu_kw + node["gpus_count"] * gpu_kw + always_kw
