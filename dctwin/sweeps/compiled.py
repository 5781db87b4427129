"""The same designs compiled by JAX: one function a topology, whose arguments are numbers and site.

Weather and grid are arguments, so that sites share a compilation; local clock and months are part
of it. Loops that hold their setpoints in the design as it is declared are taken to do so in all of
its variants: what then changes by the hour is a fraction of the plant. What JAX cannot trace (a
planned dispatch, sources whose yield differs from design to design, limits that are watched) and
designs that it leaves unsettled (loops that fall short, or do not hold) are run in NumPy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np

from dctwin.accounting.contracts import contracted_kw
from dctwin.engines.annual import year_of
from dctwin.engines.fit import fit
from dctwin.errors import DctwinError, InputError
from dctwin.memory import give_back
from dctwin.physics.trees import put_together, taken_apart
from dctwin.sweeps.bind import leaves, put
from dctwin.sweeps.kernel import Bench, Found, Numbers, numpy_totals
from dctwin.totals import Totals, totals_of

# Designs in one call: the last call of a chunk is filled up to this, so that nothing compiles anew.
TILE_DESIGNS = 32
# Of them side by side on an accelerator; on a CPU one after another stays in cache.
_GPU_DESIGNS = 32

# Eight numbers an instruction where the CPU has them; XLA's default is four.
_CPU_OPTIONS = {"xla_cpu_prefer_vector_width": 512}

_LOG = logging.getLogger(__name__)
_Compiled = Callable[[Any, Any], tuple[dict[str, Any], Any]]
# Compiled functions of this process; None where JAX could not trace one.
_FUNCTIONS: dict[Any, _Compiled | None] = {}


def jax_totals(bench: Bench, numbers: Numbers, rows: np.ndarray, found: Found) -> None:
    """Run these of the designs compiled; those that JAX cannot do in NumPy."""
    again = list(rows)
    site, empty = site_arrays(bench)
    numpy_only = bench.yields_vary or bench.watched or not numbers
    compiled = None if numpy_only else _function(bench, site, empty)
    if compiled is not None:
        table = np.stack([np.asarray(numbers[place], dtype=float) for place in bench.places], 1)
        again = []
        for start in range(0, len(rows), TILE_DESIGNS):
            some = rows[start : start + TILE_DESIGNS]
            filled = np.resize(some, TILE_DESIGNS)
            totals, closes = compiled(table[filled], site)
            good = _good(totals, closes)[: len(some)]
            found.put(some, {name: _column(value)[: len(some)] for name, value in totals.items()})
            again += list(some[~good])
    if again:
        found.again += again
        numpy_totals(bench, numbers, np.array(again), found)


def _column(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=float).reshape(TILE_DESIGNS, -1)[:, :1]


def _good(totals: Totals, closes: Any) -> np.ndarray:
    """Designs whose books close and whose loops all hold."""
    holds = np.ravel(_column(totals["shortfall_kwh"]) <= 0.0)
    return holds & (np.ravel(_column(closes)) > 0.0)


def jax_module() -> Any:
    """JAX, in double precision. Raises InputError when it is not installed."""
    jax: Any
    try:
        import jax
    except ImportError:
        raise InputError("the backend jax needs JAX: pip install 'dctwin[jax]'") from None
    jax.config.update("jax_enable_x64", True)
    return jax


def site_arrays(bench: Bench) -> tuple[list[Any], Any]:
    """What a site gives in numbers over the hours, and the structure that they belong in."""
    around = (bench.boundary, bench.surroundings.grid, bench.made_frac)
    return taken_apart(around, lambda v: isinstance(v, np.ndarray) and v.dtype.kind == "f")


def one_design(
    bench: Bench, empty: Any, holding: frozenset[str] = frozenset()
) -> Callable[[Any, Any], tuple[Totals, Any]]:
    """(numbers in the places of the bench, arrays of the site) -> totals of one design, and
    whether its books close."""

    def work(values: Any, site: Any) -> tuple[Totals, Any]:
        boundary, grid, made_frac = put_together(site, empty)
        numbers = {place: values[k] for k, place in enumerate(bench.places)}
        facility = fit(put(bench.facility, numbers), bench.boundary)
        year = year_of(facility, boundary, lean=True, holding=holding)
        made_kw = contracted_kw(facility, made_frac)
        return totals_of(year.ledger, year.traces, grid, made_kw), year.ledger.closes()

    return work


def _function(bench: Bench, site: list[Any], empty: Any) -> _Compiled | None:
    """The compiled function of a topology, made when it is first asked for."""
    holding = bench.loops_held
    key = _key(bench, site, empty), holding
    if key not in _FUNCTIONS:
        jax = jax_module()
        work = one_design(bench, empty, holding)
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
