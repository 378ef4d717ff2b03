"""`spec.region`: shapes, widths and formats of what the user reads and writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loschmidt.spec.activation import COLUMNS
from loschmidt.spec.hamiltonian import Parameter, Product
from loschmidt.spec.region import Buffer, Region, State, Table, entries, entry_shape, format_of, has_entries, widths, writable
from loschmidt.spec.shape import Shape

SHAPE = Shape(6, inputs=3, lanes=4, contexts=5, input_depth=7, nudge_depth=8, trace_depth=9)
FORMATS = SHAPE.formats
STATE = FORMATS.state.width
SUM = FORMATS.accumulator
WEIGHT = FORMATS.weight.width

EXPECTED: dict[Region, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    Parameter.COUPLING: (1, (6, 6), (WEIGHT,)),
    Parameter.INPUT_WEIGHT: (1, (6, 3), (WEIGHT,)),
    Parameter.STIFFNESS: (1, (6,), (WEIGHT,)),
    Parameter.GAIN: (1, (6,), (WEIGHT,)),
    Parameter.BIAS: (1, (6,), (WEIGHT,)),
    Parameter.INVERSE_MASS: (1, (6,), (WEIGHT,)),
    Product.COUPLING: (1, (6, 6), (SUM,)),
    Product.INPUT_WEIGHT: (1, (6, 3), (SUM,)),
    Product.STIFFNESS: (1, (6,), (SUM,)),
    Product.GAIN: (1, (6,), (SUM,)),
    Product.BIAS: (1, (6,), (SUM,)),
    Product.KINETIC: (1, (6,), (SUM,)),
    State.POSITION: (5, (6,), (STATE,)),
    State.MOMENTUM: (5, (6,), (STATE,)),
    Buffer.INPUT: (7, (3,), (FORMATS.operand.width,)),
    Buffer.NUDGE: (8, (6,), (STATE,)),
    Buffer.TRACE: (9, (6,), (STATE,)),
    Table.ACTIVATION: (FORMATS.segments, (3,), (FORMATS.activation.width, FORMATS.activation.width, FORMATS.conjugate.width)),
}


def test_every_region_is_listed() -> None:
    assert set(EXPECTED) == {*Parameter, *Product, *State, *Buffer, *Table}


@pytest.mark.parametrize("region", EXPECTED)
def test_region(region: Region) -> None:
    assert (entries(region, SHAPE), entry_shape(region, SHAPE), widths(region, SHAPE)) == EXPECTED[region]


@pytest.mark.parametrize("region", [Parameter.COUPLING, Product.COUPLING])
def test_couplings_that_are_not_held_are_none(region: Region) -> None:
    assert entry_shape(region, replace(SHAPE, couplings=False)) == (0, 0)


def test_table_has_a_width_for_each_column() -> None:
    assert len(widths(Table.ACTIVATION, SHAPE)) == COLUMNS == entry_shape(Table.ACTIVATION, SHAPE)[0]


@pytest.mark.parametrize("region", [*Parameter, *State, *Buffer])
def test_format_has_the_width(region: Region) -> None:
    assert (format_of(region, SHAPE).width,) == widths(region, SHAPE)


@pytest.mark.parametrize("region", [*Product, *Table])
def test_no_single_format(region: Region) -> None:
    with pytest.raises(TypeError, match=r"^\S+ has no single format$"):
        format_of(region, SHAPE)


def test_what_the_array_makes_cannot_be_written() -> None:
    assert {region for region in EXPECTED if not writable(region)} == {*Product, Buffer.TRACE}


def test_parameters_and_products_are_single_arrays() -> None:
    assert {region for region in EXPECTED if not has_entries(region)} == {*Parameter, *Product}
    assert all(entries(region, SHAPE) == 1 for region in EXPECTED if not has_entries(region))
