"""`Weather`: one place's air and sun as plain arrays, one value an interval.

Conventions
- An interval is named by its START in UTC. Every value stands for the mean over the interval; an
  EPW or TMY3 row "hour 1" is the interval 00:00-01:00 local standard time. (In EPW and TMY3 files
  irradiance really is that mean, temperature is read at the hour; half an hour of temperature lag
  is not corrected.)
- A typical year is spliced from months of several years. It gets one nominal calendar year, 2023
  (its 1 January is a Sunday, as most EPW headers say), or 2024 when it has a 29 February. Its
  months must come in order.
- Arrays are never NaN. Where a file has no sun or no wind the arrays are zero, and `has_solar` or
  `has_wind` says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dctwin.climate import noon
from dctwin.errors import InputError
from dctwin.physics import moist_air

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

# Column -> lowest and highest value it can hold; None: open.
COLUMNS: dict[str, tuple[float | None, float | None]] = {
    "dry_bulb_c": (None, None),
    "relative_humidity_frac": (0.0, 1.0),
    "pressure_pa": (0.0, None),
    "wind_m_s": (0.0, None),
    "ghi_w_m2": (0.0, None),
    "dni_w_m2": (0.0, None),
    "dhi_w_m2": (0.0, None),
}
DERIVED = ("humidity_kg_per_kg", "wet_bulb_c", "enthalpy_kj_per_kg", "density_kg_per_m3")
STEPS_MIN = {"5min": 5, "15min": 15, "30min": 30, "1h": 60}

# Below this wet bulb a tower with a 4-6 K approach makes water for free cooling. (Assumed figure;
# it only sorts sites in `dctwin weather inspect`.)
FREE_COOLING_WET_BULB_C = 18.0


@dataclass(frozen=True, eq=False)
class Weather:
    """Weather of one place over equal intervals; frozen, with read-only arrays."""

    name: str
    source: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float
    utc_offset_h: float
    step_h: float
    start: np.datetime64
    dry_bulb_c: Floats
    relative_humidity_frac: Floats
    pressure_pa: Floats
    wind_m_s: Floats
    ghi_w_m2: Floats
    dni_w_m2: Floats
    dhi_w_m2: Floats
    has_solar: bool = True
    has_wind: bool = True
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", self.start.astype("datetime64[s]"))
        object.__setattr__(self, "notes", tuple(self.notes))
        for header in ("latitude_deg", "longitude_deg", "altitude_m", "utc_offset_h", "step_h"):
            object.__setattr__(self, header, float(getattr(self, header)))
        lengths = {}
        for column in COLUMNS:
            values = np.array(getattr(self, column), dtype=np.float64)
            if values.ndim != 1 or not np.isfinite(values).all():
                raise InputError(f"weather {self.name}: {column} must be one row of numbers")
            values.flags.writeable = False
            object.__setattr__(self, column, values)
            lengths[column] = values.size
        if len(set(lengths.values())) != 1 or self.rows == 0:
            raise InputError(f"weather {self.name}: columns differ in length: {lengths}")
        if not self.step_h > 0.0:
            raise InputError(f"weather {self.name}: step_h must be above 0 (got {self.step_h})")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weather) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def rows(self) -> int:
        """Number of intervals."""
        return int(self.dry_bulb_c.size)

    @property
    def hours(self) -> float:
        """Length of the series in hours (8760 for a common year, whatever the step)."""
        return self.rows * self.step_h

    @cached_property
    def times_utc(self) -> NDArray[np.datetime64]:
        """Start of each interval."""
        seconds = np.rint(np.arange(self.rows) * (self.step_h * 3600.0)).astype(np.int64)
        return _frozen(self.start + seconds.astype("timedelta64[s]"))

    @cached_property
    def humidity_kg_per_kg(self) -> Floats:
        return _frozen(
            moist_air.humidity_kg_per_kg(
                self.dry_bulb_c, self.relative_humidity_frac, self.pressure_pa
            )
        )

    @cached_property
    def wet_bulb_c(self) -> Floats:
        return _frozen(
            moist_air.wet_bulb_c(self.dry_bulb_c, self.humidity_kg_per_kg, self.pressure_pa)
        )

    @cached_property
    def enthalpy_kj_per_kg(self) -> Floats:
        return _frozen(moist_air.enthalpy_kj_per_kg(self.dry_bulb_c, self.humidity_kg_per_kg))

    @cached_property
    def density_kg_per_m3(self) -> Floats:
        return _frozen(
            moist_air.density_kg_per_m3(self.dry_bulb_c, self.humidity_kg_per_kg, self.pressure_pa)
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of header and arrays: equal weather, equal digest. Notes do not count."""
        state = hashlib.sha256()
        for field in fields(self):
            if field.name in COLUMNS:
                state.update(getattr(self, field.name).astype("<f8").tobytes())
            elif field.name != "notes":
                state.update(f"{field.name}={getattr(self, field.name)!s}\n".encode())
        return state.hexdigest()

    def resample(self, step: str) -> Weather:
        """The same weather at a step of STEPS_MIN; the mean over each old interval is kept.

        Coarser: the mean of the intervals joined (a rest shorter than one new interval is left off
        and noted). Finer: straight lines between the middles of the old intervals, moved so that
        each old interval keeps its mean, and flattened as far as needed to stay within what the
        quantity can be (irradiance not below zero, humidity not above saturation). So irradiation
        in kWh/m² does not change.
        """
        if step not in STEPS_MIN:
            raise InputError(f"step: must be one of {', '.join(STEPS_MIN)} (got '{step}')")
        old_min, new_min = round(self.step_h * 60.0), STEPS_MIN[step]
        if old_min == new_min:
            return self
        notes = self.notes
        if new_min % old_min == 0:
            joined = new_min // old_min
            if self.rows < joined:
                raise InputError(f"step: the weather is shorter than one interval of {step}")
            rest = self.rows % joined
            if rest:
                notes += (f"the last {rest} rows do not fill an interval of {step}: left off",)
            columns = {c: _coarser(getattr(self, c), joined) for c in COLUMNS}
        elif old_min % new_min == 0:
            columns = {
                c: _finer(getattr(self, c), old_min // new_min, low, high)
                for c, (low, high) in COLUMNS.items()
            }
        else:
            raise InputError(f"step: weather of {old_min} min intervals does not divide to {step}")
        changes: dict[str, Any] = {"step_h": new_min / 60.0, "notes": notes, **columns}
        return replace(self, **changes)

    def frame(self) -> pd.DataFrame:
        """All columns, given and derived, as a pandas DataFrame with a UTC index."""
        import pandas as pd

        index = pd.DatetimeIndex(self.times_utc, name="time_utc").tz_localize("UTC")
        return pd.DataFrame({c: getattr(self, c) for c in (*COLUMNS, *DERIVED)}, index=index)

    def noon_offset_min(self) -> float | None:
        """Centre of the day's sun in the data less computed solar noon; None without sun."""
        if not self.has_solar:
            return None
        half = np.timedelta64(round(self.step_h * 1800.0), "s")
        return noon.noon_offset_min(self.times_utc + half, self.ghi_w_m2, self.longitude_deg)

    def head_summary(self) -> dict[str, Any]:
        """What `dctwin weather inspect` shows; keys end in their unit.

        "99.6%" and "0.4%" are ASHRAE's: the value exceeded in that share of the hours.
        """
        offset = self.noon_offset_min()
        below = self.wet_bulb_c < FREE_COOLING_WET_BULB_C
        kwh = self.step_h / 1000.0
        return {
            "name": self.name,
            "source": self.source,
            "latitude_deg": self.latitude_deg,
            "longitude_deg": self.longitude_deg,
            "altitude_m": self.altitude_m,
            "utc_offset_h": self.utc_offset_h,
            "start_utc": str(self.start),
            "rows": self.rows,
            "step_h": self.step_h,
            "synthetic": self.synthetic,
            "dry_bulb_c": _spread(self.dry_bulb_c),
            "wet_bulb_c": _spread(self.wet_bulb_c),
            "pressure_mean_pa": float(self.pressure_pa.mean()),
            "wind_mean_m_s": float(self.wind_m_s.mean()) if self.has_wind else None,
            "ghi_kwh_per_m2": float(self.ghi_w_m2.sum() * kwh) if self.has_solar else None,
            "dni_kwh_per_m2": float(self.dni_w_m2.sum() * kwh) if self.has_solar else None,
            "dhi_kwh_per_m2": float(self.dhi_w_m2.sum() * kwh) if self.has_solar else None,
            "wet_bulb_below_18c_h": float(below.sum() * self.step_h),
            "noon_offset_min": None if offset is None else round(offset, 1),
            "notes": list(self.notes),
            "digest": self.digest,
        }


def _frozen(values: Any) -> Any:
    """The array, made read-only: a cached value must not change under its readers."""
    values.flags.writeable = False
    return values


def _spread(values: Floats) -> dict[str, float]:
    low, high = np.percentile(values, [0.4, 99.6])
    return {
        "mean": float(values.mean()),
        "min": float(values.min()),
        "max": float(values.max()),
        "99.6%": float(low),
        "0.4%": float(high),
    }


def _coarser(values: Floats, joined: int) -> Floats:
    whole = values.size // joined
    return values[: whole * joined].reshape(whole, joined).mean(axis=1)


def _finer(values: Floats, parts: int, low: float | None, high: float | None) -> Floats:
    """`parts` values for each one: lines between middles, means kept, limits kept."""
    middles = np.arange(values.size) + 0.5
    at = (np.arange(values.size * parts) + 0.5) / parts
    lines = np.interp(at, middles, values).reshape(values.size, parts)
    swing = lines - lines.mean(axis=1, keepdims=True)
    share = np.ones(values.size)
    if low is not None:
        share = np.minimum(share, _room(values - low, -swing.min(axis=1)))
    if high is not None:
        share = np.minimum(share, _room(high - values, swing.max(axis=1)))
    fine = values[:, None] + share[:, None] * swing
    # The limits hold but for rounding; take that off so that no later check trips over 1e-16.
    return np.clip(fine.ravel(), low, high)


def _room(room: Floats, reach: Floats) -> Floats:
    """Share of the swing `reach` that fits in `room`: 1 where all of it does."""
    return np.where(reach > room, room / np.where(reach > room, reach, 1.0), 1.0)
