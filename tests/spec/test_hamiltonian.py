"""`spec.hamiltonian`: the tables say the same thing about parameters, passes and products."""

from __future__ import annotations

import pytest

from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter, Product, Target, Term

#: The parameter that a term multiplies by.
READS = {
    Term.BIAS: Parameter.BIAS,
    Term.INPUT: Parameter.INPUT_WEIGHT,
    Term.MINUS_INPUT: Parameter.INPUT_WEIGHT,
    Term.STIFFNESS: Parameter.STIFFNESS,
    Term.GAIN: Parameter.GAIN,
    Term.ROW: Parameter.COUPLING,
    Term.COLUMN: Parameter.COUPLING,
}
#: The product that is a parameter's gradient, up to constants.
GRADIENT = {
    Parameter.COUPLING: Product.COUPLING,
    Parameter.INPUT_WEIGHT: Product.INPUT_WEIGHT,
    Parameter.STIFFNESS: Product.STIFFNESS,
    Parameter.GAIN: Product.GAIN,
    Parameter.BIAS: Product.BIAS,
    Parameter.INVERSE_MASS: Product.KINETIC,
}
#: Energy that a term of the force or of the activation's input belongs to: terms of V by target, from the README's table of potentials.
FORCE = {
    Hamiltonian.SPRINGS: [{Term.MINUS_INPUT, Term.ROW}],
    Hamiltonian.LINEAR: [{Term.MINUS_INPUT, Term.STIFFNESS}],
    Hamiltonian.DIAGONAL: [{Term.BIAS, Term.INPUT, Term.GAIN}, {Term.ACTIVATION, Term.STIFFNESS}],
    Hamiltonian.DENSE: [{Term.BIAS, Term.INPUT, Term.ROW}, {Term.STIFFNESS, Term.COLUMN}],
}


def test_codes_are_those_on_the_wire() -> None:
    assert {h.name: h.value for h in Hamiltonian} == {"SPRINGS": 0, "LINEAR": 1, "DIAGONAL": 2, "DENSE": 3}


def test_all_are_defined() -> None:
    assert set(DEFINITIONS) == set(Hamiltonian)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_sums_are_those_of_the_equations(hamiltonian: Hamiltonian) -> None:
    assert [set(p.terms) for p in DEFINITIONS[hamiltonian].passes] == FORCE[hamiltonian]


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_passes_read_exactly_the_parameters(hamiltonian: Hamiltonian) -> None:
    definition = DEFINITIONS[hamiltonian]
    read = {READS[term] for p in definition.passes for term in p.terms if term in READS}
    assert read | {Parameter.INVERSE_MASS} == set(definition.parameters)
    assert len(definition.parameters) == len(set(definition.parameters))


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_every_parameter_has_its_gradient(hamiltonian: Hamiltonian) -> None:
    definition = DEFINITIONS[hamiltonian]
    assert {GRADIENT[parameter] for parameter in definition.parameters} == set(definition.products)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_the_kick_comes_last_and_once(hamiltonian: Hamiltonian) -> None:
    targets = [p.target for p in DEFINITIONS[hamiltonian].passes]
    assert targets[-1] is Target.KICK
    assert targets.count(Target.KICK) == 1
    assert DEFINITIONS[hamiltonian].activated == (Target.ACTIVATION in targets)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_the_activation_is_made_before_it_is_used(hamiltonian: Hamiltonian) -> None:
    made = False
    for p in DEFINITIONS[hamiltonian].passes:
        assert made or not {Term.ACTIVATION, Term.COLUMN} & set(p.terms)
        made |= p.target is Target.ACTIVATION
