"""Local time: the clock of a site, and days of 23 and 25 hours where it has summer time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dctwin.errors import InputError
from dctwin.units import SECONDS_PER_HOUR

# Standard time is told of these years: zones change, and a weather file may be an old one.
_FIRST_YEAR, _LAST_YEAR = 1990, 2030
_WAY_OUT = "give times in UTC, or with their offset"


@dataclass(frozen=True)
class Clock:
    """How times without an offset are read: standard time, or a zone with its summer time."""

    utc_offset_h: float
    timezone: str | None = None

    def utc_s(self, moment: datetime, before_s: int | None) -> int:
        """Seconds since 1970 UTC; `before_s` is the row before, to tell two equal times apart.

        Raises InputError, with the reason alone, for a time that the clock skips.
        """
        if moment.tzinfo is not None:
            return round(moment.timestamp())
        if self.timezone is None:
            utc = moment.replace(tzinfo=UTC) - timedelta(hours=self.utc_offset_h)
            return round(utc.timestamp())
        local = moment.replace(tzinfo=zone(self.timezone))
        if _offset_s(local) < _offset_s(local.replace(fold=1)):
            why = f"{self._day(moment)} and skips {moment:%H:%M}: {_WAY_OUT}"
            raise InputError(why)
        first = round(local.timestamp())
        if before_s is not None and first <= before_s:
            return round(local.replace(fold=1).timestamp())
        return first

    def told_once(self, before_s: int, after_s: int, step_s: int) -> str:
        """What is wrong where rows at these seconds since 1970 UTC follow each other though the
        clock was set back between them: the repeated time stands there once. Empty: nothing."""
        if self.timezone is None:
            return ""
        place = zone(self.timezone)
        before = datetime.fromtimestamp(before_s, place)
        back_s = _offset_s(before) - _offset_s(datetime.fromtimestamp(after_s, place))
        if back_s <= 0 or after_s - before_s - back_s > step_s:
            return ""
        return f"{self._day(before)} and {before:%H:%M} twice (got it once): {_WAY_OUT}"

    def _day(self, moment: datetime) -> str:
        """`2024-03-31 has 23 hours in Europe/Berlin`, with the rows that are expected so."""
        midnight = datetime(moment.year, moment.month, moment.day, tzinfo=zone(self.timezone or ""))
        length_s = (midnight + timedelta(days=1)).timestamp() - midnight.timestamp()
        return f"{moment:%Y-%m-%d} has {length_s / SECONDS_PER_HOUR:g} hours in {self.timezone}"


def zone(name: str) -> ZoneInfo:
    """A time zone by its name in the IANA database."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        why = f"timezone: no zone of that name, like Europe/Berlin (got {name!r})"
        raise InputError(why) from None


@lru_cache(maxsize=64)
def standard_offsets_h(name: str) -> tuple[float, ...]:
    """Standard time of a zone from UTC [h]; several where it changed since 1990, lowest first.

    >>> standard_offsets_h("Europe/Berlin"), standard_offsets_h("Asia/Kolkata")
    ((1.0,), (5.5,))
    """
    place = zone(name)
    # Summer time is ahead of standard time, on either half of the earth.
    found = {
        min(_offset_s(datetime(year, month, 1, tzinfo=place)) for month in (1, 7))
        for year in range(_FIRST_YEAR, _LAST_YEAR + 1)
    }
    return tuple(sorted(offset_s / SECONDS_PER_HOUR for offset_s in found))


def _offset_s(local: datetime) -> float:
    offset = local.utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
