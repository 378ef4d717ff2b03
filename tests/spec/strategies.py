"""Random formats and shapes: everything that the contract allows, its edges included."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import strategies as st

from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import Formats
from loschmidt.spec.shape import Shape


@st.composite
def any_format(draw: st.DrawFn) -> Format:
    width = draw(st.integers(2, 64))
    return Format(width, draw(st.integers(0, width)))


@st.composite
def any_formats(draw: st.DrawFn, segment_bits: int = 12) -> Formats:
    """Every set that `Formats` accepts, and nothing else; the draws only see to it that most tries are accepted."""
    m = draw(st.integers(8, 27))
    operand = draw(st.integers(0, m - 2))
    activation = draw(st.integers(operand, m - 2))
    weight = draw(st.integers(0, m))
    state_width = draw(st.integers(m, min(40, 2 * m - 1)))
    state = draw(st.integers(operand, max(operand, min(state_width, weight + activation))))
    segments = 1 << draw(st.integers(1, min(segment_bits, m - 2)))
    try:
        return Formats(
            Format(state_width, state),
            Format(m, operand),
            Format(m, weight),
            Format(m, activation),
            draw(st.integers(2 * m + 4, 64)),
            segments,
            draw(st.integers(0, 6)),
        )
    except SpecError:
        assume(False)
        raise


#: With couplings or without.
EITHER = st.booleans()


@st.composite
def small_shapes(draw: st.DrawFn, couplings: st.SearchStrategy[bool] = EITHER) -> Shape:
    """Arrays small enough to list every address: one lane, one row, padding and none."""
    n = draw(st.integers(1, 13))
    depth = st.integers(1, 5)
    lanes, ways = draw(st.integers(1, n)), draw(st.integers(1, 4))
    return Shape(n, draw(st.integers(1, 5)), lanes, draw(depth), ways, draw(depth), draw(depth), draw(depth), couplings=draw(couplings))
