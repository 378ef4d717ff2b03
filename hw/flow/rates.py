"""How fast an array is at a given clock, counted from its programs: what its multipliers allow if another context fills every wait."""

from __future__ import annotations

from dataclasses import dataclass

from loschmidt.hw.operation import Consumer, spacing
from loschmidt.hw.program import length, step
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape


@dataclass(frozen=True)
class Rate:
    """Of one Hamiltonian, a second.

    Members
    -------
    forward : oscillators times time steps, forward
    training : likewise, where each time step is run forward and returns twice with products accumulated
    """

    forward: float
    training: float


def operations(hamiltonian: Hamiltonian, accumulate: bool, shape: Shape) -> int:
    """Cycles in which the lanes multiply, in one time step of one context."""
    return shape.rows * sum(length(slot, shape) for group in step(hamiltonian, accumulate, shape) for slot in group.slots)


def cycles(hamiltonian: Hamiltonian, accumulate: bool, shape: Shape) -> int:
    """Least cycles of a time step: with several ways at once one context's waits are another's work."""
    groups = step(hamiltonian, accumulate, shape)
    waits = sum(group.wait for group in groups) if shape.ways == 1 else 0
    # The integrator of a tile takes a finished sum from one lane after another.
    tickets = shape.rows * sum(slot.consumer is not Consumer.NONE for group in groups for slot in group.slots)
    return max(operations(hamiltonian, accumulate, shape) + waits, tickets * spacing(shape))


def rate(hamiltonian: Hamiltonian, shape: Shape, frequency: float) -> Rate:
    """At a clock of ``frequency`` Hz, at most."""
    forward, echo = cycles(hamiltonian, False, shape), cycles(hamiltonian, True, shape)
    each = frequency * shape.oscillators
    return Rate(each / forward, each / (forward + 2 * echo))


def multiplications(shape: Shape, frequency: float) -> float:
    """Multiply-accumulate operations a second at a clock of ``frequency`` Hz, at most."""
    return shape.lanes * frequency
