"""Broken input: one line a fault with its place, exit code 2, no traceback, nothing written.

Weather files have their own list, in tests/climate/test_bad_weather.py.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from sample_designs import DESIGN, EQUIPMENT, SITE, line_of, write_catalogue

from dctwin.cli import main


class Bad(NamedTuple):
    """`old` of a good file becomes `new`; each fault is (text on its line, the rest of it)."""

    old: str
    new: str
    faults: tuple[tuple[str, str], ...]


def bad(old: str, new: str, *faults: tuple[str, str]) -> Bad:
    return Bad(old, new, faults)


HALL = "it.racks.hall"
CHW = "cooling.loops.chw"
TYPED = "must be a number, allowed 0 to 1 (got"
STAGES = (
    "cannot stand here, allowed kinds exchanger, crah, rear-door, cdu, air-cdu, two-phase-cdu, "
    "immersion-tank, boiling-tank, outside-air, chiller, air-chiller, cycle-chiller, "
    "air-cycle-chiller, free-cooling-chiller, dx-unit, indirect-evaporative, closed-cooler, "
    "hybrid-cooler, thermosyphon-cooler, tower, dry-cooler, natural-water, "
    "chilled-water-tank, ice-tank, snow-store, lng-cold, heat-reuse, heat-pump, absorption-chiller"
)
REDUNDANCY = "power.it.0.redundancy: allowed N, N+1, N+2, 2N, 2(N+1), 3N/2, 4N/3, block"

DESIGNS = [
    # values: type, range, unit
    bad("load_frac: 0.6", "load_frac: 1.6",
        ("load_frac: 1.6", f"{HALL}.load_frac: is out of range, allowed 0 to 1 (got 1.6)")),
    bad("load_frac: 0.6", "load_frac: -0.1",
        ("load_frac: -0.1", f"{HALL}.load_frac: is out of range, allowed 0 to 1 (got -0.1)")),
    bad("load_frac: 0.6", "load_frac: .nan",
        ("load_frac: .nan", f"{HALL}.load_frac: must be a finite number (got .nan)")),
    bad("load_frac: 0.6", "load_frac: sixty",
        ("load_frac: sixty", f"{HALL}.load_frac: {TYPED} 'sixty')")),
    bad("load_frac: 0.6", 'load_frac: "0.6"',
        ('load_frac: "0.6"', f"{HALL}.load_frac: {TYPED} '0.6')")),
    bad("load_frac: 0.6", "load_frac: true",
        ("load_frac: true", f"{HALL}.load_frac: {TYPED} true)")),
    bad("load_frac: 0.6", "load_frac:",
        ("load_frac:", f"{HALL}.load_frac: {TYPED} nothing)")),
    bad("load_frac: 0.6", "load_frac: [0.6]",
        ("load_frac: [0.6]", f"{HALL}.load_frac: {TYPED} [0.6])")),
    bad("      load_frac: 0.6\n", "",
        ("    hall:", f"{HALL}.load_frac: is missing: mean load, share of full load, allowed 0 to 1")),
    bad("design_kw: 10", "design_kw: -10",
        ("design_kw: -10", f"{HALL}.design_kw: is out of range, allowed 0.1 to 2000 kW (got -10)")),
    bad("design_kw: 10", "design_kw: 1e999",
        ("1e999", f"{HALL}.design_kw: must be a finite number, allowed 0.1 to 2000 kW "
                  "(got a number too large)")),
    bad("count: 40", "count: 0",
        ("count: 0", f"{HALL}.count: is out of range, allowed 1 to 100000 (got 0)")),
    bad("count: 40", "count: 1.5",
        ("count: 1.5", f"{HALL}.count: must be a whole number, allowed 1 to 100000 (got 1.5)")),
    bad("count: 40", "count: 100001",
        ("count: 100001", f"{HALL}.count: is out of range, allowed 1 to 100000 (got 100001)")),
    bad("lighting_kw: 2", "lighting_kw: -2",
        ("lighting_kw", "building.lighting_kw: is out of range, allowed 0 to 100000 kW (got -2)")),
    bad("name: small-hall", "name: Small Hall",
        ("name: Small", "name: must be a name of a-z, 0-9 and -, at most 64 characters "
                        "(got 'Small Hall')")),
    bad("description: Written for tests.", "description: 5",
        ("description: 5", "description: must be text: put it in quotes (got 5)")),
    # keys: misspelt, unknown, twice
    bad("design_kw: 10", "desing_kw: 10",
        ("desing_kw", f"{HALL}.desing_kw: unknown key, did you mean 'design_kw'?")),
    bad("rise_k: 6", "rise: 6",
        ("rise: 6", f"{CHW}.rise: unknown key, did you mean 'rise_k'?")),
    bad("building:", "biulding:",
        ("biulding:", "biulding: unknown key, did you mean 'building'?")),
    bad("      pump:", "      pmup:",
        ("pmup:", f"{CHW}.pmup: unknown key, did you mean 'pump'?")),
    bad("          count: 4\n", "          cuont: 4\n",
        ("cuont: 4", "cooling.loops.room.stages.0.cuont: unknown key, did you mean 'count'?")),
    bad("      stages:\n        - kind: crah", "      stagess:\n        - kind: crah",
        ("stagess:", "cooling.loops.room.stagess: unknown key, did you mean 'stages'?")),
    bad("fluid: air\n", "fluid: air\n      fluid: water\n",
        ("fluid: water", "cooling.loops.room.fluid: is given twice (first on line 15)")),
    bad("it:\n  racks:", "it:\n  racks: {}\n  rax:",
        ("racks: {}", "it.racks: must have at least 1 entry (got 0)"),
        ("rax:", "it.rax: unknown key, did you mean 'racks'?")),
    bad("    hall:\n", "    Hall A:\n",
        ("Hall A", "it.racks.Hall A: must be a name of a-z, 0-9 and -, at most 64 characters "
                   "(got 'Hall A')")),
    # names of loops, kinds, equipment, choices
    bad("air: room", "air: rooom",
        ("air: rooom", f"{HALL}.air: no such loop, did you mean 'room'? (got 'rooom')")),
    bad("air: room", "air: room\n      liquid: chww",
        ("chww", f"{HALL}.liquid: no such loop, did you mean 'chw'? (got 'chww')")),
    bad("air: room", "air: room\n      liquid_frac: 0.7",
        ("    hall:", f"{HALL}: liquid is missing: the rack gives heat to liquid, name its loop")),
    bad("sink: chw", "sink: cwh",
        ("sink: cwh", "cooling.loops.room.stages.0.sink: no such loop, did you mean 'chw'? "
                      "(got 'cwh')")),
    bad("          sink: chw\n", "",
        ("kind: crah", "cooling.loops.room.stages.0: sink is missing: name the loop that takes the "
                       "heat of crah, known: chw")),
    bad("- kind: dry-cooler\n", "- kind: dry-cooler\n          sink: room\n",
        ("sink: room", f"{CHW}.stages.0.sink: dry-cooler rejects to the air, it has no sink "
                       "(got 'room')")),
    bad("- kind: dry-cooler", "- kind: dry-cooller",
        ("dry-cooller", f"{CHW}.stages.0.kind: unknown kind, did you mean 'dry-cooler'? "
                        "(got 'dry-cooller')")),
    bad("- kind: dry-cooler", "- kind: pump",
        ("- kind: pump", f"{CHW}.stages.0.kind: {STAGES} (got 'pump')")),
    bad("- kind: dry-cooler", "- kind: converter",
        ("        - kind: converter", f"{CHW}.stages.0.kind: {STAGES} (got 'converter')")),
    bad("- kind: dry-cooler", "- equipment: small-transfomer",
        ("transfomer", f"{CHW}.stages.0.equipment: no such equipment, did you mean "
                       "'small-transformer'? (got 'small-transfomer')")),
    bad("- kind: dry-cooler", "- equipment: zzzzzzzz",
        ("zzzzzzzz", f"{CHW}.stages.0.equipment: no such equipment, `dctwin list equipment` names "
                     "what there is (got 'zzzzzzzz')")),
    bad("- kind: dry-cooler", "- equipment: small-transformer",
        ("- equipment", f"{CHW}.stages.0.equipment: {STAGES} (got 'transformer')")),
    bad("- kind: dry-cooler", "- kind: dry-cooler\n          equipment: small-transformer",
        ("kind: dry-cooler", f"{CHW}.stages.0: give either equipment (a catalogue name) or kind "
                             "(got both)")),
    bad("    - kind: transformer\n      rated_kw: 1000", "    - rated_kw: 1000",
        ("- rated_kw", "power.shared.0: give either equipment (a catalogue name) or kind "
                       "(got neither)")),
    bad("fluid: water", "fluid: watr",
        ("watr", f"{CHW}.fluid: no fluid 'watr', did you mean 'water'? (got 'watr')")),
    bad("redundancy: N+1", "redundancy: N+3",
        ("N+3", f"{REDUNDANCY}, did you mean 'N+2'? (got 'N+3')")),
    bad("redundancy: N+1", "redundancy: 2n", ("2n", f"{REDUNDANCY} (got '2n')")),
    bad("role: ups", "role: usp",
        ("usp", "power.it.0.role: allowed transformer, switchgear, sts, ups, rectifier, sst, pdu, rpp, "
                "psu, dcdc, vrm, did you mean 'ups'? (got 'usp')")),
    bad("      fluid: water", "      fluid: water\n      follow: wet-bulb",
        ("wet-bulb", f"{CHW}.follow: allowed nothing, wet_bulb, dry_bulb, boiling, "
         "did you mean 'wet_bulb'? "
                     "(got 'wet-bulb')")),
    # rules between values
    bad("      fluid: water", "      fluid: water\n      follow_min_c: 40",
        ("follow_min_c", f"{CHW}.follow_min_c: follow_min_c must not be above follow_max_c "
                         "(got 40)")),
    bad("[0.1, 0.25, 0.5, 1.0]", "[0.1, 0.5, 0.25, 1.0]",
        ("load_frac_points", "power.it.0.load_frac_points: load_frac_points must rise and stay "
                             "within 0.01 to 1.5 (got [0.1, 0.5, 0.25, 1.0])")),
    bad("[0.88, 0.93, 0.95, 0.95]", "[0.88, 0.93, 0.95, x]",
        ("x]", "power.it.0.efficiency_points.3: must be a number (got 'x')")),
    bad("[0.88, 0.93, 0.95, 0.95]", "0.95",
        ("efficiency_points", "power.it.0.efficiency_points: must be a list (got 0.95)")),
    bad("      heat_to: room\n      load", "      heat_to: room\n      sharing: stages\n      load",
        ("sharing: stages", "power.it.0.sharing: allowed equal, staged, did you mean 'staged'? "
                   "(got 'stages')")),
    bad("      heat_to: room\n      load", "      heat_to: room\n      bus_count: 3\n      load",
        ("bus_count", "power.it.0.bus_count: has a meaning for sharing: staged only (got 3)")),
    bad("      heat_to: room\n      load",
        "      heat_to: room\n      sharing: staged\n      bus_count: 2\n      load",
        ("bus_count", "power.it.0.bus_count: must give each bus a whole number of the 3 units "
                      "(got 2)")),
    bad("      no_load_kw: 1.2\n      load_loss_kw: 9", "      no_load_kw: 1.2\n      load_loss_kw: 9\n"
        "    - {kind: ride-through, store: vrla, rated_kw: 9, runtime_s: 60, round_trip_frac: 0.8,\n"
        "       standby_kw: 0.1, sharing: staged}",
        ("sharing", "power.shared.1.sharing: this ride-through has no one best load to stage "
                    "for, allowed equal (got 'staged')")),
    bad("capft: [1.04286,", "capft: [",
        ("capft", f"{CHW}.stages.1.capft: must have 6 values (got 5)")),
    bad("      air: room", "      air: room\n      daily_profile_frac: [1, 2]",
        ("daily", f"{HALL}.daily_profile_frac: must have at least 24 entries (got 2)")),
    bad("      air: room", f"      air: room\n      daily_profile_frac: {[2, 0, *[1] * 22]}",
        ("daily", f"{HALL}.daily_profile_frac: load_frac times each value must stay within 0 to 1 "
                  "(got 0 to 1.2)")),
    bad("  shared:\n    - kind: transformer", "  shared:\n    - kind: transformer\n"
        "      heat_to: rom",
        ("heat_to: rom\n", "power.shared.0.heat_to: no such loop, did you mean 'room'? "
                         "(got 'rom')")),
    bad("        - kind: dry-cooler\n",
        "        - kind: dry-cooler\n          staging: {load_frac: 0.9}\n",
        ("staging: {", f"{CHW}.stages.0.staging.unit_kw: is missing: heat that one unit is meant "
                       "for")),
    bad("        - kind: dry-cooler\n", "        - kind: exchanger\n          ua_kw_per_k: 5\n"
        "          sink: room\n        - kind: dry-cooler\n",
        ("  loops:", "cooling.loops: loops reject to each other in a ring: room, chw"),
        ("sink: room", f"{CHW}.stages.0.sink: must be a loop of glycol or water, room carries air")),
    # YAML that says more than it should
    bad("description: Written for tests.", "description: &a x",
        ("&a", "description: anchors (&) are not allowed: write the value out")),
    bad("description: Written for tests.", "description: *a",
        ("*a", "description: aliases (*) are not allowed: write the value out")),
    bad("description: Written for tests.", "description: !!str x",
        ("!!str", "description: tags are not allowed (got !!str)")),
    bad("description: Written for tests.", "description: [x",
        ("it:", "is not valid YAML: did not find expected ',' or ']'")),
    bad("description: Written for tests.", "\tdescription: x",
        ("\tdescription", "is not valid YAML: found character that cannot start any token")),
    bad("building:", "---\nbuilding:", ("---", "must hold one YAML document")),
    # several faults at once come in the order of the file
    bad("count: 40\n      design_kw: 10\n      load_frac: 0.6",
        "count: 0\n      design_kw: 10\n      load_frac: 7",
        ("count: 0", f"{HALL}.count: is out of range, allowed 1 to 100000 (got 0)"),
        ("load_frac: 7", f"{HALL}.load_frac: is out of range, allowed 0 to 1 (got 7)")),
]  # fmt: skip

MONTHLY = "climate.monthly"
SITES = [
    bad("latitude_deg: 36", "latitude_deg: 136",
        ("latitude", "latitude_deg: is out of range, allowed -90 to 90° (got 136)")),
    bad("latitude_deg: 36", "latitude_deg: north",
        ("latitude", "latitude_deg: must be a number, allowed -90 to 90° (got 'north')")),
    bad("utc_offset_h: 9", "utc_offset_h: 9:00",
        ("utc", "utc_offset_h: must be a number, allowed -12 to 14 h (got '9:00')")),
    bad("country: JP", "country: NO\nweather: x.epw",
        ("name:", "give either weather (a file) or climate (monthly normals) (got both)")),
    bad("seed: 1", "seed: 1.5",
        ("seed", "climate.seed: must be a whole number, allowed 0 to 1000000 (got 1.5)")),
    bad("mean_c: [3.7,", "mean_c: [",
        ("mean_c", f"{MONTHLY}.mean_c: must have at least 12 entries (got 11)")),
    bad("mean_c: [3.7,", "mean_c: [33.7,",
        ("monthly:", f"{MONTHLY}: month 1: daily_min_c < mean_c < daily_max_c must hold "
                     "(got -1.8, 33.7, 9.6)")),
    bad("[0.62, 0.61", "[62, 0.61",
        ("[62", f"{MONTHLY}.relative_humidity_frac: month 1: must lie in 0.05..1 (got 62)")),
    bad("  wind_m_s", "  winds_m_s",
        ("winds", f"{MONTHLY}.winds_m_s: unknown key, did you mean 'wind_m_s'?")),
    bad("currency: JPY", "currency: EUR",
        ("currency", "tariff.currency: allowed JPY, USD (got 'EUR')")),
    bad("currency: JPY", "currency: USD",
        ("energy_price", "tariff.energy_price_jpy_per_kwh: the site counts in USD: give "
                         "tariff.energy_price_usd_per_kwh")),
    bad("  energy_price_jpy_per_kwh", "  margin_jpy_per_kwh",
        ("tariff:", "tariff: energy_price_jpy_per_kwh is missing (currency JPY)")),
    bad("carbon_kg_per_kwh: 0.45", "carbon_kg_per_kwh: 450",
        ("carbon_kg", "grid.carbon_kg_per_kwh: is out of range, allowed 0 to 3 kg/kWh (got 450)")),
    bad("carbon_status: assumed", "carbon_status: guessed",
        ("guessed", "grid.carbon_status: allowed read, computed, assumed (got 'guessed')")),
    bad("  carbon_source: made up for tests\n", "",
        ("grid:", "grid.carbon_source: is missing")),
    bad("title: A mild place", "titel: A mild place",
        ("titel", "titel: unknown key, did you mean 'title'?")),
]  # fmt: skip

MACHINES = [
    bad("kind: transformer", "kind: transfomer",
        ("kind:", "kind: unknown kind, did you mean 'transformer'? (got 'transfomer')")),
    bad("name: small-transformer", "name: other",
        ("name:", "name: must be the file's name, 'small-transformer' (got 'other')")),
    bad("source: made up for tests", "source: me",
        ("source:", "source: must have at least 8 characters (got 'me')")),
    bad("source: made up for tests\n", "",
        ("name:", "source: is missing: paper, standard, data sheet or data set")),
    bad("status: assumed", "status: true",
        ("status:", "status: allowed read, computed, assumed (got true)")),
    bad("load_frac: [0.0, 1.0]", "load_frac: [1.0, 0.0]",
        ("load_frac", "valid.load_frac: the lowest must not be above the highest (got 1.0, 0.0)")),
    bad("load_frac: [0.0, 1.0]", "load_farc: [0.0, 1.0]",
        ("load_farc", "valid.load_farc: is not reported by a transformer, "
                      "did you mean 'load_frac'?")),
    bad("load_frac: [0.0, 1.0]", "load_frac: [0.0]",
        ("load_frac", "valid.load_frac: must have 2 values (got 1)")),
    bad("no_load_kw: 0.7", "no_load_kw: -0.7",
        ("no_load", "params.no_load_kw: is out of range, allowed 0 to 10000 kW (got -0.7)")),
    bad("no_load_kw: 0.7", "noload_kw: 0.7",
        ("noload", "params.noload_kw: unknown key, did you mean 'no_load_kw'?")),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a user's catalogue in it."""
    write_catalogue(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refuse(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """The lines with which a command is refused: exit code 2, and nothing on stdout."""
    with pytest.raises(SystemExit) as left:
        main(words)
    said = capsys.readouterr()
    assert left.value.code == 2, said.err
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err.splitlines()


def broken(good: str, case: Bad, file: str) -> list[str]:
    """Write the broken file; the lines that must be said about it."""
    assert case.old in good
    text = good.replace(case.old, case.new, 1)
    Path(file).write_text(text, encoding="utf-8")
    return [f"{file}:{line_of(text, anchor)}: {rest}" for anchor, rest in case.faults]


def name(case: Bad) -> str:
    return f"{case.old.strip()[:24]}-{case.new.strip()[:24]}".replace("\n", " ")


@pytest.mark.parametrize("case", DESIGNS, ids=name)
def test_design(case: Bad, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = broken(DESIGN, case, "bad.yaml")
    assert refuse(capsys, "run", "bad.yaml", "--site", "somewhere", "--out", "out") == wanted
    assert not Path("out").exists()


@pytest.mark.parametrize("case", SITES, ids=name)
def test_site(case: Bad, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = broken(SITE, case, "bad.yaml")
    assert refuse(capsys, "run", "small-hall", "--site", "bad.yaml", "--out", "out") == wanted
    assert not Path("out").exists()


@pytest.mark.parametrize("case", MACHINES, ids=name)
def test_equipment(case: Bad, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty machine is told where it stands, also by the design that uses it."""
    file = "models/equipment/transformer/small-transformer.yaml"
    wanted = broken(EQUIPMENT, case, file)
    assert refuse(capsys, "show", "small-transformer") == wanted
    used = (
        DESIGN[: DESIGN.index("    - kind: transformer")] + "    - equipment: small-transformer\n"
    )
    Path("uses.yaml").write_text(used, encoding="utf-8")
    assert refuse(capsys, "run", "uses.yaml", "--site", "somewhere") == wanted


HERE = "models/facilities/small-hall.yaml"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("cooling.loops.chw.supply_c=400",
         f"{HERE}: {CHW}.supply_c: is out of range, allowed -20 to 70 °C (got 400)"),
        ("cooling.loops.chw.supply_c=warm",
         f"{HERE}: {CHW}.supply_c: must be a number, allowed -20 to 70 °C (got 'warm')"),
        ("cooling.loops.chw.suply_c=10", f"{HERE}: {CHW}.suply_c: unknown key, did you mean "
                                         "'supply_c'?"),
        ("cooling.loops.cwh.supply_c=10", f"{HERE}: cooling.loops.cwh.supply_c: no such place: "
                                          "'cwh', did you mean 'chw'?"),
        ("cooling.loops.chw.stages.dry-cooler.fan_kw=-1",
         f"{HERE}: {CHW}.stages.0.fan_kw: is out of range, allowed 0.001 to 10000 kW (got -1)"),
        ("cooling.loops.chw.stages.chiller.fan_kw=1",
         f"{HERE}: cooling.loops.chw.stages.chiller.fan_kw: no such place: 'chiller', "
         "did you mean 'air-chiller'?"),
        ("power.it.ups.count=0", f"{HERE}: power.it.0.count: is out of range, allowed 1 to 100000 "
                                 "(got 0)"),
        ("it.racks.hall.load_frac.x=1", f"{HERE}: it.racks.hall.load_frac.x: no such place: 'x', "
                                        "none is known"),
        ("name", "--set: must be path=value (got 'name')"),
        ("=3", "--set: must be path=value (got '=3')"),
    ],
)  # fmt: skip
def test_set(change: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A value given on the command line stands on no line of the file."""
    words = ("run", "small-hall", "--site", "somewhere", "--set", change, "--out", "out")
    assert refuse(capsys, *words) == [said]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run small-hal --site somewhere", "'small-hal': no design of that name, "
                                           "did you mean 'small-hall'?"),
        ("run small-hall --site somwhere", "'somwhere': no site of that name, "
                                           "did you mean 'somewhere'?"),
        ("run ./no.yaml --site somewhere", "./no.yaml: no such design file"),
        ("run small-hall", "Missing option '--site'. (see dctwin run --help)"),
        ("run small-hall --site somewhere --step 2h",
         "step: must be one of 5min, 15min, 30min, 1h (got '2h')"),
        ("run small-hall --site somewhere --weather no.epw",
         "no.epw: cannot be read: No such file or directory"),
        ("run small-hall --site somewhere --grid no.csv",
         "no.csv: cannot be read: No such file or directory"),
        ("run small-hall --site somewhere --price .", ".: cannot be read: Is a directory"),
        ("run small-hall --site somewhere --out sites/somewhere.yaml",
         "--out: sites/somewhere.yaml is a file, give a folder"),
        ("run small-hall --site somewhere --set a.b=1 --set a.b=2", "--set: a.b is given twice"),
        ("compare small-hall --site somewhere --html no/x.html",
         "--html: no/x.html cannot be written, there is no such folder"),
        ("compare small-hall --site somewhere --html sites",
         "--html: sites is a folder, give a file"),
        ("compare small-hall --site somewhere --baseline smal-hall",
         "--baseline: 'smal-hall' is not compared, did you mean 'small-hall'?"),
        ("compare small-hall models/facilities/small-hall.yaml --site somewhere",
         "two design files have the name 'small-hall': rename one"),
        ("list desings", "'desings': no such list, did you mean 'designs'?"),
        ("show somwhere", "'somwhere': no design, site or equipment of that name, "
                          "did you mean 'somewhere'?"),
        ("schema sites", "'sites': no such kind of file, did you mean 'site'?"),
        ("transient small-hall --site somewhere --scenario x --step-s 0",
         "--step-s: allowed 0.001 to 60 s (got 0)"),
        ("weather synthesize somewhere --out no/x.csv",
         "--out: no/x.csv cannot be written, there is no such folder"),
        ("weather synthesize somewhere --out x.csv --seed -1",
         "sites/somewhere.yaml: climate.seed: is out of range, allowed 0 to 1000000 (got -1)"),
        ("weather inspect sites/somewhere.yaml",
         "sites/somewhere.yaml:1: format: not a known weather format, allowed EPW, TMY3 CSV, PVGIS "
         "typical-year JSON, CSV with time_utc and dry_bulb_c (got 'name: somewhere')"),
    ],
)  # fmt: skip
def test_command_line(
    words: str, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(folder.rglob("*"))
    assert refuse(capsys, *words.split()) == [said]
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "command", ["fleet", "screen", "replay", "calibrate", "availability", "frob"]
)
def test_command_that_does_not_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = refuse(capsys, command, "x")
    assert line.startswith(f"No such command '{command}'.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name: x\n\xff\n", "f.yaml:2: is not UTF-8 text"),
        (b"", "f.yaml:1: must be a mapping of keys to values"),
        (b"- 1\n", "f.yaml:1: must be a mapping of keys to values"),
        (b"a: " + b"[" * 22 + b"]" * 22, f"f.yaml:1: {'.'.join(['a', *['0'] * 20])}: "
                                         "is nested deeper than 20"),
        (b"#" * (256 * 1024 + 1), "f.yaml: larger than 256 KiB (got 262145 bytes)"),
        (b"a: \x07\n", "f.yaml:1: has a bad character: control characters are not allowed"),
    ],
    ids=["not-utf8", "empty", "list", "deep", "large", "control"],
)  # fmt: skip
def test_file_that_is_no_document(
    content: bytes, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("f.yaml").write_bytes(content)
    assert refuse(capsys, "run", "f.yaml", "--site", "somewhere") == [said]


def test_a_process_of_its_own(folder: Path) -> None:
    """The same through a real process: exit code, streams, no traceback; --debug shows it."""
    Path("bad.yaml").write_text(DESIGN.replace("count: 40", "count: 0"), encoding="utf-8")
    command = [sys.executable, "-m", "dctwin.cli", "run", "bad.yaml", "--site", "somewhere"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "bad.yaml:8: it.racks.hall.count: is out of range, allowed 1 to 100000 (got 0)\n"
    )
    debugged = subprocess.run([*command, "--debug"], capture_output=True, text=True, check=False)
    assert debugged.returncode != 0
    assert "Traceback" in debugged.stderr
