"""Names to files: the bundled models/ and sites/, a user's folders, and plain paths.

Order: a path, `./models` and `./sites`, the folders in DCTWIN_PATH, then the bundled ones.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from dctwin.errors import Fault, InputError, nearest

NAME = re.compile(r"[a-z0-9-]{1,64}")
# kind of entry -> (package of the bundled files, folder below it, user folder)
_HOMES = {
    "designs": ("dctwin.models", "facilities", "models/facilities"),
    "equipment": ("dctwin.models", "equipment", "models/equipment"),
    "scenarios": ("dctwin.models", "scenarios", "models/scenarios"),
    "sites": ("dctwin.sites", "", "sites"),
}


@cache
def _bundled(kind: str) -> Path:
    package, below, _ = _HOMES[kind]
    return Path(str(files(package))) / below


def folders(kind: str) -> Iterator[Path]:
    """The folders that hold entries of this kind, first match wins."""
    user = _HOMES[kind][2]
    for root in [".", *filter(None, os.environ.get("DCTWIN_PATH", "").split(os.pathsep))]:
        folder = Path(root) / user
        if folder.is_dir():
            yield folder
    yield _bundled(kind)


def _holders(kind: str) -> Iterator[str]:
    """The folders in which the files of this kind lie, first match wins."""
    for folder in folders(kind):
        if kind == "equipment":  # a folder for each kind of equipment
            yield from sorted(entry.path for entry in _listed(folder) if entry.is_dir())
        else:
            yield str(folder)


def _listed(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as problem:
        raise InputError(Fault(str(folder), 0, "", f"cannot be read: {problem.strerror}")) from None


def entries(kind: str) -> dict[str, Path]:
    """Every entry of this kind by name: `designs`, `sites`, `equipment` or `scenarios`."""
    found: dict[str, Path] = {}
    for holder in _holders(kind):
        for file in _listed(holder):
            name, ending = os.path.splitext(file.name)
            if ending == ".yaml" and NAME.fullmatch(name):
                found.setdefault(name, Path(file.path))
    return dict(sorted(found.items()))


def find(kind: str, name_or_path: str | os.PathLike[str]) -> Path:
    """The file of an entry. A name with a slash or a .yaml ending is a path.

    Only this name is looked for: a design names dozens of devices, and listing all that there are
    for each of them takes longer than all the rest of reading it. Nothing is kept, so that a file
    that is added is found at once. Raises InputError with the nearest valid name.
    """
    text = os.fspath(name_or_path)
    singular = kind.removesuffix("s") if kind != "equipment" else kind
    if text.endswith((".yaml", ".yml")) or "/" in text or os.sep in text:
        path = Path(text)
        if not path.is_file():
            raise InputError(f"{text}: no such {singular} file")
        return path
    if NAME.fullmatch(text):
        for holder in _holders(kind):
            file = os.path.join(holder, f"{text}.yaml")
            if os.path.isfile(file):
                return Path(file)
    raise InputError(f"{text!r}: no {singular} of that name, {nearest(text, entries(kind))}")
