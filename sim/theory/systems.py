"""Systems to try the theory on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .derivatives import Floats
from .functions import Function, FunctionHamiltonian, FunctionLagrangian, check_even
from .legendre import LegendreHamiltonian, LegendreLagrangian
from .natural import Kind, Natural, NaturalLagrangian, Parameter
from .system import System


def array_system(kind: Kind, parameters: Mapping[Parameter, Floats], position0: Floats, momentum0: Floats, **settings: Any) -> System:
    """The array's own system with named parameters; ``settings`` are those of `System` (delta, damping, loss, ...)."""
    inputs = np.shape(parameters[Parameter.INPUT_WEIGHT])[-1]
    form = Natural(kind, len(position0), inputs)
    return System(form, NaturalLagrangian(form), form.pack(parameters), np.asarray(position0), np.asarray(momentum0), **settings)


def random_system(kind: Kind, oscillators: int = 4, inputs: int = 2, seed: int = 0, **settings: Any) -> System:
    """One of the four with parameters drawn so that it oscillates about once in 2 pi time units, and starts anywhere near 0."""
    rng = np.random.default_rng(seed)
    n = oscillators
    values = {
        Parameter.COUPLING: rng.normal(size=(n, n)) / np.sqrt(n),
        Parameter.INPUT_WEIGHT: rng.normal(size=(n, inputs)) / np.sqrt(inputs),
        Parameter.STIFFNESS: rng.uniform(0.5, 1.5, n),
        Parameter.GAIN: rng.uniform(0.5, 1.5, n),
        Parameter.BIAS: rng.normal(size=n) / 4,
        Parameter.INVERSE_MASS: rng.uniform(0.5, 1.5, n),
    }
    if kind is Kind.SPRINGS:
        # Springs to the ground and between all: diagonally dominant, so positive.
        springs = rng.uniform(0.0, 1.0 / n, (n, n))
        springs = (springs + springs.T) / 2
        values[Parameter.COUPLING] = np.diag(rng.uniform(0.5, 1.5, n) + springs.sum(axis=1)) - springs
    form = Natural(kind, n, inputs)
    used = {name: values[name] for name in form.shapes}
    return array_system(kind, used, rng.normal(size=n) / 2, rng.normal(size=n) / 2, **settings)


def harmonic(
    stiffness: float = 1.0,
    coupling: float = 1.0,
    inverse_mass: float = 1.0,
    position0: float = 1.0,
    momentum0: float = 0.0,
    **settings: Any,
) -> System:
    """One oscillator, H = mu p^2 / 2 + a q^2 / 2 - b q u, theta = (a, b, mu)."""
    values = {
        Parameter.STIFFNESS: np.array([stiffness]),
        Parameter.INPUT_WEIGHT: np.array([[coupling]]),
        Parameter.INVERSE_MASS: np.array([inverse_mass]),
    }
    return array_system(Kind.LINEAR, values, np.array([position0]), np.array([momentum0]), **settings)


def waves(steps: int, channels: int, delta: float, seed: int = 0) -> Floats:
    """Smooth sequences, (T, channels): sums of three sines of random frequency (0.2 to 2 rad per unit time), phase and weight."""
    rng = np.random.default_rng(seed)
    time = delta * np.arange(steps)[:, None, None]
    frequency, phase = rng.uniform(0.2, 2.0, (3, channels)), rng.uniform(0, 2 * np.pi, (3, channels))
    total: Floats = np.sum(rng.normal(size=(3, channels)) / np.sqrt(3) * np.sin(frequency * time + phase), axis=1)
    return total


def from_hamiltonian(function: Function, theta: Floats, position0: Floats, momentum0: Floats, *, inputs: int, **settings: Any) -> System:
    """A system of any reversible H(q, p, u; theta) given as a function, see `functions`; its L is the Legendre transform.

    ``separable=True`` says that H = T(p) + V(q), which allows the leapfrog; otherwise steps are those of the midpoint rule.
    """
    separable = settings.pop("separable", False)
    check_even(function, position0, momentum0, inputs, theta)
    form = FunctionHamiltonian(function, separable)
    settings.setdefault("scheme", "leapfrog" if separable else "midpoint")
    return System(form, LegendreLagrangian(form), theta, position0, momentum0, **settings)


def from_lagrangian(function: Function, theta: Floats, position0: Floats, velocity0: Floats, *, inputs: int, **settings: Any) -> System:
    """A system of any reversible L(q, v, u; theta) given as a function; its H is the Legendre transform. See `from_hamiltonian`."""
    separable = settings.pop("separable", False)
    check_even(function, position0, velocity0, inputs, theta)
    form = FunctionLagrangian(function, separable)
    settings.setdefault("scheme", "leapfrog" if separable else "midpoint")
    momentum0 = np.asarray(form.by_velocity(position0, velocity0, np.zeros(inputs), theta))
    return System(LegendreHamiltonian(form), form, theta, position0, momentum0, **settings)
