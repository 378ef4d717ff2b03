"""Real-valued master parameters, their integer codes on a device, and the chain rule between the two.

Masters are ``dict[str, float64 array]``, named as in `shapes`. They are the device's own parameters (`spec.hamiltonian.Parameter`) but
for SPRINGS, whose device holds the matrix K of the quadratic form, built from spring constants:

    K_ii = k_i + sum_j k_ij        K_ij = -k_ij        k_i: "stiffness" (N,), k_ij: "coupling" (N (N - 1) / 2,), j > i, row-major
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter, Product
from loschmidt.spec.shape import Shape

from .device import Ints

Floats = NDArray[np.float64]
Master = dict[str, Floats]


def names(hamiltonian: Hamiltonian) -> tuple[str, ...]:
    """Names of the masters: those of the device's parameters, and SPRINGS' stiffness."""
    own = tuple(parameter.value for parameter in DEFINITIONS[hamiltonian].parameters)
    return (Parameter.STIFFNESS.value, *own) if hamiltonian is Hamiltonian.SPRINGS else own


def shapes(hamiltonian: Hamiltonian, n: int, m: int) -> dict[str, tuple[int, ...]]:
    """Array shape of every master for n oscillators and m inputs."""
    pairs = hamiltonian is Hamiltonian.SPRINGS
    special = {Parameter.COUPLING.value: (n * (n - 1) // 2,) if pairs else (n, n), Parameter.INPUT_WEIGHT.value: (n, m)}
    return {name: special.get(name, (n,)) for name in names(hamiltonian)}


def initial(hamiltonian: Hamiltonian, n: int, m: int, rng: np.random.Generator) -> Master:
    """A stable, non-chaotic system to start training from.

    Frequencies are spread around 1 rad per unit of time; couplings are scaled so that their spectral norm does not grow with n
    (at most about 1 for DENSE); unit masses; input weights of variance 1/m.
    """
    master: Master = {
        "stiffness": rng.uniform(0.5, 1.5, n),
        "input_weight": rng.normal(0.0, m**-0.5, (n, m)),
        "inverse_mass": np.ones(n),
    }
    match hamiltonian:
        case Hamiltonian.SPRINGS:
            master["coupling"] = rng.uniform(0.0, 1.0 / n, n * (n - 1) // 2)
        case Hamiltonian.LINEAR:
            pass
        case Hamiltonian.DIAGONAL:
            master |= {"gain": rng.uniform(0.25, 1.0, n), "bias": rng.normal(0.0, 0.1, n)}
        case Hamiltonian.DENSE:
            master |= {"coupling": rng.normal(0.0, 0.5 * n**-0.5, (n, n)), "bias": rng.normal(0.0, 0.1, n)}
    return {name: master[name] for name in names(hamiltonian)}


def codes_of(values: Floats, target: Format, what: str) -> Ints:
    """Nearest codes, ties to even, of a real array.

    Raises
    ------
    SpecError : naming ``what``, the first offending index and the range, where a value is not finite or does not fit
    """
    values = np.asarray(values, dtype=np.float64)
    codes: Floats = np.rint(np.ldexp(values, target.fraction))
    wrong = np.argwhere(~((codes >= target.lowest) & (codes <= target.highest)))
    if len(wrong):
        index = tuple(int(i) for i in wrong[0])
        low, high = target.lowest * target.lsb, target.highest * target.lsb
        raise SpecError(f"{what}{list(index)} = {values[index]:g} does not fit {target}, which holds {low:g} to {high:g}")
    whole: Ints = codes.astype(np.int64)
    return whole


def quantise(master: Mapping[str, Floats], hamiltonian: Hamiltonian, shape: Shape) -> dict[Parameter, Ints]:
    """Codes for a device, in the weight format; SPRINGS' matrix is the exact integer sum of quantised spring constants.

    Raises
    ------
    SpecError : a master is missing, has the wrong shape, is not finite or does not fit; or a DIAGONAL gain rounds to zero
    """
    target = shape.formats.weight
    codes: dict[str, Ints] = {}
    for name, expected in shapes(hamiltonian, shape.oscillators, shape.inputs).items():
        if name not in master:
            raise SpecError(f"{hamiltonian.name.lower()} needs the parameter {name}; there is only {', '.join(master) or 'none'}")
        if np.shape(master[name]) != expected:
            raise SpecError(f"{name} must have shape {expected}, not {np.shape(master[name])}")
        codes[name] = codes_of(master[name], target, name)
    if hamiltonian is Hamiltonian.SPRINGS:
        codes["coupling"] = _matrix_of_springs(codes.pop("stiffness"), codes["coupling"], target)
    if hamiltonian is Hamiltonian.DIAGONAL and not np.all(codes["gain"]):
        index = int(np.argmin(np.abs(codes["gain"])))
        raise SpecError(f"gain[{index}] = {master['gain'][index]:g} rounds to zero in {target}, where its gradient is not defined")
    return {parameter: codes[parameter.value] for parameter in DEFINITIONS[hamiltonian].parameters}


def _matrix_of_springs(single: Ints, pairs: Ints, target: Format) -> Ints:
    n = len(single)
    matrix = np.zeros((n, n), dtype=np.int64)
    matrix[np.triu_indices(n, 1)] = -pairs
    matrix += matrix.T
    diagonal = single - matrix.sum(axis=1)
    for index, value in enumerate(diagonal):
        if not target.holds(int(value)):
            raise SpecError(
                f"stiffness[{index}] plus all its couplings is {value * target.lsb:g} and does not fit {target}, "
                f"which holds {target.lowest * target.lsb:g} to {target.highest * target.lsb:g}"
            )
    np.fill_diagonal(matrix, diagonal)
    if np.any(matrix < target.lowest) or np.any(matrix > target.highest):
        i, j = (int(k) for k in np.argwhere((matrix < target.lowest) | (matrix > target.highest))[0])
        raise SpecError(f"coupling of oscillators {i} and {j} is {-matrix[i, j] * target.lsb:g}: its negative does not fit {target}")
    return matrix


def real_values(codes: Mapping[Parameter, Ints], formats: Formats) -> dict[Parameter, Floats]:
    """What the device's codes stand for, device parameter by device parameter."""
    return {parameter: np.ldexp(code.astype(np.float64), -formats.weight.fraction) for parameter, code in codes.items()}


def dequantise(codes: Mapping[Parameter, Ints], hamiltonian: Hamiltonian, shape: Shape) -> Master:
    """The masters that `quantise` gives these codes for, each exactly on the grid."""
    master = {parameter.value: value for parameter, value in real_values(codes, shape.formats).items()}
    if hamiltonian is Hamiltonian.SPRINGS:
        matrix = master["coupling"]
        master |= {"stiffness": matrix.sum(axis=1), "coupling": -matrix[np.triu_indices(len(matrix), 1)]}
    return {name: master[name] for name in names(hamiltonian)}


def gradient_from_parameters(gradient: Mapping[Parameter, Floats], hamiltonian: Hamiltonian) -> Master:
    """dL/d(master) from dL/d(device parameter), every entry of which counts as independent."""
    result = {parameter.value: np.asarray(value, dtype=np.float64) for parameter, value in gradient.items()}
    if hamiltonian is Hamiltonian.SPRINGS:
        matrix = result["coupling"]
        own = np.diagonal(matrix).copy()
        i, j = np.triu_indices(len(matrix), 1)
        result |= {"stiffness": own, "coupling": own[i] + own[j] - matrix[i, j] - matrix[j, i]}
    return {name: result[name] for name in names(hamiltonian)}


def gradient_from_products(
    products: Mapping[Product, Ints], codes: Mapping[Parameter, Ints], scale: float, hamiltonian: Hamiltonian, formats: Formats
) -> Master:
    """dL/d(master) from accumulated differences of products: ``scale * dV/dtheta``, then the chain rule.

    Parameters
    ----------
    products : sum over midpoints and samples of (products of the + echo) - (products of the - echo)
    codes : the device's parameters
    scale : ``delta / (2 eps)``

    The derivatives follow from the README's table of potentials: x^2/2 for stiffness, half of x x^T for SPRINGS' K, -x u^T for the input
    weights of the linear forces; a quarter of the kinetic product, which holds pi^2 before and after the kick; and for DIAGONAL
    ``dV/dB = y u / w``, ``dV/db = y / w`` and ``dV/dw = y phi / w - q(z) / w^2``, where q(z) = y z - c is the integral of the
    activation y and c the conjugate that the device accumulates: ``dV/dw = (c - y (B u + b)) / w^2``.
    """
    x, y = formats.operand.lsb, formats.activation.lsb

    def total(product: Product, unit: float) -> Floats:
        return products[product].astype(np.float64) * (scale * unit)

    by: dict[Parameter, Floats] = {Parameter.INVERSE_MASS: total(Product.KINETIC, x * x / 4)}
    match hamiltonian:
        case Hamiltonian.SPRINGS:
            by[Parameter.COUPLING] = total(Product.COUPLING, x * x / 2)
            by[Parameter.INPUT_WEIGHT] = total(Product.INPUT_WEIGHT, -x * x)
        case Hamiltonian.LINEAR:
            by[Parameter.STIFFNESS] = total(Product.STIFFNESS, x * x / 2)
            by[Parameter.INPUT_WEIGHT] = total(Product.INPUT_WEIGHT, -x * x)
        case Hamiltonian.DIAGONAL:
            gain = codes[Parameter.GAIN] * formats.weight.lsb
            by[Parameter.STIFFNESS] = total(Product.STIFFNESS, x * x / 2)
            driven, constant = total(Product.INPUT_WEIGHT, x * y), total(Product.BIAS, y)
            weight, bias = (codes[name] * formats.weight.lsb for name in (Parameter.INPUT_WEIGHT, Parameter.BIAS))
            elsewhere = np.sum(weight * driven, axis=1) + bias * constant
            by[Parameter.GAIN] = (total(Product.GAIN, formats.conjugate.lsb) - elsewhere) / gain**2
            by[Parameter.INPUT_WEIGHT] = driven / gain[:, None]
            by[Parameter.BIAS] = constant / gain
        case Hamiltonian.DENSE:
            by[Parameter.COUPLING] = total(Product.COUPLING, x * y)
            by[Parameter.STIFFNESS] = total(Product.STIFFNESS, x * x / 2)
            by[Parameter.INPUT_WEIGHT] = total(Product.INPUT_WEIGHT, x * y)
            by[Parameter.BIAS] = total(Product.BIAS, y)
    return gradient_from_parameters(by, hamiltonian)


def check_stable(master: Mapping[str, Floats], hamiltonian: Hamiltonian, s: int) -> None:
    """Raise `SpecError` where the time step ``delta = 2**-s`` makes an oscillator diverge: omega delta >= 2, or no restoring force.

    Parameters
    ----------
    master : as in `initial`; for codes, what `dequantise` returns

    The curvature that bounds omega^2: eigenvalues of K for SPRINGS; a for LINEAR; a + |w| for DIAGONAL; those of a + W^T W for DENSE;
    each with the inverse masses, ``sqrt(mu) (...) sqrt(mu)``. The last two are reached where tanh is steepest.
    """
    mu = master["inverse_mass"]
    if np.any(mu <= 0):
        index = int(np.argmin(mu))
        raise SpecError(f"inverse_mass[{index}] = {mu[index]:g} must be positive: make it at least one unit of the weight format")
    stiffness = master["stiffness"]
    if hamiltonian is not Hamiltonian.SPRINGS:
        lowest = int(np.argmin(stiffness))
        if stiffness[lowest] < 0 or (hamiltonian is Hamiltonian.LINEAR and stiffness[lowest] == 0):
            raise SpecError(f"stiffness[{lowest}] = {stiffness[lowest]:g} must be positive: oscillator {lowest} has no restoring force")
    match hamiltonian:
        case Hamiltonian.LINEAR:
            squares, where = mu * stiffness, np.eye(len(mu))
        case Hamiltonian.DIAGONAL:
            squares, where = mu * (stiffness + np.abs(master["gain"])), np.eye(len(mu))
        case _:
            root = np.sqrt(mu)
            squares, where = np.linalg.eigh(root[:, None] * _curvature(master, hamiltonian) * root)
    if np.min(squares) <= 0 and hamiltonian is Hamiltonian.SPRINGS:
        index = int(np.argmax(np.abs(where[:, np.argmin(squares)])))
        raise SpecError(
            f"the springs' matrix has the eigenvalue {np.min(squares):g}, strongest at oscillator {index}: "
            "without a restoring force it drifts away; raise its stiffness or lower negative couplings"
        )
    fastest = int(np.argmax(squares))
    product = float(np.sqrt(squares[fastest])) * 2.0**-s
    if product >= 2:
        index = int(np.argmax(np.abs(where[:, fastest])))
        raise SpecError(
            f"omega delta = {product:.3g} at oscillator {index} must stay below 2: take a smaller time step "
            f"(s >= {s + int(np.floor(np.log2(product)))} instead of {s}) or weaker springs"
        )


def _curvature(master: Mapping[str, Floats], hamiltonian: Hamiltonian) -> Floats:
    """The largest second derivative of V that the state can reach, (N, N) symmetric."""
    coupling, own = master["coupling"], np.diag(master["stiffness"])
    if hamiltonian is Hamiltonian.DENSE:
        dense: Floats = own + coupling.T @ coupling
        return dense
    matrix = np.zeros_like(own)
    matrix[np.triu_indices(len(own), 1)] = -coupling
    matrix += matrix.T
    springs: Floats = own + matrix - np.diag(matrix.sum(axis=1))
    return springs
