"""Names to files: the bundled models/ and sites/, a user's folders, and plain paths.

Order: a path, `./models` and `./sites`, the folders in DCTWIN_PATH, then the bundled ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from dctwin.errors import InputError, nearest

NAME = re.compile(r"[a-z0-9-]{1,64}")
# kind of entry -> (package of the bundled files, folder below it, user folder)
_HOMES = {
    "designs": ("dctwin.models", "facilities", "models/facilities"),
    "equipment": ("dctwin.models", "equipment", "models/equipment"),
    "scenarios": ("dctwin.models", "scenarios", "models/scenarios"),
    "sites": ("dctwin.sites", "", "sites"),
}


def folders(kind: str) -> Iterator[Path]:
    """The folders that hold entries of this kind, first match wins."""
    package, below, user = _HOMES[kind]
    for root in [".", *filter(None, os.environ.get("DCTWIN_PATH", "").split(os.pathsep))]:
        folder = Path(root) / user
        if folder.is_dir():
            yield folder
    yield Path(str(files(package))) / below


def entries(kind: str) -> dict[str, Path]:
    """Every entry of this kind by name: `designs`, `sites`, `equipment` or `scenarios`."""
    found: dict[str, Path] = {}
    for folder in folders(kind):
        pattern = "*/*.yaml" if kind == "equipment" else "*.yaml"
        for path in sorted(folder.glob(pattern)):
            if NAME.fullmatch(path.stem):
                found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find(kind: str, name_or_path: str | os.PathLike[str]) -> Path:
    """The file of an entry. A name with a slash or a .yaml ending is a path.

    Raises InputError with the nearest valid name.
    """
    text = os.fspath(name_or_path)
    singular = kind.removesuffix("s") if kind != "equipment" else kind
    if text.endswith((".yaml", ".yml")) or "/" in text or os.sep in text:
        path = Path(text)
        if not path.is_file():
            raise InputError(f"{text}: no such {singular} file")
        return path
    known = entries(kind)
    if text not in known:
        raise InputError(f"{text!r}: no {singular} of that name, {nearest(text, known)}")
    return known[text]
