"""Small designs, sites and machines as text, for tests that break or run them."""

from __future__ import annotations

from pathlib import Path

# Air-cooled racks, one air loop, one chilled-water loop with a dry cooler ahead of an air-cooled
# chiller, a UPS and a transformer. Chiller curves: Trane CGAM130, EnergyPlus 25.2 data sets, rounded.
DESIGN = """\
name: small-hall
title: "Small hall: air handlers, chilled water, dry cooler ahead of the chiller"
description: Written for tests.
it:
  racks:
    hall:
      kind: rack
      count: 40
      design_kw: 10
      load_frac: 0.6
      air: room
cooling:
  loops:
    room:
      fluid: air
      design_heat_kw: 450
      supply_c: 24
      rise_k: 12
      stages:
        - kind: crah
          count: 4
          sink: chw
          ua_kw_per_k: 25
          design_flow_m3_s: 9
          fan_rise_pa: 400
    chw:
      fluid: water
      design_heat_kw: 480
      supply_c: 15
      rise_k: 6
      pump:
        kind: pump
        design_flow_m3_s: 0.02
        design_head_pa: 150000
      stages:
        - kind: dry-cooler
          rated_heat_kw: 480
          rated_range_k: 6
          rated_air_m3_s: 60
          fan_kw: 12
        - kind: air-chiller
          reference_kw: 700
          reference_cop: 3.1
          capft: [1.04286, 0.0390770, 0.000187696, -0.00315172, -9.84665e-05, -0.000338514]
          eirft: [0.543616, -0.0108323, 0.000410547, 0.00422142, 0.000402762, -0.000515618]
          eirfplr: [0.0493, 0.622, 0.3275]
power:
  it:
    - kind: converter
      name: ups
      role: ups
      rated_kw: 300
      count: 2
      redundancy: N+1
      heat_to: room
      load_frac_points: [0.1, 0.25, 0.5, 1.0]
      efficiency_points: [0.88, 0.93, 0.95, 0.95]
  shared:
    - kind: transformer
      rated_kw: 1000
      no_load_kw: 1.2
      load_loss_kw: 9
building:
  lighting_kw: 2
  heat_to: room
"""

SITE = """\
name: somewhere
title: A mild place
country: JP
latitude_deg: 36
longitude_deg: 140
altitude_m: 20
utc_offset_h: 9
climate:
  source: made up for tests
  seed: 1
  monthly:
    mean_c: [3.7, 4.8, 8.3, 13.4, 18.1, 21.3, 25.1, 26.3, 22.7, 17.1, 11.2, 6.0]
    daily_max_c: [9.6, 10.4, 13.7, 18.8, 23.2, 25.8, 29.8, 31.2, 27.3, 21.9, 16.8, 11.9]
    daily_min_c: [-1.8, -0.7, 2.8, 7.9, 13.5, 17.6, 21.5, 22.6, 19.0, 12.9, 6.2, 0.5]
    relative_humidity_frac: [0.62, 0.61, 0.65, 0.69, 0.73, 0.79, 0.80, 0.80, 0.81, 0.79, 0.75, 0.67]
    wind_m_s: [1.8, 2.2, 2.7, 3.0, 2.9, 2.6, 2.7, 2.6, 2.6, 2.4, 1.9, 1.8]
    ghi_kwh_per_m2: [2.61, 3.22, 3.74, 4.59, 4.93, 4.36, 4.69, 4.81, 3.59, 2.83, 2.41, 2.24]
grid:
  carbon_kg_per_kwh: 0.45
  carbon_status: assumed
  carbon_source: made up for tests
tariff:
  currency: JPY
  energy_price_jpy_per_kwh: 20
"""

EQUIPMENT = """\
name: small-transformer
kind: transformer
title: Oil transformer, 1000 kVA
source: made up for tests
status: assumed
valid:
  load_frac: [0.0, 1.0]
params:
  rated_kw: 1000
  no_load_kw: 0.7
  load_loss_kw: 9
"""


def line_of(text: str, fragment: str) -> int:
    """The line on which `fragment` first stands."""
    return text[: text.index(fragment)].count("\n") + 1


def write_catalogue(root: Path) -> Path:
    """A user's catalogue with one entry of each kind; the designs' folder is returned."""
    designs = root / "models" / "facilities"
    designs.mkdir(parents=True)
    (designs / "small-hall.yaml").write_text(DESIGN, encoding="utf-8")
    sites = root / "sites"
    sites.mkdir()
    (sites / "somewhere.yaml").write_text(SITE, encoding="utf-8")
    machines = root / "models" / "equipment" / "transformer"
    machines.mkdir(parents=True)
    (machines / "small-transformer.yaml").write_text(EQUIPMENT, encoding="utf-8")
    return designs
