"""Masters and codes: nothing lost between them, chain rules right, and what cannot be is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from loschmidt.host.parameters import (
    check_stable,
    codes_of,
    dequantise,
    gradient_from_parameters,
    initial,
    names,
    quantise,
    real_values,
    shapes,
)
from loschmidt.sim.reference import Reference
from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter
from loschmidt.spec.shape import Shape

N, M = 6, 3
SHAPE = Shape(N, M)


def master_of(hamiltonian: Hamiltonian, n: int = N, m: int = M) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    return initial(hamiltonian, n, m, np.random.default_rng(3))


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_names_shapes_and_initial_values_agree(hamiltonian: Hamiltonian) -> None:
    master = master_of(hamiltonian)
    assert tuple(master) == names(hamiltonian) == tuple(shapes(hamiltonian, N, M))
    assert {name: value.shape for name, value in master.items()} == shapes(hamiltonian, N, M)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize("preset", PRESETS)
def test_quantise_undoes_dequantise(hamiltonian: Hamiltonian, preset: str) -> None:
    shape = Shape(N, M, formats=PRESETS[preset])
    codes = quantise(master_of(hamiltonian), hamiltonian, shape)
    again = quantise(dequantise(codes, hamiltonian, shape), hamiltonian, shape)
    assert tuple(codes) == DEFINITIONS[hamiltonian].parameters
    for parameter, values in codes.items():
        assert np.array_equal(values, again[parameter]), parameter
    for name, value in dequantise(codes, hamiltonian, shape).items():
        assert np.max(np.abs(value - master_of(hamiltonian)[name]), initial=0) <= shape.formats.weight.lsb / 2


def test_matrix_of_springs_is_their_exact_sum() -> None:
    master = master_of(Hamiltonian.SPRINGS)
    matrix = quantise(master, Hamiltonian.SPRINGS, SHAPE)[Parameter.COUPLING]
    lsb = SHAPE.formats.weight.lsb
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(matrix.sum(axis=1), np.rint(master["stiffness"] / lsb))
    assert matrix[1, 2] == -np.rint(master["coupling"][N - 1] / lsb)


def test_chain_rule_of_springs() -> None:
    """L = sum G_ij K_ij for a random G that is not symmetric."""
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(N, N))
    gradient = gradient_from_parameters(
        {Parameter.COUPLING: weight, Parameter.INPUT_WEIGHT: np.zeros((N, M)), Parameter.INVERSE_MASS: np.zeros(N)}, Hamiltonian.SPRINGS
    )
    unit = 64 * SHAPE.formats.weight.lsb
    for name in ("stiffness", "coupling"):
        for index in range(len(gradient[name])):
            changed = []
            for sign in (1, -1):
                master = dequantise(quantise(master_of(Hamiltonian.SPRINGS), Hamiltonian.SPRINGS, SHAPE), Hamiltonian.SPRINGS, SHAPE)
                master[name][index] += sign * unit
                matrix = real_values(quantise(master, Hamiltonian.SPRINGS, SHAPE), SHAPE.formats)[Parameter.COUPLING]
                changed.append(float(np.sum(weight * matrix)))
            assert (changed[0] - changed[1]) / (2 * unit) == pytest.approx(gradient[name][index])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("bias", np.nan, r"^bias\[2\] = nan does not fit Q4.14, which holds -8 to 7.99994$"),
        ("bias", -np.inf, r"^bias\[2\] = -inf does not fit Q4.14"),
        ("stiffness", 8.0, r"^stiffness\[2\] = 8 does not fit Q4.14"),
        ("coupling", -9.5, r"^coupling\[2, 1\] = -9.5 does not fit Q4.14"),
    ],
)
def test_value_that_does_not_fit_is_named(name: str, value: float, message: str) -> None:
    master = master_of(Hamiltonian.DENSE)
    master[name][(2, 1) if name == "coupling" else 2] = value
    with pytest.raises(SpecError, match=message):
        quantise(master, Hamiltonian.DENSE, SHAPE)


def test_missing_misshapen_and_singular_parameters_are_refused() -> None:
    dense = master_of(Hamiltonian.DENSE)
    with pytest.raises(SpecError, match=r"^coupling must have shape \(6, 6\), not \(15,\)$"):
        quantise(dense | {"coupling": np.zeros(15)}, Hamiltonian.DENSE, SHAPE)
    with pytest.raises(SpecError, match=r"^dense needs the parameter bias; there is only "):
        quantise({name: value for name, value in dense.items() if name != "bias"}, Hamiltonian.DENSE, SHAPE)
    diagonal = master_of(Hamiltonian.DIAGONAL)
    diagonal["gain"][4] = 1e-6
    with pytest.raises(SpecError, match=r"^gain\[4\] = 1e-06 rounds to zero in Q4.14, where its gradient is not defined$"):
        quantise(diagonal, Hamiltonian.DIAGONAL, SHAPE)
    springs = master_of(Hamiltonian.SPRINGS)
    springs["coupling"][:5] = 2.0
    with pytest.raises(SpecError, match=r"^stiffness\[0\] plus all its couplings is 1\d\.\d+ and does not fit Q4.14"):
        quantise(springs, Hamiltonian.SPRINGS, SHAPE)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize("n", [1, 8, 64])
def test_training_starts_from_a_stable_system(hamiltonian: Hamiltonian, n: int) -> None:
    for seed in range(5):
        master = initial(hamiltonian, n, 4, np.random.default_rng(seed))
        check_stable(master, hamiltonian, 0 if n == 1 else 1)
        quantise(master, hamiltonian, Shape(n, 4))


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_bound_on_omega_delta_is_sharp(hamiltonian: Hamiltonian) -> None:
    """Just below it, small oscillations stay; just above, they grow."""
    n, s = 4, 0
    rng = np.random.default_rng(1)
    master = initial(hamiltonian, n, 1, rng)
    master["input_weight"][:] = 0
    if "bias" in master:
        master["bias"][:] = 0
    base = _fastest(master, hamiltonian)
    shape = Shape(n, 1, formats=PRESETS["25"])
    for factor, stable in ((0.98, True), (1.02, False)):
        master["inverse_mass"] = np.full(n, factor * 4.0 / base)
        if stable:
            check_stable(master, hamiltonian, s)
        else:
            with pytest.raises(SpecError, match=r"^omega delta = 2\.\d+ at oscillator \d must stay below 2: take a smaller time step"):
                check_stable(master, hamiltonian, s)
        codes = real_values(quantise(master, hamiltonian, shape), shape.formats)
        reference = Reference(hamiltonian, s, None, shape.formats)
        start = 1e-6 * rng.normal(size=(1, n))
        tape = reference.forward(codes, np.zeros((1, 200, 1)), np.array([200]), start, start)
        # Where tanh bends, growth ends at the size of the bend, and turns back; a hundredfold is growth all the same.
        assert bool(np.max(np.abs(tape.momenta)) < 1e-4) is stable


@pytest.mark.parametrize("sign", [1, -1])
def test_gain_of_either_sign_is_as_stiff(sign: int) -> None:
    """a + |w| is what bounds omega^2: 3 + 1 is too fast for delta = 1, whatever the sign of w."""
    master = master_of(Hamiltonian.DIAGONAL) | {"stiffness": np.full(N, 3.0), "gain": np.full(N, 0.5)}
    master["gain"][2] = sign * (1 - 2**-10)
    check_stable(master, Hamiltonian.DIAGONAL, 0)
    master["gain"][2] = sign * 1.0
    with pytest.raises(
        SpecError, match=r"^omega delta = 2 at oscillator 2 must stay below 2: take a smaller time step \(s >= 1 instead of 0\)"
    ):
        check_stable(master, Hamiltonian.DIAGONAL, 0)
    check_stable(master, Hamiltonian.DIAGONAL, 1)


@pytest.mark.parametrize(
    ("stiffness", "s", "least"), [(4.0, 0, 1), (7.9, 0, 1), (16.0, 0, 2), (15.9, 0, 1), (16.0, 1, 2), (64.0, 2, 3), (300.0, 1, 4)]
)
def test_time_step_that_is_advised_is_the_largest_that_is_stable(stiffness: float, s: int, least: int) -> None:
    master = master_of(Hamiltonian.LINEAR) | {"stiffness": np.full(N, stiffness), "inverse_mass": np.ones(N)}
    with pytest.raises(SpecError, match=rf"\(s >= {least} instead of {s}\) or weaker springs$"):
        check_stable(master, Hamiltonian.LINEAR, s)
    check_stable(master, Hamiltonian.LINEAR, least)
    with pytest.raises(SpecError):
        check_stable(master, Hamiltonian.LINEAR, least - 1)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_mass_of_nothing_is_refused(hamiltonian: Hamiltonian) -> None:
    master = master_of(hamiltonian)
    master["inverse_mass"][1] = 0.0
    with pytest.raises(SpecError, match=r"^inverse_mass\[1\] = 0 must be positive: make it at least one unit of the weight format$"):
        check_stable(master, hamiltonian, 9)


@pytest.mark.parametrize(("hamiltonian", "stable"), [(Hamiltonian.LINEAR, False), (Hamiltonian.DIAGONAL, True), (Hamiltonian.DENSE, True)])
def test_no_stiffness_is_a_fault_where_nothing_else_restores(hamiltonian: Hamiltonian, stable: bool) -> None:
    master = master_of(hamiltonian)
    master["stiffness"][4] = 0.0
    if stable:
        check_stable(master, hamiltonian, 9)
    else:
        with pytest.raises(SpecError, match=r"^stiffness\[4\] = 0 must be positive"):
            check_stable(master, hamiltonian, 9)


def test_springs_that_only_just_restore() -> None:
    """Free oscillators in a chain drift away together; one spring to the wall holds them all."""
    master = master_of(Hamiltonian.SPRINGS) | {"stiffness": np.zeros(N), "coupling": np.ones(N * (N - 1) // 2) / 8}
    with pytest.raises(SpecError, match=r"^the springs' matrix has the eigenvalue "):
        check_stable(master | {"stiffness": np.full(N, -(2.0**-20))}, Hamiltonian.SPRINGS, 3)
    check_stable(master | {"stiffness": np.array([0.125, 0, 0, 0, 0, 0])}, Hamiltonian.SPRINGS, 3)


def test_codes_are_the_nearest_and_the_ends_are_admitted() -> None:
    target = Format(4, 1)
    assert codes_of(np.array([0.25, 0.75, -0.25, -0.75, 0.3, 3.5, 3.74, -4.0, -4.25]), target, "x").tolist() == [
        0,
        2,
        0,
        -2,
        1,
        7,
        7,
        -8,
        -8,
    ]
    for value in (3.75, -4.26, np.inf, np.nan):
        with pytest.raises(SpecError, match=r"^x\[1\] = \S+ does not fit Q3.1, which holds -4 to 3.5$"):
            codes_of(np.array([0.0, value]), target, "x")


@pytest.mark.parametrize("sign", [1, -1])
def test_spring_whose_matrix_entry_has_no_code_is_refused(sign: int) -> None:
    """K holds minus the coupling: 8 has no code in Q4.14, but a coupling of -8 would need it."""
    master = master_of(Hamiltonian.SPRINGS) | {"stiffness": np.full(N, 8 - 2**-14), "coupling": np.zeros(N * (N - 1) // 2)}
    quantise(master, Hamiltonian.SPRINGS, SHAPE)
    master["coupling"][0] = sign * 2.0**-14
    if sign > 0:
        with pytest.raises(
            SpecError, match=r"^stiffness\[0\] plus all its couplings is 8 and does not fit Q4.14, which holds -8 to 7.99994$"
        ):
            quantise(master, Hamiltonian.SPRINGS, SHAPE)
    else:
        quantise(master, Hamiltonian.SPRINGS, SHAPE)
        master["coupling"][N - 1] = -8.0
        with pytest.raises(SpecError, match=r"^coupling of oscillators 1 and 2 is -8: its negative does not fit Q4.14$"):
            quantise(master, Hamiltonian.SPRINGS, SHAPE)


def _fastest(master: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]], hamiltonian: Hamiltonian) -> float:
    """Largest curvature with unit masses, from the force itself."""
    shape = Shape(len(master["stiffness"]), 1, formats=PRESETS["25"])
    codes = real_values(quantise(master, hamiltonian, shape), shape.formats)
    reference = Reference(hamiltonian, 0, None, shape.formats)
    n = len(master["stiffness"])
    points = 1e-6 * np.eye(n)
    kicked = reference.forward(codes | {Parameter.INVERSE_MASS: np.zeros(n)}, np.zeros((n, 1, 1)), np.ones(n, np.int64), points, 0 * points)
    return float(np.max(np.abs(np.linalg.eigvals(-kicked.momentum / 1e-6))))


def test_systems_without_a_restoring_force_are_refused() -> None:
    linear = master_of(Hamiltonian.LINEAR)
    linear["stiffness"][3] = 0.0
    with pytest.raises(SpecError, match=r"^stiffness\[3\] = 0 must be positive: oscillator 3 has no restoring force$"):
        check_stable(linear, Hamiltonian.LINEAR, 3)
    dense = master_of(Hamiltonian.DENSE)
    dense["stiffness"][1] = -0.5
    with pytest.raises(SpecError, match=r"^stiffness\[1\] = -0.5 must be positive: oscillator 1 has no restoring force$"):
        check_stable(dense, Hamiltonian.DENSE, 3)
    dense["inverse_mass"][5] = -1.0
    with pytest.raises(SpecError, match=r"^inverse_mass\[5\] = -1 must be positive"):
        check_stable(dense, Hamiltonian.DENSE, 3)
    springs = master_of(Hamiltonian.SPRINGS)
    springs["coupling"][:5] = -2.0
    with pytest.raises(SpecError, match=r"^the springs' matrix has the eigenvalue -\d"):
        check_stable(springs, Hamiltonian.SPRINGS, 3)
