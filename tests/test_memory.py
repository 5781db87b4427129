"""Freed memory is kept for the next arrays, and given back when asked to."""

from __future__ import annotations

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


@pytest.mark.skipif(not keep_heap(), reason="the C library is not glibc")
def test_freed_memory_is_kept_until_it_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    kept_mib, left_mib = map(float, done.stdout.split())
    assert kept_mib > 150
    assert left_mib < 50
