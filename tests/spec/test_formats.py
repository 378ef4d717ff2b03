"""`spec.formats`: what is refused and why; and that every shift and width which follows from a set of formats is sound."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.spec.activation import knot_limit
from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.run import STEP_LIMIT

from .strategies import any_formats

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"weight": Format(17, 14)}, "weight, operand and activation must have one width, not Q3.14, Q4.14 and Q2.16"),
    (
        {"weight": Format(7, 4), "operand": Format(7, 4), "activation": Format(7, 4), "state": Format(12, 8)},
        "multiplier width must be 8 to 27 bits, not 7",
    ),
    (
        {"weight": Format(28, 20), "operand": Format(28, 20), "activation": Format(28, 20)},
        "multiplier width must be 8 to 27 bits, not 28",
    ),
    ({"state": Format(17, 14)}, "state must have 18 to 35 bits beside a 18-bit multiplier, not 17"),
    ({"state": Format(36, 24)}, "state must have 18 to 35 bits beside a 18-bit multiplier, not 36"),
    (
        {"weight": Format(27, 20), "operand": Format(27, 20), "activation": Format(27, 20), "state": Format(41, 24)},
        "state must have at most 40 bits, not 41",
    ),
    ({"state": Format(32, 13)}, "state Q19.13 must have at least the fraction of operand Q4.14"),
    ({"activation": Format(18, 13)}, "activation Q5.13 must have at least the fraction of operand Q4.14"),
    ({"activation": Format(18, 17)}, "activation Q1.17 must hold 1.0 with a bit to spare: at most 16 fractional bits"),
    ({"segments": 100}, "segments must be a power of two from 2 to 4096, not 100"),
    ({"segments": 0}, "segments must be a power of two from 2 to 4096, not 0"),
    ({"segments": 1}, "segments must be a power of two from 2 to 4096, not 1"),
    ({"segments": 8192}, "segments must be a power of two from 2 to 4096, not 8192"),
    ({"table_range": -1}, "table_range must be 0 to 6, not -1"),
    ({"table_range": 7}, "table_range must be 0 to 6, not 7"),
    (
        {
            "operand": Format(18, 1),
            "activation": Format(18, 1),
            "weight": Format(18, 16),
            "state": Format(24, 12),
            "segments": 2,
            "table_range": 4,
        },
        "2 segments of activation Q17.1 are too coarse for table_range 4",
    ),
    ({"weight": Format(18, 2), "state": Format(28, 16)}, "formats too narrow for 512 segments: a sum has 5 bits too few"),
    ({"weight": Format(18, 7), "state": Format(32, 24)}, "products of Q11.7 and Q2.16 are coarser than state Q8.24"),
    ({"accumulator": 39}, "accumulator must have 40 to 64 bits beside a 18-bit multiplier, not 39"),
    ({"accumulator": 65}, "accumulator must have 40 to 64 bits beside a 18-bit multiplier, not 65"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_impossible_formats(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{re.escape(message)}$"):
        Formats(**change)


@pytest.mark.parametrize(("name", "width"), [("16", 16), ("18", 18), ("25", 25)])
def test_presets_are_named_by_their_multiplier(name: str, width: int) -> None:
    assert PRESETS[name].multiplier == width


def test_default_is_18_bit() -> None:
    assert Formats() == PRESETS["18"]


def test_presets_are_complete() -> None:
    assert set(PRESETS) == {"16", "18", "25"}


@given(any_formats())
def test_json_round_trip(formats: Formats) -> None:
    assert Formats.from_json(formats.to_json()) == formats


@given(any_formats(), st.integers(0, STEP_LIMIT))
def test_no_shift_is_negative(formats: Formats, s: int) -> None:
    shifts = formats.operand_shift, formats.align_shift, formats.kick_shift(s), formats.drift_shift(s), formats.table_shift
    assert min(shifts) >= 0


@given(any_formats())
def test_table_covers_its_range(formats: Formats) -> None:
    """A sum of ``2**table_range`` is the first code past the table's input, and a segment is ``2**(multiplier - 1)`` of its units."""
    edge = 1 << (formats.sum_fraction + formats.table_range)
    assert edge >> formats.table_shift == 1 << (formats.table_width - 1)
    assert formats.segments << (formats.multiplier - 1) == 1 << formats.table_width


@given(any_formats(), st.integers(1, 70_000))
def test_sum_width_holds_the_worst_sum(formats: Formats, terms: int) -> None:
    """``terms`` products of extreme codes, a bias and an activation on top, all of one sign."""
    weight, operand = formats.weight.lowest, formats.operand.highest
    ring = -weight * operand << formats.align_shift
    bias = -weight << formats.activation.fraction
    activation = (2 * knot_limit(formats)) << formats.weight.fraction
    limit = (1 << (formats.sum_width(terms) - 1)) - 1
    assert terms * ring + bias + activation <= limit


@given(any_formats())
def test_conjugate_holds_the_worst_case(formats: Formats) -> None:
    """Every rise goes from one end of the knots to the other and back, and the last one's is counted S - 1 times."""
    worst = 2 * formats.segments * knot_limit(formats)
    assert formats.conjugate.holds(worst)
    assert formats.conjugate.holds(-worst)


@given(any_formats())
def test_conjugate_unit_is_activation_times_half_a_segment(formats: Formats) -> None:
    half_segment = 2.0**formats.table_range / formats.segments
    assert formats.conjugate.lsb == formats.activation.lsb * half_segment


@given(any_formats())
def test_accumulator_holds_products_with_room(formats: Formats) -> None:
    """The largest single addend is the kinetic one, two squared operands; three more bits are there for a run."""
    assert 8 * (2 * formats.operand.highest**2) < 1 << (formats.accumulator - 1)
