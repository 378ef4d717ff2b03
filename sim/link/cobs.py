"""Consistent overhead byte stuffing: bytes without a zero among them, so that a zero can end a frame.

Each zero becomes the distance to the next one, the first distance stands in front, the last leads to the frame's end. A distance of
255 says that 254 bytes without a zero follow and none was left out (S. Cheshire and M. Baker, IEEE/ACM Trans. Networking 7(2), 1999).
"""

from __future__ import annotations

FAR = 255


def encode(data: bytes) -> bytes:
    result = bytearray()
    *inner, last = data.split(b"\0")
    for block in inner:
        result += _far(block) + _near(block[len(block) // (FAR - 1) * (FAR - 1) :])
    result += _far(last)
    rest = last[len(last) // (FAR - 1) * (FAR - 1) :]
    # After a whole 254 bytes the frame's end needs no distance of its own.
    return bytes(result + _near(rest) if rest or not last else result)


def _far(block: bytes) -> bytes:
    """The whole 254s at a block's beginning."""
    pieces = (block[k : k + FAR - 1] for k in range(0, len(block) - FAR + 2, FAR - 1))
    return b"".join(bytes([FAR]) + piece for piece in pieces)


def _near(rest: bytes) -> bytes:
    return bytes([len(rest) + 1]) + rest


def decode(data: bytes) -> bytes | None:
    """The inverse of `encode`; None if this cannot have come from it."""
    result, place = bytearray(), 0
    while place < len(data):
        distance = data[place]
        block = data[place + 1 : place + distance]
        if distance == 0 or len(block) != distance - 1 or 0 in block:
            return None
        result += block
        place += distance
        if distance < FAR and place < len(data):
            result.append(0)
    return bytes(result) if data else None
