"""A device as a differentiable function of real numbers: what the layers for PyTorch and JAX have in common.

    output = readout of the midpoints phi_h[k],  k = 0 .. T_b - 1,  started from (phi_0, pi_0), driven by u, with the weights theta

Real numbers are rounded to the device's formats on their way in. The derivative of that is taken to be 1 inside a format's range, and 0
where a value was taken to the range's end (straight-through). Inputs and states may leave their range; weights may not: `Layer.constrain`
says where they may be. The derivative of everything else is what echoes measure.
"""

from __future__ import annotations

import math
import os
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.errors import LoschmidtError, SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import name_of, named
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from . import parameters
from .config import CHOICES
from .constraints import project
from .device import Device, Ints
from .devices import check_name, open_device, shape_at
from .echo import Echo, Flags, Forward, Readout
from .echo_engine import DEPTH, LANES
from .engine import Health
from .errors import ConfigError, DeviceError, UntrustedGradientError, UntrustedGradientWarning
from .nudge import NudgePolicy, SampleReport
from .scaling import codes

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Contexts of a device that a layer opens for itself: two for each sample of a minibatch of 32; larger ones go in groups.
CONTEXTS = 64

#: What may be done about a gradient that the detector does not trust.
UNTRUSTED = ("warn", "raise")

#: One conversation at a time with a device that several layers share, and one opening of a layer's own.
_LOCKS: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()
if hasattr(os, "register_at_fork"):  # not on Windows
    # In a forked child, nobody is left to release what another thread of the parent held.
    os.register_at_fork(after_in_child=_LOCKS.clear)


@dataclass(frozen=True)
class Entered:
    """A minibatch in the device's codes: `Echo.load` and `Echo.forward` take it, and an echo needs it again.

    Members
    -------
    codes : the parameters
    inputs : B arrays (T_b, M)
    position0, momentum0 : (B, N)
    inside : which inputs, positions and momenta lay within the range of their format; (B, T, M) and (B, N), true where there is padding
    """

    codes: dict[Parameter, Ints]
    inputs: list[Ints]
    position0: Ints
    momentum0: Ints
    inside: tuple[Mask, Mask, Mask]


@dataclass(frozen=True)
class Gradients:
    """dL/d(...): masters, summed over the batch; inputs (B, T, M), if they were asked for; position0, momentum0 (B, N)."""

    masters: parameters.Master
    inputs: Floats | None
    position0: Floats
    momentum0: Floats


class Options(TypedDict, total=False):
    """Keywords of `Layer`."""

    step: int
    readout: str
    device: str | Device
    formats: str | None
    untrusted: str
    policy: NudgePolicy | None


class Layer:
    """One system on one device.

    Parameters
    ----------
    inputs, oscillators : M, N
    hamiltonian : ``springs``, ``linear``, ``diagonal`` or ``dense``
    step : s of the time step ``delta = 2**-s``
    readout : ``last`` or ``mean`` midpoint, or ``every``
    device : a name that `devices.open_device` knows, opened when it is first needed; or a `Device`, which several layers may share
    formats : a name that `spec.formats.named` knows; if None, ``18``, or a board's own; a `Device` has its own
    untrusted : ``warn`` or ``raise`` where the detector does not trust a gradient
    policy : how eps is chosen

    Members
    -------
    report : of the last `backward`, one `SampleReport` for each sample
    saturated : values of the last `enter`, inputs and states, that were taken to their range's end

    Raises
    ------
    ConfigError, DeviceError, SpecError : an option that is not known, or does not go with another
    """

    def __init__(
        self,
        inputs: int,
        oscillators: int,
        hamiltonian: str = "dense",
        *,
        step: int = 5,
        readout: str = "last",
        device: str | Device = "emulator",
        formats: str | None = None,
        untrusted: str = "warn",
        policy: NudgePolicy | None = None,
    ) -> None:
        known = {"hamiltonian": CHOICES["hamiltonian"], "readout": CHOICES["readout"], "untrusted": UNTRUSTED}
        for name, value in (("hamiltonian", hamiltonian), ("readout", readout), ("untrusted", untrusted)):
            if value not in known[name]:
                raise ConfigError(f"{name} must be one of {', '.join(known[name])}, not {value!r}")
        if not 0 <= step <= STEP_LIMIT:
            raise ConfigError(f"step, s of the time step 2^-s, must be 0 to {STEP_LIMIT}, not {step}")
        self.hamiltonian, self.step, self.readout = Hamiltonian[hamiltonian.upper()], step, Readout(readout)
        self.untrusted, self.policy = untrusted, policy
        self.report: list[SampleReport] = []
        self.saturated = 0
        self._given = device
        self._echo: Echo | None = None
        self.shape = self._shape_on(device, inputs, oscillators, formats)

    @staticmethod
    def _shape_on(device: str | Device, inputs: int, oscillators: int, formats: str | None) -> Shape:
        if not isinstance(device, str):
            found = device.shape
            if formats is not None and formats != name_of(found.formats):
                raise ConfigError(f"formats {formats!r} are not those of the device that was given: leave them out")
            if (found.inputs, found.oscillators) != (inputs, oscillators):
                has = f"{found.inputs} inputs and {found.oscillators} oscillators"
                raise ConfigError(f"the device has {has}, the layer {inputs} and {oscillators}: make both the same")
            return found
        check_name(device)
        try:
            board = shape_at(device) if formats is None else None
            chosen = board.formats if board is not None else named(formats or "18")
        except SpecError as error:
            raise ConfigError(str(error)) from error
        lanes = max(1, min(LANES, oscillators))
        return Shape(oscillators, inputs, lanes, CONTEXTS, 2, DEPTH, DEPTH, DEPTH, chosen)

    @property
    def device(self) -> str:
        """The device's name."""
        return self._given if isinstance(self._given, str) else self._given.name

    def close(self) -> None:
        """Close the device, if the layer opened it; it is opened again when it is needed."""
        if self._echo is not None and isinstance(self._given, str):
            self._echo.device.close()
        self._echo = None

    def __getstate__(self) -> dict[str, Any]:
        if not isinstance(self._given, str):
            raise DeviceError(
                "a layer on a device that was given to it cannot be pickled: keep its parameters, or make it with a device's name"
            )
        return self.__dict__ | {"_echo": None}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A layer of its own; a device that was given is shared."""
        twin = type(self).__new__(type(self))
        twin.__dict__.update(self.__dict__ | {"_echo": None, "report": list(self.report)})
        return twin

    def initial(self, generator: np.random.Generator) -> parameters.Master:
        """Masters to start from, as `parameters.initial` gives them, where the time step is stable."""
        masters = parameters.initial(self.hamiltonian, self.shape.oscillators, self.shape.inputs, generator)
        self.constrain(masters)
        return masters

    def constrain(self, masters: parameters.Master, spacing: Mapping[str, float] | None = None) -> None:
        """Move masters, in place, to where the system is stable and the formats hold them, as `constraints.project` does.

        Parameters
        ----------
        masters : by name, as `initial` gives them
        spacing : by name, the machine epsilon of the precision that will hold a master. A coarse one (bfloat16, half) has no
            number just below the end of the weight format and would round to one past it, so the master ends at the last one
            that fits

        Raises
        ------
        SpecError : a master is not finite
        """
        for name, value in masters.items():
            if not np.all(np.isfinite(value)):
                raise SpecError(f"the parameter {name} is not finite: lower the learning rate, or clip gradients")
        project(masters, self.hamiltonian, self.step, self.shape.formats)
        weight = self.shape.formats.weight
        for name, epsilon in (spacing or {}).items():
            last = _last(weight.highest * weight.lsb, epsilon)
            np.clip(masters[name], -last, last, out=masters[name])

    def enter(self, masters: Mapping[str, Floats], inputs: Floats, lengths: Ints | None, position0: Floats, momentum0: Floats) -> Entered:
        """Round a minibatch to codes.

        Parameters
        ----------
        masters : by name, as `initial` gives them
        inputs : (B, T, M); B may be 0
        lengths : (B,), how many steps of each sample count, 1 to T; None: all
        position0, momentum0 : (B, N)

        Raises
        ------
        SpecError : a wrong shape, a value that is not finite, a weight that does not fit its format
        """
        shape, formats = self.shape, self.shape.formats
        if inputs.ndim != 3 or inputs.shape[2] != shape.inputs or inputs.shape[1] == 0:
            raise SpecError(f"inputs must have the shape (batch, steps, {shape.inputs}), none of them zero, not {inputs.shape}")
        count, steps, _ = inputs.shape
        lengths = np.full(count, steps) if lengths is None else lengths
        if lengths.shape != (count,) or (count and (lengths.dtype.kind not in "iu" or lengths.min() < 1 or lengths.max() > steps)):
            raise SpecError(f"lengths must be {count} integers from 1 to {steps}, not {lengths.tolist()}")
        for name, state in (("position", position0), ("momentum", momentum0)):
            if state.shape != (count, shape.oscillators):
                raise SpecError(f"the initial {name} must have the shape {(count, shape.oscillators)}, not {state.shape}")
        counted = np.where((np.arange(steps) < lengths[:, None])[..., None], inputs, 0.0)
        entries = (("input", counted, formats.operand), ("position", position0, formats.state), ("momentum", momentum0, formats.state))
        (u, position, momentum), inside = zip(*(_enter(*entry) for entry in entries), strict=True)
        self.saturated = sum(int(np.count_nonzero(~mask)) for mask in inside)
        quantised = parameters.quantise(masters, self.hamiltonian, shape)
        return Entered(quantised, [rows[:length] for rows, length in zip(u, lengths, strict=True)], position, momentum, inside)

    def forward(self, entered: Entered) -> tuple[Forward, Floats]:
        """Run freely: what the echo needs, without the output; and that, (B, N), or for ``every`` (B, T, N), zero past a sample's end."""
        if not entered.inputs:
            return self._nothing(entered)
        echo = self._open()
        with _lock(echo.device):
            _take(echo, entered)
            forward = echo.forward(entered.inputs, entered.position0, entered.momentum0, self.readout)
        kept = replace(forward, output=[])
        if self.readout is not Readout.EVERY:
            return kept, np.asarray(forward.output)
        padded = np.zeros((*entered.inside[0].shape[:2], self.shape.oscillators))
        for row, output in zip(padded, forward.output, strict=True):
            row[: len(output)] = output
        return kept, padded

    def backward(self, entered: Entered, forward: Forward, by_output: Floats, inputs: bool) -> Gradients:
        """Gradient from dL/d(output), by ``inputs``, too, if they are wanted.

        Warns `UntrustedGradientWarning` or raises `UntrustedGradientError`, as the layer was told, where the detector finds fault.
        """
        if not entered.inputs:
            self.report = []
            masters = parameters.shapes(self.hamiltonian, self.shape.oscillators, self.shape.inputs)
            return Gradients({name: np.zeros(size) for name, size in masters.items()}, *(np.zeros(mask.shape) for mask in entered.inside))
        echo = self._open()
        every = self.readout is Readout.EVERY
        given: Floats | list[Floats] = [row[: len(u)] for row, u in zip(by_output, entered.inputs, strict=True)] if every else by_output
        with _lock(echo.device):
            _take(echo, entered)
            # Of the output, the echo asks for its shape alone.
            found = echo.backward(replace(forward, output=given), given, inputs)
        self.report = found.report
        self._judge()
        by_input, (u_inside, position_inside, momentum_inside) = None, entered.inside
        if found.inputs is not None:
            by_input = np.zeros(u_inside.shape)
            for row, gradient in zip(by_input, found.inputs, strict=True):
                row[: len(gradient)] = gradient
            by_input *= u_inside
        return Gradients(found.parameters, by_input, found.position0 * position_inside, found.momentum0 * momentum_inside)

    def _nothing(self, entered: Entered) -> tuple[Forward, Floats]:
        """What `forward` returns for no samples: the device is not asked."""
        n, none = self.shape.oscillators, np.zeros(0, np.bool_)
        ran = Forward(self.readout, [], Flags(none, none), [], *[np.zeros((0, n), np.int64)] * 4)
        return ran, np.zeros((*entered.inside[0].shape[:2], n) if self.readout is Readout.EVERY else (0, n))

    def _open(self) -> Echo:
        with _lock(self):
            if self._echo is None:
                device = open_device(self._given, self.shape) if isinstance(self._given, str) else self._given
                self._echo = Echo(device, self.hamiltonian, self.step, self.policy)
            return self._echo

    def _judge(self) -> None:
        health = Health.of(self.report)
        if not health.untrusted:
            return
        text = (
            f"the gradient of {health.untrusted} of {len(self.report)} samples cannot be trusted: asymmetry up to {max(health.asym):.2g}, "
            f"deviation up to {max(health.dev):.2g}, {health.overflow} overflowed, {health.clip} clipped; "
            "weaken couplings or inputs, shorten the run, or take wider formats"
        )
        if self.untrusted == "raise":
            raise UntrustedGradientError(text)
        warnings.warn(text, UntrustedGradientWarning, stacklevel=3)


def _last(bound: float, epsilon: float) -> float:
    """The largest number up to a bound in a precision of that machine epsilon."""
    mantissa, exponent = math.frexp(bound)
    return math.ldexp(math.floor(mantissa * 2 / epsilon) * epsilon / 2, exponent)


def _lock(of: Device | Layer) -> threading.Lock:
    return _LOCKS.setdefault(of, threading.Lock())


def _take(echo: Echo, entered: Entered) -> None:
    """Make the device this layer's: another may have used it since, or other weights."""
    echo.configure()
    echo.load(entered.codes)


def _enter(what: str, values: Floats, target: Format) -> tuple[Ints, Mask]:
    """Nearest codes within the symmetric range, and which values were in it."""
    if not np.all(np.isfinite(values)):
        index = [int(i) for i in np.argwhere(~np.isfinite(values))[0]]
        raise LoschmidtError(f"{what}{index} is {values[tuple(index)]}: only finite numbers have a code, look at what made it")
    found, _ = codes(values, target)
    return found, np.abs(np.rint(np.ldexp(values, target.fraction))) <= target.highest
