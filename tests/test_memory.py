"""Freed memory is kept for the next arrays, and given back when asked to."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dctwin.memory import keep_heap

# Memory [MiB] held after 200 MB of arrays came and went, and after it was given back.
CODE = """
import numpy as np
from dctwin.memory import give_back, keep_heap

def held_mib():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

keep_heap()
start = held_mib()
arrays = [np.ones(8760) for _ in range(3000)]
del arrays
kept = held_mib()
assert give_back()
print(kept - start, held_mib() - start)
"""


def _kept_and_left_mib(trim_threshold: str | None) -> tuple[float, float]:
    """The two numbers of CODE in a process whose environment names this threshold, or none."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_")}
    env |= {} if trim_threshold is None else {"MALLOC_TRIM_THRESHOLD_": trim_threshold}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=env
    )
    kept_mib, left_mib = map(float, done.stdout.split())
    return kept_mib, left_mib


# Dask's workers find 65536 in their environment, and so does every process begun after a
# LocalCluster in the same one.
@pytest.mark.skipif(not keep_heap(), reason="the C library is not glibc")
@pytest.mark.parametrize("trim_threshold", [None, "65536"])
def test_freed_memory_is_kept_until_it_is_given_back(trim_threshold: str | None) -> None:
    kept_mib, left_mib = _kept_and_left_mib(trim_threshold)
    assert kept_mib > 150
    assert left_mib < 50


@pytest.mark.skipif(not keep_heap(), reason="the C library is not glibc")
def test_a_threshold_that_the_user_set_is_left_alone() -> None:
    kept_mib, _ = _kept_and_left_mib("131072")
    assert kept_mib < 50
