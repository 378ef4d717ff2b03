"""A third device, in Python's integers: it reads the passes of `spec.hamiltonian` and rounds by `spec.fixed`, the contract's own words."""

from __future__ import annotations

from collections.abc import Sequence

from loschmidt.sim.memory import Ints, Memory
from loschmidt.spec.fixed import round_half_even, saturate, wrap
from loschmidt.spec.hamiltonian import DEFINITIONS, Parameter, Product, Target, Term
from loschmidt.spec.region import Buffer, State, Table
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run

Vector = list[int]


class Witness(Memory):
    """Slow beyond use, and with no limit on the size of an integer."""

    name = "witness"

    def _negative(self, momentum: Ints) -> Ints:
        momentum[:] = [wrap(-int(p), self.shape.formats.state.width) for p in momentum]
        return momentum

    def _execute(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self._run(run)

    def _run(self, run: Run) -> None:
        self._context = run.context
        phi: Vector = self._region[State.POSITION][run.context].tolist()
        pi: Vector = self._region[State.MOMENTUM][run.context].tolist()
        nudges, inputs = self._region[Buffer.NUDGE].tolist(), self._region[Buffer.INPUT].tolist()
        order = range(run.steps) if run.direction is Direction.ASCENDING else range(run.steps - 1, -1, -1)
        for k in order:
            u: Vector = inputs[run.input_base + k]
            nudged = run.nudge in (Nudge.HOLD, Nudge.STREAM) or (run.nudge is Nudge.IMPULSE and k == run.steps - 1)
            nudge = nudges[run.nudge_base + (k if run.nudge is Nudge.STREAM else 0)] if nudged else [0] * len(phi)
            phi = [self._wrapped(a + b) for a, b in zip(phi, self._drift(pi), strict=True)]
            if run.trace:
                self._region[Buffer.TRACE][run.trace_base + k] = phi
            x = [self._operand(a) for a in phi]
            force, z, y = self._force(x, u)
            shift, before, sign = self.shape.formats.kick_shift(self._s), pi, -1 if run.negate else 1
            pi = [self._wrapped(p - round_half_even(f, shift) + sign * n) for p, f, n in zip(pi, force, nudge, strict=True)]
            phi = [self._wrapped(a + b) for a, b in zip(phi, self._drift(pi), strict=True)]
            if run.accumulate is not Accumulate.OFF:
                factor = (1 if run.accumulate is Accumulate.ADD else -1) << run.shift
                self._accumulate(factor, x, u, z, y, [self._operand(p) for p in before], [self._operand(p) for p in pi])
        self._region[State.POSITION][run.context], self._region[State.MOMENTUM][run.context] = phi, pi

    def _wrapped(self, value: int) -> int:
        result = wrap(value, self.shape.formats.state.width)
        self._overflow[self._context] |= result != value
        return result

    def _operand(self, value: int) -> int:
        rounded = round_half_even(value, self.shape.formats.operand_shift)
        result = saturate(rounded, self.shape.formats.operand.width)
        self._clip[self._context] |= result != rounded
        return result

    def _drift(self, pi: Vector) -> Vector:
        shift, lowest = self.shape.formats.drift_shift(self._s), self.shape.formats.state.lowest
        masses: Vector = self._region[Parameter.INVERSE_MASS].tolist()
        return [0 if p == lowest else round_half_even(mu * p, shift) for mu, p in zip(masses, pi, strict=True)]

    def _force(self, x: Vector, u: Vector) -> tuple[Vector, Vector, Vector]:
        """The sum that goes into the kick, that which goes through the table, and what comes out of it."""
        z, y, force = [0] * len(x), [0] * len(x), [0] * len(x)
        for one in DEFINITIONS[self._hamiltonian].passes:
            total = [sum(self._term(term, i, x, u, y) for term in one.terms) for i in range(len(x))]
            if one.target is Target.KICK:
                force = total
            else:
                z, y = total, [self._activation(value)[0] for value in total]
        return force, z, y

    def _term(self, term: Term, i: int, x: Vector, u: Vector, y: Vector) -> int:
        """One addend of oscillator i, with `Formats.sum_fraction` fractional bits."""
        f, p = self.shape.formats, {parameter: self._region[parameter].tolist() for parameter in Parameter}
        match term:
            case Term.BIAS:
                return int(p[Parameter.BIAS][i]) << f.activation.fraction
            case Term.ACTIVATION:
                return y[i] << f.weight.fraction
            case Term.INPUT:
                return dot(p[Parameter.INPUT_WEIGHT][i], u) << f.align_shift
            case Term.MINUS_INPUT:
                return -dot(p[Parameter.INPUT_WEIGHT][i], u) << f.align_shift
            case Term.STIFFNESS:
                return int(p[Parameter.STIFFNESS][i]) * x[i] << f.align_shift
            case Term.GAIN:
                return int(p[Parameter.GAIN][i]) * x[i] << f.align_shift
            case Term.ROW:
                return dot(p[Parameter.COUPLING][i], x) << f.align_shift
            case Term.COLUMN:
                return dot([row[i] for row in p[Parameter.COUPLING]], y)

    def _activation(self, z: int) -> tuple[int, int]:
        f = self.shape.formats
        code = saturate(round_half_even(z, f.table_shift), f.table_width)
        segment, offset = divmod(code, 1 << (f.multiplier - 1))
        value, rise, conjugate = self._region[Table.ACTIVATION][segment + f.segments // 2].tolist()
        risen = round_half_even(rise * offset, f.multiplier - 1)
        place = (2 * (code - offset) + offset) >> f.segment_bits
        return value + risen, conjugate + round_half_even(risen * place, f.multiplier - 1 - f.segment_bits)

    def _accumulate(self, factor: int, x: Vector, u: Vector, z: Vector, y: Vector, before: Vector, after: Vector) -> None:
        definition, n = DEFINITIONS[self._hamiltonian], range(len(x))
        source = y if definition.activated else x
        terms: dict[Product, list[int] | list[list[int]]] = {
            Product.COUPLING: [[source[i] * x[j] for j in n] for i in n],
            Product.INPUT_WEIGHT: [[source[i] * value for value in u] for i in n],
            Product.STIFFNESS: [x[i] ** 2 for i in n],
            Product.GAIN: [self._activation(value)[1] for value in z],
            Product.BIAS: y,
            Product.KINETIC: [before[i] ** 2 + after[i] ** 2 for i in n],
        }
        for product in definition.products:
            flat = self._region[product].reshape(-1)
            for index, term in enumerate(flatten(terms[product])):
                flat[index] = wrap(int(flat[index]) + factor * term, self.shape.formats.accumulator)


def dot(one: Vector, other: Vector) -> int:
    return sum(a * b for a, b in zip(one, other, strict=True))


def flatten(values: list[int] | list[list[int]]) -> Vector:
    return [item for value in values for item in (value if isinstance(value, list) else [value])]
