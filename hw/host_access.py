"""How the command port reaches the array's memories while no run is under way."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, signed
from amaranth.lib.wiring import In, Out, Signature

from loschmidt.spec import layout
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.shape import Shape

from .delay import later
from .index import index

#: Cycles from stable ``bank``, ``address`` and ``lane`` to the word at ``answer``; the same for all banks.
READ_LATENCY = 20

#: Cycles by which a request may come later to a tile than an operation of the same cycle: none is issued so soon after one.
LINGERS = 1

#: Cycles that ``address`` and ``lane`` have been stable when ``move`` is raised for one cycle, and from there until they may change.
MOVE_BEFORE, MOVE_AFTER = 3, 2


class HostWithin(Signature):
    """A request as the memories of a tile see it: all decoded that can be.

    Members
    -------
    active, address, lane, data, move, flip, destination : as `HostAccess`'s
    writes : a bit for each `Bank`; ``data`` is written to it in this cycle, in this tile, by a host that is active
    """

    def __init__(self, shape: Shape) -> None:
        members = HostAccess(shape).members
        names = ("active", "address", "lane", "data", "move", "flip", "destination")
        super().__init__({"writes": Out(max(Bank) + 1), **{name: members[name] for name in names}})


class HostAccess(Signature):
    """Requests to the memories; all members but ``answer`` are delayed alike on their way, by up to `LINGERS` more than operations.

    Members
    -------
    active : the memories' addresses are the host's, not an operation's
    bank, address, lane : what is read or written; for a `layout.SHARED` bank lane 0 is read
    write : ``data`` is written this cycle, to that lane, or to all with ``every``; the only word that accumulators take is zero
    move : in every tile, the state at ``address`` of lane ``lane`` mod `Shape.tile` is written to ``destination``, momentum
        negated if ``flip``
    answer : the word read, `READ_LATENCY` later
    """

    def __init__(self, shape: Shape) -> None:
        depth = max(layout.depth(bank, shape) for bank in Bank)
        widest = signed(max(layout.width(bank, shape) for bank in Bank))
        written = signed(max(layout.width(bank, shape) for bank in Bank if bank not in READ_ONLY))
        address = index(depth)
        super().__init__(
            {
                "active": Out(1),
                "bank": Out(max(Bank).bit_length()),
                "address": Out(address),
                "lane": Out(index(shape.lanes)),
                "every": Out(1),
                "write": Out(1),
                "data": Out(written),
                "move": Out(1),
                "flip": Out(1),
                "destination": Out(address),
                "answer": In(widest),
            }
        )


def approach(shape: Shape) -> int:
    """Cycles from a tile's registers of a request to those of the memory that it is for: with several tiles, that may be far away."""
    return 0 if shape.tiles == 1 else 1


def near(m: Module, host: Any, shape: Shape) -> Any:
    """The request ``host`` (a `HostWithin`), `approach` cycles later."""
    own = HostWithin(shape).create(path=("near",))
    for name in host.signature.members:
        m.d.comb += getattr(own, name).eq(later(m, getattr(host, name), f"near_{name}", approach(shape)))
    return own
