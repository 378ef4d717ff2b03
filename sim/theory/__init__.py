"""The paper's methods in real arithmetic, all behind `gradient`: how each turns a variational principle into dC/dtheta."""

from .boundary import BOUNDARIES, Boundary, blend
from .contrast import Contrast
from .derivatives import Floats
from .errors import TheoryError
from .estimate import Cost, Estimate
from .functions import FunctionHamiltonian, FunctionLagrangian
from .gradient import METHODS, gradient, options_of
from .legendre import LegendreHamiltonian, LegendreLagrangian
from .natural import Kind, Natural, NaturalLagrangian, Parameter
from .system import Loss, System
from .systems import array_system, from_hamiltonian, from_lagrangian, harmonic, random_system, waves

__all__ = [
    "BOUNDARIES",
    "METHODS",
    "Boundary",
    "Contrast",
    "Cost",
    "Estimate",
    "Floats",
    "FunctionHamiltonian",
    "FunctionLagrangian",
    "Kind",
    "LegendreHamiltonian",
    "LegendreLagrangian",
    "Loss",
    "Natural",
    "NaturalLagrangian",
    "Parameter",
    "System",
    "TheoryError",
    "array_system",
    "blend",
    "from_hamiltonian",
    "from_lagrangian",
    "gradient",
    "harmonic",
    "options_of",
    "random_system",
    "waves",
]
