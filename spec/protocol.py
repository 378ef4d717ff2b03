"""The words between host and array: 32 bits each way, a request answered by exactly one response, in order.

    request    opcode[31:24]  tag[23:16]  payload words[15:0]     payload ...
    response   error [31:24]  tag[23:16]  payload words[15:0]     payload ...

A value of a bank takes ``ceil(width / 32)`` words, lowest first, sign extended; a write keeps the low ``width`` bits. WRITE and READ
move whole addresses, lane fastest. A request is checked before anything changes; one that fails is consumed to its end, answered
with an `Error` and no payload, and leaves the state as it was. RUN is answered when a way has taken it; COPY, FLIP and whatever
reads or writes wait until no run is under way, so results are as if requests had been executed one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from . import layout
from .errors import LoschmidtError, SpecError
from .fixed import Format
from .formats import Formats
from .hamiltonian import Hamiltonian
from .layout import Bank
from .run import STEP_LIMIT, Run, Status
from .shape import Shape

MAGIC = 0x4C4F5343  # "LOSC"
VERSION = 2
WORD = 32
PAYLOAD_LIMIT = 0xFFFF

#: Bit of IDENTIFY's word of the ways: the array holds no couplings.
UNCOUPLED = 8


class Opcode(IntEnum):
    """Operations, with their payloads."""

    IDENTIFY = 1  #: () -> identity
    CONFIGURE = 2  #: (hamiltonian[7:0] | s[15:8])
    WRITE = 3  #: (bank, address, values ...)
    READ = 4  #: (bank, address, addresses) -> values
    RUN = 5  #: (context[15:0] | flags[31:16], steps, input base, nudge base, trace base)
    COPY = 6  #: (destination[15:0] | source[31:16]): snapshot and restore
    FLIP = 7  #: (context): momentum to its negative
    CLEAR = 8  #: (): accumulators to zero
    STATUS = 9  #: () -> cycles (2 words), busy (2 words), overflow bits, clip bits: one per context, lowest first
    RESET_STATUS = 10  #: (): sticky flags and counters to zero


#: Payload words of each request; WRITE has these and the values.
ARGUMENTS = {
    Opcode.IDENTIFY: 0,
    Opcode.CONFIGURE: 1,
    Opcode.WRITE: 2,
    Opcode.READ: 3,
    Opcode.RUN: 5,
    Opcode.COPY: 1,
    Opcode.FLIP: 1,
    Opcode.CLEAR: 0,
    Opcode.STATUS: 0,
    Opcode.RESET_STATUS: 0,
}


class Error(IntEnum):
    OK = 0
    OPCODE = 1  #: no such operation
    LENGTH = 2  #: payload too short, too long, or no whole number of addresses; READ of none, or of more than a response holds
    BANK = 3  #: no such bank, or it is read only
    ADDRESS = 4  #: past the end of the bank
    CONTEXT = 5  #: no such context
    RANGE = 6  #: no steps, or a run outside a buffer
    VALUE = 7  #: no such Hamiltonian, or the array lacks its parameters; time step out of range


class Header(NamedTuple):
    """First word of a request (``code`` an `Opcode`) or response (``code`` an `Error`)."""

    code: int
    tag: int
    length: int

    def word(self) -> int:
        return (self.code & 0xFF) << 24 | (self.tag & 0xFF) << 16 | self.length

    @classmethod
    def parse(cls, word: int) -> Header:
        return cls(word >> 24 & 0xFF, word >> 16 & 0xFF, word & 0xFFFF)


class ProtocolError(LoschmidtError):
    """The array answered with an error code, or not in the way the protocol says."""


def request(opcode: Opcode, payload: Sequence[int] = (), tag: int = 0) -> list[int]:
    """The words of one request."""
    if len(payload) > PAYLOAD_LIMIT:
        raise SpecError(f"a payload has at most {PAYLOAD_LIMIT} words, not {len(payload)}")
    return [Header(opcode, tag, len(payload)).word(), *payload]


def words_per_value(bank: Bank, shape: Shape) -> int:
    return -(-layout.width(bank, shape) // WORD)


def pack(values: Iterable[int], words: int) -> list[int]:
    """Signed integers as ``words`` words each."""
    mask = (1 << WORD) - 1
    return [value >> WORD * k & mask for value in values for k in range(words)]


def unpack(stream: Sequence[int], words: int) -> list[int]:
    """The inverse of `pack`."""
    half, full = 1 << (WORD * words - 1), 1 << (WORD * words)
    values = (sum(word << WORD * k for k, word in enumerate(stream[i : i + words])) for i in range(0, len(stream), words))
    return [value - full if value >= half else value for value in values]


def configure(hamiltonian: Hamiltonian, s: int) -> list[int]:
    """Payload of CONFIGURE, time step ``delta = 2**-s``."""
    if not 0 <= s <= STEP_LIMIT:
        raise SpecError(f"the time step 2**-s needs s from 0 to {STEP_LIMIT}, not {s}")
    return [hamiltonian | s << 8]


#: Bit offsets of the flags in the upper half of RUN's first word.
RUN_DIRECTION, RUN_ACCUMULATE, RUN_SHIFT, RUN_NUDGE, RUN_NEGATE, RUN_TRACE = 16, 17, 19, 23, 25, 26


def run(item: Run) -> list[int]:
    """Payload of RUN."""
    flags = (
        item.direction << RUN_DIRECTION
        | item.accumulate << RUN_ACCUMULATE
        | item.shift << RUN_SHIFT
        | item.nudge << RUN_NUDGE
        | item.negate << RUN_NEGATE
        | item.trace << RUN_TRACE
    )
    return [item.context | flags, item.steps, item.input_base, item.nudge_base, item.trace_base]


class Identity(NamedTuple):
    """What an array says of itself.

    Members
    -------
    shape : of the array
    build : the hash of the bitstream's build, 32 bits; 0 where there is no bitstream
    """

    shape: Shape
    build: int


def identity(shape: Shape, build: int = 0) -> list[int]:
    """Payload of IDENTIFY's response.

    Parameters
    ----------
    shape : of the array
    build : the build's hash, 32 bits; 0 if no bitstream was built
    """
    formats = shape.formats
    packed = [f.width | f.fraction << 8 for f in (formats.state, formats.operand, formats.weight, formats.activation)]
    return [
        MAGIC,
        VERSION,
        shape.oscillators,
        shape.inputs,
        shape.lanes,
        shape.contexts,
        shape.ways | (not shape.couplings) << UNCOUPLED,
        shape.input_depth,
        shape.nudge_depth,
        shape.trace_depth,
        packed[0] | packed[1] << 16,
        packed[2] | packed[3] << 16,
        formats.accumulator | formats.table_range << 8 | formats.segments << 16,
        build,
    ]


#: Words of IDENTIFY's response payload.
IDENTITY_LENGTH = 14


def parse_identity(payload: Sequence[int]) -> Identity:
    """What an array says of itself; `ProtocolError` if it is no Loschmidt array, or one of another version of the protocol.

    The version comes first: another one may have another number of words.
    """
    stranger = ProtocolError("the device does not answer as a Loschmidt array: check the port and the bitstream")
    if len(payload) < 2 or payload[0] != MAGIC:
        raise stranger
    if payload[1] != VERSION:
        raise ProtocolError(f"the device speaks protocol {payload[1]}, this host {VERSION}: rebuild the bitstream or update the host")
    if len(payload) != IDENTITY_LENGTH:
        raise stranger
    packed = [payload[10] & 0xFFFF, payload[10] >> 16, payload[11] & 0xFFFF, payload[11] >> 16]
    state, operand, weight, activation = (Format(p & 0xFF, p >> 8) for p in packed)
    formats = Formats(state, operand, weight, activation, payload[12] & 0xFF, payload[12] >> 16, payload[12] >> 8 & 0xFF)
    n, m, lanes, contexts, ways, inputs, nudges, traces = payload[2:10]
    couplings = not ways >> UNCOUPLED & 1
    shape = Shape(n, m, lanes, contexts, ways & ~(1 << UNCOUPLED), inputs, nudges, traces, formats, couplings)
    return Identity(shape, payload[13])


def status_length(shape: Shape) -> int:
    """Words of STATUS's response payload."""
    return 4 + 2 * -(-shape.contexts // WORD)


def parse_status(payload: Sequence[int], shape: Shape) -> Status:
    if len(payload) != status_length(shape):
        raise ProtocolError(f"a status has {status_length(shape)} words, the device sent {len(payload)}")
    flags, half = payload[4:], (len(payload) - 4) // 2
    overflow, clip = (
        frozenset(c for c in range(shape.contexts) if words[c // WORD] >> c % WORD & 1) for words in (flags[:half], flags[half:])
    )
    return Status(overflow, clip, payload[0] | payload[1] << WORD, payload[2] | payload[3] << WORD)
