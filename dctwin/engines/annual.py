"""The annual clock: a whole year as arrays over (designs, hours).

Order: weather -> IT -> heat down the loops -> temperatures back up -> power paths -> on-site
sources -> ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dctwin.banks import serve
from dctwin.design import Facility
from dctwin.engines.bus import feeds_live
from dctwin.engines.collapse import collapse_text
from dctwin.engines.fit import fit
from dctwin.engines.flows import Boundary
from dctwin.engines.idle import serve_busy
from dctwin.engines.part import Problem
from dctwin.engines.posting import post_facility
from dctwin.engines.settle import holding_loops, settle_blocks
from dctwin.engines.year import Year
from dctwin.errors import ComputationError
from dctwin.ledger import Ledger
from dctwin.plant import Wiring


def run_year(facility: Facility, boundary: Boundary) -> Year:
    """Simulate a facility, or a stack of facilities of one topology, over the boundary's steps.

    Raises ComputationError when the books do not close to 1e-9 at every node and step.
    """
    year = year_of(fit(facility, boundary), boundary)
    try:
        year.closure = year.ledger.check()
    except ComputationError:
        for feeder in year.feeders:
            if why := collapse_text(*feeder):
                raise ComputationError(why) from None
        raise
    return year


def year_of(
    facility: Facility,
    boundary: Boundary,
    lean: bool = False,
    holding: frozenset[str] = frozenset(),
) -> Year:
    """The year of a facility that is fitted to its site, books unchecked; JAX can compile it.

    lean     only flows are wanted, no flags, and no traces but those that metrics come from
    holding  loops that are taken to stay at their setpoints: what their stages then cannot do
             is left over
    """
    problem = _problem(facility, boundary, lean)._replace(holding=holding)
    return next(_years([problem], problem, boundary, lean))


def loops_held(facility: Facility, boundary: Boundary) -> frozenset[str]:
    """Loops of a fitted facility that stay at their setpoints; see `holding_loops`."""
    return holding_loops(_problem(facility, boundary, lean=True))


def years_of(
    blocks: Sequence[Facility], whole: Facility, boundary: Boundary, lean: bool = False
) -> Iterator[Year]:
    """The years of stacks of facilities of one topology, as `year_of` gives them one by one.

    Each block is small enough to stay in cache; `whole` is all of them in one stack.
    """
    problems = [_problem(facility, boundary, lean) for facility in blocks]
    together = problems[0] if len(blocks) == 1 else _problem(whole, boundary, lean)
    return _years(problems, together, boundary, lean)


def _years(
    problems: list[Problem], together: Problem, boundary: Boundary, lean: bool
) -> Iterator[Year]:
    # A feeder past its greatest power gives no number; the ledger refuses it and says where.
    with np.errstate(invalid="ignore"):
        for problem, found in zip(problems, settle_blocks(problems, together), strict=True):
            year = Year(Ledger(boundary.step_h), lean=lean)
            post_facility(year, problem.facility, boundary, found)
            yield year


def _problem(facility: Facility, boundary: Boundary, lean: bool) -> Problem:
    boundary = replace(boundary, feeds_live=feeds_live(facility, boundary))
    wiring = Wiring(facility, boundary.air, boundary.here(), serve_busy if lean else serve)
    return Problem(facility, wiring, boundary)
