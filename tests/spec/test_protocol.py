"""`spec.protocol`: words out and back are the same thing, and every field has bits of its own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.spec import layout, protocol
from loschmidt.spec.errors import LoschmidtError, SpecError
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import Header, Opcode, ProtocolError
from loschmidt.spec.run import SHIFT_LIMIT, STEP_LIMIT, Accumulate, Direction, Nudge, Run, Status
from loschmidt.spec.shape import Shape

from .strategies import any_formats, small_shapes

SHAPE = Shape(6, inputs=3, lanes=4, contexts=40, formats=PRESETS["16"])


def is_word(value: int) -> bool:
    return 0 <= value < 1 << protocol.WORD


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, protocol.PAYLOAD_LIMIT))
def test_header_round_trip(code: int, tag: int, length: int) -> None:
    header = Header(code, tag, length)
    assert Header.parse(header.word()) == header
    assert is_word(header.word())


@pytest.mark.parametrize("opcode", Opcode)
def test_request_carries_its_length(opcode: Opcode) -> None:
    words = protocol.request(opcode, [7, 8, 9], tag=5)
    assert Header.parse(words[0]) == (opcode, 5, 3)
    assert words[1:] == [7, 8, 9]


def test_payload_too_long() -> None:
    with pytest.raises(SpecError, match=r"^a payload has at most 65535 words, not 65536$"):
        protocol.request(Opcode.WRITE, [0] * 65536)


@given(st.integers(1, 3), st.data())
def test_values_round_trip(words: int, data: st.DataObject) -> None:
    half = 1 << (protocol.WORD * words - 1)
    values = data.draw(st.lists(st.one_of(st.integers(-half, half - 1), st.sampled_from([-half, -1, 0, half - 1])), max_size=6))
    stream = protocol.pack(values, words)
    assert len(stream) == words * len(values)
    assert all(map(is_word, stream))
    assert protocol.unpack(stream, words) == values


def test_values_go_lowest_word_first_and_sign_extended() -> None:
    assert protocol.pack([-2, 1 << 32], 2) == [0xFFFF_FFFE, 0xFFFF_FFFF, 0, 1]


@pytest.mark.parametrize("bank", Bank)
@given(shape=small_shapes())
def test_words_hold_the_value(bank: Bank, shape: Shape) -> None:
    words, width = protocol.words_per_value(bank, shape), layout.width(bank, shape)
    assert protocol.WORD * (words - 1) < width <= protocol.WORD * words


@given(small_shapes(), any_formats(), st.integers(1, 1 << 16), st.integers(0, 0xFFFF_FFFF))
def test_identity_round_trip(small: Shape, formats: Formats, contexts: int, build: int) -> None:
    n, m, lanes, depths = small.oscillators, small.inputs, small.lanes, (small.input_depth, small.nudge_depth, small.trace_depth)
    shape = Shape(n, m, lanes, contexts, small.ways, *depths, formats)
    payload = protocol.identity(shape, build)
    assert len(payload) == protocol.IDENTITY_LENGTH
    assert all(map(is_word, payload))
    assert protocol.parse_identity(payload) == protocol.Identity(shape, build)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p[:-1], "the device does not answer as a Loschmidt array: check the port and the bitstream"),
        (lambda p: [], "the device does not answer as a Loschmidt array: check the port and the bitstream"),
        (lambda p: [0, *p[1:]], "the device does not answer as a Loschmidt array: check the port and the bitstream"),
        (lambda p: p[:1], "the device does not answer as a Loschmidt array: check the port and the bitstream"),
        (lambda p: [p[0], 99, *p[2:]], "the device speaks protocol 99, this host 2: rebuild the bitstream or update the host"),
        # As the first version answered, a word shorter.
        (lambda p: [p[0], 1, *p[2:-1]], "the device speaks protocol 1, this host 2: rebuild the bitstream or update the host"),
    ],
)
def test_stranger_is_refused(spoil: Callable[[list[int]], list[int]], message: str) -> None:
    with pytest.raises(ProtocolError, match=f"^{re.escape(message)}$"):
        protocol.parse_identity(spoil(protocol.identity(SHAPE)))


@given(
    st.integers(0, 0xFFFF),
    st.integers(1, 1 << 24),
    st.sampled_from(Direction),
    st.sampled_from(Accumulate),
    st.integers(0, SHIFT_LIMIT),
    st.sampled_from(Nudge),
    st.booleans(),
    st.booleans(),
)
def test_run_fields_have_bits_of_their_own(
    context: int, steps: int, direction: Direction, accumulate: Accumulate, shift: int, nudge: Nudge, negate: bool, trace: bool
) -> None:
    first, *rest = protocol.run(Run(context, steps, 3, direction, accumulate, shift, nudge, 4, negate, trace, 5))
    assert rest == [steps, 3, 4, 5]
    assert is_word(first)
    fields = [(0, 16), (16, 1), (17, 2), (19, 4), (23, 2), (25, 1), (26, 1), (27, 5)]
    read = [first >> low & (1 << width) - 1 for low, width in fields]
    assert read == [context, direction, accumulate, shift, nudge, negate, trace, 0]


def test_every_context_of_the_largest_array_fits_its_field() -> None:
    with pytest.raises(SpecError, match=r"^contexts must be an integer from 1 to 65536, not 65537$"):
        Shape(1, contexts=(1 << 16) + 1)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize("s", [0, STEP_LIMIT])
def test_configure(hamiltonian: Hamiltonian, s: int) -> None:
    (word,) = protocol.configure(hamiltonian, s)
    assert (word & 0xFF, word >> 8) == (hamiltonian, s)


@pytest.mark.parametrize("s", [-1, 16])
def test_impossible_time_step(s: int) -> None:
    with pytest.raises(SpecError, match=rf"^the time step 2\*\*-s needs s from 0 to 15, not {s}$"):
        protocol.configure(Hamiltonian.DENSE, s)


@given(st.sets(st.integers(0, 39)), st.sets(st.integers(0, 39)), st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1))
def test_status_is_read(overflow: set[int], clip: set[int], cycles: int, busy: int) -> None:
    def bits(contexts: set[int]) -> list[int]:
        mask = sum(1 << c for c in contexts)
        return [mask & 0xFFFF_FFFF, mask >> 32]

    payload = [cycles & 0xFFFF_FFFF, cycles >> 32, busy & 0xFFFF_FFFF, busy >> 32, *bits(overflow), *bits(clip)]
    assert len(payload) == protocol.status_length(SHAPE)
    assert protocol.parse_status(payload, SHAPE) == Status(frozenset(overflow), frozenset(clip), cycles, busy)


def test_status_of_wrong_length() -> None:
    with pytest.raises(ProtocolError, match=r"^a status has 8 words, the device sent 7$"):
        protocol.parse_status([0] * 7, SHAPE)


def test_errors_are_one_family() -> None:
    assert issubclass(ProtocolError, LoschmidtError)
