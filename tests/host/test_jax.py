"""JAX functions: gradients like those of backpropagation through the same steps; compiled, mapped, and beside other layers."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from loschmidt.host.echo import Echo, EchoGradient
from loschmidt.host.errors import ConfigError
from loschmidt.host.input_slope import InputSlope
from loschmidt.host.jax import EchoFunction
from loschmidt.host.torch import EchoLayer
from loschmidt.host.verify import agreement
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.errors import SpecError
from loschmidt.spec.shape import Shape

from .torch_bptt import Bptt

N, M, T, S = 6, 3, 30, 3
LENGTHS = jnp.array([30, 1, 17])
COSINE = 0.999
Values = dict[str, Any]


def problem(array: EchoFunction) -> tuple[Values, Any, Any]:
    keys = jax.random.split(jax.random.key(2), 3)
    state = tuple(jax.random.normal(key, (len(LENGTHS), N)) / 3 for key in keys[1:])
    return array.initial(jax.random.key(0)), jax.random.normal(keys[0], (len(LENGTHS), T, M)) / 3, state


def loss(output: Any) -> Any:
    return jnp.sum((output - jnp.linspace(-1, 1, N)) ** 2)


@cache
def expected(hamiltonian: str, readout: str) -> Any:
    """Gradients of `loss` by autograd in PyTorch, float64: by parameters, inputs and initial state."""
    parameters, inputs, state = problem(EchoFunction(M, N, hamiltonian, step=S))
    layer = EchoLayer(M, N, hamiltonian, step=S, readout=readout, dtype=torch.float64)
    layer.load_state_dict({name: torch.tensor(np.asarray(value)) for name, value in parameters.items()})
    model = Bptt(layer)
    given = [torch.tensor(np.asarray(value, np.float64), requires_grad=True) for value in (inputs, *state)]
    output = model(given[0], LENGTHS.tolist(), (given[1], given[2]))
    torch.sum((output - torch.linspace(-1, 1, N)) ** 2).backward()
    by_inputs, *by_state = (np.asarray(tensor.grad) for tensor in given)
    return {name: np.asarray(p.grad) for name, p in model.named_parameters()}, by_inputs, tuple(by_state)


def least_cosine(array: EchoFunction) -> float:
    """Of the same gradients by echo, compiled, and by backpropagation; of all groups."""
    found = jax.jit(jax.grad(lambda w, u, state: loss(array(w, u, state, LENGTHS)), argnums=(0, 1, 2)))(*problem(array))
    pairs = jax.tree.map(
        lambda a, b: agreement(np.asarray(a, np.float64), np.asarray(b, np.float64))[0],
        found,
        expected(array.layer.hamiltonian.name.lower(), array.layer.readout.value),
    )
    return float(min(jax.tree.leaves(pairs)))


@pytest.mark.parametrize(("hamiltonian", "readout"), [("springs", "last"), ("linear", "mean"), ("diagonal", "every"), ("dense", "last")])
def test_gradients_are_those_of_backpropagation(hamiltonian: str, readout: str) -> None:
    array = EchoFunction(M, N, hamiltonian, step=S, readout=readout)
    assert least_cosine(array) >= COSINE
    assert [report.trusted for report in array.report] == [True] * len(LENGTHS)


def _swapped(self: Echo, *given: Any) -> EchoGradient:
    found = BACKWARD(self, *given)
    return replace(found, position0=found.momentum0, momentum0=found.position0)


BACKWARD, SLOPE = Echo.backward, InputSlope.__call__


@pytest.mark.parametrize("fault", [(InputSlope, "__call__", lambda *given: -SLOPE(*given)), (Echo, "backward", _swapped)])
def test_faulty_gradient_is_caught(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*fault)
    assert least_cosine(EchoFunction(M, N, "dense", step=S)) < COSINE


def test_wide_states_cross_from_forward_to_backward() -> None:
    """36 bits, in integers of 32."""
    assert least_cosine(EchoFunction(M, N, "dense", step=S, formats="25")) >= COSINE


def test_mapped_is_batched_and_one_by_one() -> None:
    """Under `vmap`, of samples, of weights and of both."""
    array = EchoFunction(M, N, "diagonal", step=S, readout="mean")
    parameters, inputs, state = problem(array)

    def single(w: Values, u: Any, start: Any) -> Any:
        return array(w, u, start)

    mapped = jax.vmap(single, (None, 0, 0))
    twice = jax.vmap(mapped, (0, None, None))
    ensemble = jax.tree.map(lambda x: np.stack([x, 0.9 * x]), parameters)
    ways = {"whole": (array, parameters), "mapped": (mapped, parameters), "twice": (twice, ensemble)}

    @jax.jit
    def all_ways(weights: Any, *rest: Any) -> Any:
        return {
            name: jax.value_and_grad(lambda w, call=call: (lambda out: (loss(out), out))(call(w, *rest)), has_aux=True)(weights[name])
            for name, (call, _) in ways.items()
        }

    found = all_ways({name: weights for name, (_, weights) in ways.items()}, inputs, state)
    ((_, whole), by_whole), ((_, one_by_one), by_mapped), ((_, both), by_both) = (found[name] for name in ways)
    assert np.array_equal(whole, one_by_one)
    assert np.array_equal(whole, both[0])
    assert not np.array_equal(whole, both[1])
    assert np.array_equal(whole[1], single(parameters, inputs[1], jax.tree.map(lambda x: x[1], state)))
    for name, value in by_whole.items():
        np.testing.assert_allclose(by_mapped[name], value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(by_both[name][0], value, rtol=1e-5, atol=1e-6)


class Traced(Emulator):
    traces = 0

    def run(self, runs: Any) -> None:
        Traced.traces += sum(bool(run.trace) and bool(run.nudge) for run in runs)
        super().run(runs)


def test_echoes_are_traced_only_for_a_gradient_by_inputs() -> None:
    array = EchoFunction(M, N, step=S, device=Traced(Shape(N, M, contexts=8, input_depth=128, nudge_depth=128, trace_depth=256)))
    parameters, inputs, _ = problem(array)
    jax.grad(lambda w: loss(array(w, inputs)))(parameters)
    assert Traced.traces == 0
    jax.grad(lambda u: loss(array(parameters, u)))(inputs)
    assert Traced.traces > 0


def test_trains_when_compiled() -> None:
    array = EchoFunction(M, N, step=S, readout="mean")
    parameters, inputs, _ = problem(array)

    @jax.jit
    def update(w: Values) -> tuple[Any, Values]:
        value, slope = jax.value_and_grad(lambda w: loss(array(w, inputs)))(w)
        return value, array.constrain(jax.tree.map(lambda x, g: x - 0.05 * g, w, slope))

    losses = []
    for _ in range(12):
        value, parameters = update(parameters)
        losses.append(float(value))
    assert losses[-1] < 0.9 * losses[0]


def test_weights_are_moved_to_where_they_may_be() -> None:
    array = EchoFunction(M, N, "diagonal", step=S)
    parameters = array.initial(jax.random.key(0))
    moved = array.constrain(parameters | {"gain": -parameters["gain"]})
    assert bool(jnp.all(moved["gain"] > 0))
    assert jnp.array_equal(moved["bias"], parameters["bias"])


def test_what_cannot_be_is_refused() -> None:
    array = EchoFunction(M, N, step=S)
    parameters, inputs, _ = problem(array)
    with pytest.raises(SpecError, match=r"^inputs must be real, of shape \(steps, 3\) or \(batch, steps, 3\), not float32\[30, 2\]$"):
        array(parameters, inputs[0, :, :2])
    with pytest.raises(SpecError, match=r"^the parameters must have the shapes \{.*\}, not \{\}$"):
        array({}, inputs)
    with pytest.raises(SpecError, match=r"^initial positions must have the shape \(6,\) or \(3, 6\), not \(5,\)$"):
        array(parameters, inputs, (jnp.zeros(5), jnp.zeros(6)))
    with pytest.raises(ConfigError, match=r"^readout must be one of last, mean, every, not 'first'$"):
        EchoFunction(M, N, readout="first")
    with pytest.raises(jax.errors.JaxRuntimeError, match=r"input\[0, 0, 0\] is nan: only finite numbers have a code"):
        jax.block_until_ready(array(parameters, inputs.at[0, 0, 0].set(jnp.nan)))


def test_gradient_that_cannot_be_trusted_is_not_silent() -> None:
    loud = jnp.full(N, 9.0)
    array = EchoFunction(M, N, "linear", step=S, untrusted="raise")
    parameters, inputs, _ = problem(array)
    with pytest.raises(jax.errors.JaxRuntimeError, match="the gradient of 3 of 3 samples cannot be trusted"):
        jax.block_until_ready(jax.grad(lambda w: loss(array(w, inputs, (loud, loud))))(parameters))
