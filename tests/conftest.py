"""Shared by all tests: strategies can be imported, and no test writes to the user's cache."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

import dctwin

sys.path.insert(0, str(Path(__file__).parent))

# Same examples on every run and machine; random ones are drawn with HYPOTHESIS_PROFILE=random.
settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    # A whole facility takes long to shrink: a failure is told as it was found.
    phases=(Phase.explicit, Phase.generate),
)
settings.register_profile(
    "random", parent=settings.get_profile("fixed"), derandomize=False, phases=tuple(Phase)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# Hypothesis also draws the constants of the modules that are loaded. In a whole run that must not
# hang on which tests a worker happened to have had before: it loads all of them.
if "PYTEST_XDIST_WORKER" in os.environ:
    for module in pkgutil.walk_packages(dctwin.__path__, "dctwin."):
        # One that needs an optional package which is not installed has no tests either.
        with contextlib.suppress(ModuleNotFoundError):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


@pytest.fixture(autouse=True, scope="session")
def _cache_of_this_session() -> object:
    """Arrays that depend on a site are computed once a session, away from the user's cache."""
    if "DCTWIN_CACHE" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="dctwin-tests-") as folder:
        os.environ["DCTWIN_CACHE"] = folder
        yield
        del os.environ["DCTWIN_CACHE"]
