"""The paper's methods in real arithmetic, all behind `gradient`: how each turns a variational principle into dC/dtheta."""

from .boundary import BOUNDARIES, Boundary, blend
from .contrast import Contrast
from .derivatives import Floats
from .errors import TheoryError
from .estimate import Cost, Estimate
from .gradient import METHODS, gradient, options_of
from .natural import Kind, Natural, NaturalLagrangian, Parameter
from .system import Loss, System
from .systems import array_system, harmonic, random_system, waves

__all__ = [
    "BOUNDARIES",
    "METHODS",
    "Boundary",
    "Contrast",
    "Cost",
    "Estimate",
    "Floats",
    "Kind",
    "Loss",
    "Natural",
    "NaturalLagrangian",
    "Parameter",
    "System",
    "TheoryError",
    "array_system",
    "blend",
    "gradient",
    "harmonic",
    "options_of",
    "random_system",
    "waves",
]
