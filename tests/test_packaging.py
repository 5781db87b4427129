"""The wheel holds what git tracks below the package, puts only dctwin on the path, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Folder of the repository -> folder in the wheel.
MAPPED = {
    "dctwin": "dctwin",
    "models": "dctwin/models",
    "sites": "dctwin/sites",
    "dashboard": "dctwin/dashboard",
    "validation": "dctwin/validation",
}


def tracked() -> list[str]:
    found = subprocess.run(
        ["git", "ls-files", *MAPPED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [line for line in found.stdout.splitlines() if (ROOT / line).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a clean copy: a stale build folder would bring deleted files back."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for name in [*tracked(), "pyproject.toml", "README.md", "LICENSE"]:
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", out, copy],
        check=True,
        capture_output=True,
    )
    (path,) = out.glob("*.whl")
    return path


def test_the_version_is_the_one_that_the_changelog_is_at() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = next(line for line in text.splitlines() if line.startswith("## "))
    number, _, left = project["version"].partition(".dev")
    assert first == f"## {number}" + (" (unreleased)" if left else "")


def test_the_wheel_holds_what_git_tracks(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = set()
    for name in tracked():
        top, rest = name.split("/", 1)
        wanted.add(f"{MAPPED[top]}/{rest}")
    assert held == wanted


def test_an_installed_wheel_runs_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    zipfile.ZipFile(wheel).extractall(packages)
    names = {path.name for path in Path(packages).iterdir()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"dctwin"}
    # The dependencies of this environment, behind the wheel's own package on the path.
    others = [p for p in sys.path if p.endswith("site-packages")]
    (Path(packages) / "others.pth").write_text("\n".join(others), encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [python, "-m", "dctwin.cli", "run", "outside-air-evaporative-ac", "--site", "ishikari",
         "--json"],
        cwd=elsewhere, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["metrics"]["pue"] > 1
    where = subprocess.run(
        [python, "-c", "import dctwin; print(dctwin.__file__)"],
        cwd=elsewhere, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(packages)
