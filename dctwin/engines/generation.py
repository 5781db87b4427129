"""What the on-site sources make, by the ledger's name of what drives them."""

from __future__ import annotations

from dctwin.design import OnsitePlant, source_key
from dctwin.engines.flows import Boundary
from dctwin.physics.arrays import Array


def onsite_generation(plant: OnsitePlant, boundary: Boundary) -> dict[str, Array]:
    """Ledger source (`sun`, `wind`, `hydro`, `geothermal`) -> power at the facility bus [kW].

    Before any curtailment. The yield per rated kilowatt of each device comes with the boundary; a
    boundary without one (a transient under held air) has no generation.
    """
    found: dict[str, Array] = {}
    for device in plant.sources():
        share = boundary.onsite_frac.get(source_key(device), 0.0)
        made_kw = device.component.output_kw(share) * device.count
        name = device.component.source
        found[name] = found[name] + made_kw if name in found else made_kw
    return found
