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
from typing import Unpack, overload

import numpy as np

from .errors import MissingExtraError, TransformError
from .layer import Layer, Options
from .nudge import SampleReport
from .parameters import shapes

try:
    import torch
except ImportError as error:
    raise MissingExtraError("PyTorch is not installed, and loschmidt.host.torch needs it: pip install 'loschmidt[torch]'") from error

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from loschmidt.spec.errors import SpecError

from .torch_autograd import State, check, counts, eager, numbers, run
from .torch_bounds import bring, remember

Lengths = Tensor | Sequence[int]


class EchoLayer(nn.Module):
    """A system of N oscillators that reads sequences of M inputs.

    Its parameters are the masters of `host.parameters`: ``inverse_mass``, ``input_weight`` and, by Hamiltonian, ``stiffness``,
    ``coupling``, ``gain`` and ``bias``. They start from `host.parameters.initial`, drawn by PyTorch's generator. An optimiser may
    take them where the system is unstable or the weight format ends: each forward begins by moving those back, in place
    (`constrain`). A parameter that autograd still needs as it is, as a penalty was computed from it, is moved after backward or
    in the optimiser's next step; until then the device is given a copy that is within bounds.

    First derivatives only: to differentiate a gradient again raises `SecondDerivativeError`. `torch.compile` leaves the layer out
    of its graphs. Made under ``torch.device("meta")``, it takes `to_empty` and `reset_parameters`, or a state that is assigned.

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
        self._names = tuple(shapes(self.layer.hamiltonian, oscillators, inputs))
        self._starts = ("position0", "momentum0") if learn_initial_state else ()
        sizes = shapes(self.layer.hamiltonian, oscillators, inputs) | dict.fromkeys(self._starts, (oscillators,))
        for name, size in sizes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(size, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, by PyTorch's generator; where they have no memory (on ``meta``), nothing is drawn."""
        if any(parameter.is_meta for parameter in self.parameters()):
            return
        seed = int(torch.randint(2**62, (), device="cpu"))
        drawn = self.layer.initial(np.random.default_rng(seed))
        with torch.no_grad():
            for name in self._names:
                getattr(self, name).copy_(torch.from_numpy(drawn[name]))
            for name in self._starts:
                getattr(self, name).zero_()

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

    @eager
    def constrain(self) -> None:
        """Move parameters, in place, to where the system is stable and the weight format holds them.

        Each forward does this first, and leaves out what autograd still needs.
        """
        bring(self.layer, self._masters(), always=True)
        remember(self, left=False)

    @overload
    def forward(self, inputs: Tensor, lengths: Lengths | None = None, state: State | None = None) -> Tensor: ...

    @overload
    def forward(self, inputs: PackedSequence, lengths: None = None, state: State | None = None) -> Tensor | PackedSequence: ...

    @eager
    def forward(
        self, inputs: Tensor | PackedSequence, lengths: Lengths | None = None, state: State | None = None
    ) -> Tensor | PackedSequence:
        """Midpoint positions, as ``readout`` says, in the inputs' precision and on their device.

        Parameters
        ----------
        inputs : (B, T, M), real; rounded to the operand format, gradient 1 inside its range and 0 outside. Or a `PackedSequence`
            of B sequences: ``every`` then gives one, too, and all else is in the order of the sequences before packing
        lengths : (B,), how many steps of each sample count; all if None. Positions past them are zero
        state : positions and momenta to start from, (N,) or (B, N) each; at rest if None

        Raises
        ------
        SpecError : a wrong shape or length, a number that is not finite
        TransformError : under `torch.func`, `torch.vmap` or forward-mode differentiation
        """
        if torch.compiler.is_exporting():
            raise TransformError("an array cannot be exported: it is a device, and no graph of operations")
        if not isinstance(inputs, PackedSequence):
            return self._padded(inputs, lengths, state)
        if lengths is not None:
            raise SpecError("a PackedSequence has lengths of its own: leave them out")
        padded, own = pad_packed_sequence(inputs, batch_first=True)
        output = self._padded(padded, own, state)
        if output.ndim == 2:
            return output
        order = inputs.sorted_indices
        if order is not None:
            output, own = output.index_select(0, order), own.index_select(0, order.cpu())
        return inputs._replace(data=pack_padded_sequence(output, own, batch_first=True).data)

    def _padded(self, inputs: Tensor, lengths: Lengths | None, state: State | None) -> Tensor:
        _check(self.layer, inputs, state)
        masters = self._masters()
        values, left = bring(self.layer, masters)
        remember(self, left)
        start, after = self._start(inputs, state), self._bring if left else None
        return run(self.layer, masters, values, inputs, counts(lengths), start, after)

    def _masters(self) -> dict[str, Tensor]:
        return {name: getattr(self, name) for name in self._names}

    @eager
    def _bring(self) -> None:
        remember(self, bring(self.layer, self._masters())[1])

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


@eager
def respond(layer: Layer, masters: Mapping[str, Tensor], inputs: Tensor, lengths: Lengths | None = None) -> Tensor:
    """Midpoint positions of a layer from rest, as a function of parameters that something else keeps: `EchoLayer.forward` without a module.

    Parameters
    ----------
    layer : the device as a function of numbers
    masters : by name, as `Layer.initial` has them, where `Layer.constrain` would leave them: nothing is moved here
    inputs, lengths : as of `EchoLayer.forward`
    """
    _check(layer, inputs, None)
    for name, tensor in masters.items():
        check(f"the parameter {name}", tensor)
    values = {name: numbers(tensor) for name, tensor in masters.items()}
    return run(layer, masters, values, inputs, counts(lengths), _rest(layer, inputs))


def _check(layer: Layer, inputs: Tensor, state: State | None) -> None:
    check("inputs", inputs)
    if state is not None:
        if not isinstance(state, tuple | list) or len(state) != 2:
            raise SpecError("state must be a pair of tensors: positions and momenta to start from")
        check("initial positions", state[0])
        check("initial momenta", state[1])
    if inputs.ndim != 3:
        raise SpecError(f"inputs must have the shape (batch, steps, {layer.shape.inputs}), not {tuple(inputs.shape)}")


def _rest(layer: Layer, inputs: Tensor) -> State:
    rest = torch.zeros((len(inputs), layer.shape.oscillators), dtype=inputs.dtype, device=inputs.device)
    return rest, rest
