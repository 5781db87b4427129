"""Keep freed memory in the process: year-long arrays come and go by the hundred in one simulation.

glibc gives the top of its heap back to the system above 128 KiB of free space, so that every
70 KB array costs page faults anew; keeping up to 256 MiB halves the time of a design-year
(docs/decisions/0003-keep-the-heap.md). Elsewhere than on glibc this does nothing.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache

# Parameter numbers of mallopt(3) in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_MIB = 1 << 20
# Dask writes this into the environment of its workers, and of the process that starts them
# (distributed.yaml, nanny.pre-spawn-environ): nobody's word on design-years.
_DASKS_THRESHOLD = "65536"


@cache
def keep_heap() -> bool:
    """Tell glibc to keep up to 256 MiB of freed heap; True where it was told. Once a process.

    A value that the user has set in the environment (MALLOC_TRIM_THRESHOLD_) is left alone.
    """
    if os.environ.get("MALLOC_TRIM_THRESHOLD_", _DASKS_THRESHOLD) != _DASKS_THRESHOLD:
        return False
    libc = _glibc()
    if libc is None:
        return False
    told = (
        libc.mallopt(_M_TRIM_THRESHOLD, 256 * _MIB),
        libc.mallopt(_M_TOP_PAD, 16 * _MIB),
        libc.mallopt(_M_MMAP_THRESHOLD, 64 * _MIB),
    )
    return all(told)


def give_back() -> bool:
    """Give all freed heap to the system, once; True where some was. A compiler leaves much behind:
    400 of 820 MB after a topology is compiled by JAX."""
    libc = _glibc()
    return libc is not None and bool(libc.malloc_trim(0))


def _glibc() -> ctypes.CDLL | None:
    """The C library, where it is glibc."""
    try:
        libc = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
    return libc if hasattr(libc, "gnu_get_libc_version") else None
