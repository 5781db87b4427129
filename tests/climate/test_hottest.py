"""Years with a given hottest hour."""

from __future__ import annotations

import numpy as np
import pytest

import dctwin
from dctwin.climate.hottest import hottest_year
from dctwin.errors import InputError

YEAR = dctwin.load_site("nagano").weather()


@pytest.mark.parametrize("hottest_c", [34.0, 38.7, 42.0])
def test_the_hottest_hour_is_the_given_one(hottest_c: float) -> None:
    year = hottest_year(YEAR, hottest_c)
    assert year.dry_bulb_c.max() == pytest.approx(hottest_c)
    cool = np.quantile(YEAR.dry_bulb_c, 0.9) >= YEAR.dry_bulb_c
    np.testing.assert_array_equal(year.dry_bulb_c[cool], YEAR.dry_bulb_c[cool])
    # No water is added or taken but where air would be more than saturated.
    humid = year.relative_humidity_frac < 1
    np.testing.assert_allclose(
        year.humidity_kg_per_kg[humid], YEAR.humidity_kg_per_kg[humid], rtol=1e-6
    )
    assert (year.wet_bulb_c <= year.dry_bulb_c + 1e-9).all()
    assert np.argmax(year.dry_bulb_c) == np.argmax(YEAR.dry_bulb_c)


def test_a_cool_record_is_refused() -> None:
    with pytest.raises(InputError, match=r"climate\.hottest_c"):
        hottest_year(YEAR, 10.0)


def test_phoenix_has_its_record() -> None:
    assert dctwin.load_site("phoenix-record").weather().dry_bulb_c.max() == pytest.approx(50.0)
    assert dctwin.load_site("phoenix").weather().dry_bulb_c.max() == pytest.approx(46.7)
