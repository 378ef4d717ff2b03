"""How many clock cycles a time step takes, from the array's own counters, beside the least that its multipliers allow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Product, Term
from loschmidt.spec.run import Accumulate, Run
from loschmidt.spec.shape import Shape

from .device import Device

#: Largest cycles / ideal of a forward step of the dense Hamiltonian, N = L = 64, M = 8, by contexts under way.
BOUNDS = {1: 1.30, 2: 1.08}

#: Two lengths of a run; their difference leaves out what a run costs once.
SHORT, LONG = 8, 32


@dataclass(frozen=True)
class Measurement:
    """Cycles per step and context.

    Members
    -------
    echo : with products accumulated, or forward
    contexts : under way at once
    cycles, busy : per step and context; busy: those in which every lane multiplied
    ideal : multiplications by matrices and inputs per lane, which no schedule can do without
    """

    hamiltonian: Hamiltonian
    echo: bool
    contexts: int
    cycles: float
    busy: float
    ideal: float

    @property
    def ratio(self) -> float:
        return self.cycles / self.ideal

    @property
    def missed(self) -> bool:
        """Whether a forward step takes longer than `BOUNDS` allows; small arrays and vector Hamiltonians have no bound."""
        bound = BOUNDS.get(self.contexts)
        return self.hamiltonian is Hamiltonian.DENSE and not self.echo and bound is not None and self.ratio > bound

    def to_json(self) -> dict[str, Any]:
        return {
            "hamiltonian": self.hamiltonian.name.lower(),
            "phase": "echo" if self.echo else "forward",
            "contexts": self.contexts,
            "cycles": self.cycles,
            "busy": self.busy,
            "ideal": self.ideal,
            "ratio": self.ratio,
        }


def ideal(hamiltonian: Hamiltonian, echo: bool, shape: Shape) -> float:
    """Multiplications by matrices and inputs in one step, per lane: (2 N^2 + N M) / L for the forces of the dense Hamiltonian."""
    n, m = shape.oscillators, shape.inputs
    definition = DEFINITIONS[hamiltonian]
    count = {Term.INPUT: n * m, Term.MINUS_INPUT: n * m, Term.ROW: n * n, Term.COLUMN: n * n}
    total = sum(count.get(term, 0) for item in definition.passes for term in item.terms)
    if echo:
        total += sum({Product.COUPLING: n * n, Product.INPUT_WEIGHT: n * m}.get(product, 0) for product in definition.products)
    return total / shape.lanes


def measure(device: Device) -> Iterator[Measurement]:
    """Every Hamiltonian, forward and echo, with one context and as many as the array interleaves."""
    for hamiltonian in device.shape.hamiltonians:
        device.configure(hamiltonian, 3)
        for echo in (False, True):
            for contexts in sorted({1, device.shape.ways}):
                short, long = (_counters(device, steps, contexts, echo) for steps in (SHORT, LONG))
                steps = (LONG - SHORT) * contexts
                cycles, busy = ((after - before) / steps for before, after in zip(short, long, strict=True))
                yield Measurement(hamiltonian, echo, contexts, cycles, busy, ideal(hamiltonian, echo, device.shape))


def _counters(device: Device, steps: int, contexts: int, echo: bool) -> tuple[int, int]:
    """Cycles and busy cycles of runs of ``steps``, one in each context."""
    device.reset_status()
    accumulate = Accumulate.ADD if echo else Accumulate.OFF
    device.run([Run(context, steps, accumulate=accumulate) for context in range(contexts)])
    status = device.status()
    return status.cycles, status.busy
