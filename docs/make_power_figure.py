"""Write docs/images/power-chains.svg and print the table of docs/power.md.

`python docs/make_power_figure.py` simulates the bundled AI halls, which differ by their chain
alone, at several IT loads, with N and with 2N of everything outside the racks. The picture needs
kaleido (`pip install 'dctwin[export]'`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import dctwin

SITE = "inzai"
LOADS_FRAC = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
TABLE_LOADS_FRAC = (0.0, 0.25, 0.5, 0.75, 1.0)
CHAINS = {
    "legacy-480-208-vac": "legacy 480/208 VAC, to 12 V",
    "modern-415-240-vac-double-conversion": "415/240 VAC, double conversion",
    "eco-mode": "415/240 VAC, eco mode",
    "in-rack-bbu-no-ups": "415/240 VAC, batteries in racks",
    "380-vdc": "380 VDC (2012-18)",
    "pm400-vdc-sidecar": "±400 VDC, sidecar",
    "800-vdc-rectifier": "800 VDC, rectifier",
    "800-vdc-sst": "800 VDC, solid-state transformer",
}
BASELINES = ("modern-415-240-vac-double-conversion", "eco-mode", "in-rack-bbu-no-ups")
CANDIDATES = {"380-vdc": "#7a5195", "800-vdc-rectifier": "#1f77b4", "800-vdc-sst": "#d45500"}
REDUNDANCIES = {"N": "solid", "2N": "dash"}


def efficiency(chain: str, redundancy: str, load_frac: float) -> float:
    """What servers and their fans use over that plus all power losses, at one load for a year."""
    hall = dctwin.load_design(f"ai-hall-{chain}")
    changes: dict[str, object] = {"it.racks.gpu.load_frac": load_frac}
    for path in ("it", "mechanical", "shared"):
        for device in getattr(hall, f"{path}_path"):
            changes[f"power.{path}.{device.name}.redundancy"] = redundancy
    accounts = dctwin.simulate(hall.replace(changes), SITE).ledger.accounts()
    kw = {name: float(sum(value)) for name, value in accounts.items()}
    used = kw["it.compute"] + kw["it.fans"]
    return used / sum(value for name, value in kw.items() if name.startswith(("it.", "power.")))


def rows(redundancy: str, loads_frac: Iterable[float]) -> dict[str, list[float]]:
    """Efficiency of every chain at these loads."""
    return {chain: [efficiency(chain, redundancy, load) for load in loads_frac] for chain in CHAINS}


def table(redundancy: str, loads_frac: Iterable[float] = TABLE_LOADS_FRAC) -> str:
    """The rows as Markdown, in percent."""
    loads = list(loads_frac)
    head = f"| chain, {redundancy} | " + " | ".join(f"{100 * x:g} %" for x in loads) + " |\n"
    lines = [head, "|---|" + "---|" * len(loads) + "\n"]
    for chain, values in rows(redundancy, loads).items():
        cells = " | ".join(f"{100 * value:.1f}" for value in values)
        lines.append(f"| {CHAINS[chain]} | {cells} |\n")
    return "".join(lines)


def draw(target: Path) -> None:
    """Points gained by each DC chain over each AC baseline, against IT load."""
    from plotly.subplots import make_subplots

    figure = make_subplots(
        cols=len(BASELINES),
        shared_yaxes=True,
        horizontal_spacing=0.03,
        subplot_titles=[f"over {CHAINS[name]}" for name in BASELINES],
    )
    for redundancy, dash in REDUNDANCIES.items():
        found = rows(redundancy, LOADS_FRAC)
        for column, baseline in enumerate(BASELINES, start=1):
            for chain, colour in CANDIDATES.items():
                pairs = zip(found[chain], found[baseline], strict=True)
                figure.add_scatter(
                    x=[100 * load for load in LOADS_FRAC],
                    y=[100 * (dc - ac) for dc, ac in pairs],
                    name=f"{CHAINS[chain]}, {redundancy}",
                    line={"color": colour, "dash": dash, "width": 2},
                    mode="lines",
                    showlegend=column == 1,
                    row=1,
                    col=column,
                )
    figure.add_hline(y=0, line={"color": "black", "width": 1})
    figure.update_xaxes(title="load of the servers, %", range=[0, 100])
    figure.update_yaxes(title="points of efficiency gained by DC", col=1)
    figure.update_layout(
        template="plotly_white",
        width=1100,
        height=460,
        margin={"l": 60, "r": 20, "t": 40, "b": 60},
        legend={"orientation": "h", "y": -0.2},
        font={"size": 13},
    )
    figure.update_annotations(font_size=14)
    figure.write_image(target)


if __name__ == "__main__":
    for sharing in REDUNDANCIES:
        print(table(sharing))
    draw(Path(__file__).with_name("images") / "power-chains.svg")
