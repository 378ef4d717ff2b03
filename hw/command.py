"""The command port: words of `spec.protocol` in and out, checked, executed, answered."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.protocol import WORD, Error, Opcode
from loschmidt.spec.run import STEP_LIMIT, Direction, Nudge
from loschmidt.spec.shape import Shape

from .addresses import Addresses, Wanted
from .answer import Answer, Content
from .first_word import FirstWord, zero
from .host_access import MOVE_AFTER, MOVE_BEFORE, READ_LATENCY, HostAccess, lanes_per_tile
from .index import index
from .request import run_layout
from .status import Status
from .steps import Steps
from .traits import Traits


class CommandPort(wiring.Component):
    """Executes requests one after another; RUN goes to the sequencer, the rest to the memories.

    Members
    -------
    i, o : streams of words, as `spec.protocol` has them
    run, run_valid, run_ready, idle : to and from the sequencer; ``idle`` may come up to 30 cycles late
    hamiltonian, s : Out, as configured
    host : Out(HostAccess)
    done, done_context, overflow, clip : ends of runs and the lanes' flags, per way
    issued : In(1), a multiplication was issued
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "i": In(stream.Signature(WORD)),
                "o": Out(stream.Signature(WORD)),
                "run": Out(run_layout(shape)),
                "run_valid": Out(1),
                "run_ready": In(1),
                "idle": In(1),
                "hamiltonian": Out(2),
                "s": Out(range(STEP_LIMIT + 1)),
                "host": Out(HostAccess(shape)),
                "done": In(shape.ways),
                "done_context": In(data.ArrayLayout(index(shape.contexts), shape.ways)),
                "overflow": In(shape.ways),
                "clip": In(shape.ways),
                "issued": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, host = self.array, self.host
        m.submodules.addresses = addresses = Addresses(shape)
        m.submodules.first = first = FirstWord(shape)
        m.submodules.traits = traits = Traits(shape)
        m.submodules.status = status = Status(shape)
        m.submodules.answer = answer = Answer(shape)
        step = Steps("HEADER")

        # The request. A word waits here until the next is asked for.
        word = Signal(WORD, reset_less=True)
        left = Signal(16, reset_less=True)  # words to come; of a READ that is being counted, addresses
        length = Signal(17, reset_less=True)  # words of the answer; of a WRITE that is being counted, of the request; rows to move
        take, spent, even = Signal(), Signal(), Signal()
        asks = ("HEADER", "FIRST", "STEPS", "BASE", "COUNT", "DATA")
        m.d.comb += [self.i.ready.eq(Cat(step[name] for name in asks).any()), take.eq(self.i.valid & self.i.ready)]
        m.d.sync += [spent.eq(zero(left)), even.eq(left == length)]
        with m.If(take):
            m.d.sync += word.eq(self.i.payload)

        opcode, tag = Signal(8, reset_less=True), Signal(8, reset_less=True)
        with m.If(step["DECODE"]):
            m.d.sync += [tag.eq(word[16:]), opcode.eq(word[24:])]

        def among(*codes: Opcode) -> Signal:
            found = Signal(name="_".join(code.name for code in codes))
            m.d.sync += found.eq(Cat(opcode[:4] == code for code in codes).any())
            return found

        reads, runs, moves, clears = among(Opcode.READ), among(Opcode.RUN), among(Opcode.COPY, Opcode.FLIP), among(Opcode.CLEAR)

        # From the header to the first word.
        step.go("HEADER", "DECODE", take)
        step.go("DECODE", "MEASURE")
        step.go("MEASURE", "ADMIT")
        m.d.comb += [first.opcode.eq(opcode), first.left.eq(left), first.word.eq(word)]
        refused = first.unknown | first.misfit
        step.go("ADMIT", "SETTLE", refused)
        step.go("ADMIT", "FIRST", ~refused & first.awaited)
        step.go("ADMIT", "PREPARE", ~refused & ~first.awaited)
        step.go("FIRST", "PREPARE", take)
        step.go("PREPARE", "JUDGE")
        step.go("JUDGE", "EXECUTE")

        # What the first word says.
        run = Signal(run_layout(shape), reset_less=True)
        bank, source = Signal(traits.bank.shape(), reset_less=True), Signal(index(shape.contexts), reset_less=True)
        flip = Signal(reset_less=True)
        with m.If(step["PREPARE"]):
            m.d.sync += [
                bank.eq(first.bank),
                flip.eq(opcode[:4] == Opcode.FLIP),
                source.eq(Mux(opcode[:4] == Opcode.FLIP, word, word[16:])),
                run.context.eq(word),
                run.direction.eq(word[protocol.RUN_DIRECTION]),
                run.accumulate.eq(word[protocol.RUN_ACCUMULATE :]),
                run.shift.eq(word[protocol.RUN_SHIFT :]),
                run.nudge.eq(word[protocol.RUN_NUDGE :]),
                run.negate.eq(word[protocol.RUN_NEGATE]),
                run.trace.eq(word[protocol.RUN_TRACE]),
            ]
        execute, right = Signal(), Signal()
        m.d.comb += [execute.eq(step["EXECUTE"] & (self.idle | first.immediate)), right.eq(execute & ~first.wrong)]
        step.go("EXECUTE", "STEPS", right & runs)
        step.go("EXECUTE", "BASE", right & among(Opcode.WRITE, Opcode.READ))
        step.go("EXECUTE", "ADD", right & first.counts)
        step.go("EXECUTE", "BLANK", right & clears)
        step.go("EXECUTE", "SETTLE", execute & (first.wrong | first.brief))
        step.fork("ADD", moves, "SETTLE_ROW", "SETTLE")
        step.go("BLANK", "SETTLE_CLEAR")
        with m.If(right & among(Opcode.CONFIGURE)):
            m.d.sync += [self.hamiltonian.eq(word), self.s.eq(word[8:])]
        m.d.sync += status.reset_status.eq(right & among(Opcode.RESET_STATUS))

        # Words become addresses, one after the other.
        steps, wanted = Signal(addresses.bits, reset_less=True), Signal(Wanted, reset_less=True)
        high, steps_high = Signal(reset_less=True), Signal(reset_less=True)
        newest = addresses.o[2]
        m.d.sync += high.eq(~zero(word[addresses.bits :]))
        with m.If(step["KEPT"]):
            m.d.sync += [steps.eq(word), steps_high.eq(high)]
        step.go("STEPS", "KEEP", take)
        step.go("KEEP", "KEPT")
        step.go("KEPT", "BASE")
        step.go("BASE", "BEGIN", take)
        step.go("BEGIN", "ADDRESS")
        step.go("ADDRESS", "MADE", addresses.done)
        m.d.comb += [
            addresses.start.eq(step["BEGIN"]),
            addresses.wanted.eq(wanted),
            addresses.word.eq(word),
            addresses.steps.eq(steps),
            addresses.target.eq(run.context),
            addresses.source.eq(source),
            addresses.descending.eq(run.direction == Direction.DESCENDING),
            addresses.stream.eq(run.nudge == Nudge.STREAM),
        ]
        with m.If(step["EXECUTE"]):
            m.d.sync += wanted.eq(Mux(runs, Wanted.INPUT, Mux(moves, Wanted.SOURCE, Wanted.ADDRESS)))
        with m.Elif(step["MADE"] & (wanted != Wanted.NEXT)):
            m.d.sync += wanted.eq(wanted.as_value() + 1)

        def made(*which: Wanted) -> Signal:
            return step["MADE"] & Cat(wanted == w for w in which).any()

        outside = Signal()
        taken = Mux(wanted == Wanted.NUDGE, run.nudge != Nudge.NONE, Mux(wanted == Wanted.TRACE, run.trace, 1))
        m.d.comb += outside.eq((taken & (~addresses.inside | high)) | addresses.no_step | steps_high)
        out_of_range = wanted.as_value()[2] & outside
        step.go("MADE", "BASE", made(Wanted.INPUT, Wanted.NUDGE) & ~outside)
        step.go("MADE", "START", made(Wanted.TRACE) & ~outside)
        step.go("MADE", "SETTLE", out_of_range)
        step.go("MADE", "COUNT", made(Wanted.ADDRESS) & reads)
        step.go("MADE", "PLACE", made(Wanted.ADDRESS) & ~reads)
        step.go("MADE", "ORIGIN", made(Wanted.SOURCE))
        step.go("MADE", "MOVE", made(Wanted.TARGET, Wanted.NEXT))
        step.go("ORIGIN", "BEGIN")
        step.go("START", "SETTLE", self.run_ready)
        m.d.comb += [
            self.run.eq(run),
            self.run.steps.eq(steps),
            self.run.input_address.eq(addresses.o[0]),
            self.run.nudge_address.eq(addresses.o[1]),
            self.run.trace_address.eq(newest),
            self.run_valid.eq(step["START"]),
        ]

        # Addresses are counted, and their words, before anything is written or read.
        address, past = Signal(addresses.bits, reset_less=True), Signal()
        misplaced, over, full = (Signal(reset_less=True) for _ in range(3))
        m.d.comb += traits.bank.eq(bank)
        m.d.sync += past.eq(address >= traits.depth)
        step.go("COUNT", "COUNTED", take)
        step.go("COUNTED", "PLACE")
        step.go("PLACE", "SETTLE_WALK")
        step.go("SETTLE_WALK", "WALK")
        m.d.sync += [over.eq(word[:16] > traits.most), full.eq(length >= left)]
        long_count = over | first.high_half
        unfit, ended, starts = Signal(), Signal(), Signal()
        m.d.comb += [
            unfit.eq(Mux(reads, long_count | (spent & even), full & ~even)),
            ended.eq(Mux(reads, spent | long_count | misplaced, full)),
            starts.eq(step["PLACED"] & ~unfit & ~misplaced),
        ]
        step.fork("WALK", ended, "PLACED", "WALKED")
        step.go("WALKED", "SETTLE_WALK")
        step.go("PLACED", "SETTLE")
        with m.If(step["MADE"]):
            m.d.sync += misplaced.eq(high)
        with m.If(step["WALKED"] & past):
            m.d.sync += misplaced.eq(1)

        # The rest of the request comes in; it is written, or if there was an error, dropped.
        active, every, write, part = Signal(), Signal(reset_less=True), Signal(), Signal(reset_less=True)
        last_part, last_lane = Signal(reset_less=True), Signal(reset_less=True)
        step.go("SETTLE", "REST")
        step.fork("REST", spent, "RESPOND", "DATA")
        step.go("DATA", "SETTLE", take)
        m.d.sync += write.eq((take & step["DATA"] & active & last_part) | (step["CLEARED"] & ~past))
        step.go("CLEAR", "SETTLE_CLEAR")
        step.go("SETTLE_CLEAR", "CLEARED")
        step.fork("CLEARED", past, "SETTLE", "CLEAR")

        # Row by row, and lane by lane of the tiles.
        timer = Signal(signed((READ_LATENCY - 1).bit_length() + 1), reset_less=True)  # below zero, a wait is over
        lane, last_of_tile, move = Signal(index(shape.lanes), reset_less=True), Signal(), Signal()
        passed = timer[-1]
        m.d.sync += last_of_tile.eq(lane[: (lanes_per_tile(shape) - 1).bit_length()].all())
        step.go("MOVE", "MOVED", passed)
        step.go("MOVED", "HOLD")
        step.go("HOLD", "HELD", passed)
        step.fork("HELD", last_of_tile, "SETTLE_ROW", "MOVE")
        step.go("SETTLE_ROW", "ROW")
        step.fork("ROW", even, "SETTLE", "BEGIN")
        m.d.sync += move.eq(step["MOVE"] & passed)

        # The answer: a header, and as many words as it says.
        content = Signal(Content, reset_less=True)
        sends = Signal()
        m.d.comb += sends.eq(step["SENT"] & (content != Content.HEADER))
        step.go("RESPOND", "MAKE")
        step.go("MAKE", "SEND")
        step.go("SEND", "SENT", answer.sent)
        step.go("SENT", "SETTLE_MORE")
        step.go("SETTLE_MORE", "MORE")
        # Nothing is left of the request, so ``even`` says that nothing is left to send.
        step.go("MORE", "HEADER", even)
        step.go("MORE", "FETCH", ~even & reads)
        step.go("MORE", "MAKE", ~even & ~reads)
        step.go("FETCH", "MAKE", passed)
        with m.If(step["RESPOND"]):
            m.d.sync += content.eq(Content.HEADER)
        identifies = among(Opcode.IDENTIFY)
        with m.If(step["MORE"]):
            m.d.sync += content.eq(Mux(reads, Content.VALUE, Mux(identifies, Content.IDENTITY, Content.STATUS)))
        m.d.sync += timer.eq(timer - 1)
        with m.If(step["MADE"] | step["HELD"]):
            m.d.sync += timer.eq(MOVE_BEFORE - 2)
        with m.If(step["MOVED"]):
            m.d.sync += timer.eq(MOVE_AFTER - 2)
        with m.If(step["MORE"]):
            m.d.sync += timer.eq(READ_LATENCY - 2)

        # What counts.
        with m.If(step["DECODE"] | step["COUNTED"] | take | (step["WALKED"] & reads)):
            m.d.sync += left.eq(Mux(step["DECODE"] | step["COUNTED"], word, left - 1))
        with m.If(step["PLACED"] & reads):
            m.d.sync += left.eq(0)
        adds, row_ends = step["ADD"] | step["WALKED"], step["HELD"] & last_of_tile
        with m.If(adds | sends | row_ends):
            m.d.sync += length.eq(length + Mux(adds, traits.count, ~0))
        with m.If(step["DECODE"] | (step["PLACED"] & ~(reads & starts))):
            m.d.sync += length.eq(0)
        value_ends, address_ends = Signal(), Signal()
        m.d.sync += [last_part.eq(part == traits.two_words), last_lane.eq(traits.shared | (lane == shape.lanes - 1))]
        m.d.comb += [
            value_ends.eq((write & step["SETTLE"]) | (sends & last_part)),
            address_ends.eq(value_ends & last_lane),
        ]
        with m.If((take & step["DATA"]) | sends):
            m.d.sync += part.eq(~part)
        with m.If(step["DECODE"] | value_ends):
            m.d.sync += part.eq(0)
        with m.If(value_ends | step["HELD"]):
            m.d.sync += lane.eq(lane + 1)
        with m.If(step["DECODE"] | address_ends | row_ends):
            m.d.sync += lane.eq(0)
        loads = step["PLACE"] | step["PLACED"] | step["ORIGIN"]
        with m.If(loads | address_ends | row_ends | step["WALKED"] | step["CLEAR"]):
            m.d.sync += address.eq(Mux(loads, newest, address + 1))
        with m.If(step["BLANK"]):
            m.d.sync += [address.eq(0), word.eq(0)]

        with m.If(starts | step["ORIGIN"] | step["BLANK"]):
            m.d.sync += [active.eq(1), every.eq(clears | (traits.shared & ~reads))]
        with m.If((step["RESPOND"] & ~reads) | (step["MORE"] & even)):
            m.d.sync += active.eq(0)
        m.d.comb += [
            host.active.eq(active),
            host.bank.eq(bank),
            host.address.eq(address),
            host.lane.eq(lane),
            host.every.eq(every),
            host.write.eq(write),
            host.data.eq(word.as_signed()),
            host.move.eq(move),
            host.flip.eq(flip),
            host.destination.eq(newest),
        ]
        if any(protocol.words_per_value(bank, shape) == 2 for bank in Bank if bank not in READ_ONLY):
            lower = Signal(WORD, reset_less=True)
            with m.If(take):
                m.d.sync += lower.eq(word)
            with m.If(step["BLANK"]):
                m.d.sync += lower.eq(0)
            with m.If(traits.two_words):
                m.d.comb += host.data.eq(Cat(lower, word).as_signed())

        error = Signal(Error, reset_less=True)
        with m.If(step["ADMIT"]):
            m.d.sync += error.eq(Mux(first.unknown, Error.OPCODE, Mux(first.misfit, Error.LENGTH, Error.OK)))
        with m.If(step["EXECUTE"]):
            m.d.sync += error.eq(first.error)
        with m.If(step["MADE"] & out_of_range):
            m.d.sync += error.eq(Error.RANGE)
        with m.If(step["PLACED"]):
            m.d.sync += error.eq(Mux(unfit, Error.LENGTH, Mux(misplaced, Error.ADDRESS, Error.OK)))

        for name in ("idle", "issued", "done", "done_context", "overflow", "clip"):
            m.d.comb += getattr(status, name).eq(getattr(self, name))
        for name in ("turn", "cycles", "busy", "overflows", "clips"):
            m.d.comb += getattr(answer, name).eq(getattr(status, name))
        m.d.comb += [
            answer.start.eq(step["MAKE"]),
            answer.content.eq(content),
            answer.length.eq(length),
            answer.tag.eq(tag),
            answer.error.eq(error),
            answer.value.eq(host.answer),
            answer.part.eq(part),
        ]
        wiring.connect(m, wiring.flipped(self.o), answer.o)
        step.add_to(m)
        return m
