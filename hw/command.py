"""The command port: words of `spec.protocol` in and out, checked, executed, answered."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, ValueLike, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import protocol
from loschmidt.spec.layout import READ_ONLY, Bank
from loschmidt.spec.protocol import WORD, Error
from loschmidt.spec.run import STEP_LIMIT, Direction, Nudge
from loschmidt.spec.shape import Shape

from .addresses import Addresses, Wanted
from .answer import Answer, Content
from .command_steps import ASKING, command_steps, conditions
from .first_word import KINDS, FirstWord, zero
from .host_access import MOVE_AFTER, MOVE_BEFORE, READ_LATENCY, HostAccess
from .index import index
from .request import run_layout
from .status import Status
from .walker import Walker


class CommandPort(wiring.Component):
    """Executes requests one after another; RUN goes to the sequencer, the rest to the memories.

    Parameters
    ----------
    shape : of the array
    build : the build's hash, of 32 bits, for IDENTIFY

    Members
    -------
    i, o : streams of words, as `spec.protocol` has them
    run, run_valid, run_ready, idle : to and from the sequencer; ``idle`` may come up to 30 cycles late
    hamiltonian, s : Out, as configured
    host : Out(HostAccess)
    done, done_context, overflow, clip : ends of runs and the lanes' flags, per way
    issued : In(1), a multiplication was issued
    fault : Out(1), a request was answered with an error, or a run has raised a flag, since the last RESET_STATUS
    """

    def __init__(self, shape: Shape, build: ValueLike = 0) -> None:
        self.array, self.build = shape, build
        super().__init__(
            {
                "i": In(stream.Signature(WORD)),
                "o": Out(stream.Signature(WORD)),
                "run": Out(run_layout(shape)),
                "run_valid": Out(1),
                "run_ready": In(1),
                "idle": In(1),
                "hamiltonian": Out(2, init=shape.hamiltonians[0]),
                "s": Out(range(STEP_LIMIT + 1)),
                "host": Out(HostAccess(shape)),
                "done": In(shape.ways),
                "done_context": In(data.ArrayLayout(index(shape.contexts), shape.ways)),
                "overflow": In(shape.ways),
                "clip": In(shape.ways),
                "issued": In(1),
                "fault": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, host = self.array, self.host
        m.submodules.addresses = addresses = Addresses(shape)
        m.submodules.answer = answer = Answer(shape, self.build)
        m.submodules.first = first = FirstWord(shape)
        m.submodules.status = status = Status(shape)
        m.submodules.walker = walker = Walker(shape)
        when, kind = conditions(), first.kind
        step = command_steps(when)
        step.add_to(m)
        m.d.comb += [getattr(when, name).eq(kind[name]) for name in when._fields if name in KINDS]

        # The request. A word waits here until the next is asked for.
        word, opcode, tag = (Signal(width, reset_less=True) for width in (WORD, 8, 8))
        left = Signal(16, reset_less=True)  # words to come; of a READ that is being counted, addresses
        length = Signal(17, reset_less=True)  # words to send; of a WRITE that is being counted, those counted; of a move, rows
        m.d.comb += [
            self.i.ready.eq(Cat(step[name] for name in ASKING).any()),
            when.take.eq(self.i.valid & self.i.ready),
            when.refused.eq(first.unknown | first.misfit),
            first.opcode.eq(opcode),
            first.left.eq(left),
            first.word.eq(word),
        ]
        with m.If(when.take):
            m.d.sync += word.eq(self.i.payload)
        with m.If(step["BLANK"]):
            m.d.sync += word.eq(0)
        with m.If(step["DECODE"]):
            m.d.sync += [tag.eq(word[16:]), opcode.eq(word[24:])]

        # What the first word says.
        run, bank, source = (Signal(layout, reset_less=True) for layout in (run_layout(shape), walker.bank.shape(), index(shape.contexts)))
        with m.If(step["PREPARE"]):
            m.d.sync += [
                bank.eq(first.bank),
                source.eq(Mux(kind.flips, word, word[16:])),
                run.context.eq(word),
                run.direction.eq(word[protocol.RUN_DIRECTION]),
                run.accumulate.eq(word[protocol.RUN_ACCUMULATE :]),
                run.shift.eq(word[protocol.RUN_SHIFT :]),
                run.nudge.eq(word[protocol.RUN_NUDGE :]),
                run.negate.eq(word[protocol.RUN_NEGATE]),
                run.trace.eq(word[protocol.RUN_TRACE]),
            ]
        right = Signal()
        m.d.comb += [
            when.execute.eq(step["EXECUTE"] & (self.idle | kind.immediate)),
            when.wrong.eq(first.wrong),
            right.eq(when.execute & ~first.wrong),
        ]
        with m.If(right & kind.configures):
            m.d.sync += [self.hamiltonian.eq(word), self.s.eq(word[8:])]
        m.d.sync += status.reset_status.eq(right & kind.resets)

        # Words become addresses, one after the other.
        steps, high, steps_high = (Signal(width, reset_less=True) for width in (addresses.bits, 1, 1))
        wanted, newest = Signal(Wanted, reset_less=True), addresses.o[2]
        m.d.sync += high.eq(~zero(word[addresses.bits :]))
        with m.If(step["KEPT"]):
            m.d.sync += [steps.eq(word), steps_high.eq(high)]
        with m.If(step["EXECUTE"]):
            m.d.sync += wanted.eq(Mux(kind.runs, Wanted.INPUT, Mux(kind.moves, Wanted.SOURCE, Wanted.ADDRESS)))
        with m.Elif(step["MADE"] & (wanted != Wanted.NEXT)):
            m.d.sync += wanted.eq(wanted.as_value() + 1)
        taken = Mux(wanted == Wanted.NUDGE, run.nudge != Nudge.NONE, Mux(wanted == Wanted.TRACE, run.trace, 1))
        m.d.sync += when.outside.eq((taken & (~addresses.inside | high)) | addresses.no_step | steps_high)
        m.d.comb += [
            addresses.start.eq(step["BEGIN"]),
            addresses.wanted.eq(wanted),
            addresses.word.eq(word),
            addresses.steps.eq(steps),
            addresses.target.eq(run.context),
            addresses.source.eq(source),
            addresses.descending.eq(run.direction == Direction.DESCENDING),
            addresses.stream.eq(run.nudge == Nudge.STREAM),
            when.made.eq(addresses.done),
            when.makes_place.eq(wanted == Wanted.ADDRESS),
            when.makes_origin.eq(wanted == Wanted.SOURCE),
            when.makes_target.eq((wanted == Wanted.TARGET) | (wanted == Wanted.NEXT)),
            when.makes_last.eq(wanted == Wanted.TRACE),
            self.run.eq(run),
            self.run.steps.eq(steps),
            self.run.input_address.eq(addresses.o[0]),
            self.run.nudge_address.eq(addresses.o[1]),
            self.run.trace_address.eq(newest),
            self.run_valid.eq(step["START"]),
            when.started.eq(self.run_ready),
        ]

        # Addresses are counted, and their words, before anything is written or read.
        misplaced, over, full = (Signal(reset_less=True) for _ in range(3))
        unfit, starts = Signal(), Signal()
        m.d.sync += [
            over.eq(word[:16] > walker.most),
            full.eq(length >= left),
            when.spent.eq(zero(left)),
            when.even.eq(left == length),
        ]
        long_count = over | first.high_half
        m.d.comb += [
            unfit.eq(Mux(kind.reads, long_count | (when.spent & when.even), full & ~when.even)),
            when.ended.eq(Mux(kind.reads, when.spent | long_count | misplaced, full)),
            starts.eq(step["PLACED"] & ~unfit & ~misplaced),
        ]
        with m.If(step["MADE"]):
            m.d.sync += misplaced.eq(high)
        with m.If(step["WALKED"] & walker.past):
            m.d.sync += misplaced.eq(1)
        with m.If(step["DECODE"] | step["COUNTED"] | when.take | (step["WALKED"] & kind.reads)):
            m.d.sync += left.eq(Mux(step["DECODE"] | step["COUNTED"], word, left - 1))
        with m.If(step["PLACED"] & kind.reads):
            m.d.sync += left.eq(0)
        content, past_header, sends = Signal(Content, reset_less=True), Signal(reset_less=True), Signal()
        adds, row_ends = step["ADD"] | step["WALKED"], step["HELD"] & walker.last_of_tile
        with m.If(adds | sends | row_ends):
            m.d.sync += length.eq(length + Mux(adds, walker.count, ~0))
        with m.If(step["DECODE"] | (step["PLACED"] & ~(kind.reads & starts))):
            m.d.sync += length.eq(0)

        # The memories.
        active, every, write, move = Signal(), Signal(reset_less=True), Signal(), Signal()
        m.d.sync += [
            write.eq((when.take & step["DATA"] & active & walker.last_part) | (step["CLEARED"] & ~walker.past)),
            move.eq(step["MOVE"] & when.passed),
        ]
        with m.If(starts | step["ORIGIN"] | step["BLANK"]):
            m.d.sync += [active.eq(1), every.eq(kind.clears | (walker.shared & ~kind.reads))]
        with m.If((step["RESPOND"] & ~kind.reads) | (step["MORE"] & when.even)):
            m.d.sync += active.eq(0)
        m.d.comb += [
            walker.bank.eq(bank),
            walker.restart.eq(step["DECODE"]),
            walker.load.eq(step["PLACE"] | step["PLACED"] | step["ORIGIN"]),
            walker.first.eq(newest),
            walker.blank.eq(step["BLANK"]),
            walker.word_done.eq((when.take & step["DATA"]) | sends),
            walker.value_done.eq((step["SETTLE"] & write) | (sends & walker.last_part)),
            walker.move_done.eq(step["HELD"]),
            walker.address_done.eq(step["WALKED"] | step["CLEAR"]),
            when.past.eq(walker.past),
            when.last_of_tile.eq(walker.last_of_tile),
            host.active.eq(active),
            host.bank.eq(bank),
            host.address.eq(walker.address),
            host.lane.eq(walker.lane),
            host.every.eq(every),
            host.write.eq(write),
            host.data.eq(word.as_signed()),
            host.move.eq(move),
            host.flip.eq(kind.flips),
            host.destination.eq(newest),
        ]
        if any(protocol.words_per_value(bank, shape) == 2 for bank in Bank if bank not in READ_ONLY):
            lower = Signal(WORD, reset_less=True)
            with m.If(when.take):
                m.d.sync += lower.eq(word)
            with m.If(step["BLANK"]):
                m.d.sync += lower.eq(0)
            with m.If(walker.two_words):
                m.d.comb += host.data.eq(Cat(lower, word).as_signed())
        timer = Signal(signed((READ_LATENCY - 1).bit_length() + 1), reset_less=True)  # below zero, a wait is over
        m.d.comb += when.passed.eq(timer[-1])
        m.d.sync += timer.eq(timer - 1)
        for name, cycles in (("MADE", MOVE_BEFORE), ("HELD", MOVE_BEFORE), ("MOVED", MOVE_AFTER), ("MORE", READ_LATENCY)):
            with m.If(step[name]):
                m.d.sync += timer.eq(cycles - 2)

        # The answer.
        m.d.comb += [when.sent.eq(answer.sent), sends.eq(step["SENT"] & past_header)]
        with m.If(step["RESPOND"]):
            m.d.sync += [content.eq(Content.HEADER), past_header.eq(0)]
        with m.If(step["MORE"]):
            m.d.sync += content.eq(Mux(kind.reads, Content.VALUE, Mux(kind.identifies, Content.IDENTITY, Content.STATUS)))
            m.d.sync += past_header.eq(1)
        error = Signal(Error, reset_less=True)
        with m.If(step["ADMIT"]):
            m.d.sync += error.eq(Mux(first.unknown, Error.OPCODE, Mux(first.misfit, Error.LENGTH, Error.OK)))
        with m.If(step["EXECUTE"]):
            m.d.sync += error.eq(first.error)
        with m.If(step["MADE"] & kind.runs & when.outside):
            m.d.sync += error.eq(Error.RANGE)
        with m.If(step["PLACED"]):
            m.d.sync += error.eq(Mux(unfit, Error.LENGTH, Mux(misplaced, Error.ADDRESS, Error.OK)))
        for name in ("idle", "issued", "done", "done_context", "overflow", "clip"):
            m.d.comb += getattr(status, name).eq(getattr(self, name))
        for name in ("turn", "cycles", "busy", "overflows", "clips"):
            m.d.comb += getattr(answer, name).eq(getattr(status, name))
        m.d.comb += [
            status.refused.eq(step["RESPOND"] & (error != Error.OK)),
            self.fault.eq(status.fault),
            answer.start.eq(step["MAKE"]),
            answer.content.eq(content),
            answer.length.eq(length),
            answer.tag.eq(tag),
            answer.error.eq(error),
            answer.value.eq(host.answer),
            answer.part.eq(walker.part),
        ]
        wiring.connect(m, wiring.flipped(self.o), answer.o)
        return m
