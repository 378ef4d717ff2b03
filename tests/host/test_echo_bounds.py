"""What an echo asks of a device, at the border of what the device can hold: shifts, accumulators, codes and flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from loschmidt.host.echo import Echo, EchoGradient, Readout
from loschmidt.host.nudge import NudgePolicy
from loschmidt.host.parameters import Floats, initial, quantise
from loschmidt.spec.errors import SpecError
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Accumulate, Direction, Status
from loschmidt.spec.shape import Shape

from .watched import Watched, raising

N, M = 2, 1
#: One step of one sample adds at most 2 (2^17)^2 = 2^35 to an accumulator, the sum of two squares; 40 bits hold 15 times that.
NARROW = replace(PRESETS["18"], accumulator=40)
STEP = 2**35


def linear(device: Watched, policy: NudgePolicy | None = None, size: float = 1.0) -> Echo:
    """Of any parameters; with a ``size`` of 0 nothing moves, and a nudge stays what it is."""
    master = {name: size * value for name, value in initial(Hamiltonian.LINEAR, N, M, np.random.default_rng(1)).items()}
    echo = Echo(device, Hamiltonian.LINEAR, 3, policy)
    echo.load(quantise(master, Hamiltonian.LINEAR, device.shape))
    return echo


def watched(accumulator: int = 64, contexts: int = 16) -> Watched:
    formats = replace(PRESETS["18"], accumulator=accumulator)
    return Watched(Shape(N, M, contexts=contexts, input_depth=256, nudge_depth=256, trace_depth=256, formats=formats))


def backward(
    device: Watched,
    weights: Sequence[float],
    lengths: Sequence[int],
    policy: NudgePolicy | None = None,
    readout: Readout = Readout.LAST,
    size: float = 1.0,
) -> EchoGradient:
    """Of one sample for each weight, its loss gradient; all else is equal but the lengths."""
    echo = linear(device, policy, size)
    inputs = [np.full((length, M), 1000) for length in lengths]
    position, momentum = np.full(N, 1 << 20), np.full(N, 1 << 19)
    forward = echo.forward(inputs, position, momentum, readout)
    gradient: list[Floats] = [weight * np.ones_like(seen) for weight, seen in zip(weights, forward.output, strict=True)]
    return echo.backward(forward, gradient if readout is Readout.EVERY else np.stack(gradient))


@pytest.mark.parametrize(("pairs", "most"), [(1, 15), (2, 12)])
@pytest.mark.parametrize("apart", [0, 1, 11, 12, 13, 14, 15, 16])
def test_samples_share_accumulators_up_to_the_largest_shift(apart: int, pairs: int, most: int) -> None:
    """Of two pairs of echoes the first needs three bits of the shift for its weight of 8."""
    device = watched()
    gradient = backward(device, [1.0, 2.0**apart], [4, 4], NudgePolicy(pairs=pairs))
    assert gradient.report[0].eps == 2.0**apart * gradient.report[1].eps
    shifts = [[run.shift for run in runs[::2]] for runs in device.accumulating]
    stencil = [0] if pairs == 1 else [3, 0]
    together, alone = [[more, more + apart] for more in stencil], [[more] for _ in range(2) for more in stencil]
    assert shifts == (together if apart <= most else alone)


@pytest.mark.parametrize(("pairs", "longest"), [(1, 15), (2, 1)])
@pytest.mark.parametrize("readout", Readout)
def test_chunks_are_as_long_as_accumulators_surely_hold(pairs: int, longest: int, readout: Readout) -> None:
    """Two pairs weigh 8 + 1 times as much: 9 * 2^35 fits 40 bits once."""
    device = watched(40)
    backward(device, [1.0], [longest + 1], NudgePolicy(pairs=pairs), readout)
    steps = [{run.steps for run in runs} for runs in device.accumulating]
    assert steps == [{1}, {longest}] * pairs
    # Emptied before the first, and after each chunk of each pair; the last time there is nothing left.
    assert device.cleared == 1 + 2 * pairs + 1
    weight = 9 if pairs == 2 else 1
    assert weight * longest * STEP < 2**39 <= weight * (longest + 1) * STEP


@pytest.mark.parametrize(("pairs", "longest"), [(1, 15), (2, 1)])
def test_what_accumulators_hold_is_not_cut(pairs: int, longest: int) -> None:
    device = watched(40)
    backward(device, [1.0], [longest], NudgePolicy(pairs=pairs))
    assert [[run.steps for run in runs] for runs in device.accumulating] == [[longest] * 2] * pairs
    assert device.cleared == 2


@pytest.mark.parametrize(
    ("lengths", "weights", "groups"),
    [
        ([5, 5, 5], [1.0, 1.0, 1.0], [[0, 1, 2]]),
        ([5, 5, 5, 1], [1.0, 1.0, 1.0, 1.0], [[0, 1, 2], [3]]),
        ([5, 5, 6], [1.0, 1.0, 1.0], [[0, 1], [2]]),
        # The steps of a sample with half of the eps count twice, as its products are shifted by one.
        ([7, 4], [1.0, 2.0], [[0, 1]]),
        ([8, 4], [1.0, 2.0], [[0], [1]]),
        ([2, 4, 7], [4.0, 2.0, 1.0], [[1, 2], [0]]),
        ([2, 4, 2], [1.0, 2.0, 2.0], [[0, 1, 2]]),
        ([2, 4, 3], [1.0, 2.0, 2.0], [[0, 1], [2]]),
        ([3, 4], [4.0, 1.0], [[1], [0]]),
        ([2, 7], [4.0, 1.0], [[0, 1]]),
        # A group begins anew with the shifts of its own largest eps.
        ([10, 6, 4], [1.0, 2.0, 4.0], [[0], [1, 2]]),
    ],
)
def test_samples_share_accumulators_that_surely_hold_them(lengths: list[int], weights: list[float], groups: list[list[int]]) -> None:
    """15 steps of the sample with the largest eps, or as many as they count for."""
    device = watched(40)
    gradient = backward(device, weights, lengths, size=0.0)
    assert [report.eps * weight for report, weight in zip(gradient.report, weights, strict=True)] == [
        gradient.report[0].eps * weights[0]
    ] * len(weights)
    assert max(sum(run.steps << run.shift for run in runs[::2]) for runs in device.accumulating) <= 15
    assert [[run.steps for run in runs[::2]] for runs in device.accumulating] == [[lengths[b] for b in group] for group in groups]


@pytest.mark.parametrize(("start", "probes"), [(-12, 2), (-11, 1), (-3, 1), (-2, 1), (-1, 2), (3, 2)])
def test_probe_is_repeated_where_it_may_be_rounding_or_is_not_linear(start: int, probes: int) -> None:
    """Two slopes of 1 make the first eps 2^(start - 1), which is what a system that does not move deviates by. LINEAR aims at 2^-4:
    what is below 2^-12 is rounding, and what is above 2^-3 is not linear."""
    device = watched()
    (report,) = backward(device, [1.0], [4], NudgePolicy(start=start), size=0.0).report
    assert (report.eps, report.dev) == (2**-4, 2**-4)
    assert len(device.calls) == 1 + probes + 1


@pytest.mark.parametrize(("start", "eps", "probes"), [(-40, 2**-4, 5), (-56, 2**-4, 6), (-64, 2**-17, 6), (-65, 2**-18, 6)])
def test_probes_without_an_answer_get_stronger_and_come_to_an_end(start: int, eps: float, probes: int) -> None:
    """A nudge of half a unit of 2^-24 or less rounds to nothing: the next one is 2^8 times as strong, of six in all."""
    device = watched()
    (report,) = backward(device, [1.0], [4], NudgePolicy(start=start), size=0.0).report
    assert (report.eps, len(device.calls)) == (eps, 1 + probes + 1)


@pytest.mark.parametrize(("readout", "exponents"), [(Readout.LAST, [-4]), (Readout.MEAN, [-6]), (Readout.EVERY, [-6] * 4)])
def test_first_nudge_is_bounded_over_all_steps(readout: Readout, exponents: list[int]) -> None:
    """Four steps, two slopes of 1 each: eps ||G||_1 = 2^-3, where a mean's G is a quarter of the slope at each step."""
    device = watched()
    backward(device, [1.0], [4], readout=readout)
    nudges = next(values for region, values, _ in device.writes if region is Buffer.NUDGE)
    assert nudges.tolist() == [[-(2 ** (24 + exponent))] * N for exponent in exponents]


@pytest.mark.parametrize("readout", Readout)
def test_slope_down_is_nudged_like_a_slope_up(readout: Readout) -> None:
    up, down = (backward(watched(), [sign, 4.0 * sign], [4, 3], readout=readout) for sign in (1.0, -1.0))
    assert [report.eps for report in up.report] == [report.eps for report in down.report]
    assert np.array_equal(up.momentum0, -down.momentum0)
    assert np.any(up.momentum0)


@pytest.mark.parametrize("fixed", [6, 7])
def test_nudge_is_as_strong_as_fits_and_no_stronger(fixed: int) -> None:
    """A slope of 1 fits Q8.24 with a factor of two to spare up to eps = 2^5, where nothing else stops it."""
    with pytest.raises(SpecError, match=rf"^the nudge of sample 0 does not fit Q8.24 at eps = 2\^{fixed}: take at most 2\^5$"):
        backward(watched(), [1.0], [4], NudgePolicy(fixed=fixed), size=0.0)
    assert backward(watched(), [1.0], [4], NudgePolicy(fixed=5), size=0.0).report[0].eps == 2**5
    assert backward(watched(), [1.0], [4], NudgePolicy(target=9), size=0.0).report[0].eps == 2**5
    assert backward(watched(), [1.0], [4], NudgePolicy(start=90), size=0.0).report[0].eps == 2**-4


def test_momentum_that_is_its_own_negative_is_flipped_to_itself() -> None:
    """-lowest has no code; the device's flip leaves it as it is, and so does the host's."""
    device = watched()
    echo = linear(device)
    state = device.shape.formats.state
    forward = echo.forward([np.zeros((2, M), np.int64)], np.zeros(N, np.int64), np.zeros(N, np.int64), Readout.LAST)
    ends = np.array([[state.lowest, state.lowest + 1]])
    device.writes.clear()
    echo.backward(replace(forward, momentum=ends), np.ones((1, N)))
    written = [values.tolist() for region, values, _ in device.writes if region is State.MOMENTUM]
    assert written
    assert all(rows == [[state.lowest, state.highest]] * 2 for rows in written)


def test_echoes_are_nudged_both_ways_and_the_second_is_subtracted() -> None:
    device = watched()
    backward(device, [1.0], [4], NudgePolicy(pairs=2))
    add, subtract = Accumulate.ADD, Accumulate.SUBTRACT
    kinds = [[(run.negate, run.accumulate) for run in runs] for runs in device.accumulating]
    assert kinds == [[(False, add), (True, subtract)], [(False, subtract), (True, add)]]
    assert {run.direction for runs in device.accumulating for run in runs} == {Direction.DESCENDING}


@pytest.mark.parametrize("kind", ["overflow", "clip"])
@pytest.mark.parametrize("call", range(3))
@pytest.mark.parametrize("context", range(4))
def test_flag_of_any_run_reaches_the_report(call: int, context: int, kind: str) -> None:
    """Of the free run, of either echo, of either pair: it is its own sample's, and no other's."""
    device = watched()
    device.raised = {call: raising(kind, context)}
    report = backward(device, [1.0, 1.0], [4, 3], NudgePolicy(fixed=-3, pairs=2)).report
    assert device.asked == 3
    owner = (context if call == 0 else context // 2) if (call, context) not in {(0, 2), (0, 3)} else None
    for b, sample in enumerate(report):
        assert (sample.overflow, sample.clip) == ((b == owner and kind == "overflow"), (b == owner and kind == "clip"))
        assert sample.trusted is (b != owner)


@pytest.mark.parametrize("kind", ["overflow", "clip"])
def test_flag_of_a_probe_is_of_no_account(kind: str) -> None:
    """A probe may have been too strong; what counts is the echo that the gradient is made of."""
    device = watched()
    device.raised = {1: raising(kind, 0, 1)}
    assert backward(device, [1.0], [4]).report[0].trusted
    assert device.asked >= 3


def test_flags_of_the_free_run_are_told() -> None:
    device = watched(contexts=2)
    device.raised = {0: Status(overflow=frozenset({1})), 1: Status(clip=frozenset({0}))}
    forward = linear(device).forward([np.zeros((2, M), np.int64)] * 3, np.zeros(N, np.int64), np.zeros(N, np.int64), Readout.LAST)
    assert forward.flags.overflow.tolist() == [False, True, False]
    assert forward.flags.clip.tolist() == [False, False, True]


def test_sample_without_a_gradient_keeps_the_flags_of_its_free_run() -> None:
    device = watched()
    device.raised = {0: Status(overflow=frozenset({1}), clip=frozenset({2}))}
    report = backward(device, [1.0, 0.0, 0.0], [4, 4, 4]).report
    assert [(sample.eps > 0, sample.overflow, sample.clip, sample.trusted) for sample in report] == [
        (True, False, False, True),
        (False, True, False, False),
        (False, False, True, False),
    ]


@pytest.mark.parametrize("shape", [(0, M), (3, M + 1), (3,), (1, 3, M)])
def test_sample_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    zero = np.zeros(N, np.int64)
    with pytest.raises(SpecError, match=r"^sample 1 must have at least one step of 1 inputs, not the shape \("):
        linear(watched()).forward([np.zeros((1, M), np.int64), np.zeros(shape, np.int64)], zero, zero, Readout.LAST)
