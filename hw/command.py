"""The command port: words of `spec.protocol` in and out, checked, executed, answered."""

from __future__ import annotations

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout, protocol
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.layout import READ_ONLY, SHARED, Bank
from loschmidt.spec.protocol import Error, Opcode
from loschmidt.spec.run import STEP_LIMIT, Direction, Nudge
from loschmidt.spec.shape import Shape

from .host_access import HostAccess
from .index import index as index_of
from .request import run_layout

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

#: Operations that do not wait for runs to end.
IMMEDIATE = (Opcode.IDENTIFY, Opcode.RUN)


class CommandPort(wiring.Component):
    """Executes requests one after another; RUN goes to the sequencer, the rest to the memories.

    Members
    -------
    i, o : streams of words, as `spec.protocol` has them
    run, run_valid, run_ready, idle : to and from the sequencer
    hamiltonian, s : Out, as configured
    host : Out(HostAccess), registered; lane : Out, whose memory ``host.write`` means; every : Out(1), or all lanes'
    capture, chain_move, chain : the lanes' words on their way out, lane 0 first
    input_data : In, the word of the input bank at ``host.address``, a cycle later
    done, done_context, overflow, clip : ends of runs and the lanes' flags, per way
    issued : In(1), a multiplication was issued
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        context = index_of(shape.contexts)
        word = HostAccess(shape).members["data"].shape
        super().__init__(
            {
                "i": In(stream.Signature(protocol.WORD)),
                "o": Out(stream.Signature(protocol.WORD)),
                "run": Out(run_layout(shape)),
                "run_valid": Out(1),
                "run_ready": In(1),
                "idle": In(1),
                "hamiltonian": Out(2),
                "s": Out(range(STEP_LIMIT + 1)),
                "host": Out(HostAccess(shape)),
                "lane": Out(index_of(shape.lanes)),
                "every": Out(1),
                "capture": Out(1),
                "chain_move": Out(1),
                "chain": In(word),
                "input_data": In(word),
                "done": In(shape.ways),
                "done_context": In(data.ArrayLayout(context, shape.ways)),
                "overflow": In(shape.ways),
                "clip": In(shape.ways),
                "issued": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape, host = self.array, self.host
        opcode, tag, left = Signal(8), Signal(8), Signal(16)
        arguments = Array(Signal(32, name=f"argument_{i}") for i in range(max(ARGUMENTS.values())))
        wanted, index = Signal(range(len(arguments) + 1)), Signal(range(len(arguments) + 1))
        error, length = Signal(Error), Signal(16)

        # What the banks are like, by number.
        bank = Signal(range(len(Bank)))
        depths = Array(Const(layout.depth(b, shape), 32) for b in Bank)
        words = Array(Const(protocol.words_per_value(b, shape), 2) for b in Bank)
        lanes = Array(Const(layout.lanes(b, shape), 16) for b in Bank)
        per_address = Array(Const(layout.lanes(b, shape) * protocol.words_per_value(b, shape), 16) for b in Bank)
        shared = Array(Const(int(b in SHARED), 1) for b in Bank)
        read_only = Array(Const(int(b in READ_ONLY), 1) for b in Bank)
        m.d.comb += [bank.eq(arguments[0]), host.bank.eq(bank)]

        # Flags and counters.
        overflow, clip = Signal(shape.contexts), Signal(shape.contexts)
        cycles, busy = Signal(64), Signal(64)
        reset_status = Signal()
        m.d.sync += [cycles.eq(cycles + ~self.idle), busy.eq(busy + self.issued)]
        for w in range(shape.ways):
            with m.If(self.done[w]):
                for flags, raised in ((overflow, self.overflow), (clip, self.clip)):
                    with m.If(raised[w]):
                        m.d.sync += flags.bit_select(self.done_context[w], 1).eq(1)
        with m.If(reset_status):
            m.d.sync += [cycles.eq(0), busy.eq(0), overflow.eq(0), clip.eq(0)]

        # Short answers: identity and status, as lists of words.
        flag_words = -(-shape.contexts // protocol.WORD)
        status: list[Value] = [cycles[:32], cycles[32:], busy[:32], busy[32:]]
        for flags in (overflow, clip):
            status += [flags[32 * k : 32 * k + 32] for k in range(flag_words)]
        identity = [Const(word, 32) for word in protocol.identity(shape)]
        position = Signal(range(max(len(status), len(identity))))
        answer = Signal(32)
        m.d.comb += answer.eq(Mux(opcode == Opcode.STATUS, Array(status)[position], Array(identity)[position]))

        row, lane, part = Signal(index_of(shape.rows)), Signal(16), Signal(2)
        addresses = Signal(16)  # left to read or write
        remainder, quotient, bit = Signal(16), Signal(16), Signal(range(16))
        value = Signal(signed(-(-len(host.data) // protocol.WORD) * protocol.WORD))  # whole words, sign extended
        last_part, last_lane = Signal(), Signal()
        m.d.comb += [last_part.eq(part == words[bank] - 1), last_lane.eq(lane == lanes[bank] - 1), self.lane.eq(lane)]

        take, steps = Signal(), arguments[1]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += left.eq(left - 1)
            m.d.comb += take.eq(1)

        def fail(code: Error) -> None:
            m.d.sync += error.eq(code)
            m.next = "DISCARD"

        def outside(base: Value, count: Value, depth: int) -> Value:
            return (base + count) > depth

        with m.FSM():
            with m.State("HEADER"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += [error.eq(Error.OK), length.eq(0), index.eq(0), part.eq(0), lane.eq(0), row.eq(0), position.eq(0)]
                with m.If(take):
                    m.d.sync += [opcode.eq(self.i.payload[24:]), tag.eq(self.i.payload[16:24]), left.eq(self.i.payload[:16])]
                    m.next = "OPCODE"
            with m.State("OPCODE"), m.Switch(opcode):
                for code, count in ARGUMENTS.items():
                    with m.Case(code):
                        m.d.sync += wanted.eq(count)
                        fits = left > count if code is Opcode.WRITE else left == count
                        with m.If(fits):
                            m.next = "ARGUMENTS"
                        with m.Else():
                            fail(Error.LENGTH)
                with m.Default():
                    fail(Error.OPCODE)
            with m.State("ARGUMENTS"):
                m.d.comb += self.i.ready.eq(index != wanted)
                with m.If(index == wanted):
                    immediate = Cat(opcode == code for code in IMMEDIATE).any()
                    with m.If(immediate | self.idle):
                        m.next = "CHECK"
                with m.Elif(take):
                    m.d.sync += [arguments[index].eq(self.i.payload), index.eq(index + 1)]
            with m.State("CHECK"), m.Switch(opcode):
                with m.Case(Opcode.IDENTIFY):
                    m.d.sync += length.eq(len(identity))
                    m.next = "RESPOND"
                with m.Case(Opcode.STATUS):
                    m.d.sync += length.eq(len(status))
                    m.next = "RESPOND"
                with m.Case(Opcode.RESET_STATUS):
                    m.d.comb += reset_status.eq(1)
                    m.next = "RESPOND"
                with m.Case(Opcode.CONFIGURE):
                    valid = (arguments[0][:8] < len(Hamiltonian)) & (arguments[0][8:] <= STEP_LIMIT)
                    with m.If(valid):
                        m.d.sync += [self.hamiltonian.eq(arguments[0]), self.s.eq(arguments[0][8:])]
                        m.next = "RESPOND"
                    with m.Else():
                        fail(Error.VALUE)
                with m.Case(Opcode.WRITE, Opcode.READ):
                    m.d.sync += [remainder.eq(left), quotient.eq(0), bit.eq(15)]
                    with m.If((arguments[0] >= len(Bank)) | ((opcode == Opcode.WRITE) & read_only[bank])):
                        fail(Error.BANK)
                    with m.Elif(opcode == Opcode.WRITE):
                        m.next = "DIVIDE"
                    with m.Else():
                        m.d.sync += [quotient.eq(arguments[2]), remainder.eq(0)]
                        with m.If((arguments[2] == 0) | (arguments[2] * per_address[bank] > protocol.PAYLOAD_LIMIT)):
                            fail(Error.LENGTH)
                        with m.Else():
                            m.next = "ADDRESS"
                with m.Case(Opcode.RUN):
                    m.next = "RUN"
                with m.Case(Opcode.COPY, Opcode.FLIP):
                    both = (arguments[0][:16] < shape.contexts) & (
                        Mux(opcode == Opcode.COPY, arguments[0][16:] < shape.contexts, arguments[0][16:] == 0)
                    )
                    with m.If(both):
                        m.next = "MOVE"
                    with m.Else():
                        fail(Error.CONTEXT)
                with m.Case(Opcode.CLEAR):
                    m.d.sync += [host.address.eq(0), host.active.eq(1)]
                    m.d.sync += [arguments[0].eq(Bank.ACCUMULATOR), host.data.eq(0), host.write.eq(1), self.every.eq(1)]
                    m.next = "CLEAR"

            # How many addresses a write is for: the payload divided by the words of one.
            with m.State("DIVIDE"):
                trial = Signal(32)
                m.d.comb += trial.eq(per_address[bank] << bit)
                with m.If(remainder >= trial):
                    m.d.sync += [remainder.eq(remainder - trial), quotient.bit_select(bit, 1).eq(1)]
                m.d.sync += bit.eq(bit - 1)
                with m.If(bit == 0):
                    m.next = "ADDRESS"
            with m.State("ADDRESS"):
                m.d.sync += [addresses.eq(quotient), host.address.eq(arguments[1])]
                with m.If(remainder != 0):
                    fail(Error.LENGTH)
                with m.Elif(outside(arguments[1], quotient, depths[bank])):
                    fail(Error.ADDRESS)
                with m.Elif(opcode == Opcode.WRITE):
                    m.d.sync += [host.active.eq(1), self.every.eq(shared[bank])]
                    m.next = "WRITE"
                with m.Else():
                    m.d.sync += [host.active.eq(1), length.eq(quotient * per_address[bank])]
                    m.next = "RESPOND"

            # Values come in, lane fastest; one is written when its last word is there.
            with m.State("WRITE"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += host.write.eq(0)
                with m.If(take):
                    m.d.sync += part.eq(part + 1)
                    for k in range(len(value) // protocol.WORD):
                        with m.If(part == k):
                            m.d.sync += value[32 * k : 32 * k + 32].eq(self.i.payload)
                    with m.If(last_part):
                        m.next = "WRITE_VALUE"
            with m.State("WRITE_VALUE"):
                m.d.sync += [host.data.eq(value), host.write.eq(1)]
                m.next = "WRITTEN"
            with m.State("WRITTEN"):
                # The write is under way; ``lane`` and ``address`` move on behind it.
                m.d.sync += [host.write.eq(0), part.eq(0), lane.eq(lane + 1)]
                m.next = "WRITE"
                with m.If(last_lane):
                    m.d.sync += [lane.eq(0), host.address.eq(host.address + 1), addresses.eq(addresses - 1)]
                    with m.If(addresses == 1):
                        m.d.sync += [host.active.eq(0), self.every.eq(0)]
                        m.next = "RESPOND"

            with m.State("CLEAR"):
                m.d.sync += host.address.eq(host.address + 1)
                with m.If(host.address == layout.depth(Bank.ACCUMULATOR, shape) - 1):
                    m.d.sync += [host.active.eq(0), host.write.eq(0), self.every.eq(0)]
                    m.next = "RESPOND"

            # One row after another: address, wait for the word, write it.
            with m.State("MOVE"):
                source = Mux(opcode == Opcode.COPY, arguments[0][16:], arguments[0][:16])
                m.d.sync += [
                    host.active.eq(1),
                    host.address.eq(source * shape.rows + row),
                    host.destination.eq(arguments[0][:16] * shape.rows + row),
                    host.flip.eq(opcode == Opcode.FLIP),
                    host.move.eq(0),
                ]
                m.next = "MOVE_READ"
            with m.State("MOVE_READ"):
                m.d.sync += host.move.eq(1)
                m.next = "MOVE_WRITE"
            with m.State("MOVE_WRITE"):
                m.d.sync += [host.move.eq(0), row.eq(row + 1)]
                m.next = "MOVE"
                with m.If(row == shape.rows - 1):
                    m.d.sync += host.active.eq(0)
                    m.next = "RESPOND"

            with m.State("RUN"):
                flags = arguments[0]
                last = Mux(flags[protocol.RUN_DIRECTION] == Direction.DESCENDING, steps - 1, 0)
                nudge = flags[protocol.RUN_NUDGE : protocol.RUN_NUDGE + 2]
                nudge_steps = Mux(nudge == Nudge.STREAM, steps, nudge != Nudge.NONE)
                trace_steps = Mux(flags[protocol.RUN_TRACE], steps, 0)
                m.d.sync += [
                    self.run.context.eq(flags[:16]),
                    self.run.steps.eq(steps),
                    self.run.direction.eq(flags[protocol.RUN_DIRECTION]),
                    self.run.accumulate.eq(flags[protocol.RUN_ACCUMULATE : protocol.RUN_ACCUMULATE + 2]),
                    self.run.shift.eq(flags[protocol.RUN_SHIFT : protocol.RUN_SHIFT + 5]),
                    self.run.nudge.eq(nudge),
                    self.run.negate.eq(flags[protocol.RUN_NEGATE]),
                    self.run.trace.eq(flags[protocol.RUN_TRACE]),
                    self.run.input_address.eq((arguments[2] + last) * shape.inputs),
                    self.run.nudge_address.eq((arguments[3] + Mux(nudge == Nudge.STREAM, last, 0)) * shape.rows),
                    self.run.trace_address.eq((arguments[4] + last) * shape.rows),
                ]
                with m.If(flags[:16] >= shape.contexts):
                    fail(Error.CONTEXT)
                with m.Elif((flags[protocol.RUN_TRACE + 1 :] != 0) | (flags[protocol.RUN_ACCUMULATE : protocol.RUN_ACCUMULATE + 2] == 3)):
                    fail(Error.VALUE)
                with m.Elif(
                    (steps == 0)
                    | outside(arguments[2], steps, shape.input_depth)
                    | ((nudge_steps != 0) & outside(arguments[3], nudge_steps, shape.nudge_depth))
                    | ((trace_steps != 0) & outside(arguments[4], trace_steps, shape.trace_depth))
                ):
                    fail(Error.RANGE)
                with m.Else():
                    m.next = "START"
            with m.State("START"):
                m.d.comb += self.run_valid.eq(1)
                with m.If(self.run_ready):
                    m.next = "RESPOND"

            # An answer goes out once the rest of its request has come in.
            with m.State("DISCARD"):
                m.d.comb += self.i.ready.eq(left != 0)
                with m.If(left == 0):
                    m.next = "RESPOND"
            with m.State("RESPOND"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(Cat(length, tag, error))]
                with m.If(self.o.ready):
                    m.next = "HEADER"
                    with m.If(length != 0):
                        m.next = "FETCH"
                        with m.If(opcode != Opcode.READ):
                            m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.eq(answer)]
                with m.If(self.o.ready):
                    m.d.sync += [position.eq(position + 1), length.eq(length - 1)]
                    with m.If(length == 1):
                        m.next = "HEADER"
            with m.State("FETCH"):
                m.next = "CAPTURE"
            with m.State("CAPTURE"):
                m.d.comb += self.capture.eq(1)
                m.d.sync += value.eq(self.input_data)
                m.next = "SEND"
            with m.State("SEND"):
                word = Signal.like(value)
                m.d.comb += [
                    word.eq(Mux(bank == Bank.INPUT, value, self.chain)),
                    self.o.valid.eq(1),
                    self.o.payload.eq(word.word_select(part, 32)),
                ]
                with m.If(self.o.ready):
                    m.d.sync += [part.eq(part + 1), length.eq(length - 1)]
                    with m.If(last_part):
                        m.d.comb += self.chain_move.eq(1)
                        m.d.sync += [part.eq(0), lane.eq(lane + 1)]
                        with m.If(last_lane):
                            m.d.sync += [lane.eq(0), host.address.eq(host.address + 1)]
                            m.next = "FETCH"
                    with m.If(length == 1):
                        m.d.sync += host.active.eq(0)
                        m.next = "HEADER"
        return m
