"""Adders of the families that choose within their carry chain what is added: a choice costs no logic before them."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Const, Instance, Signal, Value

from loschmidt.spec.part import Family

#: ``total = term + carry + (own | (neighbour & joins))``, modulo 2^width: term, own, neighbour and total of one width, the others a bit.
Adder = Callable[[Value, Value, Value, Value, Value, Value], list[Instance]]


def _ecp5(term: Value, own: Value, neighbour: Value, joins: Value, carry: Value, total: Value) -> list[Instance]:
    """CCU2C (Lattice's FPGA Libraries Reference), two bits each. Where a bit does not propagate the carry it makes one of its own: what its
    table says of A and B alone, C and D being zero; that must be A, so nothing may be added then."""
    chain, bits, nothing = [], len(total), Const(0, 1)
    for first in range(0, bits, 2):
        following = Signal(name=f"carry_{first + 2}")
        pins: dict[str, Value] = {"i_CIN": carry, "o_COUT": following}
        for half, bit in enumerate(range(first, first + 2)):
            words = [word[bit] if bit < bits else nothing for word in (term, neighbour, own)]
            pins |= {f"i_{pin}{half}": value for pin, value in zip("ABCD", (*words, joins), strict=True)}
            pins |= {f"o_S{half}": total[bit]} if bit < bits else {}
        chain.append(Instance("CCU2C", p_INIT0=_ECP5_TABLE, p_INIT1=_ECP5_TABLE, p_INJECT1_0="NO", p_INJECT1_1="NO", **pins))
        carry = following
    return chain


#: ``A ^ (C | (B & D))``, bit ``D C B A``.
_ECP5_TABLE = Const(sum(((k & 1) ^ (k >> 2 & 1 | k >> 1 & k >> 3 & 1)) << k for k in range(16)), 16)

#: Family -> its adder. The others choose before they add.
ADDERS: dict[Family, Adder] = {Family.ECP5: _ecp5}
