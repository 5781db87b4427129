"""The dashboard without a browser: what it computes, says, refuses and serves."""

from __future__ import annotations

import ast
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from epw_text import broken_epw, data_url, epw

import dctwin

pytest.importorskip("dash", reason="the dashboard needs dctwin[web]")

from dctwin.dashboard import app as app_module
from dctwin.dashboard import callbacks, grid, layout, sweeps, views, weather
from dctwin.dashboard.service import MIB, WEATHER_BYTES, Cache, Service, lines_of
from dctwin.dashboard.text import TEXT, say

HOME = Path(app_module.__file__).parent
DESIGN, SITE = "chilled-water-tower-ac", "inzai"
CHW = "cooling.loops.chw.supply_c"


@pytest.fixture(scope="module")
def service() -> Service:
    return Service()


@pytest.fixture(scope="module")
def client(service: Service) -> Any:
    return app_module.make_app(service).server.test_client()


def test_it_imports_only_what_dctwin_exports() -> None:
    for path in HOME.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                assert not (node.module or "").startswith("dctwin"), path.name
            if isinstance(node, ast.Import):
                assert not any(a.name.startswith("dctwin.") for a in node.names), path.name
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "dctwin"
            ):
                assert node.attr in dctwin.__all__, f"{path.name}: dctwin.{node.attr}"


def test_every_text_is_used_and_every_used_text_is_there() -> None:
    code = "\n".join(p.read_text(encoding="utf-8") for p in HOME.glob("*.py") if p.stem != "text")
    literal = set(re.findall(r"""["']([a-z_0-9]+)["']""", code))
    begun = set(re.findall(r'f"([a-z]+_)\{', code))  # say(f"column_{name}")
    ended = set(re.findall(r'f"\{[a-z]+\}(_[a-z]+)"', code))  # say(f"{which}_of")
    unused = [
        key
        for key in TEXT
        if key not in literal
        and not any(key.startswith(head) for head in begun)
        and not any(key.endswith(tail) for tail in ended)
    ]
    assert unused == []
    for key in re.findall(r"""say\(\s*["']([a-z_0-9]+)["']""", code):
        assert key in TEXT
    for name in grid.COLUMNS:
        assert say(f"column_{name}")
        assert say(f"tip_{name}")


def test_cache_forgets_what_was_used_longest_ago() -> None:
    cache = Cache(2)
    made: list[str] = []
    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get(key, lambda key=key: made.append(key) or key)
    assert made == ["a", "b", "c", "b"]
    assert list(cache.kept) == ["a", "b"]


def test_cache_keeps_no_failure() -> None:
    cache = Cache(2)
    with pytest.raises(ZeroDivisionError):
        cache.get("a", lambda: 1 / 0)
    assert cache.get("a", lambda: 1) == 1


# --- service --------------------------------------------------------------------------------


def test_rows_are_those_of_compare(service: Service) -> None:
    rows, faults = service.rows([DESIGN], [SITE])
    assert faults == []
    assert rows[0].metrics == dctwin.simulate(DESIGN, SITE).metrics
    assert rows[0].weather == say("weather_synthetic")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.yaml", "models/facilities/x.yaml", "", "no-such"]
)
def test_a_page_can_name_entries_but_no_files(service: Service, name: str) -> None:
    with pytest.raises(dctwin.InputError, match="no design of the name"):
        service.design(name)
    with pytest.raises(dctwin.InputError, match="no site of the name"):
        service.site(name)
    assert service.rows([name], [SITE])[1] == [say("unknown_design", name=name)]


def test_at_most_2000_results_at_once(service: Service) -> None:
    with pytest.raises(dctwin.InputError, match="2,000"):
        service.rows([DESIGN] * 1001, [SITE, "osaka"])


def test_a_changed_set_point_gives_the_run_of_simulate_within_a_second(service: Service) -> None:
    base = service.run(DESIGN, SITE)
    began = time.perf_counter()
    run = service.run(DESIGN, SITE, {}, {CHW: 13.0})
    assert time.perf_counter() - began < 1.0
    assert run.metrics == dctwin.simulate(DESIGN, SITE, set={CHW: 13.0}).metrics
    assert run.metrics["pue"] < base.metrics["pue"]
    assert service.run(DESIGN, SITE, {}, {CHW: 13.0}) is run


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "x"}, "not a set-point"),
        ({"it.racks": 3}, "not a set-point"),
        ({CHW: "13"}, "must be a number"),
        ({CHW: True}, "must be a number"),
        ({CHW: None}, "must be a number"),
        ({CHW: 500}, "allowed -20 to 70"),
    ],
)
def test_other_changes_are_refused(service: Service, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(dctwin.InputError, match=why):
        service.run(DESIGN, SITE, {}, changes)


def test_every_design_has_knobs_within_what_it_accepts(service: Service) -> None:
    for design in service.designs():
        knobs = service.knobs(design)
        assert any(knob.main for knob in knobs), design
        for knob in knobs:
            assert knob.low <= knob.base <= knob.high, knob
            for value in (knob.low, knob.high):
                service.design(design).replace({knob.path: value})


def test_an_entry_is_read_anew_when_its_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models" / "facilities"
    folder.mkdir(parents=True)
    text = Path(dctwin.load_design(DESIGN).document.file).read_text(encoding="utf-8")
    file = folder / "mine.yaml"
    file.write_text(text.replace(f"name: {DESIGN}", "name: mine"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    service = Service()
    assert "mine" in service.designs()
    first = service.design("mine")
    assert service.design("mine") is first
    file.write_text(file.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert service.design("mine") is not first
    file.write_text("name: mine\n", encoding="utf-8")
    rows, faults = service.rows(["mine", DESIGN], [SITE])
    assert [row.design for row in rows] == [DESIGN]
    assert faults
    assert all(fault.startswith("mine.yaml:") for fault in faults)  # no folder of the server


# --- uploads --------------------------------------------------------------------------------


def given(data: str | None, name: str = "year.epw", site: str = SITE) -> dict[str, Any]:
    size = len(data or "") * 3 // 4
    return {"site": site, "name": name, "bytes": size if data else 3 * WEATHER_BYTES, "data": data}


def test_an_upload_replaces_the_weather_of_its_site_only(service: Service) -> None:
    uploads, lines = weather.upload_weather(service, {}, given(data_url(epw())))
    assert "8,760" in lines[0]
    assert not any("km" in line for line in lines)
    rows, _ = service.rows([DESIGN], [SITE, "osaka"], uploads)
    assert [row.weather for row in rows] == ["year.epw (uploaded)", say("weather_synthetic")]
    own, _ = service.rows([DESIGN], [SITE, "osaka"])
    assert rows[0].metrics["pue"] != own[0].metrics["pue"]
    assert rows[1].metrics == own[1].metrics
    expected = dctwin.simulate(DESIGN, SITE, dctwin.parse_weather(epw().encode(), "year.epw"))
    assert rows[0].metrics == expected.metrics


def test_a_file_from_far_away_is_said_to_be(service: Service) -> None:
    _, lines = weather.upload_weather(service, {}, given(data_url(epw(1.35, 103.8, 27.0))))
    assert re.search(r"5,\d{3} km", lines[-1])  # Singapore to Narita: 5,350 km


def test_a_broken_file_is_one_error_with_line_and_column(service: Service) -> None:
    with pytest.raises(dctwin.InputError) as caught:
        weather.upload_weather(service, {}, given(data_url(broken_epw()), "bad.epw"))
    lines = lines_of(caught.value)
    assert len(lines) == 1
    assert lines[0].startswith("bad.epw:10: ")
    assert "'warm'" in lines[0]


@pytest.mark.parametrize("data", ["", "data:,", "data:x;base64,%%%", "data:x;base64,QQ", "x"])
def test_what_is_no_data_url_is_refused(service: Service, data: str) -> None:
    with pytest.raises(dctwin.InputError):
        weather.upload_weather(service, {}, given(data))


def test_a_file_above_8_mib_is_refused_before_and_after_sending(service: Service) -> None:
    with pytest.raises(dctwin.InputError, match=r"allowed 8 MiB \(got 24\.0 MiB\)"):
        weather.upload_weather(service, {}, given(None))
    with pytest.raises(dctwin.InputError, match="allowed 8,388,608 bytes"):
        weather.upload_weather(service, {}, given(data_url(epw() + " " * WEATHER_BYTES)))


def test_the_browsers_limit_is_the_services() -> None:
    script = (HOME / "assets" / "dashboard.js").read_text(encoding="utf-8")
    assert f"bytes > {WEATHER_BYTES // MIB} * 1024 * 1024" in script


def test_an_upload_no_longer_held_gives_way_to_the_own_weather(service: Service) -> None:
    uploads = {SITE: {"key": "gone", "name": "old.epw"}}
    rows, faults = service.rows([DESIGN], [SITE], uploads)
    assert faults == []
    assert rows[0].weather == say("weather_synthetic")
    assert not service.holds("gone")


# --- sweeps ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sweeps: one whole, at sites of two currencies; one of which nothing is done."""
    home = tmp_path_factory.mktemp("results")
    spec = {
        "name": "small",
        "designs": [DESIGN],
        "sites": [SITE, "ashburn"],
        "vary": {CHW: [8, 10, 12]},
    }
    dctwin.sweep(spec, home / "study" / "small", workers=1)
    dctwin.sweep({**spec, "sites": [SITE]}, home / "begun", workers=1, shard=(2, 2))
    return home


def test_sweeps_below_the_results_are_told(results: Path) -> None:
    service = Service(results)
    found = service.sweeps()
    assert {name: status.state for name, status in found.items()} == {
        "study/small": "complete",
        "begun": "idle",
    }
    assert found["study/small"] == dctwin.sweep_status(results / "study" / "small")
    text = str(sweeps.progress_table(service))
    assert say("sweep_of", done=6, points=6) in text
    assert say("state_idle") in text
    assert list(Service(results / "begun").sweeps()) == ["begun"]
    none = str(sweeps.progress_table(Service(results / "none")))
    assert f"Code('dctwin sweep SPEC.yaml --out {results / 'none'}/NAME')" in none


@pytest.mark.parametrize("name", ["/etc", "..", "study", "begun/../study/small", ""])
def test_a_page_can_name_listed_sweeps_only(results: Path, name: str) -> None:
    with pytest.raises(dctwin.InputError, match="no sweep of the name"):
        Service(results).sweep_table(name)


def test_best_points_and_fronts_are_those_of_the_library(results: Path) -> None:
    service = Service(results)
    table, spec = service.sweep_table("study/small")
    assert service.sweep_table("study/small")[0] is table
    text = str(sweeps.best_tables(table, spec, "pue"))
    best = dctwin.rank(table, ["pue"]).iloc[0]
    assert f"{best['pue']:.6g}" in text
    assert say("sweep_best", metric="PUE", shown=6, count=6) in text
    money = str(sweeps.best_tables(table, spec, "cost_total_per_year"))
    for currency in ("JPY", "USD"):
        assert re.search(rf"cost_total_per_year\* \[\d{{4}} {currency}/year\]", money)
    labels = {entry["value"]: entry["label"] for entry in sweeps.metric_choice(table)}
    assert labels["wue_l_per_kwh"].endswith("[L/kWh]")
    dry = table.assign(wue_l_per_kwh=0.0)
    wanted = ("wue_l_per_kwh", "cue_kg_per_kwh")
    assert sweeps.first_choice(table, list(labels), wanted) == "wue_l_per_kwh"
    assert sweeps.first_choice(dry, list(labels), wanted) == "cue_kg_per_kwh"
    assert sweeps.first_choice(dry, ["wue_l_per_kwh"], wanted) == "wue_l_per_kwh"
    assert sweeps.first_choice(dry, [], wanted) is None
    assert len(sweeps.fronts(table, spec, ("pue", "wue_l_per_kwh"), dark=True)) == 1
    assert len(sweeps.fronts(table, spec, ("cost_total_per_year", "pue"), dark=False)) == 2
    with pytest.raises(dctwin.InputError, match="no part is finished"):
        service.sweep_table("begun")


# --- callbacks and views --------------------------------------------------------------------


def test_compare_sorts_by_pue_and_tells_faults(service: Service) -> None:
    rows, alert, _ = callbacks.compare(service, ["no-such", *service.designs()], [SITE], {})
    pues = [row["pue"] for row in rows]
    assert pues == sorted(pues)
    assert len(rows) == len(service.designs())
    assert "no-such" in str(alert)
    assert callbacks.compare(service, [], [], {})[:2] == ([], None)


def test_the_chosen_row_stays_chosen() -> None:
    rows = [
        {"design": "a", "site": "x", "unmet_cooling_h": 9.0},
        {"design": "b", "site": "x", "unmet_cooling_h": 0.0},
    ]
    assert callbacks.row_to_select(rows, None) == [rows[1]]
    assert callbacks.row_to_select(rows, {"design": "a", "site": "x"}) == [rows[0]]
    assert callbacks.row_to_select(rows[:1], {"design": "b", "site": "x"}) == [rows[0]]
    assert callbacks.row_to_select([], None) == []


def test_only_moved_set_points_are_changes(service: Service) -> None:
    base = {knob.path: knob.base for knob in service.knobs(DESIGN)}
    ids = [{"design": DESIGN, "path": path} for path in base]
    values = [None if i == 0 else value for i, value in enumerate(base.values())]
    assert callbacks.changes_of(service, ids, values) == {"design": DESIGN, "values": {}}
    moved = [value + 1 if path == CHW else value for path, value in base.items()]
    changes = callbacks.changes_of(service, ids, moved)
    assert changes["values"] == {CHW: base[CHW] + 1}
    assert callbacks.changes_of(service, [], []) == {"design": "", "values": {}}


def test_changes_of_another_design_are_left_aside(service: Service) -> None:
    selected = {"design": DESIGN, "site": SITE}
    changes = {"design": "another", "values": {CHW: 12.0}}
    base, run, seconds = callbacks.changed_run(service, selected, {}, changes)
    assert run is base
    assert seconds is None
    _, run, seconds = callbacks.changed_run(service, selected, {}, {**changes, "design": DESIGN})
    assert run is not base
    assert seconds is not None


def test_change_table_shows_the_difference(service: Service) -> None:
    base, run = service.run(DESIGN, SITE), service.run(DESIGN, SITE, {}, {CHW: 13.0})
    text = str(views.change_table(base.metrics, run.metrics, 0.01))
    difference = run.metrics["pue"] - base.metrics["pue"]
    assert f"▼ −{abs(difference):.4f}" in text
    assert "good" in text
    assert say("change_none") in text  # unmet hours
    assert say("change_none") not in str(views.change_table(base.metrics, base.metrics, None))


def test_every_tab_of_every_design_shows_something(service: Service) -> None:
    for name in service.designs():
        run = service.run(name, SITE)
        design, site = service.design(name), service.site(SITE)
        data, column = views.column_choice(run, None)
        assert column in {entry["value"] for entry in data}
        assert views.column_choice(run, "facility_kw")[1] == "facility_kw"
        for tab in layout.TABS:
            figure = views.result_figure(run, tab, column, 9.0, dark=True)
            words = views.result_words(run, tab, design, site)
            assert (figure is None) != (words is None), (name, tab)
            if figure is not None:
                assert figure.data


def test_every_quantity_can_be_drawn(service: Service) -> None:
    run = service.run(DESIGN, SITE)
    data, _ = views.column_choice(run, None)
    assert len(data) > 20
    for entry in data:
        assert views.result_figure(run, "hours", entry["value"], 9.0, dark=False).data


@pytest.mark.parametrize("metric", layout.METRICS)
@pytest.mark.parametrize("sites", [[SITE], [SITE, "osaka"]])
def test_comparison_figures(service: Service, metric: str, sites: list[str]) -> None:
    rows, _ = service.rows(service.designs(), sites)
    bar, grid = views.comparison_figures(rows, metric, dark=True)
    assert bar.layout.height == grid.layout.height
    assert grid.data[0].z.shape == (len(service.designs()), len(sites))
    assert bar.layout.font.color != views.comparison_figures(rows, metric, False)[0].layout.font


def test_synthetic_weather_is_labelled(service: Service) -> None:
    assert say("comparison_synthetic") in str(views.synthetic_badge(service, [SITE, "osaka"], {}))
    uploads, _ = weather.upload_weather(service, {}, given(data_url(epw())))
    badge = str(views.synthetic_badge(service, [SITE, "osaka"], uploads))
    assert say("comparison_synthetic_at", sites="osaka") in badge
    assert views.synthetic_badge(service, [SITE], uploads) is None


# --- the server -----------------------------------------------------------------------------


def test_the_page_is_served_and_loads_nothing_from_elsewhere(client: Any) -> None:
    page = client.get("/")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert '<html lang="en">' in text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert client.get("/_dash-layout").status_code == 200
    assert client.get("/_dash-dependencies").status_code == 200


def test_a_request_above_16_mib_is_refused(client: Any) -> None:
    large = b" " * (16 * MIB + 1)
    answer = client.post("/_dash-update-component", data=large, content_type="application/json")
    assert answer.status_code == 413


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(dctwin.InputError, match="cannot listen on"):
            app_module.main("127.0.0.1", taken.getsockname()[1])


def test_assumed_figures_are_marked_and_sources_are_those_used() -> None:
    site = dctwin.load_site("ishikari")
    run = dctwin.simulate("dtc-warm-water-ac", site)
    page = str(views.fact_tables(run))
    assert "2024 JPY/year" in page
    assert f"{dctwin.metric_text('cue_kg_per_kwh', run.metrics['cue_kg_per_kwh'])}*" in page
    assert dctwin.ASSUMED_NOTE in page
    assert "equipment.building.capital" in page
    told = str(views.source_table(run, dctwin.load_design("dtc-warm-water-ac"), site))
    assert "Hokkaido EPCO factor" in told
    assert "JEPX spot, Hokkaido area" in told
