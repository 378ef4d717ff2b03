"""Everything of the array that there is once: command port, sequencer and inputs."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, ValueLike, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.run import STEP_LIMIT
from loschmidt.spec.shape import Shape

from .command import CommandPort
from .delay import later
from .host_access import HostAccess
from .operation import operation_layout
from .sequencer import Sequencer
from .single_port_ram import SinglePortRam


class Control(wiring.Component):
    """Turns words into operations for the lanes, and the lanes' words into answers.

    Parameters
    ----------
    shape : of the array
    build : the build's hash, of 32 bits, for IDENTIFY

    Members
    -------
    i, o : streams of words; `spec.protocol` says which
    operation, input, s, restart, host, overflow, clip : as `ring.Ring`'s
    running, fault : Out(1), a run is under way; as `CommandPort`'s
    """

    def __init__(self, shape: Shape, build: ValueLike = 0) -> None:
        self.array, self.build = shape, build
        super().__init__(
            {
                "i": In(stream.Signature(protocol.WORD)),
                "o": Out(stream.Signature(protocol.WORD)),
                "operation": Out(operation_layout(shape)),
                "input": Out(signed(layout.width(Bank.INPUT, shape))),
                "s": Out(range(STEP_LIMIT + 1)),
                "restart": Out(shape.ways),
                "host": Out(HostAccess(shape)),
                "overflow": In(shape.ways),
                "clip": In(shape.ways),
                "running": Out(1),
                "fault": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.array
        m.submodules.command = command = CommandPort(shape, self.build)
        m.submodules.sequencer = sequencer = Sequencer(shape)

        wiring.connect(m, command.i, wiring.flipped(self.i))
        wiring.connect(m, wiring.flipped(self.o), command.o)
        m.d.comb += [
            sequencer.run.eq(command.run),
            sequencer.run_valid.eq(command.run_valid),
            command.run_ready.eq(sequencer.run_ready),
            # No request is decoded as fast as this is late.
            command.idle.eq(later(m, sequencer.idle, "idle", 1)),
            sequencer.hamiltonian.eq(command.hamiltonian),
            command.done.eq(sequencer.done),
            command.done_context.eq(sequencer.done_context),
            command.issued.eq(sequencer.operation.valid),
            command.overflow.eq(self.overflow),
            command.clip.eq(self.clip),
            self.operation.eq(sequencer.operation),
            self.restart.eq(sequencer.restart),
            self.s.eq(command.s),
            self.running.eq(~command.idle),
            self.fault.eq(command.fault),
        ]
        host = command.host
        for name in host.signature.members:
            if name != "answer":
                m.d.comb += getattr(self.host, name).eq(getattr(host, name))

        # Inputs: addressed a cycle before their operation is issued, so that they follow it by one.
        width = layout.width(Bank.INPUT, shape)
        m.submodules.inputs = inputs = SinglePortRam(width, layout.depth(Bank.INPUT, shape))
        answer = Signal.like(host.answer, reset_less=True)
        m.d.sync += answer.eq(Mux(host.bank == Bank.INPUT, self.input, self.host.answer))
        m.d.comb += [
            host.answer.eq(answer),
            self.input.eq(inputs.word),
            inputs.address.eq(Mux(host.active, host.address, sequencer.input_address)),
            inputs.data.eq(host.data[:width]),
            inputs.write.eq(host.active & host.write & (host.bank == Bank.INPUT)),
        ]
        return m
