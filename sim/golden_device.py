"""The golden model as a device: slow, and what every other device is compared with."""

from __future__ import annotations

from collections.abc import Sequence

from loschmidt.spec.hamiltonian import DEFINITIONS, Parameter
from loschmidt.spec.region import Buffer, State, Table
from loschmidt.spec.run import Nudge, Run

from .golden import Golden
from .memory import Ints, Memory


class GoldenDevice(Memory):
    """`Golden` behind the Device protocol, one context after another.

    Members
    -------
    model : the class that computes

    Raises
    ------
    SpecError : for what the shape cannot hold, before anything changes
    """

    name = "golden"
    model: type[Golden] = Golden

    def _execute(self, runs: Sequence[Run]) -> None:
        for run in runs:
            window = slice(run.input_base, run.input_base + run.steps)
            held = 1 if run.nudge in (Nudge.HOLD, Nudge.IMPULSE) else run.steps
            trace = self._region[Buffer.TRACE][run.trace_base : run.trace_base + run.steps] if run.trace else None
            golden = self._golden(run.context)
            golden.run(run, self._region[Buffer.INPUT][window], self._region[Buffer.NUDGE][run.nudge_base : run.nudge_base + held], trace)
            self._region[State.POSITION][run.context] = golden.phi
            self._region[State.MOMENTUM][run.context] = golden.pi
            for product, total in golden.product.items():
                self._region[product] = total
            self._overflow[run.context] |= golden.overflow
            self._clip[run.context] |= golden.clip

    def _negative(self, momentum: Ints) -> Ints:
        golden = self._golden(0)
        golden.pi = momentum
        golden.flip()
        return golden.pi

    def _golden(self, context: int) -> Golden:
        return self.model(
            self._hamiltonian,
            self._s,
            self._shape.formats,
            {p: self._region[p] for p in Parameter},
            self._region[Table.ACTIVATION],
            self._region[State.POSITION][context].copy(),
            self._region[State.MOMENTUM][context].copy(),
            {p: self._region[p] for p in DEFINITIONS[self._hamiltonian].products},
        )
