"""What JAX's transforms make of an array: parameters drawn inside of them, derivatives that there are none of, loops, memory given away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from loschmidt.host.errors import SecondDerivativeError
from loschmidt.host.jax import EchoFunction
from loschmidt.spec.errors import SpecError

N, M = 4, 3
ARRAY = EchoFunction(M, N, step=3)
Values = dict[str, Any]


def equal(x: Any, y: Any) -> bool:
    """Leaf by leaf, in values and kinds."""
    pairs = zip(jax.tree.leaves(x), jax.tree.leaves(y), strict=True)
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def given() -> tuple[Values, Any]:
    return ARRAY.initial(jax.random.key(0)), jax.random.normal(jax.random.key(1), (2, 5, M)) / 3


def linear(parameters: Values, inputs: Any) -> Any:
    return jnp.sum(ARRAY(parameters, inputs))


def square(parameters: Values, inputs: Any) -> Any:
    return jnp.sum(ARRAY(parameters, inputs) ** 2)


def test_parameters_are_drawn_under_jit_and_vmap() -> None:
    keys = jax.random.split(jax.random.key(5), 3)
    seed = np.asarray(jax.random.bits(keys[0], (4,), jnp.uint32))
    expected = {name: jnp.asarray(value, jnp.float32) for name, value in ARRAY.layer.initial(np.random.default_rng(seed)).items()}
    assert equal(ARRAY.initial(keys[0]), expected)
    assert equal(jax.jit(ARRAY.initial)(keys[0]), expected)
    many = jax.tree.map(lambda *each: jnp.stack(each), *(ARRAY.initial(key) for key in keys))
    assert equal(jax.vmap(ARRAY.initial)(keys), many)
    assert ARRAY.initial(jax.random.PRNGKey(0), jnp.bfloat16)["coupling"].dtype == jnp.bfloat16
    like = jax.eval_shape(ARRAY.initial, keys[0])
    assert {name: value.shape for name, value in like.items()} == {name: value.shape for name, value in expected.items()}


def test_ensemble_is_drawn_and_differentiated_in_one_go() -> None:
    keys, inputs = jax.random.split(jax.random.key(5), 2), given()[1]
    slope = jax.grad(square)
    found = jax.jit(jax.vmap(lambda key: slope(ARRAY.initial(key), inputs)))(keys)
    for index, key in enumerate(keys):
        assert equal(jax.tree.map(lambda value, i=index: value[i], found), slope(ARRAY.initial(key), inputs))


TWICE: dict[str, Callable[[Any, Values, Any], Any]] = {
    "by inputs": lambda loss, w, u: jax.grad(lambda u: jnp.sum(jax.grad(loss, 1)(w, u)))(u),
    "by parameters": lambda loss, w, u: jax.grad(lambda w: jnp.sum(jax.grad(loss)(w, u)["bias"]))(w),
    "crossed, compiled": lambda loss, w, u: jax.jit(jax.grad(lambda w: jnp.sum(jax.grad(loss, 1)(w, u))))(w),
    "hessian": lambda loss, w, u: jax.hessian(loss, 1)(w, u),
    "jacrev of jacrev": lambda loss, w, u: jax.jacrev(jax.jacrev(loss, 1), 1)(w, u),
    "Hessian by a vector": lambda loss, w, u: jax.jvp(lambda u: jax.grad(loss, 1)(w, u), (u,), (u,)),
    "under vmap": lambda loss, w, u: jax.vmap(jax.grad(lambda u: jnp.sum(jax.grad(loss, 1)(w, u))))(u),
}


@pytest.mark.parametrize("loss", [linear, square])
@pytest.mark.parametrize("way", TWICE)
def test_second_derivative_is_refused(way: str, loss: Any) -> None:
    with pytest.raises(SecondDerivativeError, match=r"^cannot differentiate twice through an array: [^\n]*differences of gradients(\n|$)"):
        TWICE[way](loss, *given())


def test_forward_mode_is_refused_in_words() -> None:
    parameters, inputs = given()
    with pytest.raises(TypeError, match="can't apply forward-mode"):
        jax.jvp(lambda u: ARRAY(parameters, u), (inputs,), (inputs,))


def test_loops_memory_and_recomputation_change_nothing() -> None:
    parameters, inputs = given()
    slope = jax.grad(square, (0, 1))
    expected = slope(parameters, inputs)
    again = jax.checkpoint(lambda w, u: ARRAY(w, u) ** 2)
    assert equal(jax.grad(lambda w, u: jnp.sum(again(w, u)), (0, 1))(parameters, inputs), expected)
    _, scanned = jax.lax.scan(lambda carry, u: (carry, ARRAY(parameters, u)), 0, inputs)
    assert equal(scanned, ARRAY(parameters, inputs))
    donated = jax.jit(lambda w, u: slope(w, u), donate_argnums=(0, 1))
    assert equal(donated(jax.tree.map(jnp.copy, parameters), jnp.copy(inputs)), expected)
    mapped = jax.grad(lambda w: jnp.sum(jax.vmap(lambda u: ARRAY(w, u) ** 2)(inputs)))(parameters)
    single = jax.vmap(jax.grad(square), (None, 0))(parameters, inputs)
    for name, value in expected[0].items():
        np.testing.assert_allclose(mapped[name], value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(single[name].sum(0), value, rtol=1e-5, atol=1e-6)


def test_precision_is_kept_where_there_are_64_bits() -> None:
    parameters, inputs = given()
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda value: jnp.asarray(np.asarray(value), jnp.float64), (parameters, inputs))
        found = jax.jit(jax.grad(square, (0, 1)))(*wide)
        assert {value.dtype for value in jax.tree.leaves(found)} == {np.dtype(np.float64)}
        drawn = ARRAY.initial(jax.random.key(0), jnp.float64)
        assert {value.dtype for value in drawn.values()} == {np.dtype(np.float64)}
    for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(jax.grad(square, (0, 1))(parameters, inputs)), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("mapped", [False, True])
def test_empty_batch_has_an_empty_output_and_a_gradient_of_zero(mapped: bool, compiled: bool) -> None:
    parameters, inputs = given()
    empty = inputs[:0]
    call: Any = jax.vmap(ARRAY, (None, 0)) if mapped else ARRAY
    slope = jax.grad(lambda w, u: jnp.sum(call(w, u)), (0, 1))
    by_parameters, by_inputs = (jax.jit(slope) if compiled else slope)(parameters, empty)
    assert call(parameters, empty).shape == (0, N)
    assert by_inputs.shape == empty.shape
    assert equal(by_parameters, jax.tree.map(jnp.zeros_like, parameters))
    with pytest.raises(SpecError, match=r"^inputs must be real, of shape .*, not float32\[2, 0, 3\]$"):
        ARRAY(parameters, inputs[:, :0])


@pytest.mark.parametrize(("dtype", "last"), [(jnp.bfloat16, 7.96875), (jnp.float16, 7.99609375), (jnp.float32, (2**17 - 1) / 2**14)])
def test_every_precision_ends_within_bounds(dtype: Any, last: float) -> None:
    parameters, inputs = given()
    for sign in (1, -1):
        far = jax.tree.map(lambda value, sign=sign: jnp.full(value.shape, sign * 1e4, dtype), parameters)
        moved = ARRAY.constrain(far)
        assert set(moved["input_weight"].flatten().tolist()) == {sign * last}
        jax.block_until_ready(ARRAY(moved, inputs.astype(dtype)))


def test_gradient_passes_straight_through_the_bounds() -> None:
    parameters, inputs = given()
    far = parameters | {"input_weight": parameters["input_weight"] + 9}
    found = jax.grad(lambda w: square(ARRAY.constrain(w), inputs / 99))(far)
    assert equal(found, jax.grad(square)(ARRAY.constrain(far), inputs / 99))
