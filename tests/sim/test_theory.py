"""The contract of `gradient`, and the references of the theory held to each other."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from loschmidt.sim.reference import Reference
from loschmidt.sim.theory import METHODS, Kind, Loss, Natural, Parameter, TheoryError, gradient, harmonic, options_of
from loschmidt.spec.formats import PRESETS

from .theory_cases import KINDS, Case, apart


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damping", [0.0, 0.3])
@pytest.mark.parametrize("last", [False, True])
def test_adjoint_is_the_derivative_of_the_loss(kind: Kind, damping: float, last: bool) -> None:
    case = Case(kind, damping=damping, loss=Loss(np.array([1.0, 0.0, 2.0]), last))
    exact, measured = case("adjoint"), case("finite-differences")
    assert apart(exact.parameters, measured.parameters) < 1e-8
    assert apart(exact.initial, measured.initial) < 1e-8
    assert exact.loss == pytest.approx(measured.loss, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_adjoint_is_the_reference_of_the_array(kind: Kind) -> None:
    """`sim.reference` has its transposes written by hand. Its springs have K in the force; here the potential takes K's symmetric part."""
    case = Case(kind, delta=2.0**-2)
    form = case.system.hamiltonian
    assert isinstance(form, Natural)
    values = form.unpack(case.system.theta)
    reference = Reference(kind, 2, None, PRESETS["18"])
    tape = reference.forward(
        values, case.inputs[None], np.array([len(case.inputs)]), case.system.position0[None], case.system.momentum0[None]
    )
    wanted = reference.backward(tape, (tape.midpoints - case.targets) * case.system.delta)
    found = case("adjoint")
    by_name = form.unpack(found.parameters)
    for name, value in wanted.parameters.items():
        symmetric = kind is Kind.SPRINGS and name is Parameter.COUPLING
        assert apart(by_name[name], (value + value.T) / 2 if symmetric else value) < 1e-12, name
    assert apart(found.initial, np.concatenate([wanted.position0[0], wanted.momentum0[0]])) < 1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_echo_is_the_adjoint(kind: Kind, last: bool, frozen: bool) -> None:
    case = Case(kind, loss=Loss(last=last))
    exact, echo = case("adjoint"), case("rhel", frozen=frozen)
    assert apart(echo.parameters, exact.parameters) < 1e-9
    assert apart(echo.initial, exact.initial) < 1e-9
    assert echo.loss == pytest.approx(exact.loss, rel=1e-12)


def test_echo_keeps_nothing_of_the_trajectory() -> None:
    short, long = (Case(Kind.LINEAR, steps) for steps in (10, 100))
    assert short("rhel").cost.memory_words == long("rhel").cost.memory_words
    assert short("adjoint").cost.memory_words < long("adjoint").cost.memory_words


@pytest.mark.parametrize("method", METHODS)
def test_unknown_option_is_refused(method: str) -> None:
    known = ", ".join(options_of(method))
    with pytest.raises(TheoryError, match=rf"^method '{method}' has no option colour: it takes {re.escape(known)}$"):
        Case(Kind.LINEAR)(method, colour="blue")


def test_faults_are_named() -> None:
    case = Case(Kind.LINEAR)
    with pytest.raises(TheoryError, match=r"^no method 'hope': choose from adjoint, "):
        case("hope")
    with pytest.raises(TheoryError, match=r"^inputs \(T, M\) need targets \(T, N\).*\(60, 2\), targets \(59, 3\)$"):
        gradient(case.system, case.inputs, case.targets[1:])
    with pytest.raises(TheoryError, match=r"^eps must be positive, not -1$"):
        case("rhel", eps=-1)
    with pytest.raises(TheoryError, match=r"^sides must be 1 or 2, not 3$"):
        case("rhel", sides=3)
    with pytest.raises(TheoryError, match=r"^damping is discretised for scheme='leapfrog' only$"):
        replace(harmonic(), scheme="midpoint", damping=0.1)
