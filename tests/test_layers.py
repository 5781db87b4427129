"""Who may import whom, read off the source; and what is too heavy to import at the top."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "dctwin"
HEAVY = {"pandas", "CoolProp", "pvlib", "scipy", "plotly", "dash", "pyarrow", "jax"}
# layer -> what it may import of dctwin, besides itself. First match of a module's path wins.
LAYERS: list[tuple[str, set[str]]] = [
    ("units", set()),
    ("errors", set()),
    ("memory", set()),
    ("cache", set()),
    ("files", {"errors"}),
    ("physics", {"units", "errors"}),
    ("components", {"physics", "units", "errors"}),
    ("climate", {"physics", "units", "errors", "cache"}),
    ("clock", {"units", "errors"}),
    ("timed", {"errors"}),
    ("grid", {"clock", "timed", "units", "errors"}),
    ("jepx", {"timed", "errors"}),
    ("supply", set()),
    ("library", {"errors"}),
    ("document", {"errors", "units"}),
    ("equipment", {"components", "document", "errors", "library"}),
    ("dispatch", {"components", "physics", "units", "errors"}),
    ("design", {"components", "dispatch", "document", "equipment", "errors", "library"}),
    ("site", {"climate", "clock", "document", "equipment", "errors", "library", "supply"}),
    ("scenario", {"document", "equipment", "errors", "library"}),
    ("steps", {"components", "design", "physics"}),
    ("branches", {"components", "design", "physics", "steps"}),
    ("banks", {"components", "design", "physics", "steps", "units"}),
    ("plant", {"banks", "branches", "components", "design", "errors", "physics"}),
    ("stacking", {"components", "design", "document", "errors"}),
    ("ledger", {"errors", "physics", "units"}),
    (
        "engines",
        {
            "components",
            "design",
            "dispatch",
            "banks",
            "plant",
            "ledger",
            "physics",
            "steps",
            "scenario",
            "units",
            "errors",
        },
    ),
    ("totals", {"ledger", "metrics", "physics", "units"}),
    ("metrics", {"ledger", "physics", "totals"}),
    (
        "accounting",
        {"design", "document", "errors", "metrics", "physics", "supply", "totals"},
    ),
    (
        "grid_year",
        {
            "accounting",
            "climate",
            "errors",
            "clock",
            "grid",
            "jepx",
            "metrics",
            "physics",
            "site",
            "supply",
            "timed",
            "units",
        },
    ),
    ("losses", {"ledger"}),
    ("result", {"ledger", "losses", "errors", "files"}),
]


def imports(path: Path) -> tuple[set[str], set[str]]:
    """(first parts below dctwin, top-level packages imported when the module is)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    within: set[str] = set()
    at_top: set[str] = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "dctwin":
                names = [f"dctwin.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith("dctwin."):
                within.add(name.split(".")[1])
            if node in tree.body and id(node) not in guarded:
                at_top.add(name.split(".")[0])
    return within, at_top


@pytest.mark.parametrize(("layer", "allowed"), LAYERS, ids=[name for name, _ in LAYERS])
def test_a_layer_imports_only_what_stands_below_it(layer: str, allowed: set[str]) -> None:
    home = ROOT / layer
    paths = list(home.rglob("*.py")) if home.is_dir() else [home.with_suffix(".py")]
    assert paths
    for path in paths:
        within, _ = imports(path)
        assert within - allowed - {layer} == set(), path.name


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.stem)
def test_nothing_heavy_is_imported_at_the_top(path: Path) -> None:
    _, at_top = imports(path)
    # This one stands in for JAX itself, and is imported when a JAX array comes in.
    allowed = {"jax"} if path.stem == "compiled_math" else set()
    assert at_top & HEAVY - allowed == set()


def test_the_dashboard_knows_only_the_public_names() -> None:
    for path in (ROOT.parent / "dashboard").glob("*.py"):
        within, _ = imports(path)
        assert within - set(_public()) == set(), path.name


def _public() -> list[str]:
    import dctwin

    return dctwin.__all__


@pytest.mark.parametrize("arguments", [["--help"], ["list"]])
def test_quick_commands_import_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from dctwin.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "except SystemExit:\n    pass\n"
        f"print(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
