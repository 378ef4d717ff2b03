"""Heads: what they count, and their derivatives by everything that is learned."""

from __future__ import annotations

import math

import numpy as np
import pytest

from loschmidt.host.data import Split
from loschmidt.host.errors import ConfigError
from loschmidt.host.loss import SHARPNESS, SoftmaxHead, TrackingHead, make_head

LABELS = Split([], np.array([2, 0, 1, 1]), [])
ALL = np.arange(4)


def test_softmax_by_hand() -> None:
    """Two oscillators, three classes; the second sample is told wrong."""
    assert SHARPNESS == 6.0
    masters = {"readout_weight": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]) / 6, "readout_bias": np.array([0.0, 0.0, 0.5])}
    x = np.array([[-1.0, -2.0], [0.0, 1.0]])
    logits = np.array([[-1.0, -2.0, 3.5], [0.0, 1.0, -0.5]])
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    verdict = SoftmaxHead(3, 2).judge(masters, x, LABELS, np.array([0, 1]))
    assert verdict.loss == pytest.approx(-math.log(share[0, 2]) - math.log(share[1, 0]))
    assert verdict.score == 1.0


def test_softmax_does_not_overflow() -> None:
    masters = {"readout_weight": np.array([[1000.0], [-1000.0]]), "readout_bias": np.zeros(2)}
    verdict = SoftmaxHead(2, 1).judge(masters, np.array([[5.0]]), Split([], np.array([1]), []), np.array([0]))
    assert verdict.loss == 60_000.0


@pytest.mark.parametrize("name", ["readout_weight", "readout_bias"])
def test_derivative_by_the_heads_own_weights(name: str) -> None:
    """Of the mean loss, against central differences."""
    generator, head = np.random.default_rng(1), SoftmaxHead(3, 2)
    masters = head.initial(generator) | {"readout_bias": generator.normal(size=3)}
    x = generator.normal(size=(4, 2))
    found = head.judge(masters, x, LABELS, ALL).masters[name]
    step = 1e-6
    for index in np.ndindex(found.shape):
        high, low = ({key: value.copy() for key, value in masters.items()} for _ in range(2))
        high[name][index] += step
        low[name][index] -= step
        slope = (head.judge(high, x, LABELS, ALL).loss - head.judge(low, x, LABELS, ALL).loss) / (2 * step) / 4
        assert found[index] == pytest.approx(slope, abs=1e-8)


def test_head_starts_with_logits_of_variance_one() -> None:
    masters = SoftmaxHead(200, 100).initial(np.random.default_rng(0))
    assert masters["readout_weight"].shape == (200, 100)
    assert float(masters["readout_weight"].std()) == pytest.approx(1 / (6 * 10), rel=0.02)
    assert not masters["readout_bias"].any()
    assert TrackingHead((0,), 3).initial(np.random.default_rng(0)) == {}


def test_tracking_by_hand() -> None:
    """Oscillators 2 and 0 follow two targets, over two steps and over one."""
    x = [np.array([[1.0, 9.0, 2.0], [0.0, 9.0, 0.0]]), np.array([[3.0, 9.0, 0.0]])]
    wanted = Split([], np.zeros(0, np.int64), [np.zeros((1, 2)), np.zeros((2, 2)), np.array([[1.0, 1.0]])])
    verdict = TrackingHead((2, 0), 3).judge({}, x, wanted, np.array([1, 2]))
    squared = (1.0 + 4.0) / 4 + (1.0 + 4.0) / 2
    assert (verdict.loss, verdict.score) == (squared / 2, squared)
    assert [gradient.tolist() for gradient in verdict.output] == [[[0.125, 0.0, 0.25], [0.0, 0.0, 0.0]], [[0.5, 0.0, -0.25]]]
    assert verdict.masters == {}


def test_heads_that_fit_the_data() -> None:
    assert make_head("last", ("a", "b"), 0, (), 5) == SoftmaxHead(2, 5)
    assert make_head("every", (), 2, (), 2) == TrackingHead((0, 1), 2)
    assert make_head("every", (), 2, (4, 1), 5) == TrackingHead((4, 1), 5)


@pytest.mark.parametrize(
    ("targets", "outputs", "oscillators", "message"),
    [
        (2, (1,), 5, r"^--outputs must name 2 different oscillators, one for each target, not 1$"),
        (2, (1, 1), 5, r"^--outputs must name 2 different oscillators, one for each target, not 2$"),
        (3, (), 2, r"^3 targets need as many oscillators: raise --oscillators above 2$"),
        (1, (5,), 5, r"^1 targets need as many oscillators: raise --oscillators above 5$"),
    ],
)
def test_outputs_that_cannot_be(targets: int, outputs: tuple[int, ...], oscillators: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_head("every", (), targets, outputs, oscillators)
