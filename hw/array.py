"""The whole array: command port, sequencer, a ring of lanes."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from .command import CommandPort
from .lane import Lane
from .operation import AGES, aged_layout, operation_layout
from .sequencer import Sequencer
from .store import store


class Array(wiring.Component):
    """A reversible oscillator array behind a port of 32-bit words.

    Members
    -------
    i, o : streams of words; `spec.protocol` says which
    """

    def __init__(self, shape: Shape) -> None:
        self.array = shape
        super().__init__({"i": In(stream.Signature(protocol.WORD)), "o": Out(stream.Signature(protocol.WORD))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.array
        m.submodules.command = command = CommandPort(shape)
        m.submodules.sequencer = sequencer = Sequencer(shape)
        lanes = [Lane(shape) for _ in range(shape.lanes)]
        for index, lane in enumerate(lanes):
            m.submodules[f"lane_{index}"] = lane

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
        ]

        # Operations age centrally; the lanes first see them a cycle after they are issued.
        ages = Signal(aged_layout(shape))
        for name in operation_layout(shape).members:
            seen = [age for age, names in AGES.items() if name in names]
            field = sequencer.operation[name]
            for age in range(max(seen) + 1):
                delayed = Signal.like(field, name=f"{name}_{age}")
                m.d.sync += delayed.eq(field)
                field = delayed
                if age in seen:
                    m.d.comb += ages[f"age_{age}"][name].eq(field)

        # Inputs: read as an operation is issued, at the lanes at age 1.
        width = layout.width(Bank.INPUT, shape)
        m.submodules.inputs = inputs = store(width, layout.depth(Bank.INPUT, shape))
        read, write = inputs.read_port(), inputs.write_port()
        word, word_1 = Signal(signed(width)), Signal(signed(width))
        m.d.sync += [word.eq(read.data), word_1.eq(word)]
        m.d.comb += [
            read.addr.eq(Mux(command.host.active, command.host.address, sequencer.input_address)),
            write.addr.eq(command.host.address),
            write.data.eq(command.host.data[:width].as_signed()),
            write.en.eq(command.host.active & command.host.write & (command.host.bank == Bank.INPUT)),
            command.input_data.eq(read.data),
        ]

        for index, lane in enumerate(lanes):
            following = lanes[(index + 1) % shape.lanes]
            m.d.comb += [
                lane.operation.eq(ages),
                lane.input.eq(word_1),
                lane.ring_i.eq(following.ring_o),
                lane.sum_i.eq(following.sum_o),
                lane.restart.eq(sequencer.restart),
                lane.capture.eq(command.capture),
                lane.chain_move.eq(command.chain_move),
                lane.chain_i.eq(following.chain_o),
            ]
            for name in command.host.signature.members:
                m.d.comb += getattr(lane.host, name).eq(getattr(command.host, name))
            mine = command.every | (command.lane == index)
            m.d.comb += lane.host.write.eq(command.host.write & mine)
        m.d.comb += command.chain.eq(lanes[0].chain_o)

        overflow, clip = Signal(shape.ways), Signal(shape.ways)
        for flags, name in ((overflow, "overflow"), (clip, "clip")):
            total = 0
            for lane in lanes:
                total = total | getattr(lane, name)
            m.d.sync += flags.eq(total)
        m.d.comb += [command.overflow.eq(overflow), command.clip.eq(clip)]
        return m
