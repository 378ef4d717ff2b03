"""The limits of trust and the choice of eps, each held at its border."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loschmidt.host.nudge import (
    ASYMMETRY_LIMIT,
    DEVIATION_LIMIT,
    NudgePolicy,
    SampleReport,
    asymmetry,
    deviation,
    largest_exponent,
    nudge_codes,
)
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian

SOUND = SampleReport(eps=0.5, dev=0.0, asym=0.0, overflow=False, clip=False)


def below(limit: float) -> float:
    return math.nextafter(limit, 0.0)


def formats_of(multiplier: int) -> Formats:
    """Formats of a width that no preset has."""
    operand = Format(multiplier, multiplier - 4)
    return Formats(Format(multiplier + 8, multiplier), operand, operand, Format(multiplier, multiplier - 2), 64, 64)


@pytest.mark.parametrize(
    ("report", "trusted"),
    [
        (SOUND, True),
        (SOUND._replace(asym=below(2**-4)), True),
        (SOUND._replace(asym=2**-4), False),
        (SOUND._replace(asym=math.inf), False),
        (SOUND._replace(asym=math.nan), False),
        (SOUND._replace(dev=below(2**-3)), True),
        (SOUND._replace(dev=2**-3), False),
        (SOUND._replace(dev=math.nan), False),
        (SOUND._replace(overflow=True), False),
        (SOUND._replace(clip=True), False),
        (SOUND._replace(overflow=True, clip=True), False),
    ],
)
def test_trust_ends_at_its_limits(report: SampleReport, trusted: bool) -> None:
    assert report.trusted is trusted


def test_limits_are_those_that_were_measured() -> None:
    assert (ASYMMETRY_LIMIT, DEVIATION_LIMIT) == (1 / 16, 1 / 8)


def test_policy_by_default() -> None:
    assert NudgePolicy() == NudgePolicy(start=-3, target=None, fixed=None, pairs=1)


def test_stencil_of_one_pair_and_of_two() -> None:
    """(d(eps) - d(-eps)) / 2, and (8 (d(eps) - d(-eps)) - (d(2 eps) - d(-2 eps))) / 12: the derivative of any cubic."""
    one, two = NudgePolicy(), NudgePolicy(pairs=2)
    assert (one.headroom, one.weight, one.scale) == (0, 1, 1 / 2)
    assert (two.headroom, two.weight, two.scale) == (3, 8 + 1, 1 / 12)
    odd = [(1 - -1) * x + (1**3 - (-1) ** 3) * x**3 for x in (1.0, 2.0)]
    assert two.scale * (2**two.headroom * odd[0] - odd[1]) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize(
    ("multiplier", "activated"), [(12, -4), (15, -4), (16, -4), (17, -5), (18, -5), (23, -5), (24, -6), (25, -6), (27, -6)]
)
def test_aim_follows_the_multiplier(multiplier: int, activated: int) -> None:
    formats, policy = formats_of(multiplier), NudgePolicy()
    assert [policy.aim(formats, hamiltonian) for hamiltonian in (Hamiltonian.SPRINGS, Hamiltonian.LINEAR)] == [-4, -4]
    assert [policy.aim(formats, hamiltonian) for hamiltonian in (Hamiltonian.DIAGONAL, Hamiltonian.DENSE)] == [activated] * 2


@pytest.mark.parametrize(("preset", "activated"), [("16", -4), ("18", -5), ("25", -6)])
def test_aim_of_the_presets(preset: str, activated: int) -> None:
    assert NudgePolicy().aim(PRESETS[preset], Hamiltonian.DENSE) == activated


@pytest.mark.parametrize("target", [-9, 0, 2])
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_aim_that_is_asked_for_is_taken(target: int, hamiltonian: Hamiltonian) -> None:
    assert NudgePolicy(target=target).aim(PRESETS["18"], hamiltonian) == target


@pytest.mark.parametrize(("norm", "k"), [(1.0, -3), (4.0, -5), (3.0, -5), (4.1, -6), (0.25, -1), (0.3, -2), (0.9, -3)])
def test_first_probe_is_at_most_the_start_over_the_norm(norm: float, k: int) -> None:
    assert NudgePolicy().first(norm) == k
    assert NudgePolicy(start=4).first(norm) == k + 7
    assert 2.0 ** (k + 3) * norm <= 1 < 2.0 ** (k + 4) * norm


@pytest.mark.parametrize(("caused", "more"), [(2**-5, 0), (2**-9, 4), (2**-2, -3), (1.4 * 2**-5, 0), (1.5 * 2**-5, -1), (0.7 * 2**-5, 1)])
def test_second_eps_causes_what_is_aimed_at(caused: float, more: int) -> None:
    """To the nearest power of two."""
    assert NudgePolicy().second(-7, caused, PRESETS["18"], Hamiltonian.DENSE) == -7 + more
    assert NudgePolicy().second(-7, caused, PRESETS["18"], Hamiltonian.LINEAR) == -7 + more + 1
    assert NudgePolicy(target=-7).second(3, caused, PRESETS["18"], Hamiltonian.DENSE) == 3 + more - 2


@pytest.mark.parametrize("state", [Format(32, 24), Format(28, 22), Format(16, 4)], ids=str)
@pytest.mark.parametrize("peak", [1e-6, 0.3, 0.5, 1.0, 3.0, 500.0])
def test_largest_nudge_leaves_a_factor_of_two(state: Format, peak: float) -> None:
    highest, k = state.highest * state.lsb, largest_exponent(peak, state)
    assert 2 * 2.0**k * peak <= highest < 2 * 2.0 ** (k + 1) * peak


def test_nudge_is_minus_eps_times_the_slope_to_the_nearest_code() -> None:
    state = Format(16, 4)
    assert nudge_codes(np.array([1.0, -1.0, 0.26, 0.28, 0.0]), -1, state).tolist() == [-8, 8, -2, -2, 0]
    rows = nudge_codes(np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[0], [2]]), state)
    assert rows.tolist() == [[-16, -32], [-64, -128]]


def test_deviation_is_that_of_those_who_deviate() -> None:
    plus = np.array([[0.2, 0.2, 0.2, -0.2], [0.4, 0.0, 0.0, 0.0], [0.2, 0.4, 0.0, 0.0], [0.1, 0.1, 0.1, 0.1]])
    minus = np.array([[0.0, 0.0, 0.0, 0.0], [-0.4, 0.0, 0.0, 0.0], [-0.2, -0.4, 0.0, 0.0], [0.1, 0.1, 0.1, 0.1]])
    expected = [0.1, 0.4, math.sqrt((0.2**4 + 0.4**4) / (0.2**2 + 0.4**2)), 0.0]
    np.testing.assert_allclose(deviation(plus, minus), expected, rtol=1e-14, atol=0)


def test_asymmetry_is_even_part_over_odd_part() -> None:
    start = np.tile([1.0, 2.0], (5, 1))
    plus = start + np.array([[0.3, 0.4], [0.03, 0.0], [0.3, 0.0], [0.0, 0.0], [0.1, 0.0]])
    minus = start + np.array([[-0.3, -0.4], [0.0, 0.04], [-0.1, 0.0], [0.0, 0.0], [0.1, 0.0]])
    np.testing.assert_allclose(asymmetry(plus, minus, start), [0.0, 1.0, 0.5, np.inf, np.inf], atol=1e-14)
