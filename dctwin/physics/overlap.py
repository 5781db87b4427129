"""How much of each step some intervals cover."""

from __future__ import annotations

from collections.abc import Sequence

from .arrays import Array, namespace


def covered_frac(
    starts_h: Sequence[Array], ends_h: Sequence[Array], steps: int, step_h: float
) -> Array:
    """Share of each of `steps` equal steps inside intervals that do not overlap.

    Times count from the start of the first step; an end may have shape (designs, 1).

    >>> covered_frac([0.5], [1.25], 3, 1.0).tolist()
    [0.5, 0.25, 0.0]
    """
    xp = namespace(*starts_h, *ends_h)
    edges_h = xp.arange(steps + 1) * step_h
    covered_h = xp.zeros(steps)
    for start_h, end_h in zip(starts_h, ends_h, strict=True):
        inside_h = xp.minimum(edges_h[1:], end_h) - xp.maximum(edges_h[:-1], start_h)
        covered_h = covered_h + xp.maximum(inside_h, 0.0)
    return xp.clip(covered_h / step_h, 0.0, 1.0)
