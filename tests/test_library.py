"""Names to files: order of the folders, paths, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_designs import DESIGN, write_catalogue

from dctwin.api import catalogue
from dctwin.design import Facility, load_design
from dctwin.equipment import Equipment, load_equipment
from dctwin.errors import InputError
from dctwin.library import entries, find
from dctwin.site import Site


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and no folders of the user elsewhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DCTWIN_PATH", raising=False)
    return tmp_path


def write(folder: Path, name: str, title: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    path.write_text(DESIGN.replace("name: small-hall", f"name: {name}"), encoding="utf-8")
    return path


def test_bundled_entries_are_found_from_anywhere(here: Path) -> None:
    assert {"inzai", "osaka", "ishikari", "kitakyushu", "singapore", "ashburn"} <= set(
        entries("sites")
    )
    assert "chilled-water-tower-ac" in entries("designs")
    assert len(entries("equipment")) > 10
    for kind in ("designs", "sites", "equipment", "scenarios"):
        names = list(entries(kind))
        assert names == sorted(names)


def test_own_folders_win_in_their_order(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "chilled-water-tower-ac"
    bundled = find("designs", name)
    first, second = here / "first", here / "second"
    monkeypatch.setenv("DCTWIN_PATH", f"{first}:{second}")
    assert find("designs", name) == bundled
    own = write(second / "models" / "facilities", name)
    assert find("designs", name) == own
    own = write(first / "models" / "facilities", name)
    assert find("designs", name) == own
    write(here / "models" / "facilities", name)
    assert find("designs", name) == Path("models/facilities") / f"{name}.yaml"


def test_a_file_added_or_removed_in_a_session_counts_at_once(here: Path) -> None:
    name, own = "small-transformer", here / "models" / "equipment" / "transformer"
    with pytest.raises(InputError, match="no equipment of that name"):
        load_equipment(name)
    write_catalogue(here)
    assert Path(load_equipment(name).path) == own.relative_to(here) / f"{name}.yaml"
    (own / f"{name}.yaml").unlink()
    with pytest.raises(InputError, match="no equipment of that name"):
        load_equipment(name)


def test_reading_a_design_lists_no_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: str) -> None:
        raise AssertionError(f"all {kind} were listed")

    monkeypatch.setattr("dctwin.library.entries", refuse)
    assert isinstance(load_design("chilled-water-tower-ac"), Facility)


def test_a_folder_that_cannot_be_read_is_one_fault(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "models" / "equipment").mkdir(parents=True)

    def denied(folder: str) -> None:
        raise PermissionError(13, "Permission denied", folder)

    monkeypatch.setattr("dctwin.library.os.scandir", denied)
    with pytest.raises(InputError, match=r"models/equipment: cannot be read: Permission denied"):
        find("equipment", "anything")


def test_a_path_is_a_path(here: Path) -> None:
    path = write(here, "mine")
    assert find("designs", path) == path
    assert find("designs", "mine.yaml") == Path("mine.yaml")
    assert find("designs", "./mine.yaml") == Path("mine.yaml")
    with pytest.raises(InputError, match=r"^\./other.yaml: no such design file$"):
        find("designs", "./other.yaml")
    # a bare name is never a file in the working folder
    (here / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="'mine': no design of that name"):
        find("designs", "mine")


def test_the_nearest_name_is_said(here: Path) -> None:
    with pytest.raises(InputError, match=r"^'inzia': no site of that name, did you mean 'inzai'\?"):
        find("sites", "inzia")


def test_names_that_cannot_be_names_are_left_out(here: Path) -> None:
    for name in ("Upper", "under_score", "a" * 65, "fine-1"):
        write(here / "models" / "facilities", name)
    own = {name for name, path in entries("designs").items() if not path.is_absolute()}
    assert own == {"fine-1"}


def test_names_cannot_climb_out_of_the_catalogue(here: Path) -> None:
    for name in ("../secret", "..", "", "a b", "x\0y"):
        with pytest.raises(InputError):
            find("designs", name)


def test_catalogue_is_three_mappings(here: Path) -> None:
    write_catalogue(here)
    found = catalogue()
    assert isinstance(found.designs["small-hall"], Facility)
    assert isinstance(found.sites["somewhere"], Site)
    assert isinstance(found.equipment["small-transformer"], Equipment)
    assert len(found.sites) == len(list(found.sites)) == len(entries("sites"))
    assert "inzai" in found.sites
    assert "nowhere" not in found.sites
    assert "small-hall" in repr(found.designs)
    with pytest.raises(KeyError):
        found.designs["nothing"]
