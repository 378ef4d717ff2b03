"""An oscillator array as a function in a JAX program: it learns to turn one wave into another.

`EchoFunction` is a plain function of (parameters, inputs) with a derivative of its own, so `jax.grad` and `jax.jit` go through it. The
parameters are a dictionary, like any other pytree. Here the whole training step is compiled; the device is called from inside.
Two things are particular: the gradient is measured by two nudged echoes, and after an update `constrain` brings weights back to where the
oscillators are stable.
"""

import jax
import jax.numpy as jnp

from loschmidt.host.jax import EchoFunction

STEPS, RATE = 64, 0.1

array = EchoFunction(inputs=1, oscillators=8, hamiltonian="dense", step=2, readout="every")
key = jax.random.key(1)
model = {"array": array.initial(key), "leave": jax.random.normal(key, (8,)) / 3}

time = jnp.arange(STEPS) / 4
given = 0.5 * jnp.sin(0.7 * time)[:, None]
wanted = 0.5 * jnp.sin(0.7 * time) * jnp.sin(0.35 * time)


def loss(model):
    """Mean squared error, as a share of the target's."""
    positions = array(model["array"], given)  # (steps, oscillators)
    return jnp.mean((positions @ model["leave"] - wanted) ** 2) / jnp.mean(wanted**2)


@jax.jit
def update(model, momentum):
    """Gradient descent with momentum, by hand; optax does as well."""
    error, slope = jax.value_and_grad(loss)(model)
    size = jnp.sqrt(sum(jnp.sum(x**2) for x in jax.tree.leaves(slope)))
    momentum = jax.tree.map(lambda m, g: 0.9 * m + g / jnp.maximum(1.0, size), momentum, slope)
    model = jax.tree.map(lambda x, m: x - RATE * m, model, momentum)
    return error, model | {"array": array.constrain(model["array"])}, momentum


first = loss(model)
momentum = jax.tree.map(jnp.zeros_like, model)
for _ in range(60):
    error, model, momentum = update(model, momentum)
trusted = all(report.trusted for report in array.report)
print(f"error, as a share of the wave's power: {first:.2f} before, {error:.1e} after; last gradient trusted: {trusted}")
