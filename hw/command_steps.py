"""The steps in which the command port serves a request, and what leads from one to the next."""

from __future__ import annotations

from typing import NamedTuple

from amaranth.hdl import Signal

from .steps import Steps

#: Steps that wait for a word of the request.
ASKING = ("HEADER", "FIRST", "STEPS", "BASE", "COUNT", "DATA")


class Conditions(NamedTuple):
    """What the next step depends on. Kinds of operations are `first_word.KINDS`."""

    take: Signal  #: a word comes in
    refused: Signal  #: by its header
    awaits: Signal
    execute: Signal  #: it need not wait any longer
    wrong: Signal  #: refused by its first word
    brief: Signal
    runs: Signal
    transfers: Signal
    reads: Signal
    counts: Signal
    moves: Signal
    clears: Signal
    made: Signal  #: an address
    makes_place: Signal  #: ... of a word to be written or read
    makes_origin: Signal  #: ... of a state's source
    makes_target: Signal  #: ... of its destination
    makes_last: Signal  #: ... of a run's last buffer
    outside: Signal  #: a run would leave a buffer, of the newest address
    started: Signal  #: the run is taken
    ended: Signal  #: all addresses are counted
    spent: Signal  #: the whole request has come
    even: Signal  #: nothing is left to move, or to send
    past: Signal  #: the bank ends
    passed: Signal  #: a wait is over
    last_of_tile: Signal  #: all lanes of a tile are done
    sent: Signal


def conditions() -> Conditions:
    """A signal for each, to be assigned to."""
    return Conditions(*(Signal(name=name) for name in Conditions._fields))


def command_steps(when: Conditions) -> Steps:
    """The table."""
    step = Steps("HEADER")
    right = when.execute & ~when.wrong

    # Up to where the request is known to be right, as far as its first word goes.
    step.go("HEADER", "DECODE", when.take)
    step.go("DECODE", "MEASURE")
    step.go("MEASURE", "ADMIT")
    step.go("ADMIT", "SETTLE", when.refused)
    step.go("ADMIT", "FIRST", ~when.refused & when.awaits)
    step.go("ADMIT", "PREPARE", ~when.refused & ~when.awaits)
    step.go("FIRST", "PREPARE", when.take)
    step.go("PREPARE", "JUDGE")
    step.go("JUDGE", "EXECUTE")
    step.go("EXECUTE", "STEPS", right & when.runs)
    step.go("EXECUTE", "BASE", right & when.transfers)
    step.go("EXECUTE", "ADD", right & when.counts)
    step.go("EXECUTE", "BLANK", right & when.clears)
    step.go("EXECUTE", "SETTLE", when.execute & (when.wrong | when.brief))
    step.fork("ADD", when.moves, "SETTLE_ROW", "SETTLE")

    # Words become addresses, one after the other.
    step.go("STEPS", "KEEP", when.take)
    step.go("KEEP", "KEPT")
    step.go("KEPT", "BASE")
    step.go("BASE", "BEGIN", when.take)
    step.go("BEGIN", "ADDRESS")
    step.go("ADDRESS", "SETTLE_ADDRESS", when.made)
    step.go("SETTLE_ADDRESS", "MADE")
    step.go("MADE", "SETTLE", when.runs & when.outside)
    step.go("MADE", "START", when.runs & ~when.outside & when.makes_last)
    step.go("MADE", "BASE", when.runs & ~when.outside & ~when.makes_last)
    step.go("MADE", "COUNT", when.makes_place & when.reads)
    step.go("MADE", "PLACE", when.makes_place & ~when.reads)
    step.go("MADE", "ORIGIN", when.makes_origin)
    step.go("MADE", "MOVE", when.makes_target)
    step.go("ORIGIN", "BEGIN")
    step.go("START", "SETTLE", when.started)

    # Addresses are counted, and their words, before anything is written or read.
    step.go("COUNT", "COUNTED", when.take)
    step.go("COUNTED", "PLACE")
    step.go("PLACE", "SETTLE_WALK")
    step.go("SETTLE_WALK", "WALK")
    step.fork("WALK", when.ended, "PLACED", "WALKED")
    step.go("WALKED", "SETTLE_WALK")
    step.go("PLACED", "SETTLE")

    # The rest of the request comes in; it is written, or if there was an error, dropped.
    step.go("SETTLE", "REST")
    step.fork("REST", when.spent, "RESPOND", "DATA")
    step.go("DATA", "SETTLE", when.take)

    # Every address of a bank.
    step.go("BLANK", "SETTLE_CLEAR")
    step.go("SETTLE_CLEAR", "CLEARED")
    step.fork("CLEARED", when.past, "SETTLE", "CLEAR")
    step.go("CLEAR", "SETTLE_CLEAR")

    # Row by row, and lane by lane of the tiles.
    step.go("MOVE", "MOVED", when.passed)
    step.go("MOVED", "HOLD")
    step.go("HOLD", "HELD", when.passed)
    step.fork("HELD", when.last_of_tile, "SETTLE_ROW", "MOVE")
    step.go("SETTLE_ROW", "ROW")
    step.fork("ROW", when.even, "SETTLE", "BEGIN")

    # The answer: a header, and as many words as it says.
    step.go("RESPOND", "MAKE")
    step.go("MAKE", "SEND")
    step.go("SEND", "SENT", when.sent)
    step.go("SENT", "SETTLE_MORE")
    step.go("SETTLE_MORE", "MORE")
    step.go("MORE", "HEADER", when.even)
    step.go("MORE", "FETCH", ~when.even & when.reads)
    step.go("MORE", "MAKE", ~when.even & ~when.reads)
    step.go("FETCH", "MAKE", when.passed)
    return step
