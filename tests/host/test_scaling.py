"""Statistics of a training set, and codes, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from loschmidt.host.scaling import SHARE, Scaling, codes
from loschmidt.spec.fixed import Format

OPERAND = Format(18, 14)
#: Half of the largest operand.
ROOM = 0.5 * (8 - 2**-14)


def test_channels_are_centred_in_units_of_their_own_deviation() -> None:
    """Two channels of deviations 2 and 1/4 about 5 and -3; the third never changes."""
    samples = [np.array([[3.0, -3.25, 7.0], [7.0, -2.75, 7.0]]), np.array([[7.0, -3.25, 7.0], [3.0, -2.75, 7.0]])]
    scaling = Scaling.fit(samples, OPERAND)
    np.testing.assert_allclose(scaling.mean, [5.0, -3.0, 7.0])
    np.testing.assert_allclose(scaling.factor, [0.5, 4.0, 1.0])
    np.testing.assert_allclose(scaling.apply(np.array([[6.0, -2.0, 9.0]])), [[0.5, 4.0, 2.0]])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gain_leaves_room_for_values_twice_as_large(sign: float) -> None:
    """One value of a hundred, on either side, is ten deviations off: all channels shrink until it fills half of the range."""
    assert SHARE == 0.5
    far = np.zeros((100, 2))
    far[0, 0] = sign * 10.0
    far[:, 1] = np.tile([1.0, -1.0], 50)
    deviation = np.sqrt(0.1**2 * 99 / 100 + 9.9**2 / 100)
    gain = ROOM / (9.9 / deviation)
    assert gain < 1
    scaling = Scaling.fit([far[:30], far[30:]], OPERAND)
    np.testing.assert_allclose(scaling.factor, [gain / deviation, gain])
    assert np.abs(scaling.apply(far)).max() == pytest.approx(ROOM)


def test_data_that_never_change_are_only_centred() -> None:
    for scaling in (Scaling.fit([np.full((4, 2), 3.0)], OPERAND), Scaling.whole([np.full((4, 2), 3.0)])):
        assert scaling.apply(np.array([[3.0, 5.0]])).tolist() == [[0.0, 2.0]]


def test_values_that_are_weighed_first_share_one_deviation() -> None:
    """Two pixels about 1 and 10, of which one varies by 1 and the other by 7: in all, by 5."""
    scaling = Scaling.whole([np.array([[0.0, 3.0]]), np.array([[2.0, 17.0]])])
    np.testing.assert_allclose(scaling.mean, [1.0, 10.0])
    np.testing.assert_allclose(scaling.factor, [0.2, 0.2])


def test_statistics_go_through_a_checkpoint() -> None:
    scaling = Scaling(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    arrays = scaling.to_arrays("one") | Scaling(np.array([5.0]), np.array([6.0])).to_arrays("other")
    again = Scaling.from_arrays(arrays, "one")
    assert (again.mean.tolist(), again.factor.tolist()) == ([1.0, 2.0], [3.0, 4.0])


def test_codes_are_the_nearest_of_a_symmetric_range() -> None:
    operand = Format(4, 1)
    found, outside = codes(np.array([[0.2, 0.25, 0.75, 3.5, 3.7, 3.8, -3.5, -3.7, -4.0, 9.0]]), operand)
    assert found.tolist() == [[0, 0, 2, 7, 7, 7, -7, -7, -7, 7]]
    assert outside == 3
    assert found.dtype == np.int64
