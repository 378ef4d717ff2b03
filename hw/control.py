"""Everything of the array that there is once: command port, sequencer, inputs, and the operations on their way to the lanes."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .command import CommandPort
from .host_access import HostAccess
from .index import index
from .operation import AGES, aged_layout, operation_layout
from .sequencer import Sequencer
from .store import store


class Control(wiring.Component):
    """Turns words into operations for the lanes, and the lanes' words into answers.

    Members
    -------
    i, o : streams of words; `spec.protocol` says which
    operation : Out, at every age; all lanes see the same
    input : Out(operand), the input word at age 1
    restart, overflow, clip : as `Lane`'s; flags of all lanes together
    host, capture, chain_move : as `Lane`'s, but ``host.write`` means lane ``lane`` only, unless ``every``
    chain : In, the word that lane 0 sends
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__(
            {
                "i": In(stream.Signature(protocol.WORD)),
                "o": Out(stream.Signature(protocol.WORD)),
                "operation": Out(aged_layout(shape)),
                "input": Out(signed(layout.width(Bank.INPUT, shape))),
                "restart": Out(shape.ways),
                "overflow": In(shape.ways),
                "clip": In(shape.ways),
                "host": Out(HostAccess(shape)),
                "lane": Out(index(shape.lanes)),
                "every": Out(1),
                "capture": Out(1),
                "chain_move": Out(1),
                "chain": In(HostAccess(shape).members["data"].shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.array
        m.submodules.command = command = CommandPort(shape)
        m.submodules.sequencer = sequencer = Sequencer(shape)

        wiring.connect(m, command.i, wiring.flipped(self.i))
        wiring.connect(m, wiring.flipped(self.o), command.o)
        m.d.comb += [
            sequencer.run.eq(command.run),
            sequencer.run_valid.eq(command.run_valid),
            command.run_ready.eq(sequencer.run_ready),
            command.idle.eq(sequencer.idle),
            sequencer.hamiltonian.eq(command.hamiltonian),
            sequencer.s.eq(command.s),
            command.done.eq(sequencer.done),
            command.done_context.eq(sequencer.done_context),
            command.issued.eq(sequencer.operation.valid),
            command.overflow.eq(self.overflow),
            command.clip.eq(self.clip),
            command.chain.eq(self.chain),
            self.restart.eq(sequencer.restart),
            self.lane.eq(command.lane),
            self.every.eq(command.every),
            self.capture.eq(command.capture),
            self.chain_move.eq(command.chain_move),
        ]
        for name in command.host.signature.members:
            m.d.comb += getattr(self.host, name).eq(getattr(command.host, name))

        # Operations age here; the lanes first see them a cycle after they are issued.
        for name in operation_layout(shape).members:
            seen = [age for age, names in AGES.items() if name in names]
            field = sequencer.operation[name]
            for age in range(max(seen) + 1):
                delayed = Signal.like(field, name=f"{name}_{age}")
                m.d.sync += delayed.eq(field)
                field = delayed
                if age in seen:
                    m.d.comb += self.operation[f"age_{age}"][name].eq(field)

        # Inputs: read as an operation is issued, at the lanes at age 1.
        width = layout.width(Bank.INPUT, shape)
        m.submodules.inputs = inputs = store(width, layout.depth(Bank.INPUT, shape))
        read, write = inputs.read_port(), inputs.write_port()
        word = Signal(signed(width))
        m.d.sync += [word.eq(read.data), self.input.eq(word)]
        m.d.comb += [
            read.addr.eq(Mux(command.host.active, command.host.address, sequencer.input_address)),
            write.addr.eq(command.host.address),
            write.data.eq(command.host.data[:width].as_signed()),
            write.en.eq(command.host.active & command.host.write & (command.host.bank == Bank.INPUT)),
            command.input_data.eq(read.data),
        ]
        return m
