"""The link: a serial line that may damage, lose, double, reorder or cut what it carries, made into two streams of 32-bit words.

What `spec.protocol` says goes through it unchanged: one stream from the host to the array, one back. Each is numbered word by word from
its beginning, modulo 2^16, so that a word is taken once, in order, or not at all: a request that arrives twice is not executed twice.

    line    frame 00 frame 00 ...           an empty frame (00 00) is nothing; it ends whatever was cut before
    frame   COBS(body CRC)                  CRC-32 of IEEE 802.3 (that of zlib), lowest byte first
    body    word 0   session[31:16]  kind[15:8]  flags[7:0]
            word 1   position[31:16]  received[15:0]
            word 2   window[31:16]  count[15:0]
            word 3 ...  ``count`` words of the sender's stream; all words lowest byte first

A frame says where in its sender's stream its words stand (``position``), up to where its sender has the other's stream without a gap
(``received``), and how many words past that it can take (``window``). The same header serves both ways.

The array never speaks unasked and needs no clock: it answers every good frame of its session at least once after it has come (one
answer may serve several), sends the words of its own stream as they arise, and tells when its window has opened by half of its buffer.
It sends each word once, until a frame asks for more. All waiting is done by the host:

- words are taken only at the position that was due, and only if all fit the buffer; a frame that stands elsewhere is answered all the same;
- a frame that stands beyond the position due shows a gap: its receiver asks for what is missing by `Flag.REWIND` in its next frame;
- a frame with `Flag.REWIND` makes its receiver go on sending from ``received``; so does the host by itself if no answer comes in time;
- words up to ``received`` are forgotten by their sender. One that is older than another seen before, or beyond all that there is to send,
  counts for nothing, and with it the frame's ``window`` and `Flag.REWIND`.

`Kind.OPEN` begins a session: the array forgets both streams, is reset (what its memories hold is then undefined), takes the number
and answers with a frame of the same kind. OPEN of the session that is under way is answered and changes nothing, so it may be
repeated. Nothing but its session counts, and neither it nor its answer brings words. All other frames of another session are dropped in
silence, and so is every frame of session 0, which is none: that is how the array wakes up.
A frame is dropped, too, if its COBS, its CRC, its length or its kind is not right.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum, IntFlag
from typing import NamedTuple
from zlib import crc32

#: Positions count words modulo this.
POSITIONS = 1 << 16

#: Most words of a frame's payload. Body and CRC stay below 254 bytes, so COBS adds one byte, whatever they are.
PAYLOAD_WORDS = 56

HEADER_WORDS = 3
BYTES = 4  # of a word, and of the CRC

#: Bytes of a frame on the line, at most: with COBS' first code, and the zero that ends it.
LONGEST_FRAME = (HEADER_WORDS + PAYLOAD_WORDS + 1) * BYTES + 2

#: A receiver's buffer, in words: a power of two. Two frames fit the least, and no window reaches half way round the positions.
LEAST_BUFFER, LARGEST_BUFFER = 2 * 64, 1 << 14


class Kind(IntEnum):
    OPEN = 1
    DATA = 2


class Flag(IntFlag):
    NONE = 0
    REWIND = 1  #: go on sending from ``received``


class Frame(NamedTuple):
    """A frame without its wrapping. ``words`` are unsigned."""

    session: int
    kind: Kind
    position: int = 0
    received: int = 0
    window: int = 0
    flags: Flag = Flag.NONE
    words: Sequence[int] = ()


def ahead(position: int, origin: int) -> int:
    """How many words ``position`` is ahead of ``origin``, 0 to 2^16 - 1; "behind" is half way round or more."""
    return (position - origin) % POSITIONS


def body(frame: Frame) -> bytes:
    """Body and CRC of a frame: what COBS wraps."""
    count = len(frame.words)
    header = (
        frame.session << 16 | frame.kind << 8 | frame.flags,
        frame.position << 16 | frame.received,
        frame.window << 16 | count,
    )
    content = struct.pack(f"<{HEADER_WORDS + count}I", *header, *frame.words)
    return content + struct.pack("<I", crc32(content))


def parse(content: bytes) -> Frame | None:
    """The frame whose body and CRC these are; None if they are no frame."""
    size = len(content) // BYTES - 1
    if len(content) % BYTES or not HEADER_WORDS <= size <= HEADER_WORDS + PAYLOAD_WORDS:
        return None
    first, second, third, *words, check = struct.unpack(f"<{size + 1}I", content)
    kind, flags = first >> 8 & 0xFF, first & 0xFF
    if check != crc32(content[:-BYTES]) or third & 0xFFFF != len(words) or kind not in set(Kind):
        return None
    return Frame(first >> 16, Kind(kind), second >> 16, second & 0xFFFF, third >> 16, Flag(flags & Flag.REWIND), words)
