"""Oscillator arrays as PyTorch layers: ``loss.backward()`` goes through the device, by echo.

    layer = EchoLayer(inputs=12, oscillators=64, readout="last")
    loss = cross_entropy(head(layer(u)), labels)        # u (B, T, 12)
    loss.backward()

The gradient of weights, initial state and inputs is what two nudged echoes bring home, so layers stack, and anything differentiable may
stand between them. Nothing of the trajectory is kept from forward to backward: memory grows by the inputs alone. Without a gradient to be
taken (`torch.no_grad`, `torch.inference_mode`) no echo is run and nothing is kept at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack, cast

import numpy as np

from .errors import MissingExtraError
from .layer import Floats, Layer, Options
from .nudge import SampleReport

try:
    import torch
except ImportError as error:
    raise MissingExtraError("PyTorch is not installed, and loschmidt.host.torch needs it: pip install 'loschmidt[torch]'") from error

from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from loschmidt.spec.errors import SpecError

State = tuple[Tensor, Tensor]


class EchoLayer(nn.Module):
    """A system of N oscillators that reads sequences of M inputs.

    Its parameters are the masters of `host.parameters`: ``inverse_mass``, ``input_weight`` and, by Hamiltonian, ``stiffness``,
    ``coupling``, ``gain`` and ``bias``. They start from `host.parameters.initial`, drawn by PyTorch's generator. An optimiser may take
    them where the system is unstable or the weight format ends: each forward begins by moving those back, in place (`constrain`).

    Parameters
    ----------
    inputs, oscillators, hamiltonian : as of `Layer`
    learn_initial_state : whether ``position0`` and ``momentum0``, (N,), are parameters, too; they start at zero
    dtype : of the parameters; PyTorch's default if None
    options : ``step``, ``readout`` (``last`` or ``mean`` gives (B, N), ``every`` (B, T, N)), ``device``, ``formats``, ``untrusted`` and
        ``policy``, as of `Layer`

    Members
    -------
    layer : the device as a function of numbers (`Layer`)
    report : of the last backward: eps, deviation, asymmetry, overflow and clip of each sample (`SampleReport`)
    saturated : values of the last forward, inputs and states, that were taken to the end of their format's range

    Raises
    ------
    ConfigError, DeviceError, SpecError : an option that is not known, or does not go with another
    """

    stiffness: nn.Parameter
    coupling: nn.Parameter
    gain: nn.Parameter
    bias: nn.Parameter
    input_weight: nn.Parameter
    inverse_mass: nn.Parameter
    position0: nn.Parameter
    momentum0: nn.Parameter

    def __init__(
        self,
        inputs: int,
        oscillators: int,
        hamiltonian: str = "dense",
        *,
        learn_initial_state: bool = False,
        dtype: torch.dtype | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__()
        self.layer = Layer(inputs, oscillators, hamiltonian, **options)
        masters = self.layer.initial(np.random.default_rng(int(torch.randint(2**62, ()))))
        self._names = tuple(masters)
        self._starts = ("position0", "momentum0") if learn_initial_state else ()
        dtype = dtype if dtype is not None else torch.get_default_dtype()
        for name, value in (masters | {start: np.zeros(oscillators) for start in self._starts}).items():
            self.register_parameter(name, nn.Parameter(torch.tensor(value, dtype=dtype)))

    @property
    def report(self) -> list[SampleReport]:
        return self.layer.report

    @property
    def saturated(self) -> int:
        return self.layer.saturated

    def close(self) -> None:
        """Close the device, if the layer opened it."""
        self.layer.close()

    def extra_repr(self) -> str:
        layer, shape = self.layer, self.layer.shape
        return (
            f"inputs={shape.inputs}, oscillators={shape.oscillators}, hamiltonian={layer.hamiltonian.name.lower()!r}, step={layer.step}, "
            f"readout={layer.readout.value!r}, device={layer.device!r}"
        )

    def constrain(self) -> None:
        """Move parameters, in place, to where the system is stable and the weight format holds them; each forward does this first."""
        self._constrain(self._masters())

    def forward(self, inputs: Tensor, lengths: Tensor | Sequence[int] | None = None, state: State | None = None) -> Tensor:
        """Midpoint positions, as ``readout`` says, in the inputs' precision and on their device.

        Parameters
        ----------
        inputs : (B, T, M), real; rounded to the operand format, gradient 1 inside its range and 0 outside
        lengths : (B,), how many steps of each sample count; all if None. Positions past them are zero
        state : positions and momenta to start from, (N,) or (B, N) each; at rest if None

        Raises
        ------
        SpecError : a wrong shape or length, a number that is not finite
        """
        _check(self.layer, inputs, state)
        masters = self._masters()
        self._constrain(masters)
        return _respond(self.layer, masters, inputs, lengths, self._start(inputs, state))

    def _masters(self) -> dict[str, Tensor]:
        return {name: getattr(self, name) for name in self._names}

    def _constrain(self, masters: dict[str, Tensor]) -> None:
        values = {name: _numbers(tensor).copy() for name, tensor in masters.items()}
        self.layer.constrain(values)
        with torch.no_grad():
            for name, tensor in masters.items():
                moved = _like(values[name], tensor)
                if not torch.equal(moved, tensor):
                    tensor.copy_(moved)

    def _start(self, inputs: Tensor, state: State | None) -> State:
        """(B, N) each; what PyTorch broadcasts, it sums up again."""
        if state is not None and self._starts:
            raise SpecError("the layer learns its initial state: give it none, or make it without learn_initial_state")
        if state is None and not self._starts:
            return _rest(self.layer, inputs)
        size = (len(inputs), self.layer.shape.oscillators)
        given = state if state is not None else tuple(getattr(self, name) for name in self._starts)
        for name, tensor in zip(("positions", "momenta"), given, strict=True):
            if tensor.shape not in {size, size[1:]}:
                raise SpecError(f"initial {name} must have the shape {size[1:]} or {size}, not {tuple(tensor.shape)}")
        position, momentum = given
        return position.expand(size), momentum.expand(size)


def respond(layer: Layer, masters: Mapping[str, Tensor], inputs: Tensor, lengths: Tensor | Sequence[int] | None = None) -> Tensor:
    """Midpoint positions of a layer from rest, as a function of parameters that something else keeps: `EchoLayer.forward` without a module.

    Parameters
    ----------
    layer : the device as a function of numbers
    masters : by name, as `Layer.initial` has them, where `Layer.constrain` would leave them: nothing is moved here
    inputs, lengths : as of `EchoLayer.forward`
    """
    _check(layer, inputs, None)
    return _respond(layer, masters, inputs, lengths, _rest(layer, inputs))


def _check(layer: Layer, inputs: Tensor, state: State | None) -> None:
    for what, tensor in (("inputs", inputs), *zip(("initial positions", "initial momenta"), state or (), strict=False)):
        if not tensor.is_floating_point() or tensor.is_meta:
            raise SpecError(f"{what} must be real numbers in memory, not {tensor.dtype} on {tensor.device}")
    if inputs.ndim != 3:
        raise SpecError(f"inputs must have the shape (batch, steps, {layer.shape.inputs}), not {tuple(inputs.shape)}")


def _rest(layer: Layer, inputs: Tensor) -> State:
    rest = torch.zeros((len(inputs), layer.shape.oscillators), dtype=inputs.dtype)
    return rest, rest


def _respond(layer: Layer, masters: Mapping[str, Tensor], inputs: Tensor, lengths: Tensor | Sequence[int] | None, state: State) -> Tensor:
    counts = None if lengths is None else np.asarray(torch.as_tensor(lengths).cpu())
    return cast(Tensor, _Run.apply(layer, counts, inputs, *state, tuple(masters), *masters.values()))


class _Run(torch.autograd.Function):
    """A free run; its backward, the echoes. What both share is kept in NumPy, as the device's codes."""

    @staticmethod
    def forward(
        ctx: Any,
        layer: Layer,
        lengths: np.ndarray[Any, Any] | None,
        inputs: Tensor,
        position: Tensor,
        momentum: Tensor,
        names: tuple[str, ...],
        *masters: Tensor,
    ) -> Tensor:
        values = {name: _numbers(tensor) for name, tensor in zip(names, masters, strict=True)}
        entered = layer.enter(values, _numbers(inputs), lengths, _numbers(position), _numbers(momentum))
        ran, output = layer.forward(entered)
        if any(ctx.needs_input_grad):
            ctx.layer, ctx.entered, ctx.ran, ctx.names = layer, entered, ran, names
            ctx.like = [torch.empty(0, dtype=tensor.dtype, device=tensor.device) for tensor in (inputs, position, momentum, *masters)]
        return _like(output, inputs)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_output: Tensor) -> tuple[Tensor | None, ...]:
        needs = ctx.needs_input_grad
        found = ctx.layer.backward(ctx.entered, ctx.ran, _numbers(by_output), inputs=needs[2])
        values = (found.inputs, found.position0, found.momentum0, *(found.masters[name] for name in ctx.names))
        wanted = (*needs[2:5], *needs[6:])
        given = [_like(value, like) if want else None for value, like, want in zip(values, ctx.like, wanted, strict=True)]
        return (None, None, *given[:3], None, *given[3:])


def _numbers(tensor: Tensor) -> Floats:
    numbers: Floats = tensor.detach().cpu().double().numpy()
    return numbers


def _like(values: Floats, tensor: Tensor) -> Tensor:
    """In the tensor's precision, on its device."""
    return torch.from_numpy(values).to(dtype=tensor.dtype, device=tensor.device)
