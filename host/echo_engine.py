"""Echo learning as the training loop sees it: real weights and samples in, integers on a device, real gradients out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.run import Nudge
from loschmidt.spec.shape import Shape

from . import parameters
from .config import Config
from .device import Device
from .echo import Echo, Forward, Readout
from .encoder import Encoder
from .engine import Health
from .loss import Output
from .portrait import Portrait, draw
from .scaling import codes

Floats = NDArray[np.float64]

#: The array that training asks for: lanes where there is hardware to simulate, and entries of its buffers.
LANES = 16
DEPTH = 1 << 14

#: How a readout's gradient is spread over time.
NUDGES = {Readout.LAST: Nudge.IMPULSE, Readout.MEAN: Nudge.HOLD, Readout.EVERY: Nudge.STREAM}


def shape_for(config: Config, channels: int, longest: int) -> Shape:
    """An array that takes a minibatch's echoes at once: two contexts a sample, buffers for all its steps up to `DEPTH`."""
    depth = max(config.batch, min(DEPTH, config.batch * longest))
    return Shape(
        oscillators=config.oscillators,
        inputs=channels,
        lanes=min(LANES, config.oscillators),
        contexts=2 * config.batch,
        input_depth=depth,
        nudge_depth=depth,
        trace_depth=depth,
        formats=config.preset,
    )


class EchoEngine:
    """An `Engine` on a device, which it closes in the end.

    Parameters
    ----------
    device : any; takes over its memory
    hamiltonian, s : the system and its time step ``delta = 2**-s``
    readout : ``last``, ``mean`` or ``every``
    encoder : for static samples

    Members
    -------
    saturated : input values so far that lay outside the operand's range and were taken to its end
    wrapped : free runs so far whose state overflowed
    """

    def __init__(self, device: Device, hamiltonian: Hamiltonian, s: int, readout: str, encoder: Encoder | None = None) -> None:
        self._device = device
        self._hamiltonian = hamiltonian
        self._readout = Readout(readout)
        self._echo = Echo(device, hamiltonian, s)
        self._encoder = encoder
        self._forward: Forward | None = None
        self.saturated = 0
        self.wrapped = 0

    def load(self, masters: Mapping[str, Floats]) -> None:
        own = {name: masters[name] for name in parameters.names(self._hamiltonian)}
        self._echo.load(parameters.quantise(own, self._hamiltonian, self._device.shape))
        if self._encoder is not None:
            self._encoder.load(masters)

    def forward(self, inputs: Sequence[Floats]) -> Output:
        shape = self._device.shape
        rest = np.zeros(shape.oscillators, dtype=np.int64)
        start = rest
        if self._encoder is not None:
            inputs, real = self._encoder.enter(inputs)
            start = parameters.codes_of(real, shape.formats.state, "start")
        samples = [codes(sample, shape.formats.operand) for sample in inputs]
        self.saturated += sum(outside for _, outside in samples)
        self._forward = self._echo.forward([sample for sample, _ in samples], start, rest, self._readout)
        self.wrapped += int(np.count_nonzero(self._forward.flags.overflow))
        return self._forward.output

    def backward(self, output: Output) -> tuple[dict[str, Floats], Health]:
        if self._forward is None:
            raise RuntimeError("backward needs a forward before it")
        gradient = self._echo.backward(self._forward, output)
        found = gradient.parameters
        if self._encoder is not None:
            found = found | self._encoder.gradient(gradient.position0)
        return found, Health.of(gradient.report)

    def portrait(self, sample: Floats, output: Output) -> Portrait:
        """How one oscillator takes a sample (T, M) there and back, nudged by ``output``: dL/d(what `forward` gives for it)."""
        self.forward([sample])
        if self._forward is None:
            raise RuntimeError("a forward leaves what its echo needs")
        inputs, start = self._forward.inputs[0], self._forward.position0[0]
        _, health = self.backward(output)
        exponent = round(math.log2(health.eps[0])) if health.eps else 0
        gradient = np.atleast_2d(np.asarray(output[0], np.float64)) / (len(inputs) if self._readout is Readout.MEAN else 1)
        self._echo.traveller.forget()  # what is drawn goes through the device step by step
        return draw(self._device, start, inputs, gradient, NUDGES[self._readout], exponent)

    def close(self) -> None:
        self._device.close()
