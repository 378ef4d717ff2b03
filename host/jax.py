"""Oscillator arrays as JAX functions: `jax.grad` goes through the device, by echo.

    array = EchoFunction(inputs=12, oscillators=64, readout="last")
    parameters = array.initial(jax.random.key(0))
    output = array(parameters, u)                        # u (T, 12) or (B, T, 12)

A plain function of (parameters, inputs, initial state) with a derivative of its own, so it stands anywhere in an Equinox or Flax model,
and can be compiled (`jax.jit`) and mapped (`jax.vmap`). A batch handed over as (B, T, M) is the fastest: its samples share the device's
accumulators, while under `vmap` each sample has a gradient by the parameters of its own. Numbers keep their precision; float32 will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NoReturn, Unpack

import numpy as np

from .echo import Flags, Forward, Readout
from .errors import MissingExtraError, SecondDerivativeError
from .layer import Entered, Layer, Options
from .nudge import SampleReport
from .parameters import Master, shapes

try:
    import jax
except ImportError as error:
    raise MissingExtraError("JAX is not installed, and loschmidt.host.jax needs it: pip install 'loschmidt[jax]'") from error

import jax.numpy as jnp

from loschmidt.spec.errors import SpecError

Parameters = Mapping[str, jax.Array]
State = tuple[jax.Array, jax.Array]

#: State codes cross as two halves, of which the lower is not signed: JAX has no wider integers than these unless told to.
HALF = 20


class EchoFunction:
    """A system of N oscillators that reads sequences of M inputs.

    Parameters
    ----------
    inputs, oscillators, hamiltonian : as of `Layer`
    options : ``step``, ``readout`` (``last`` or ``mean`` gives (N,), ``every`` (T, N)), ``device``, ``formats``, ``untrusted`` and
        ``policy``, as of `Layer`

    Members
    -------
    layer : the device as a function of numbers (`Layer`)

    Raises
    ------
    ConfigError, DeviceError, SpecError : an option that is not known, or does not go with another
    """

    def __init__(self, inputs: int, oscillators: int, hamiltonian: str = "dense", **options: Unpack[Options]) -> None:
        self.layer = Layer(inputs, oscillators, hamiltonian, **options)
        self._shapes = shapes(self.layer.hamiltonian, oscillators, inputs)
        run = jax.custom_vjp(self._free)
        run.defvjp(self._forward, self._backward, symbolic_zeros=True)
        self._run = run

    @property
    def report(self) -> list[SampleReport]:
        """Of the last backward: eps, deviation, asymmetry, overflow and clip of each sample. Under `vmap`, of the last sample."""
        return self.layer.report

    def initial(self, key: jax.Array, dtype: Any = jnp.float32) -> dict[str, jax.Array]:
        """Parameters to start from, as `host.parameters.initial` gives them; under `jax.jit` and `jax.vmap`, too."""
        kind = jax.dtypes.canonicalize_dtype(dtype)
        like = {name: jax.ShapeDtypeStruct(size, kind) for name, size in self._shapes.items()}
        seed = jax.random.bits(key, (4,), jnp.uint32)
        drawn: dict[str, jax.Array] = jax.pure_callback(partial(_drawn, self.layer, kind), like, seed, vmap_method="sequential")
        return drawn

    def constrain(self, parameters: Parameters) -> dict[str, jax.Array]:
        """Parameters moved to where the system is stable and the weight format holds them: what an update calls for.

        The derivative is that of parameters which stay where they are (straight-through). Raises `SpecError` where one is not
        finite.
        """
        moved: dict[str, jax.Array] = _moved(self.layer, dict(parameters))
        return moved

    def __call__(
        self, parameters: Parameters, inputs: jax.Array, state: State | None = None, lengths: jax.Array | None = None
    ) -> jax.Array:
        """Midpoint positions, as ``readout`` says.

        Parameters
        ----------
        parameters : as `initial` gives them
        inputs : (T, M), or (B, T, M) with B >= 0; rounded to the operand format, gradient 1 inside its range and 0 outside
        state : positions and momenta to start from, (N,) or (B, N) each; at rest if None
        lengths : () or (B,), how many steps of each sample count; all if None. Positions past them are zero

        Raises
        ------
        SpecError : a wrong shape. What only the numbers show (one is not finite, a weight does not fit its format) is known when the
            device runs, and JAX hands it on as an error of its own with the same text
        """
        n, m = self.layer.shape.oscillators, self.layer.shape.inputs
        inputs = jnp.asarray(inputs)
        if inputs.ndim not in (2, 3) or inputs.shape[-1] != m or inputs.shape[-2] == 0 or not jnp.issubdtype(inputs.dtype, jnp.floating):
            raise SpecError(f"inputs must be real, of shape (steps, {m}) or (batch, steps, {m}), not {inputs.dtype}{list(inputs.shape)}")
        found = {name: jnp.shape(value) for name, value in parameters.items()}
        if found != self._shapes:
            raise SpecError(f"the parameters must have the shapes {self._shapes}, not {found}")
        batch = inputs.shape[:-2]
        if state is None:
            state = (jnp.zeros(n, inputs.dtype), jnp.zeros(n, inputs.dtype))
        for name, start in zip(("positions", "momenta"), state, strict=True):
            if jnp.shape(start) not in {(n,), (*batch, n)}:
                raise SpecError(f"initial {name} must have the shape {(n,)} or {(*batch, n)}, not {jnp.shape(start)}")
        position, momentum = (jnp.broadcast_to(start, (*batch, n)) for start in state)
        counts = jnp.broadcast_to(jnp.asarray(inputs.shape[-2] if lengths is None else lengths, jnp.int32), batch)
        single = not batch
        given = tuple(value[None] if single else value for value in (inputs, position, momentum, counts))
        output: jax.Array = self._run(dict(parameters), *given)
        return output[0] if single else output

    def _sizes(self, inputs: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of the output and of the end state's halves."""
        count, steps, _ = inputs.shape
        n = self.layer.shape.oscillators
        return (count, steps, n) if self.layer.readout is Readout.EVERY else (count, n), (count, 2, 2, n)

    def _free(self, parameters: Parameters, inputs: Any, position: Any, momentum: Any, lengths: Any) -> jax.Array:
        return self._called(parameters, inputs, position, momentum, lengths)[0]

    def _called(self, *given: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
        output, ends = self._sizes(given[1])
        like = (
            jax.ShapeDtypeStruct(output, given[1].dtype),
            jax.ShapeDtypeStruct(ends, np.int32),
            jax.ShapeDtypeStruct((output[0], 2), np.bool_),
        )
        found: tuple[jax.Array, jax.Array, jax.Array] = jax.pure_callback(
            partial(_mapped, partial(_ran, self.layer), self._shapes), like, *given, vmap_method="broadcast_all"
        )
        return found

    def _forward(self, *marked: Any) -> tuple[jax.Array, tuple[Any, ...]]:
        """Beside what is kept, an empty tuple if a gradient by the inputs will be wanted, else None: known when JAX traces."""
        given = jax.tree.map(lambda mark: mark.value, marked)
        output, ends, flags = _once(self._called, *given)
        return output, (given, ends, flags, () if marked[1].perturbed else None)

    def _backward(self, kept: tuple[Any, ...], by_output: Any) -> tuple[Any, ...]:
        given, ends, flags, marked = kept
        if isinstance(by_output, jax.custom_derivatives.SymbolicZero):
            return (None,) * len(given)
        parameters, inputs, position, momentum, _ = given
        asked = inputs if marked is not None else None
        like = jax.tree.map(lambda value: jax.ShapeDtypeStruct(value.shape, value.dtype), (parameters, asked, position, momentum))
        call = partial(_mapped, partial(_echoed, self.layer, asked is not None), self._shapes)
        found = _once(lambda *values: jax.pure_callback(call, like, *values, vmap_method="broadcast_all"), *given, ends, flags, by_output)
        return (*found, None)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _moved(layer: Layer, parameters: dict[str, jax.Array]) -> Any:
    like = {name: jax.ShapeDtypeStruct(value.shape, value.dtype) for name, value in parameters.items()}
    return jax.pure_callback(partial(_constrained, layer), like, parameters, vmap_method="sequential")


@_moved.defjvp
def _straight_through(layer: Layer, primals: tuple[Any], tangents: tuple[Any]) -> tuple[Any, Any]:
    return _moved(layer, *primals), tangents[0]


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _once(call: Any, *values: Any) -> Any:
    """Call with values, and refuse to differentiate that."""
    return call(*values)


@_once.defjvp
def _twice(*_: Any) -> NoReturn:
    raise SecondDerivativeError


def _drawn(layer: Layer, dtype: Any, seed: Any) -> dict[str, Any]:
    masters = layer.initial(np.random.default_rng(np.asarray(seed)))
    return {name: value.astype(dtype) for name, value in masters.items()}


def _constrained(layer: Layer, parameters: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: np.array(value, np.float64) for name, value in parameters.items()}
    layer.constrain(values, {name: float(jnp.finfo(value.dtype).eps) for name, value in parameters.items()})
    return {name: value.astype(parameters[name].dtype) for name, value in values.items()}


def _mapped(call: Any, sizes: Mapping[str, tuple[int, ...]], parameters: Mapping[str, Any], *given: Any) -> Any:
    """Call once for each index of the axes that `vmap` put in front, all of which every argument has."""
    values = {name: np.asarray(value) for name, value in parameters.items()}
    rest = [np.asarray(value) for value in given]
    name = next(iter(sizes))
    front = values[name].shape[: values[name].ndim - len(sizes[name])]
    if not front:
        return call(values, *rest)
    results = [call({name: value[i] for name, value in values.items()}, *(value[i] for value in rest)) for i in np.ndindex(front)]
    return jax.tree.map(lambda *parts: np.stack(parts).reshape(*front, *parts[0].shape), *results)


def _entered(layer: Layer, parameters: Mapping[str, Any], inputs: Any, position: Any, momentum: Any, lengths: Any) -> Entered:
    masters: Master = {name: value.astype(np.float64) for name, value in parameters.items()}
    return layer.enter(masters, inputs.astype(np.float64), lengths, position.astype(np.float64), momentum.astype(np.float64))


def _ran(layer: Layer, parameters: Mapping[str, Any], *given: Any) -> tuple[Any, Any, Any]:
    """Output, end state in halves, flags."""
    forward, output = layer.forward(_entered(layer, parameters, *given))
    ends = np.stack([forward.position, forward.momentum], axis=1)
    halves = np.stack([ends >> HALF, ends & ((1 << HALF) - 1)], axis=2).astype(np.int32)
    return output.astype(given[0].dtype), halves, np.stack([forward.flags.overflow, forward.flags.clip], axis=1)


def _echoed(layer: Layer, asked: bool, parameters: Mapping[str, Any], *given: Any) -> tuple[dict[str, Any], Any, Any, Any]:
    """Gradients by parameters, inputs (if asked) and initial state, each in the precision of what it is the gradient by."""
    inputs, position, momentum, lengths, halves, flags, by_output = given
    entered = _entered(layer, parameters, inputs, position, momentum, lengths)
    ends = (halves[:, :, 0].astype(np.int64) << HALF) + halves[:, :, 1]
    start = (entered.position0, entered.momentum0)
    forward = Forward(layer.readout, [], Flags(flags[:, 0], flags[:, 1]), entered.inputs, *start, ends[:, 0], ends[:, 1])
    found = layer.backward(entered, forward, by_output.astype(np.float64), asked)
    masters = {name: found.masters[name].astype(value.dtype) for name, value in parameters.items()}
    by_input = None if found.inputs is None else found.inputs.astype(inputs.dtype)
    return masters, by_input, found.position0.astype(position.dtype), found.momentum0.astype(momentum.dtype)
