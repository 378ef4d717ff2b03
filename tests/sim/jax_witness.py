"""The four systems written anew in JAX, from the README's table, and differentiated by it: nothing is shared with what is tested.

A program of its own, so that JAX's threads stay out of the tests' processes: reads an .npz of problems, writes one of
gradients. JAX_ENABLE_X64 must be set. Names are ``<kind>/<what>``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

DELTA = 2.0**-3
#: What a problem has beside its parameters.
OTHERS = ("position0", "momentum0", "inputs", "targets")
Values = dict[str, Any]


def springs(w: Values, q: Any, u: Any) -> Any:
    return q @ w["coupling"] @ q / 2 - q @ w["input_weight"] @ u


def linear(w: Values, q: Any, u: Any) -> Any:
    return jnp.sum(w["stiffness"] * q**2) / 2 - q @ w["input_weight"] @ u


def diagonal(w: Values, q: Any, u: Any) -> Any:
    z = w["gain"] * q + w["input_weight"] @ u + w["bias"]
    return jnp.sum(w["stiffness"] * q**2 / 2 + jnp.log(jnp.cosh(z)) / w["gain"])


def dense(w: Values, q: Any, u: Any) -> Any:
    z = w["coupling"] @ q + w["input_weight"] @ u + w["bias"]
    return jnp.sum(w["stiffness"] * q**2) / 2 + jnp.sum(jnp.log(jnp.cosh(z)))


POTENTIALS: dict[str, Callable[[Values, Any, Any], Any]] = {
    "SPRINGS": springs,
    "LINEAR": linear,
    "DIAGONAL": diagonal,
    "DENSE": dense,
}


def loss(kind: str, w: Values, q: Any, p: Any, inputs: Any, targets: Any) -> Any:
    force = jax.grad(POTENTIALS[kind], argnums=1)

    def step(state: tuple[Any, Any], given: tuple[Any, Any]) -> tuple[tuple[Any, Any], Any]:
        (q, p), (u, y) = state, given
        x = q + DELTA / 2 * w["inverse_mass"] * p
        p = p - DELTA * force(w, x, u)
        return (x + DELTA / 2 * w["inverse_mass"] * p, p), DELTA * jnp.sum((x - y) ** 2) / 2

    return jnp.sum(jax.lax.scan(step, (q, p), (inputs, targets))[1])


def main(problems: str, gradients: str) -> None:
    given = np.load(problems)
    found: dict[str, Any] = {}
    for kind in POTENTIALS:
        values = {name.split("/")[1]: jnp.asarray(given[name]) for name in given.files if name.startswith(f"{kind}/")}
        position0, momentum0, inputs, targets = (values.pop(name) for name in OTHERS)
        by_name, by_q, by_p = jax.grad(loss, argnums=(1, 2, 3))(kind, values, position0, momentum0, inputs, targets)
        found |= {f"{kind}/{name}": value for name, value in by_name.items()}
        found |= {f"{kind}/position0": by_q, f"{kind}/momentum0": by_p}
    np.savez(gradients, allow_pickle=False, **{name: np.asarray(value) for name, value in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
