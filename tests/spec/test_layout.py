"""`spec.layout`: every value has one place, no place has two values, and the skew lets all lanes read one address."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loschmidt.spec import layout
from loschmidt.spec.hamiltonian import Parameter, Product
from loschmidt.spec.layout import Bank
from loschmidt.spec.region import Buffer, Region, State, Table, entries, entry_shape, widths, writable
from loschmidt.spec.shape import Shape

from .strategies import small_shapes

REGIONS: tuple[Region, ...] = (*Parameter, *Product, *State, *Buffer, *Table)
ACROSS_LANES = [region for region in REGIONS if layout.banks(region)[0] not in layout.SHARED]


def size(region: Region, shape: Shape) -> int:
    """Values of one entry."""
    total = 1
    for length in entry_shape(region, shape):
        total *= length
    return total


def places(region: Region, shape: Shape) -> dict[int, tuple[int, int]]:
    """Flat logical index of one entry -> (lane, address from the entry's start)."""
    lanes = layout.lanes(layout.banks(region)[0], shape)
    return {index: (at % lanes, at // lanes) for at, index in enumerate(layout.order(region, shape)) if index >= 0}


@pytest.mark.parametrize("region", REGIONS)
@settings(max_examples=30)
@given(shape=small_shapes())
def test_every_value_has_one_place(region: Region, shape: Shape) -> None:
    order = layout.order(region, shape)
    indices = sorted(index for index in order if index >= 0)
    columns = len(layout.banks(region))
    assert indices == list(range(size(region, shape) // columns))
    assert len(order) == layout.span(region, shape) * layout.lanes(layout.banks(region)[0], shape)


@pytest.mark.parametrize("region", ACROSS_LANES)
@settings(max_examples=30)
@given(shape=small_shapes())
def test_a_lane_owns_its_oscillators(region: Region, shape: Shape) -> None:
    """Oscillator i, and row i of a matrix, is in lane i mod L, in row i div L of it."""
    per_oscillator = size(region, shape) // shape.oscillators
    per_row = layout.span(region, shape) // shape.rows
    for index, (lane, address) in places(region, shape).items():
        oscillator = index // per_oscillator
        assert lane == oscillator % shape.lanes
        assert address // per_row == oscillator // shape.lanes


@pytest.mark.parametrize("region", [Parameter.INPUT_WEIGHT, Product.INPUT_WEIGHT])
@settings(max_examples=30)
@given(shape=small_shapes())
def test_input_matrices_are_row_by_row(region: Region, shape: Shape) -> None:
    m = shape.inputs
    for index, (_, address) in places(region, shape).items():
        assert address == index // m // shape.lanes * m + index % m


@pytest.mark.parametrize("region", [Parameter.COUPLING, Product.COUPLING])
@settings(max_examples=30)
@given(shape=small_shapes(st.just(True)))
def test_couplings_are_skewed(region: Region, shape: Shape) -> None:
    """In cycle c of block (r, s), lane l reads W[l + L r, ((l + c) mod L) + L s]; all lanes at address (r R + s) L + c."""
    n, lanes, rows = shape.oscillators, shape.lanes, shape.rows
    order = layout.order(region, shape)
    for r in range(rows):
        for s in range(rows):
            for c in range(lanes):
                address = (r * rows + s) * lanes + c
                for lane in range(lanes):
                    i, j = lane + lanes * r, (lane + c) % lanes + lanes * s
                    assert order[address * lanes + lane] == (i * n + j if i < n and j < n else -1)


def ring_meets(order: Sequence[int], shape: Shape) -> bool:
    """Whether each lane meets the operand that its weight multiplies, in every cycle, while operands hop one lane down a cycle."""
    lanes, rows, n = shape.lanes, shape.rows, shape.oscillators
    for r, s in product(range(rows), repeat=2):
        travelling = [lane + lanes * s for lane in range(lanes)]
        for c in range(lanes):
            for lane in range(lanes):
                index = order[((r * rows + s) * lanes + c) * lanes + lane]
                if index >= 0 and (index // n, index % n) != (lane + lanes * r, travelling[lane]):
                    return False
            travelling = travelling[1:] + travelling[:1]
    return True


@given(shape=small_shapes(st.just(True)))
def test_ring_brings_each_operand_to_its_weight(shape: Shape) -> None:
    """What the skew is for. A column pass moves sums the same way, so each only meets weights of its own column."""
    assert ring_meets(layout.order(Parameter.COUPLING, shape), shape)


@pytest.mark.parametrize("skew", [lambda lane, c: c, lambda lane, c: lane - c, lambda lane, c: lane + c + 1])
def test_wrong_skew_is_caught(skew: Callable[[int, int], int]) -> None:
    shape = Shape(6, lanes=3)
    triples = product(range(2), range(2), range(3), range(3))
    wrong = [(lane + 3 * r) * 6 + skew(lane, c) % 3 + 3 * s for r, s, c, lane in triples]
    assert sorted(wrong) == list(range(36)) == sorted(layout.order(Parameter.COUPLING, shape))
    assert not ring_meets(wrong, shape)


@given(shape=small_shapes())
def test_regions_fill_their_banks_without_overlap(shape: Shape) -> None:
    for bank in Bank:
        regions = [region for region in REGIONS if bank in layout.banks(region)]
        taken = [
            range(layout.base(region, shape), layout.base(region, shape) + entries(region, shape) * layout.span(region, shape))
            for region in regions
        ]
        assert sorted(chain(*taken)) == list(range(layout.depth(bank, shape)))


@pytest.mark.parametrize("region", REGIONS)
@settings(max_examples=30)
@given(shape=small_shapes())
def test_widths_of_banks_and_regions_agree(region: Region, shape: Shape) -> None:
    assert tuple(layout.width(bank, shape) for bank in layout.banks(region)) == widths(region, shape)


@pytest.mark.parametrize("region", REGIONS)
def test_read_only_banks_hold_read_only_regions(region: Region) -> None:
    assert writable(region) is not any(bank in layout.READ_ONLY for bank in layout.banks(region))
