"""Arrays that depend on a site alone (solar yield, synthetic year, wet bulb), kept on disk.

One `.npz` a key in the user's cache folder: `DCTWIN_CACHE`, else `XDG_CACHE_HOME/dctwin`, else
`~/.cache/dctwin`. `DCTWIN_CACHE=off` switches it off. A file that cannot be read is a miss, a
folder that cannot be written is no cache: neither is an error, and nothing but speed changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
_OFF = ("off", "0", "no", "none")


def cache_dir() -> Path | None:
    """The folder in use, or None where the cache is switched off or no home is known."""
    given = os.environ.get("DCTWIN_CACHE", "")
    if given.lower() in _OFF:
        return None
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME", "")
    if base:
        return Path(base) / "dctwin"
    try:
        return Path.home() / ".cache" / "dctwin"
    except RuntimeError:
        return None


def cache_key(kind: str, *inputs: object) -> str:
    """Key of a computation: its kind, the code, and every input by type, shape and bytes."""
    state = hashlib.sha256(f"{kind}\n{_code_digest()}\n".encode())
    for value in inputs:
        if isinstance(value, np.ndarray):
            state.update(f"array {value.dtype.str} {value.shape}\n".encode())
            state.update(np.ascontiguousarray(value).tobytes())
        else:
            state.update(f"{type(value).__name__} {value!r}\n".encode())
    return f"{kind}-{state.hexdigest()}"


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Of the modules whose results are kept: a changed equation must not find its old numbers."""
    state = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted([*(here / "physics").glob("*.py"), *(here / "climate").glob("*.py")]):
        state.update(path.name.encode() + b"\n" + path.read_bytes())
    return state.hexdigest()


def cached_arrays(key: str, make: Callable[[], Arrays]) -> Arrays:
    """What `make` returns, from disk where it was made before. The arrays are read-only."""
    folder = cache_dir()
    path = None if folder is None else folder / f"{key}.npz"
    arrays = None if path is None else _read(path)
    if arrays is None:
        arrays = {name: np.array(values) for name, values in make().items()}
        if path is not None:
            _write(path, arrays)
    for values in arrays.values():
        values.flags.writeable = False
    return arrays


def _read(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, arrays: Arrays) -> None:
    """Under a name of its own, then renamed: a reader sees the whole file or none."""
    if any(values.dtype.hasobject for values in arrays.values()):
        raise TypeError("only plain arrays can be cached")
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
