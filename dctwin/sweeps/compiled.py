"""The same designs compiled by JAX: one function a topology, whose arguments are numbers and site.

Weather and grid are arguments, so that sites share a compilation; local clock and months are part
of it. Loops that hold their setpoints in the design as it is declared are taken to do so in all of
its variants: what then changes by the hour is a fraction of the plant. The hours in which a loop
falls short all the same, few or none in a sound design, are left to NumPy, which lets it float; so
are designs whose hours hang together, and what JAX cannot trace (a planned dispatch, sources whose
yield differs from design to design, limits that are watched).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from dctwin.accounting.contracts import contracted_kw
from dctwin.engines.annual import year_of
from dctwin.engines.fit import fit
from dctwin.engines.passes import hours_alone
from dctwin.errors import DctwinError, InputError
from dctwin.memory import give_back
from dctwin.physics.arrays import namespace
from dctwin.physics.trees import put_together, taken_apart
from dctwin.sweeps.bind import leaves, put
from dctwin.sweeps.kernel import (
    GROUP_DESIGNS,
    POINT_FAULTS,
    Bench,
    Found,
    Numbers,
    numpy_totals,
    some_steps,
)
from dctwin.totals import Totals, totals_of

# Designs in one call: the last call of a chunk is filled up to this, so that nothing compiles anew.
TILE_DESIGNS = 32
# Of them side by side on an accelerator; on a CPU one after another stays in cache.
_GPU_DESIGNS = 32

# Hours that fall short are run by themselves where they are fewer than this share of a year.
_FEW_FRAC = 0.1

# Eight numbers an instruction where the CPU has them; XLA's default is four.
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512}
# What several results share is computed once, not once in each of them; and four vectors go through
# a loop side by side (LLVM), as each waits for itself in its long chains. Read when JAX starts.
_CPU_EXTRA = (
    "xla_backend_extra_options",
    "xla_cpu_use_multi_output_fusion,-force-vector-interleave=4",
)

_LOG = logging.getLogger(__name__)
_Compiled = Callable[[Any, Any], tuple[dict[str, Any], Any, Any]]
# Compiled functions of this process; None where JAX could not trace one.
_FUNCTIONS: dict[Any, _Compiled | None] = {}


def jax_totals(bench: Bench, numbers: Numbers, rows: np.ndarray, found: Found) -> None:
    """Run these of the designs compiled; in NumPy those that JAX cannot do, and the hours of the
    others in which a loop falls short."""
    again = list(rows)
    site, empty = site_arrays(bench)
    numpy_only = bench.yields_vary or bench.watched or not numbers
    compiled = None if numpy_only else _function(bench, site, empty)
    short: dict[int, np.ndarray] = {}
    if compiled is not None:
        table = np.stack([np.asarray(numbers[place], dtype=float) for place in bench.places], 1)
        again = []
        for start in range(0, len(rows), TILE_DESIGNS):
            some = rows[start : start + TILE_DESIGNS]
            totals, closes, falls_short = compiled(table[np.resize(some, TILE_DESIGNS)], site)
            found.put(some, {name: _column(value)[: len(some)] for name, value in totals.items()})
            good = np.ravel(_column(closes))[: len(some)] > 0.0
            again += list(some[~good])
            hours = np.asarray(falls_short).reshape(TILE_DESIGNS, -1)[: len(some)]
            short |= {row: hours[k] for k, row in enumerate(some) if good[k] and hours[k].any()}
    if short:
        again += _add_short(bench, numbers, short, found)
    if again:
        found.again += again
        numpy_totals(bench, numbers, np.sort(again), found)


def _add_short(
    bench: Bench, numbers: Numbers, short: dict[int, np.ndarray], found: Found
) -> list[int]:
    """Add the hours in which designs fall short; designs that have to be run as a whole."""
    few = {row: hours for row, hours in short.items() if hours.mean() < _FEW_FRAC}
    if not hours_alone(bench.facility):
        few = {}
    again, rows = [row for row in short if row not in few], np.array(list(few))
    for start in range(0, len(rows), GROUP_DESIGNS):
        some = rows[start : start + GROUP_DESIGNS]
        try:
            totals = some_steps(bench, numbers, some, np.stack([few[row] for row in some]))
        except POINT_FAULTS:  # as a whole it is told which of them cannot be run, and why
            again += list(some)
        else:
            found.add(some, totals)
    return again


def _column(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=float).reshape(TILE_DESIGNS, -1)[:, :1]


def jax_module() -> Any:
    """JAX, in double precision. Raises InputError when it is not installed."""
    flags, (name, value) = os.environ.get("XLA_FLAGS", ""), _CPU_EXTRA
    if name not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --{name}={value}".strip()
    jax: Any
    try:
        import jax
    except ImportError:
        raise InputError("the backend jax needs JAX: pip install 'dctwin[jax]'") from None
    jax.config.update("jax_enable_x64", True)
    return jax


def site_arrays(bench: Bench) -> tuple[list[Any], Any]:
    """What a site gives in numbers over the hours, and the structure that they belong in."""
    return taken_apart(bench.around, lambda v: isinstance(v, np.ndarray) and v.dtype.kind == "f")


def one_design(
    bench: Bench, empty: Any, holding: frozenset[str] = frozenset(), without_short: bool = False
) -> Callable[[Any, Any], tuple[Totals, Any, Any]]:
    """(numbers in the places of the bench, arrays of the site) -> totals of one design, whether its
    books close, and the steps in which a loop falls short.

    without_short  the totals are those of the other steps
    """

    def work(values: Any, site: Any) -> tuple[Totals, Any, Any]:
        boundary, grid, made_frac = put_together(site, empty)
        numbers = {place: values[k] for k, place in enumerate(bench.places)}
        facility = fit(put(bench.facility, numbers), bench.boundary)
        year = year_of(facility, boundary, lean=True, holding=holding)
        made_kw = contracted_kw(facility, made_frac)
        left_kw: Any = sum(flow.value for flow in year.ledger.select(target="shortfall"))
        holds = namespace(left_kw).broadcast_to(left_kw <= 0.0, np.shape(boundary.local_hour))
        kept = 1.0 * holds if without_short else None
        totals = totals_of(year.ledger, year.traces, grid, made_kw, kept)
        return totals, year.ledger.closes(), ~holds

    return work


def _function(bench: Bench, site: list[Any], empty: Any) -> _Compiled | None:
    """The compiled function of a topology, made when it is first asked for."""
    holding = bench.loops_held
    key = _key(bench, site, empty), holding
    if key not in _FUNCTIONS:
        jax = jax_module()
        work = one_design(bench, empty, holding, without_short=True)
        on_cpu = jax.default_backend() == "cpu"
        side_by_side = None if on_cpu else _GPU_DESIGNS

        def many(table: Any, site: Any) -> Any:
            return jax.lax.map(lambda values: work(values, site), table, batch_size=side_by_side)

        example = jax.ShapeDtypeStruct((TILE_DESIGNS, len(bench.places)), np.float64)
        try:
            _FUNCTIONS[key] = (
                jax.jit(many).lower(example, site).compile(_CPU_OPTIONS if on_cpu else None)
            )
            give_back()
        except (jax.errors.JAXTypeError, TypeError, IndexError, ValueError, DctwinError) as problem:
            first = str(problem).splitlines()[0]
            _LOG.warning("%s is run in NumPy, JAX cannot trace it: %s", bench.facility.name, first)
            _FUNCTIONS[key] = None
    return _FUNCTIONS[key]


def _key(bench: Bench, site: list[Any], empty: Any) -> Any:
    """What a compiled function depends on."""
    fixed, _ = taken_apart(empty, lambda v: isinstance(v, np.ndarray))
    return (
        hash(tuple(leaves(fit(bench.facility, bench.boundary)))),
        bench.places,
        tuple((array.shape, array.dtype.str) for array in site),
        tuple(array.tobytes() for array in fixed),
        repr(bench.surroundings.grid.currency),
        bench.surroundings.weather.step_h,
        tuple(map(repr, _scalars(empty))),
    )


def _scalars(empty: Any) -> list[Any]:
    """Numbers and names of a site that do not change by the hour."""
    plain, _ = taken_apart(empty, lambda v: isinstance(v, (int, float, str, bool, type(None))))
    return plain
