"""A rack of nodes: Frontier's node, idle to busy."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dctwin.components.it.node_rack import NodeRack

# ExaDigiT/RAPS, config/frontier.yaml.
NODE: dict[str, Any] = {
    "nodes_count": 128, "cpu_idle_kw": 0.09, "cpu_full_kw": 0.28, "gpus_count": 4,
    "gpu_idle_kw": 0.088, "gpu_full_kw": 0.56, "memory_kw": 0.07426, "nics_count": 4,
    "nic_kw": 0.02, "drives_kw": 0.03,
}  # fmt: skip


def node_kw(rack: NodeRack, load_frac: float) -> float:
    power = rack.power(load_frac, 25.0)
    return float(power.compute_kw + power.fans_kw) / 128


def test_idle_and_busy() -> None:
    rack = NodeRack(**NODE)
    assert node_kw(rack, 0.0) == pytest.approx(0.62626, rel=1e-9)
    assert node_kw(rack, 1.0) == pytest.approx(2.70426, rel=1e-9)
    assert rack.design_kw == pytest.approx(128 * 2.70426)


def test_use_of_processors_and_accelerators() -> None:
    rack = NodeRack(**NODE, cpu_use_frac=0.33, gpu_use_frac=0.79)
    expected_kw = 0.09 + 0.33 * 0.19 + 4 * (0.088 + 0.79 * 0.472) + 0.07426 + 0.08 + 0.03
    assert node_kw(rack, 1.0) == pytest.approx(expected_kw, rel=1e-9)
    assert node_kw(rack, 0.0) == pytest.approx(0.62626, rel=1e-9)


def test_fans_come_on_top() -> None:
    rack = NodeRack(**NODE, fan_frac=0.1)
    assert rack.power(1.0, 25.0).compute_kw == pytest.approx(128 * 2.70426)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"design_kw": 300.0}, "design_kw follows from the nodes"),
        ({"nodes_count": "many"}, "nodes_count"),
        ({"cpus_count": 0, "gpus_count": 0, "memory_kw": 0, "nics_count": 0, "drives_kw": 0},
         "draws nothing"),
    ],
)  # fmt: skip
def test_what_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NodeRack(**{**NODE, **change})
