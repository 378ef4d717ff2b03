"""A training step's gradient from any device: run forward, flip, and let two nudged echoes return.

With G_k = dL/dphi_h[k] (midpoint positions, explicit dependence only), taken on the free run and frozen, the echoes start from the
flipped end state, read the inputs backwards and are nudged by n_k = -(+eps) G_k and n_k = -(-eps) G_k. Then, as eps -> 0,

    dL/dtheta = delta / (2 eps) [ sum_k dV/dtheta(+) - sum_k dV/dtheta(-) ]
    dL/dphi_0 = -( pi_end(+) - pi_end(-) ) / (2 eps)        dL/dpi_0 = -( phi_end(+) - phi_end(-) ) / (2 eps)
    dL/du_k = delta / (2 eps) [ dV/du(+) - dV/du(-) ]       at step k; asked for, the echoes trace their midpoints

Nothing of the trajectory is kept. Every sample has its own eps = 2**k; the samples of a batch share the device's accumulators, each
one's products shifted left by (largest k) - (its k), which is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.activation import table
from loschmidt.spec.errors import LoschmidtError, SpecError
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter, Product
from loschmidt.spec.region import Table
from loschmidt.spec.run import SHIFT_LIMIT, Accumulate, Direction, Nudge

from .device import Device, Ints
from .input_slope import InputSlope
from .integers import midpoint_before
from .nudge import DEVIATION_LIMIT, NudgePolicy, SampleReport, asymmetry, deviation, largest_exponent, nudge_codes
from .parameters import Floats, Master, gradient_from_products, shapes
from .traverse import Arrival, Journey, Observe, Traveller, Trip


class Readout(Enum):
    """What of the midpoint positions the loss sees, and so how it nudges."""

    LAST = "last"  #: the last one: an impulse
    MEAN = "mean"  #: their mean over the sample's steps: held
    EVERY = "every"  #: each: streamed


#: One probe does where it causes a deviation within 2**LEAP of the aim. Below, it may be rounding; it is repeated with the eps that it
#: suggests (2**LEAP times as large if there was no deviation at all), and so is one that went past what is linear.
PROBES, LEAP = 6, 8

_OBSERVED = {Readout.LAST: Observe.NOTHING, Readout.MEAN: Observe.SUM, Readout.EVERY: Observe.EVERY}
_NUDGES = {Readout.LAST: Nudge.IMPULSE, Readout.MEAN: Nudge.HOLD, Readout.EVERY: Nudge.STREAM}


@dataclass(frozen=True)
class Flags:
    """Per sample, (B,): the state wrapped; the state was clipped where it entered a product."""

    overflow: NDArray[np.bool_]
    clip: NDArray[np.bool_]


@dataclass(frozen=True)
class Forward:
    """A free run of B samples: its output, and all that its echo needs.

    Members
    -------
    readout : what ``output`` is
    output : midpoint positions, real: (B, N) for LAST and MEAN, else B arrays (T_b, N)
    flags : `Flags`
    inputs : B arrays (T_b, M), operand codes
    position0, momentum0, position, momentum : (B, N) state codes at the start and at the end
    """

    readout: Readout
    output: Floats | list[Floats]
    flags: Flags
    inputs: Sequence[Ints]
    position0: Ints
    momentum0: Ints
    position: Ints
    momentum: Ints


@dataclass(frozen=True)
class EchoGradient:
    """dL/d(masters), summed over the batch; dL/d(initial state), (B, N); what each sample's echo was like; dL/d(inputs), B arrays
    (T_b, M), if they were asked for."""

    parameters: Master
    position0: Floats
    momentum0: Floats
    report: list[SampleReport]
    inputs: list[Floats] | None = None


@dataclass(frozen=True)
class _Ends:
    """Where the two echoes of B samples came home, (B, 2N) positions then momenta, real; what either of them raised, (B,)."""

    plus: Floats
    minus: Floats
    overflow: NDArray[np.bool_]
    clip: NDArray[np.bool_]


class _Slope(NamedTuple):
    """dL/d(midpoints) of one sample, and of its rows together the largest magnitude and the sum of all."""

    rows: Floats
    peak: float
    norm: float


class Echo:
    """Drives one device, of which it owns the contexts, buffers and accumulators.

    Parameters
    ----------
    device : any
    hamiltonian, s : what it is configured as; time step ``delta = 2**-s``
    policy : how eps is chosen
    """

    def __init__(self, device: Device, hamiltonian: Hamiltonian, s: int, policy: NudgePolicy | None = None) -> None:
        self.device, self.hamiltonian, self.delta = device, hamiltonian, 2.0**-s
        self.policy = policy if policy is not None else NudgePolicy()
        self.traveller = Traveller(device)
        self._formats = device.shape.formats
        self._codes: dict[Parameter, Ints] = {}
        self._rows = np.array(table(self._formats), dtype=np.int64)
        self._s = s
        self._room = (1 << (self._formats.accumulator - 1)) - 1
        # Bound of what one step of one sample adds to an accumulator, before its shift: the difference of two sums of two squares.
        self._largest = self.policy.weight << max(2 * self._formats.multiplier - 1, self._formats.conjugate.width)
        self.configure()

    def configure(self) -> None:
        """Make the device this system again, after another used it; `load` must follow."""
        self.traveller.forget()
        self.device.configure(self.hamiltonian, self._s)
        self.device.write(Table.ACTIVATION, self._rows)

    def load(self, codes: Mapping[Parameter, Ints]) -> None:
        """Write all of the Hamiltonian's parameters, as `parameters.quantise` gives them."""
        self._codes = {parameter: codes[parameter] for parameter in DEFINITIONS[self.hamiltonian].parameters}
        for parameter, values in self._codes.items():
            self.device.write(parameter, values)

    def forward(self, inputs: Sequence[Ints], position0: Ints, momentum0: Ints, readout: Readout) -> Forward:
        """Run samples freely.

        Parameters
        ----------
        inputs : per sample (T_b, M), operand codes, T_b >= 1
        position0, momentum0 : (N,) for all samples or (B, N), state codes
        readout : what the loss will see

        Raises
        ------
        SpecError : no sample, an empty one, a wrong shape, or codes that do not fit
        """
        shape = self.device.shape
        if not inputs:
            raise SpecError("a batch must have at least one sample")
        for b, sample in enumerate(inputs):
            if sample.ndim != 2 or sample.shape[1] != shape.inputs or len(sample) == 0:
                raise SpecError(f"sample {b} must have at least one step of {shape.inputs} inputs, not the shape {sample.shape}")
        position, momentum = (np.array(np.broadcast_to(state, (len(inputs), shape.oscillators))) for state in (position0, momentum0))
        trips = [Trip(b) for b in range(len(inputs))]
        end = self.traveller.go(Journey(Direction.ASCENDING, inputs, observe=_OBSERVED[readout]), trips, position, momentum)
        flags = Flags(end.overflow, end.clip)
        return Forward(readout, self._seen(end, inputs, readout), flags, inputs, position, momentum, end.position, end.momentum)

    def _seen(self, end: Arrival, inputs: Sequence[Ints], readout: Readout) -> Floats | list[Floats]:
        """`Forward.output`."""
        if readout is Readout.LAST:
            mu = self._codes[Parameter.INVERSE_MASS]
            return self._real(midpoint_before(end.position, end.momentum, mu, self._formats, self._s))
        output = [self._real(seen) for seen in end.observed]
        if readout is Readout.EVERY:
            return output
        return np.stack([total / len(sample) for total, sample in zip(output, inputs, strict=True)])

    def _real(self, states: Ints) -> Floats:
        return np.ldexp(states.astype(np.float64), -self._formats.state.fraction)

    def backward(self, forward: Forward, loss_gradient: Floats | Sequence[Floats], inputs: bool = False) -> EchoGradient:
        """Gradient of a loss from its derivative with respect to ``forward.output``, which has the same shape; if asked, by ``inputs``,
        too, which costs a trace.

        Raises
        ------
        LoschmidtError : a derivative is not finite, or has not the output's shape; a fixed eps whose nudge does not fit
        """
        slopes = self._slopes(forward, loss_gradient)
        count, n = forward.position.shape
        zero = {name: np.zeros(size) for name, size in shapes(self.hamiltonian, n, self.device.shape.inputs).items()}
        flags = zip(forward.flags.overflow, forward.flags.clip, strict=True)
        report = [SampleReport(0.0, 0.0, 0.0, bool(overflow), bool(clip)) for overflow, clip in flags]
        by_input = [np.zeros(u.shape) for u in forward.inputs] if inputs else None
        result = EchoGradient(zero, np.zeros((count, n)), np.zeros((count, n)), report, by_input)
        for batch in self._batches(forward, self._exponents(forward, slopes)):
            self._collect(forward, slopes, batch, result)
        return result

    def _slopes(self, forward: Forward, loss_gradient: Floats | Sequence[Floats]) -> dict[int, _Slope]:
        """Of each sample that has a loss gradient: one row for an impulse or a held nudge, else one for each step."""
        if len(loss_gradient) != len(forward.inputs):
            raise SpecError(f"there must be a loss gradient for each of {len(forward.inputs)} samples, not {len(loss_gradient)}")
        given = [np.asarray(each, dtype=np.float64) for each in loss_gradient]
        for b, (g, seen) in enumerate(zip(given, forward.output, strict=True)):
            if g.shape != seen.shape:
                raise SpecError(f"the loss gradient of sample {b} must have shape {seen.shape}, not {g.shape}")
        if forward.readout is Readout.EVERY:
            found = [_Slope(g, float(np.abs(g).max()), float(np.abs(g).sum())) for g in given]
        else:
            rows = np.stack(given)
            if forward.readout is Readout.MEAN:
                rows /= [[len(u)] for u in forward.inputs]
            size = np.abs(rows)
            found = [_Slope(*each) for each in zip(rows[:, np.newaxis], size.max(axis=1).tolist(), size.sum(axis=1).tolist(), strict=True)]
        for b, slope in enumerate(found):
            if not math.isfinite(slope.norm):
                raise LoschmidtError(f"the loss gradient of sample {b} is not finite: look at the targets, or lower the learning rate")
        return {b: slope for b, slope in enumerate(found) if slope.peak}

    def _exponents(self, forward: Forward, slopes: Mapping[int, _Slope]) -> dict[int, int]:
        """k of eps = 2**k for each sample that has a gradient: fixed, or by a probe."""
        state = self._formats.state
        most = {b: largest_exponent(slope.peak, state) for b, slope in slopes.items()}
        if self.policy.fixed is not None:
            for b, limit in most.items():
                if self.policy.fixed > limit:
                    raise SpecError(f"the nudge of sample {b} does not fit {state} at eps = 2^{self.policy.fixed}: take at most 2^{limit}")
            return dict.fromkeys(most, self.policy.fixed)
        k = {}
        for b, slope in slopes.items():
            held = len(forward.inputs[b]) if forward.readout is Readout.MEAN else 1
            k[b] = min(self.policy.first(held * slope.norm), most[b])
        aim = self.policy.aim(self._formats, self.hamiltonian)
        waiting = list(k)
        for _ in range(PROBES):
            if not waiting:
                break
            ends = self._echoes(forward, slopes, {b: k[b] for b in waiting})
            asked, waiting = waiting, []
            for b, caused in zip(asked, deviation(ends.plus, ends.minus).tolist(), strict=True):
                before = k[b]
                k[b] = min(self.policy.second(before, caused, self._formats, self.hamiltonian) if caused else before + LEAP, most[b])
                if k[b] != before and not 2.0 ** (aim - LEAP) <= caused <= DEVIATION_LIMIT:
                    waiting.append(b)
        return k

    def _echoes(
        self,
        forward: Forward,
        slopes: Mapping[int, _Slope],
        exponents: Mapping[int, int],
        shifts: Mapping[int, int] | None = None,
        swap: bool = False,
        flush: Callable[[], None] | None = None,
        visit: Callable[[int, int, Ints], None] | None = None,
    ) -> _Ends:
        """One pair of echoes for each sample in ``exponents``, in its order; where there are ``shifts``, (+) minus (-) is accumulated, or
        the reverse. ``visit`` sees the midpoints of (+) under even indices, those of (-) under odd ones."""
        state = self._formats.state
        signs = {False: Accumulate.ADD, True: Accumulate.SUBTRACT}
        flipped = np.where(forward.momentum == state.lowest, state.lowest, -forward.momentum)
        trips = []
        for b in exponents:
            for negate in (False, True):
                accumulate = Accumulate.OFF if shifts is None else signs[negate is not swap]
                trips.append(Trip(b, negate, accumulate, 0 if shifts is None else shifts[b]))
        twice = np.repeat(list(exponents), 2)
        if forward.readout is Readout.EVERY:
            nudges = {b: nudge_codes(slopes[b].rows, k, state) for b, k in exponents.items()}
        else:
            rows = nudge_codes(np.concatenate([slopes[b].rows for b in exponents]), np.array([[k] for k in exponents.values()]), state)
            nudges = dict(zip(exponents, rows[:, np.newaxis], strict=True))
        longest = self._room // self._largest if flush is not None else None
        journey = Journey(Direction.DESCENDING, forward.inputs, _NUDGES[forward.readout], nudges, visit=visit, longest=longest, flush=flush)
        end = self.traveller.go(journey, trips, forward.position[twice], flipped[twice])
        home = np.concatenate([end.position, end.momentum], axis=1) * state.lsb
        return _Ends(home[::2], home[1::2], end.overflow[::2] | end.overflow[1::2], end.clip[::2] | end.clip[1::2])

    def _batches(self, forward: Forward, exponents: Mapping[int, int]) -> Iterator[dict[int, int]]:
        """Samples that may share the accumulators: their largest possible sum fits, and no shift is past the limit."""
        batch, total = dict[int, int](), 0
        for b in sorted(exponents, key=lambda b: -exponents[b]):
            most = len(forward.inputs[b]) * self._largest
            shift = max(batch.values(), default=exponents[b]) - exponents[b]
            if batch and (shift + self.policy.headroom > SHIFT_LIMIT or total + (most << shift) > self._room):
                yield _in_order(batch)
                batch, total, shift = {}, 0, 0
            batch[b] = exponents[b]
            total += most << shift
        if batch:
            yield _in_order(batch)

    def _collect(self, forward: Forward, slopes: Mapping[int, _Slope], batch: Mapping[int, int], result: EchoGradient) -> None:
        """Run the echoes that count, and add what they bring to ``result``."""
        top = max(batch.values())
        shifts = {b: top - k for b, k in batch.items()}
        scale = self.policy.scale * 2.0**-top

        def flush() -> None:
            products: dict[Product, Ints] = {name: self.device.read(name) for name in DEFINITIONS[self.hamiltonian].products}
            for name, value in gradient_from_products(products, self._codes, self.delta * scale, self.hamiltonian, self._formats).items():
                result.parameters[name] += value
            self.device.clear()

        self.device.clear()
        each = flush if sum(len(forward.inputs[b]) << shifts[b] for b in batch) * self._largest > self._room else None
        visit = self._visit(forward, batch, result, 2**self.policy.headroom)
        ends = self._echoes(forward, slopes, batch, {b: e + self.policy.headroom for b, e in shifts.items()}, flush=each, visit=visit)
        wider = ends
        if self.policy.pairs == 2:
            visit, wide = self._visit(forward, batch, result, -1), {b: k + 1 for b, k in batch.items()}
            wider = self._echoes(forward, slopes, wide, shifts, swap=True, flush=each, visit=visit)
        flush()
        samples, n = list(batch), forward.position.shape[1]
        odd = (ends.plus - ends.minus) * 2**self.policy.headroom
        if self.policy.pairs == 2:
            odd -= wider.plus - wider.minus
        odd *= -self.policy.scale * np.ldexp(1.0, [[-k] for k in batch.values()])
        result.position0[samples], result.momentum0[samples] = odd[:, n:], odd[:, :n]
        start = np.concatenate([forward.position0[samples], -forward.momentum0[samples]], axis=1) * self._formats.state.lsb
        dev, asym = deviation(ends.plus, ends.minus).tolist(), asymmetry(ends.plus, ends.minus, start).tolist()
        overflow, clip = ends.overflow | wider.overflow, ends.clip | wider.clip
        for i, b in enumerate(samples):
            before = result.report[b]
            raised = before.overflow or bool(overflow[i]), before.clip or bool(clip[i])
            result.report[b] = SampleReport(2.0 ** batch[b], dev[i], asym[i], *raised)

    def _visit(
        self, forward: Forward, batch: Mapping[int, int], result: EchoGradient, weight: int
    ) -> Callable[[int, int, Ints], None] | None:
        """What adds ``weight`` times the slopes by input of (+), and subtracts those of (-), where they are asked for."""
        if result.inputs is None:
            return None
        by_input, samples = result.inputs, list(batch)
        slope = InputSlope(self.hamiltonian, self._codes, self._rows, self._formats)

        def visit(trip: int, low: int, midpoints: Ints) -> None:
            b = samples[trip // 2]
            here = slice(low, low + len(midpoints))
            sign = -weight if trip % 2 else weight
            factor = self.delta * self.policy.scale * 2.0 ** -batch[b]
            by_input[b][here] += sign * factor * slope(midpoints, forward.inputs[b][here])

        return visit


def _in_order(batch: Mapping[int, int]) -> dict[int, int]:
    """By sample, as the way out took them: the device may hold their inputs yet."""
    return dict(sorted(batch.items()))
