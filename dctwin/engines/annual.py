"""The annual clock: a whole year as arrays over (designs, hours).

Order: weather -> IT -> heat down the loops -> temperatures back up -> power paths -> on-site
sources -> ledger.
"""

from __future__ import annotations

import numpy as np

from dctwin.design import Facility
from dctwin.engines.fit import fit
from dctwin.engines.heat import Boundary
from dctwin.engines.posting import post_facility
from dctwin.engines.settle import settle
from dctwin.engines.year import Year
from dctwin.ledger import Ledger
from dctwin.plant import Wiring


def run_year(facility: Facility, boundary: Boundary) -> Year:
    """Simulate a facility, or a stack of facilities of one topology, over the boundary's steps.

    Raises ComputationError when the books do not close to 1e-9 at every node and step.
    """
    # A feeder past its greatest power gives no number; the ledger refuses it and says where.
    with np.errstate(invalid="ignore"):
        facility = fit(facility, boundary)
        found = settle(facility, Wiring(facility, boundary.air, boundary.here()), boundary)
        year = Year(Ledger(boundary.step_h))
        post_facility(year, facility, boundary, found)
    year.closure = year.ledger.check()
    return year
