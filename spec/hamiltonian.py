"""The four Hamiltonians as data: their parameters, the passes of one time step, and the products their gradients need.

A step is drift-half, kick, drift-half. The passes below compute the kick's force ``F = dV/dphi`` at the midpoint from
``x`` (positions there, as operands), ``u`` (inputs) and ``y = activation(z)``. Nothing else in the project says what a
Hamiltonian does: gateware, golden model, emulator and host all read these tables or are held to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from .label import Label


class Hamiltonian(IntEnum):
    """Which potential V (T = sum mu pi^2 / 2 for all); the number is the code that CONFIGURE carries."""

    SPRINGS = 0  #: V = 1/2 phi.K phi - phi.(B u), K symmetric          (RHEL eq. 8)
    LINEAR = 1  #: V = 1/2 sum a_i phi_i^2 - phi.(B u)                   (RHEL eq. 17)
    DIAGONAL = 2  #: V = 1/2 sum a_i phi_i^2 + sum w_i^-1 logcosh(z_i), z = w*phi + B u + b      (RHEL eq. 18, UnICORNN)
    DENSE = 3  #: V = 1/2 sum a_i phi_i^2 + sum_h logcosh(z_h), z = W phi + B u + b


class Parameter(Label):
    """What the device stores, in the weight format. N oscillators, M inputs."""

    COUPLING = "coupling"  #: (N, N): K of SPRINGS, W of DENSE
    INPUT_WEIGHT = "input_weight"  #: (N, M): B
    STIFFNESS = "stiffness"  #: (N,): a
    GAIN = "gain"  #: (N,): w of DIAGONAL
    BIAS = "bias"  #: (N,): b
    INVERSE_MASS = "inverse_mass"  #: (N,): mu


class Product(Label):
    """What the device accumulates over an echo, at the midpoints; exact integers."""

    COUPLING = "product_coupling"  #: (N, N): x_i x_j (SPRINGS), y_i x_j (DENSE)
    INPUT_WEIGHT = "product_input_weight"  #: (N, M): x_i u_m (SPRINGS, LINEAR), y_i u_m (DIAGONAL, DENSE)
    STIFFNESS = "product_stiffness"  #: (N,): x_i^2
    GAIN = "product_gain"  #: (N,): y_i z_i - q(z_i), q the integral of the activation: its convex conjugate
    BIAS = "product_bias"  #: (N,): y_i
    KINETIC = "product_kinetic"  #: (N,): p_i^2 before the kick + p_i^2 after it, p = momentum as operand


class Term(Enum):
    """One addend of a sum. Beside it, how many multiplications it takes per oscillator."""

    BIAS = "+b"  # none
    ACTIVATION = "+y"  # none
    INPUT = "+B u"  # M
    MINUS_INPUT = "-B u"  # M
    STIFFNESS = "+a x"  # 1
    GAIN = "+w x"  # 1
    ROW = "+W x"  # N, operands travel round the ring
    COLUMN = "+W^T y"  # N, sums travel round the ring


class Target(Enum):
    """Where a finished sum goes."""

    ACTIVATION = "z"  #: through the table: y = activation(sum)
    KICK = "F"  #: into the momentum: pi += -delta * sum + nudge


@dataclass(frozen=True)
class Pass:
    """One sum per oscillator: ``target = sum of terms``, terms in the order the array issues them."""

    terms: tuple[Term, ...]
    target: Target


@dataclass(frozen=True)
class Definition:
    """All there is to one Hamiltonian."""

    parameters: tuple[Parameter, ...]
    passes: tuple[Pass, ...]
    products: tuple[Product, ...]

    @property
    def activated(self) -> bool:
        """Whether a step goes through the activation table."""
        return any(p.target is Target.ACTIVATION for p in self.passes)


DEFINITIONS: dict[Hamiltonian, Definition] = {
    Hamiltonian.SPRINGS: Definition(
        (Parameter.COUPLING, Parameter.INPUT_WEIGHT, Parameter.INVERSE_MASS),
        (Pass((Term.MINUS_INPUT, Term.ROW), Target.KICK),),
        (Product.COUPLING, Product.INPUT_WEIGHT, Product.KINETIC),
    ),
    Hamiltonian.LINEAR: Definition(
        (Parameter.STIFFNESS, Parameter.INPUT_WEIGHT, Parameter.INVERSE_MASS),
        (Pass((Term.MINUS_INPUT, Term.STIFFNESS), Target.KICK),),
        (Product.STIFFNESS, Product.INPUT_WEIGHT, Product.KINETIC),
    ),
    Hamiltonian.DIAGONAL: Definition(
        (Parameter.STIFFNESS, Parameter.GAIN, Parameter.INPUT_WEIGHT, Parameter.BIAS, Parameter.INVERSE_MASS),
        (
            Pass((Term.BIAS, Term.INPUT, Term.GAIN), Target.ACTIVATION),
            Pass((Term.ACTIVATION, Term.STIFFNESS), Target.KICK),
        ),
        (Product.STIFFNESS, Product.GAIN, Product.INPUT_WEIGHT, Product.BIAS, Product.KINETIC),
    ),
    Hamiltonian.DENSE: Definition(
        (Parameter.COUPLING, Parameter.STIFFNESS, Parameter.INPUT_WEIGHT, Parameter.BIAS, Parameter.INVERSE_MASS),
        (
            Pass((Term.BIAS, Term.INPUT, Term.ROW), Target.ACTIVATION),
            Pass((Term.STIFFNESS, Term.COLUMN), Target.KICK),
        ),
        (Product.COUPLING, Product.STIFFNESS, Product.INPUT_WEIGHT, Product.BIAS, Product.KINETIC),
    ),
}
