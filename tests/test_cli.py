"""The commands: what they print for people and for machines, what they write, how they leave."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_designs import DESIGN, write_catalogue

import dctwin
from dctwin.cli import main

HEAVY = ("pandas", "CoolProp", "pvlib", "plotly", "dash", "scipy", "numpy", "pyarrow", "simpy")


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document on stdout; NaN and infinity are refused."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} in JSON")

        return json.loads(self.out, parse_constant=refuse)


Command = Callable[..., Said]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a command line in a folder with a user's catalogue."""
    write_catalogue(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run(words: str) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(words.split())
        said = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Said(left.value.code, said.out, said.err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command line as a process of its own, with a user's catalogue."""
    write_catalogue(tmp_path)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


# --- start-up -------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["--help", "list", "list designs --json", "run --help"])
def test_start_up_imports_nothing_heavy(
    words: str, process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    code = (
        "import sys\nfrom dctwin.cli import main\n"
        f"try:\n    main({words.split()!r})\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    assert process("-c", code).stderr.splitlines()[-1] == "[]"


def test_importing_dctwin_is_light(
    process: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    code = f"import sys, dctwin; print([n for n in {HEAVY!r} if n in sys.modules])"
    assert process("-c", code).stdout.strip() == "[]"


COMMANDS = (
    "list", "show", "schema", "run", "compare", "transient", "swing", "sweep", "validate", "weather",
    "dashboard",
)  # fmt: skip


def test_help_names_every_command_and_no_other(command: Command) -> None:
    said = command("--help")
    assert said.code == 0
    for name in COMMANDS:
        assert f" {name} " in said.out
    for name in ("fleet", "screen", "replay", "calibrate", "availability"):
        assert f" {name} " not in said.out


@pytest.mark.parametrize("name", [*COMMANDS, "weather inspect", "weather synthesize"])
def test_help_of_a_command_teaches_with_an_example(name: str, command: Command) -> None:
    said = command(f"{name} --help")
    assert said.code == 0
    if name not in ("weather", "dashboard"):
        assert f"Example: dctwin {name}" in " ".join(said.out.split())


def test_version(command: Command) -> None:
    assert command("--version").out.strip() == dctwin.package_version() == dctwin.__version__


# --- catalogue ------------------------------------------------------------------------------


def test_list_has_one_entry_a_line_its_name_first(command: Command) -> None:
    for kind in ("designs", "sites", "equipment"):
        lines = command(f"list {kind}").out.splitlines()
        rows = command(f"list {kind} --json").json()
        assert [line.split()[0] for line in lines] == [row["name"] for row in rows]
        assert all({"name", "kind", "title", "path"} == row.keys() for row in rows)
        for line, row in zip(lines, rows, strict=True):
            assert line == line.rstrip()
            assert line.removeprefix(row["name"]).strip() == row["title"]
    everything = command("list --json").json()
    assert {row["kind"] for row in everything} == {"design", "site", "equipment"}
    assert len(command("list").out.splitlines()) == len(everything)


def test_list_with_one_bad_file_still_names_the_others(command: Command) -> None:
    Path("models/facilities/broken.yaml").write_text("title: [", encoding="utf-8")
    said = command("list designs")
    assert said.code == 0
    assert "broken" in [line.split()[0] for line in said.out.splitlines()]
    assert "small-hall" in said.out
    assert "models/facilities/broken.yaml" in said.err


def test_show_design(command: Command) -> None:
    said = command("show small-hall")
    assert said.code == 0
    for text in ("400 kW of IT", "dry-cooler ×1", "ups ×3", "°C", "-20 to 70", "supply_c"):
        assert text in said.out
    data = command("show small-hall --json").json()
    assert data["kind"] == "design"
    loop = {row["name"]: row for row in data["loops"][1]["parameters"]}
    assert loop["supply_c"].items() >= {
        "unit": "°C", "low": -20, "high": 70, "default": 20.0, "value": 15,
    }.items()  # fmt: skip


def test_show_names_the_source_of_each_machine(command: Command) -> None:
    data = command("show chilled-water-tower-ac --json").json()
    devices = [stage for loop in data["loops"] for stage in loop["stages"]]
    assert any(device["source"] for device in devices if device["equipment"])
    assert "source: " in command("show chilled-water-tower-ac").out


def test_show_site_and_equipment(command: Command) -> None:
    assert "35.830° N" in command("show inzai").out
    assert command("show inzai --json").json()["grid"]["carbon_kg_per_kwh"] > 0
    said = command("show small-transformer").out
    assert "no_load_kw 0.7 kW 0 to 10000 core loss P0" in " ".join(said.split())
    data = command("show models/equipment/transformer/small-transformer.yaml --json").json()
    assert data["valid"] == {"load_frac": [0.0, 1.0]}
    assert data["source"] == "made up for tests"


@pytest.mark.parametrize("kind", ["design", "site", "equipment", "scenario"])
def test_schema(kind: str, command: Command) -> None:
    assert command(f"schema {kind}").json()["type"] == "object"


# --- run ------------------------------------------------------------------------------------


def test_run_says_the_same_as_the_python_call(command: Command) -> None:
    data = command("run small-hall --site somewhere --json").json()
    run = dctwin.simulate("small-hall", "somewhere")
    assert data == run.document()
    assert {
        "design", "site", "version", "metrics", "energy_kwh", "water_l", "carbon_kg", "closure",
        "flags", "provenance",
    } <= data.keys()  # fmt: skip
    assert sum(data["energy_kwh"].values()) == pytest.approx(data["metrics"]["facility_kwh"])
    assert all(gap < 1e-9 for gap in data["closure"].values())


def test_run_for_people(command: Command) -> None:
    said = command("run small-hall --site somewhere --out out")
    assert said.code == 0
    for text in (
        "small-hall at somewhere", "8,760 h in steps of 1 h", "synthetic weather", "PUE",
        "cooling.chiller", "kWh", "2024 JPY/year", "* stands on assumed", "largest imbalance", "Flags:",
        "itee_sv: needs a server benchmark",
    ):  # fmt: skip
        assert text in said.out
    assert said.err == "run.json and run.parquet are in out\n"
    assert dctwin.load_run("out") == dctwin.simulate("small-hall", "somewhere")
    assert sorted(path.name for path in Path("out").iterdir()) == ["run.json", "run.parquet"]


def test_run_with_changed_values_and_step(command: Command) -> None:
    plain = command("run small-hall --site somewhere --json").json()["metrics"]
    said = command(
        "run small-hall --site somewhere --set cooling.loops.chw.supply_c=18 "
        "--set it.racks.hall.load_frac=0.7 --step 30min --json"
    ).json()
    assert said["metrics"]["mean_chiller_cop"] > plain["mean_chiller_cop"]
    assert said["metrics"]["it_kwh"] > plain["it_kwh"]


def test_run_with_own_weather(command: Command) -> None:
    """The synthetic year written and read again gives the same metrics."""
    assert command("weather synthesize somewhere --out w.csv").code == 0
    own = command("run small-hall --site somewhere --weather w.csv --json").json()
    assert own["metrics"] == command("run small-hall --site somewhere --json").json()["metrics"]


def test_a_failed_computation_leaves_with_1(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise dctwin.ComputationError("the books do not close: energy_rel is 1e-3")

    monkeypatch.setattr("dctwin.api.simulate", fail)
    said = command("run small-hall --site somewhere --out out --json")
    assert (said.code, said.out) == (1, "")
    assert said.err == "the books do not close: energy_rel is 1e-3\n"
    assert not Path("out").exists()


def test_a_fault_of_ours_is_one_line_without_debug(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("dctwin.api.simulate", fail)
    said = command("run small-hall --site somewhere")
    assert said.code == 1
    assert said.err == "internal error: RuntimeError: two lines (--debug shows where)\n"
    with pytest.raises(RuntimeError):
        main(["run", "small-hall", "--site", "somewhere", "--debug"])
    with pytest.raises(RuntimeError):
        main(["--debug", "run", "small-hall", "--site", "somewhere"])


def test_interrupted(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dctwin.api.simulate", interrupt)
    said = command("run small-hall --site somewhere --out out")
    assert said.code == 130
    assert "Traceback" not in said.err
    assert not Path("out").exists()


def test_a_full_disk_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device", "out/run.parquet")

    monkeypatch.setattr("dctwin.result.Run.save", full)
    said = command("run small-hall --site somewhere --out out")
    assert (said.code, said.err) == (1, "out/run.parquet: No space left on device\n")


@pytest.mark.parametrize("words", ["list", "show small-hall", "schema design"])
def test_a_closed_pipe_is_quiet(words: str, tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    child = subprocess.Popen(
        [sys.executable, "-m", "dctwin.cli", *words.split()],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.close()
    said = child.stderr.read()
    assert child.wait() == 0
    assert "Traceback" not in said
    assert "Broken" not in said
    child.stderr.close()


# --- compare --------------------------------------------------------------------------------


@pytest.fixture
def three_designs(command: Command) -> Command:
    """The small hall, and two like it: with warmer water, and with a weaker UPS."""
    for name, old, new in (
        ("warm-hall", "supply_c: 15", "supply_c: 20"),
        ("weak-hall", "0.95, 0.95]", "0.93, 0.92]"),
    ):
        text = DESIGN.replace(old, new).replace("name: small-hall", f"name: {name}")
        Path(f"models/facilities/{name}.yaml").write_text(text, encoding="utf-8")
    return command


def test_compare(three_designs: Command) -> None:
    words = "compare small-hall warm-hall weak-hall --site somewhere --site ishikari"
    rows = three_designs(f"{words} --json").json()
    assert len(rows) == 6
    assert [row["pue"] for row in rows] == sorted(row["pue"] for row in rows)
    frame = dctwin.compare(["small-hall", "warm-hall", "weak-hall"], ["somewhere", "ishikari"])
    assert list(rows[0]) == list(frame.columns)
    said = three_designs(words)
    head, *lines = said.out.splitlines()
    assert head.split("  ")[0] == "design"
    for text in ("PUE", "WUE [L/kWh]", "CUE [kg/kWh]", "facility [MWh]", "vs baseline [%]"):
        assert text in head
    assert [line.split()[:2] for line in lines[:6]] == [
        [row["design"], row["site"]] for row in rows
    ]
    baseline = [line.split() for line in lines[:6] if " baseline " in line]
    assert {words[0] for words in baseline} == {"small-hall"}
    assert "against small-hall at the same site" in said.out


def test_compare_of_all_designs_leaves_out_what_a_site_cannot_serve(command: Command) -> None:
    text = Path(dctwin.load_design("ground-water-ac").document.file).read_text(encoding="utf-8")
    Path("models/facilities/wells.yaml").write_text(
        text.replace("name: ground-water-ac", "name: wells", 1), encoding="utf-8"
    )
    said = command("compare small-hall wells --site somewhere --json")
    assert said.code == 2
    assert "no water 'ground'" in said.err
    said = command("compare small-hall wells --json")
    rows = said.json()
    assert {row["design"] for row in rows if row["site"] == "somewhere"} == {"small-hall"}
    assert "wells" in {row["design"] for row in rows}
    assert "left out: wells at " in said.err
    assert "somewhere" in said.err.split("left out: wells at ")[1].split(":")[0]


def test_compare_baseline_by_name_and_by_default(three_designs: Command) -> None:
    words = "compare small-hall warm-hall weak-hall --site somewhere"
    assert "against warm-hall at" in three_designs(f"{words} --baseline warm-hall").out
    assert "against small-hall at" in three_designs(words).out


def test_compare_writes_report_and_folders(three_designs: Command) -> None:
    said = three_designs(
        "compare small-hall warm-hall --site somewhere --html r.html --out out --json"
    )
    assert said.code == 0
    assert len(said.json()) == 2
    assert "the report is r.html" in said.err
    page = Path("r.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "compare.csv", "small-hall-at-somewhere", "warm-hall-at-somewhere",
    ]  # fmt: skip
    assert dctwin.load_run("out/warm-hall-at-somewhere").design == "warm-hall"


def test_progress_goes_to_stderr_and_is_plain_off_a_terminal(
    three_designs: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dctwin.cli.console._PLAIN_EVERY_S", 0.0)
    said = three_designs("compare small-hall warm-hall --site somewhere --json")
    assert said.err == "runs: 1 of 2\nruns: 2 of 2\n"
    assert len(said.json()) == 2


def on_a_terminal(folder: Path, words: str, columns: int) -> str:
    """What a command writes to a terminal of this width, without its colours."""
    pty = pytest.importorskip("pty")
    mine, theirs = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "dctwin.cli", *words.split()],
        cwd=folder, stdout=theirs, stderr=theirs, stdin=theirs,
        env={**os.environ, "COLUMNS": str(columns), "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    try:
        while chunk := os.read(mine, 65536):
            said += chunk
    except OSError:  # Linux says so when the child has gone
        pass
    os.close(mine)
    assert child.wait() == 0
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode()).replace("\r", "")


def test_on_a_terminal_no_name_or_number_is_cut(command: Command, tmp_path: Path) -> None:
    words = "compare small-hall --site somewhere"
    wide = on_a_terminal(tmp_path, words, 300)
    narrow = on_a_terminal(tmp_path, words, 70)
    assert "no room here for" not in wide
    assert "energy cost [2024 JPY/year]" in wide
    assert "no room here for" in narrow
    for text in (wide, narrow):
        assert "small-hall" in text
        assert "baseline" in text
        assert "…" not in text
    assert "runs" in wide  # the progress bar
    listed = on_a_terminal(tmp_path, "list sites", 30)
    assert "kitakyushu" in listed
    assert "…" not in listed


# --- transient, validate, weather, dashboard ------------------------------------------------

SCENARIO = """\
name: pump-trip
title: the pump stops for a minute
duration_s: 180
step_s: 1
events:
  - {at_s: 30, do: stop, pump: chw}
  - {at_s: 90, do: start, pump: chw}
"""


def test_transient(command: Command) -> None:
    Path("trip.yaml").write_text(SCENARIO, encoding="utf-8")
    words = (
        "transient small-hall --site somewhere --scenario trip.yaml "
        "--set cooling.loops.chw.volume_m3=5 --set cooling.loops.room.volume_m3=2000"
    )
    said = command(words)
    assert said.code == 0, said.err
    for text in ("Events", "pump stop", "pump start", "Time to limit"):
        assert text in said.out
    data = command(f"{words} --json --out out").json()
    assert [event["event"] for event in data["events"]][:1] == ["pump stop"]
    assert "time_to_limit_s" in data["metrics"]
    assert dctwin.load_run("out").document() == data


def test_validate_one_case(command: Command) -> None:
    said = command("validate 01-moist-air")
    assert said.code == 0
    assert "wet bulb" in said.out
    assert "source: CoolProp" in said.out
    rows = command("validate 01-moist-air --json --out out").json()
    assert {"case", "quantity", "predicted", "published", "tolerance", "passed", "source"} <= set(
        rows[0]
    )
    assert json.loads(Path("out/validation.json").read_text(encoding="utf-8")) == rows
    assert command("validate 99-nothing").code == 2


def test_a_miss_is_printed_and_is_no_failure(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dctwin.validation import harness

    def miss(*_: Any, **__: Any) -> list[Any]:
        return [harness.CaseResult("01-x", "q", 2.0, 1.0, "K", "1 K", False, "a book", "not known")]

    monkeypatch.setattr(harness, "run_cases", miss)
    said = command("validate")
    assert said.code == 0
    assert "MISS" in said.out
    assert "not known" in said.out


def test_weather(command: Command) -> None:
    said = command("weather synthesize somewhere --out w.csv")
    assert said.code == 0
    assert "8760 rows" in said.out
    assert [path.name for path in Path().glob(".*")] == []
    summary = command("weather inspect w.csv --json").json()
    assert summary["rows"] == 8760
    assert summary["synthetic"] is True
    people = command("weather inspect w.csv").out
    for text in ("dry_bulb_c mean", "°C", "ghi_kwh_per_m2", "wet_bulb_below_18c_h"):
        assert text in people
    other = command("weather synthesize somewhere --out v.csv --seed 5 --json").json()
    assert other["file"] == "v.csv"
    assert other["digest"] != summary["digest"]


def test_dashboard_without_its_packages_says_what_to_install(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "dctwin.dashboard.app", None)
    said = command("dashboard")
    assert said.code == 2
    assert "pip install 'dctwin[web]'" in said.err


def test_values_of_the_site_are_set_from_the_command_line(command: Command) -> None:
    plain = command("run small-hall --site somewhere --json").json()
    priced = command(
        "run small-hall --site somewhere --json --set-site tariff.carbon_jpy_per_kg=4.3"
    ).json()
    kg = priced["metrics"]["carbon_operational_kg"]
    assert priced["metrics"]["cost_carbon_per_year"] == pytest.approx(4.3 * kg)
    assert plain["metrics"]["cost_carbon_per_year"] == 0
    assert "site.tariff.carbon" in priced["assumed"]["cost_carbon_per_year"]
    assert "site.tariff.carbon" in priced["assumed"]["cost_total_per_year"]
    assert plain["provenance"]["site"]["sha256"] != priced["provenance"]["site"]["sha256"]
    broken = command("run small-hall --site somewhere --set-site grid.carbon_kg_per_kw=1")
    assert broken.code == 2
    assert "did you mean 'carbon_kg_per_kwh'" in broken.err
    both = command(
        "compare small-hall --site somewhere --site ishikari --json --set-site "
        "grid.carbon_kg_per_kwh=0.1 --set-site grid.carbon_by_hour_kg_per_kwh=null"
    ).json()
    assert {round(row["carbon_operational_kg"] / row["grid_import_kwh"], 9) for row in both} == {
        0.1
    }


def test_a_list_can_be_set() -> None:
    from dctwin.cli.simulate import changes_of

    words = ["outages=[{start_utc: 2018-09-05T18:07, length_h: 2}]", "a.b=1e3", "c = [1, 2]"]
    assert changes_of(words, "--set-site") == {
        "outages": [{"start_utc": "2018-09-05T18:07", "length_h": 2}], "a.b": 1000.0, "c": [1, 2],
    }  # fmt: skip
    with pytest.raises(dctwin.InputError, match=r"--set-site: must be path=value"):
        changes_of(["x"], "--set-site")


def spot_file(path: Path) -> None:
    """A year of the exchange's file: 10 JPY in Tokyo, 8 in Kyushu, 12 in Hokkaido."""
    rows = [
        "受渡日,時刻コード,エリアプライス北海道(円/kWh),エリアプライス東京(円/kWh),エリアプライス九州(円/kWh)"
    ]
    day = np.datetime64("2024-04-01")
    while day < np.datetime64("2025-04-01"):
        text = str(day).replace("-", "/")
        rows += [f"{text},{slot},12,10,8" for slot in range(1, 49)]
        day += np.timedelta64(1, "D")
    path.write_text("\n".join(rows), encoding="cp932")


def test_regions_at_the_prices_of_a_file(command: Command) -> None:
    spot_file(Path("spot.csv"))
    words = "compare small-hall --site tokyo --site fukuoka --site sapporo --site somewhere"
    said = command(f"{words} --price spot.csv --json")
    assert "has no area of somewhere" in said.err
    rows = {row["site"]: row for row in said.json()}
    paid = {
        site: row["cost_energy_per_year"] / row["grid_import_kwh"] for site, row in rows.items()
    }
    assert paid == pytest.approx({"tokyo": 10, "fukuoka": 8, "sapporo": 12, "somewhere": 20})
    assert {row["price_year"] for row in rows.values()} == {2024.0}
    # Where the price was read it is no assumption; where the grid's carbon is assumed, CUE is one.
    assert "cost_energy_per_year" not in rows["sapporo"]["assumed"]
    assert "cost_energy_per_year" in rows["somewhere"]["assumed"]
    assert "cue_kg_per_kwh" in rows["sapporo"]["assumed"]
    assert "cue_kg_per_kwh" not in rows["tokyo"]["assumed"]


def test_files_of_compare_are_for_a_site(command: Command) -> None:
    Path("p.csv").write_text("time_utc,price_jpy_per_kwh\n", encoding="utf-8")
    words = "compare small-hall --site tokyo --site fukuoka --price"
    for given, why in (
        ("p.csv", "p.csv is of one place, write tokyo=p.csv"),
        ("tokio=p.csv", "'tokio' is not compared, did you mean 'tokyo'"),
        ("tokyo=none.csv", "none.csv: cannot be read"),
        ("tokyo=p.csv --price tokyo=p.csv", "tokyo is given twice"),
    ):
        said = command(f"{words} {given}")
        assert said.code == 2, given
        assert why in said.err
    assert "no such metric" in command("compare --columns pu").err


def test_sites_that_differ_in_money_are_not_ranked_by_it(command: Command) -> None:
    words = "compare small-hall --site somewhere --site ashburn --columns pue,cost_energy_per_year"
    head, *lines = command(words).out.splitlines()
    assert head.split("  ")[-1] == "energy cost [per year]"
    assert {line.split()[-1] for line in lines[:2]} == {"JPY", "USD"}
    assert "energy, mean [per kWh]" in command(words).out


def test_a_transient_is_followed_at_a_changed_site(command: Command) -> None:
    words = "transient dtc-warm-water-ac --site inzai --scenario facility-water-pump-loss --json"
    plain = command(words).json()
    dearer = command(f"{words} --set-site grid.carbon_kg_per_kwh=0.1 --set-site "
                     "grid.carbon_by_hour_kg_per_kwh=null").json()  # fmt: skip
    m = dearer["metrics"]
    assert m["carbon_operational_kg"] == pytest.approx(0.1 * m["grid_import_kwh"])
    assert plain["metrics"]["carbon_operational_kg"] > 2 * m["carbon_operational_kg"]
