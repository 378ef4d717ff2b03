"""Echoes: gradients like backpropagation's for batches of any shape, the same on a device of any size, and doubt where it is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loschmidt.host.device import Ints
from loschmidt.host.echo import Readout
from loschmidt.host.nudge import NudgePolicy, largest_exponent, nudge_codes
from loschmidt.host.parameters import codes_of
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.errors import LoschmidtError, SpecError
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region
from loschmidt.spec.shape import Shape

from .batch import LENGTHS, WIDE, Batch, M, N, groups, roomy
from .broken import ShiftIgnored


@pytest.mark.parametrize("readout", Readout)
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_gradient_of_a_batch_is_that_of_backpropagation(hamiltonian: Hamiltonian, readout: Readout) -> None:
    batch = Batch(hamiltonian)
    _, gradient = batch.measure(roomy(), readout)
    assert all(report.trusted for report in gradient.report)
    for name, expected in batch.reference(readout).items():
        # Curvature at a deviation of 2^-6, and the kinks of a table of 512 segments.
        # A gradient by one step's input has no other steps to average that with.
        bound = 1e-2 if name == "inputs" else 5e-3
        assert np.linalg.norm(groups(gradient)[name] - expected) < bound * np.linalg.norm(expected), name


@pytest.mark.parametrize("readout", Readout)
def test_gradient_with_gains_of_both_signs(readout: Readout) -> None:
    batch = Batch(Hamiltonian.DIAGONAL)
    batch.codes[Parameter.GAIN][::2] *= -1
    _, gradient = batch.measure(roomy(), readout)
    assert all(report.trusted for report in gradient.report)
    for name, expected in batch.reference(readout).items():
        # A negative gain bends the other way, and so amplifies what is left of both errors named above.
        assert np.linalg.norm(groups(gradient)[name] - expected) < 2e-2 * np.linalg.norm(expected), name


@pytest.mark.parametrize("readout", Readout)
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize(("contexts", "depth"), [(1, 1), (2, 3), (3, 16)])
def test_device_too_small_for_the_batch_gives_the_same_integers(
    hamiltonian: Hamiltonian, readout: Readout, contexts: int, depth: int
) -> None:
    batch = Batch(hamiltonian)
    small = Emulator(Shape(N, M, contexts=contexts, input_depth=depth, nudge_depth=depth + 1, trace_depth=depth + 2, formats=WIDE))
    forward, gradient = batch.measure(roomy(), readout)
    other, same = batch.measure(small, readout)
    for a, b in zip(forward.output, other.output, strict=True):
        assert np.array_equal(a, b)
    assert gradient.report == same.report
    for name, values in groups(gradient).items():
        assert np.array_equal(values, groups(same)[name]), name


def test_readouts_see_one_trajectory() -> None:
    batch = Batch(Hamiltonian.DENSE)
    echo = batch.echo(roomy())
    outputs = {readout: echo.forward(batch.inputs, batch.position0, batch.momentum0, readout).output for readout in Readout}
    for b, every in enumerate(outputs[Readout.EVERY]):
        assert np.array_equal(outputs[Readout.LAST][b], every[-1])
        np.testing.assert_allclose(outputs[Readout.MEAN][b], every.mean(axis=0), rtol=1e-14)


def test_batch_is_the_sum_of_its_samples() -> None:
    batch = Batch(Hamiltonian.DIAGONAL)
    _, whole = batch.measure(roomy(), Readout.EVERY)
    assert len({report.eps for report in whole.report}) > 1, "the samples must differ in eps for their shifts to matter"
    total = dict.fromkeys(whole.parameters, np.zeros(1))
    for b in range(len(LENGTHS)):
        alone = Batch(Hamiltonian.DIAGONAL)
        for name in ("lengths", "inputs", "position0", "momentum0", "weight", "target"):
            setattr(alone, name, getattr(batch, name)[b : b + 1])
        _, one = alone.measure(roomy(), Readout.EVERY)
        assert one.report[0] == whole.report[b]
        total = {name: total[name] + value for name, value in one.parameters.items()}
    for name, value in whole.parameters.items():
        np.testing.assert_allclose(value, total[name], rtol=1e-9, atol=1e-12)


def test_shift_that_is_ignored_is_caught() -> None:
    batch = Batch(Hamiltonian.DIAGONAL)
    broken = ShiftIgnored(roomy().shape)
    _, gradient = batch.measure(broken, Readout.EVERY)
    expected = batch.reference(Readout.EVERY)
    for name, value in gradient.parameters.items():
        assert np.linalg.norm(value - expected[name]) > 0.1 * np.linalg.norm(expected[name]), name


def test_narrow_accumulators_are_emptied_in_time() -> None:
    """40 bits hold 16 steps of a pair of 18-bit echoes in the worst case: read out and cleared between, they lose nothing."""
    narrow = replace(PRESETS["18"], accumulator=40)
    lengths = (40, 17, 1, 29)
    _, wide = Batch(Hamiltonian.DENSE, PRESETS["18"], lengths).measure(roomy(PRESETS["18"]), Readout.LAST)
    _, same = Batch(Hamiltonian.DENSE, narrow, lengths).measure(roomy(narrow), Readout.LAST)
    assert wide.report == same.report
    for name, values in groups(wide).items():
        np.testing.assert_allclose(groups(same)[name], values, rtol=1e-12, atol=1e-15, err_msg=name)


def test_sample_without_a_gradient_is_left_alone() -> None:
    batch = Batch(Hamiltonian.DENSE)
    device = roomy()
    echo = batch.echo(device)
    forward = echo.forward(batch.inputs, batch.position0, batch.momentum0, Readout.LAST)
    loss_gradient = np.asarray(batch.loss_gradient(forward.output, Readout.LAST))
    loss_gradient[1:] = 0
    gradient = echo.backward(forward, loss_gradient)
    assert [report.eps > 0 for report in gradient.report] == [True, False, False, False]
    assert all(report.trusted for report in gradient.report)
    assert not np.any(gradient.position0[1:])
    loss_gradient[0] = 0
    assert not any(np.any(value) for value in echo.backward(forward, loss_gradient).parameters.values())


def test_two_pairs_cancel_the_error_of_curvature() -> None:
    batch = Batch(Hamiltonian.DIAGONAL, replace(WIDE, segments=4096, table_range=2))
    error = []
    for policy in (NudgePolicy(target=-3), NudgePolicy(target=-3, pairs=2)):
        _, gradient = batch.measure(roomy(batch.formats), Readout.LAST, policy)
        expected = batch.reference(Readout.LAST)
        error.append([float(np.linalg.norm(groups(gradient)[n] - g) / np.linalg.norm(g)) for n, g in expected.items()])
    assert max(error[1]) < max(error[0]) / 4


def test_probe_ends_near_its_aim_wherever_it_starts() -> None:
    """Even where the first nudge rounds to nothing, or is so strong that it does not fit."""
    batch = Batch(Hamiltonian.LINEAR)
    for start in (-40, -20, -3, 6):
        _, gradient = batch.measure(roomy(), Readout.EVERY, NudgePolicy(start=start))
        assert all(2**-4.6 < report.dev < 2**-3.4 for report in gradient.report), start


def test_nudges_are_minus_eps_times_the_gradient_and_fit() -> None:
    state = WIDE.state
    gradient = np.array([[0.25, -3.0, 1e-9]])
    assert nudge_codes(gradient, -2, state).tolist() == [[-(2**24), 3 * 2**26, 0]]
    k = largest_exponent(3.0, state)
    assert state.holds(int(nudge_codes(gradient, k, state).max()))
    assert not state.holds(2 * 2 * int(nudge_codes(gradient, k, state).max()))


def test_chaos_is_not_trusted() -> None:
    batch = Batch(Hamiltonian.DENSE, lengths=(400,))
    batch.codes[Parameter.COUPLING] = codes_of(np.random.default_rng(0).normal(0, 3, (N, N)), WIDE.weight, "w")
    _, gradient = batch.measure(Emulator(Shape(N, M, input_depth=400, formats=WIDE)), Readout.LAST)
    assert not gradient.report[0].trusted
    expected = batch.reference(Readout.LAST)["coupling"]
    assert np.linalg.norm(gradient.parameters["coupling"] - expected) > 0.1 * np.linalg.norm(expected)


def test_clipping_and_overflow_are_not_trusted() -> None:
    batch = Batch(Hamiltonian.LINEAR, PRESETS["18"])
    batch.position0[1, 2] = 7 << 24
    batch.momentum0[1, 2] = 7 << 24
    batch.position0[3, 0] = PRESETS["18"].state.highest
    batch.momentum0[3, 0] = PRESETS["18"].state.highest
    forward, gradient = batch.measure(roomy(PRESETS["18"]), Readout.LAST)
    assert forward.flags.clip.tolist() == [False, True, False, True]
    assert forward.flags.overflow.tolist() == [False, False, False, True]
    assert [report.trusted for report in gradient.report] == [True, False, True, False]


def test_bad_input_is_named() -> None:
    batch = Batch(Hamiltonian.DENSE)
    echo = batch.echo(roomy())
    with pytest.raises(SpecError, match=r"^a batch must have at least one sample$"):
        echo.forward([], batch.position0, batch.momentum0, Readout.LAST)
    with pytest.raises(SpecError, match=r"^sample 1 must have at least one step of 2 inputs, not the shape \(0, 2\)$"):
        echo.forward([batch.inputs[0], batch.inputs[1][:0]], batch.position0[0], batch.momentum0[0], Readout.LAST)
    forward = echo.forward(batch.inputs, batch.position0, batch.momentum0, Readout.LAST)
    with pytest.raises(SpecError, match=r"^the loss gradient of sample 0 must have shape \(6,\), not \(5,\)$"):
        echo.backward(forward, np.zeros((4, 5)))
    with pytest.raises(SpecError, match=r"^there must be a loss gradient for each of 4 samples, not 3$"):
        echo.backward(forward, np.zeros((3, 6)))
    broken = np.ones((4, 6))
    broken[2, 3] = np.nan
    with pytest.raises(LoschmidtError, match=r"^the loss gradient of sample 2 is not finite: "):
        echo.backward(forward, broken)
    fixed = batch.echo(roomy(), NudgePolicy(fixed=9))
    with pytest.raises(SpecError, match=r"^the nudge of sample 0 does not fit Q8.28 at eps = 2\^9: take at most 2\^5$"):
        fixed.backward(forward, np.ones((4, 6)))
    with pytest.raises(SpecError, match=r"^pairs of echoes must be 1 or 2, not 3$"):
        NudgePolicy(pairs=3)


class _Counting(Emulator):
    """Counts how often its inputs are written."""

    written = 0

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        self.written += region is Buffer.INPUT
        super().write(region, values, entry)


def test_inputs_that_fit_are_written_once() -> None:
    """For the way out, the probe and the echoes; anew for another minibatch, and after something else has used the device."""
    batch = Batch(Hamiltonian.DENSE)
    batch.weight[:] = 1.0
    device = _Counting(roomy().shape)
    echo = batch.echo(device)
    forward = echo.forward(batch.inputs, batch.position0, batch.momentum0, Readout.LAST)
    loss_gradient = np.asarray(batch.loss_gradient(forward.output, Readout.LAST))
    first = echo.backward(forward, loss_gradient)
    assert device.written == 1
    device.write(Buffer.INPUT, np.zeros((1, M), np.int64))
    echo.configure()
    echo.load(batch.codes)
    again = echo.backward(forward, loss_gradient)
    assert device.written == 3
    for name, values in groups(first).items():
        assert np.array_equal(values, groups(again)[name]), name
    echo.forward(batch.inputs, batch.position0, batch.momentum0, Readout.LAST)
    assert device.written == 4
