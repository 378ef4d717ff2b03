"""Backpropagation through time by JAX: `jax.lax.scan`, float32, the gradient of all parameters compiled as one program."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np

from loschmidt.host.errors import MissingExtraError
from loschmidt.host.parameters import Floats

from .workload import INPUTS, Case, S, Step

#: JAX reads them once, when its processor's client is made.
_FLAGS = "XLA_FLAGS"
_SINGLE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def single_thread() -> bool:
    """Ask JAX for one thread; false where it is too late, as JAX runs already."""
    if "jax" in sys.modules:
        return _SINGLE in os.environ.get(_FLAGS, "")
    os.environ[_FLAGS] = f"{os.environ.get(_FLAGS, '')} {_SINGLE}".strip()
    return True


def step(case: Case) -> Step:
    """Compiled, so that the first call is like the others.

    Raises `MissingExtraError` where JAX is not installed.
    """
    try:
        import jax
    except ImportError as error:
        raise MissingExtraError("JAX is not installed, and the bench compares with it: pip install 'loschmidt[jax]'") from error
    import jax.numpy as jnp

    delta = 2.0**-S
    slope = jnp.asarray(case.slope(), jnp.float32)

    def loss(p: dict[str, Any], inputs: Any) -> Any:
        half = delta / 2 * p["inverse_mass"]

        def advance(carry: tuple[Any, Any, Any], u: Any) -> tuple[tuple[Any, Any, Any], None]:
            phi, pi, _ = carry
            middle = phi + half * pi
            y = jnp.tanh(middle @ p["coupling"].T + u @ p["input_weight"].T + p["bias"])
            pi = pi - delta * (p["stiffness"] * middle + y @ p["coupling"])
            return (middle + half * pi, pi, middle), None

        rest = jnp.zeros((case.batch, case.oscillators), jnp.float32)
        (_, _, last), _ = jax.lax.scan(advance, (rest, rest, rest), inputs)
        return jnp.sum(last * slope)

    parameters = {name: jnp.asarray(value, jnp.float32) for name, value in case.values().items()}
    like = jax.ShapeDtypeStruct((case.steps, case.batch, INPUTS), jnp.float32)
    program = jax.jit(jax.value_and_grad(loss)).lower(parameters, like).compile()
    inputs = jnp.asarray(np.swapaxes(case.real_inputs(), 0, 1), jnp.float32)

    def take() -> dict[str, Floats]:
        _, gradient = jax.block_until_ready(program(parameters, inputs))
        return {name: np.asarray(value, np.float64) for name, value in gradient.items()}

    return take
