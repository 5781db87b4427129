"""Digital twin of a data center's cooling and power: every watt, litre and gram accounted for.

>>> import dctwin
>>> run = dctwin.simulate("dtc-warm-water-800vdc", "ishikari")  # doctest: +SKIP
>>> run.metrics["pue"]                                          # doctest: +SKIP

Names are imported when they are first used, so that `dctwin --help` stays quick.
"""

from __future__ import annotations

from typing import Any

_WHERE = {
    "simulate": "dctwin.api",
    "simulate_batch": "dctwin.api",
    "prepare": "dctwin.surroundings",
    "compare": "dctwin.comparison",
    "compare_runs": "dctwin.comparison",
    "each_run": "dctwin.comparison",
    "Comparison": "dctwin.comparison",
    "metrics_table": "dctwin.comparison",
    "catalogue": "dctwin.api",
    "package_version": "dctwin.api",
    "transient": "dctwin.api",
    "sweep": "dctwin.sweeps",
    "prepare_sweep": "dctwin.sweeps",
    "sweep_status": "dctwin.sweeps",
    "find_sweeps": "dctwin.sweeps",
    "sweep_spec": "dctwin.sweeps",
    "by_money": "dctwin.sweeps.analyse",
    "column_unit": "dctwin.sweeps.analyse",
    "points_table": "dctwin.sweeps.shown",
    "value_text": "dctwin.sweeps.shown",
    "rate_text": "dctwin.sweeps.progress",
    "sweep_frame": "dctwin.sweeps",
    "flag_points": "dctwin.sweeps.flagged",
    "pareto": "dctwin.sweeps.analyse",
    "rank": "dctwin.sweeps.analyse",
    "sensitivity": "dctwin.sweeps.analyse",
    "uncertainty": "dctwin.sweeps.analyse",
    "tornado": "dctwin.sweeps.analyse",
    "regret": "dctwin.sweeps.analyse",
    "refine": "dctwin.sweeps.refine",
    "Constraint": "dctwin.sweeps.file",
    "pareto_figure": "dctwin.sweeps.figures",
    "parallel_figure": "dctwin.sweeps.figures",
    "tornado_figure": "dctwin.sweeps.figures",
    "sensitivity_figure": "dctwin.sweeps.figures",
    "uncertainty_figure": "dctwin.sweeps.figures",
    "compare_chains": "dctwin.chains",
    "power_chain": "dctwin.chains",
    "chain_table": "dctwin.chains",
    "conductor_table": "dctwin.chains",
    "power_swing": "dctwin.swings",
    "PowerSwing": "dctwin.swings",
    "Buffer": "dctwin.physics.smoothing",
    "loss_waterfall": "dctwin.power_figures",
    "power_sankey": "dctwin.power_figures",
    "chain_efficiency": "dctwin.power_figures",
    "swing_figure": "dctwin.power_figures",
    "load_design": "dctwin.design",
    "Facility": "dctwin.design",
    "load_site": "dctwin.site",
    "Site": "dctwin.site",
    "load_run": "dctwin.result",
    "Run": "dctwin.result",
    "read_weather": "dctwin.climate.files",
    "parse_weather": "dctwin.climate.files",
    "Weather": "dctwin.climate.weather",
    "Limits": "dctwin.climate.table",
    "comparison_bar": "dctwin.figures",
    "overhead_bar": "dctwin.figures",
    "heat_map": "dctwin.figures",
    "energy_sankey": "dctwin.run_figures",
    "monthly_stack": "dctwin.run_figures",
    "heat_map_24x365": "dctwin.run_figures",
    "duration_curve": "dctwin.run_figures",
    "time_series": "dctwin.run_figures",
    "dispatch_week": "dctwin.dispatch_figures",
    "column_title": "dctwin.run_figures",
    "compare_html": "dctwin.report",
    "METRIC_GROUPS": "dctwin.labels",
    "full_label": "dctwin.labels",
    "metric_text": "dctwin.labels",
    "metric_unit": "dctwin.labels",
    "money_of": "dctwin.labels",
    "ASSUMED_MARK": "dctwin.labels",
    "ASSUMED_NOTE": "dctwin.labels",
    "InputError": "dctwin.errors",
    "ComputationError": "dctwin.errors",
    "DctwinError": "dctwin.errors",
}
__all__ = sorted(_WHERE)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        from dctwin.api import package_version

        return package_version()
    if name not in _WHERE:
        raise AttributeError(f"module 'dctwin' has no attribute {name!r}")
    value = getattr(import_module(_WHERE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_WHERE]
