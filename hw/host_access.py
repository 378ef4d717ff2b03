"""How the command port reaches a lane's memories while no run is under way."""

from __future__ import annotations

from amaranth import signed
from amaranth.lib.wiring import Out, Signature

from loschmidt.spec import layout
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .index import index

#: Cycles from a stable ``address`` to the word at a memory's output.
READ_LATENCY = 1


class HostAccess(Signature):
    """Requests to the memories of a lane; the lane's answer travels on a chain of its own.

    Members
    -------
    active : the memories' addresses are the host's, not an operation's
    bank, address : what is read or written
    write : ``data`` is written this cycle
    move : the state at ``address`` (stable since a cycle before) is written to ``destination``, momentum negated if ``flip``
    """

    def __init__(self, shape: Shape) -> None:
        depth = max(layout.depth(bank, shape) for bank in Bank)
        widest = max(layout.width(bank, shape) for bank in Bank)
        address = index(depth)
        super().__init__(
            {
                "active": Out(1),
                "bank": Out(max(Bank).bit_length()),
                "address": Out(address),
                "write": Out(1),
                "data": Out(signed(widest)),
                "move": Out(1),
                "flip": Out(1),
                "destination": Out(address),
            }
        )
