"""`hw.steps`: exactly one step is under way at any time; the command port is tried with requests of every kind."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from amaranth.hdl import Cat, Module
from amaranth.sim import Simulator

from loschmidt.hw import command, command_steps, first_word
from loschmidt.hw.steps import Steps
from loschmidt.spec import protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import Opcode

from .mutants import Fault, broken, with_imports
from .parts import FEW

RUN = [0, 2, 0, 0, 0]
REQUESTS = [
    (Opcode.IDENTIFY, []),
    (Opcode.CONFIGURE, [1]),
    (Opcode.CONFIGURE, [4]),
    (Opcode.RUN, RUN),
    (Opcode.RUN, [0, 0, 0, 0, 0]),
    (Opcode.WRITE, [Bank.POSITION, 1, 5, 6]),
    (Opcode.WRITE, [Bank.POSITION, 1, 5]),
    (Opcode.READ, [Bank.ACCUMULATOR, 0, 1]),
    (Opcode.READ, [Bank.POSITION, 1 << 20, 1]),
    (Opcode.COPY, [1]),
    (Opcode.FLIP, [2]),
    (Opcode.FLIP, [3]),
    (Opcode.CLEAR, []),
    (Opcode.STATUS, []),
    (Opcode.RESET_STATUS, []),
]


def step_counts(module: Any) -> set[int]:
    """How many of the steps of a module's command port are under way at once, while it serves every kind of request."""
    found: list[Steps] = []

    def spy(when: command_steps.Conditions) -> Steps:
        found.append(command_steps.command_steps(when))
        return found[0]

    module.command_steps = spy
    dut = module.CommandPort(FEW)
    m = Module()
    m.submodules.dut = dut
    simulator, counts = Simulator(m), set[int]()
    simulator.add_clock(1e-6)
    words = [word for code, payload in REQUESTS for word in protocol.request(code, payload)] + [0]  # which is no request

    async def bench(ctx: Any) -> None:
        choice, steps = random.Random(1), Cat(found[0].all())
        ctx.set(dut.o.ready, 1)
        ctx.set(dut.run_ready, 1)
        ctx.set(dut.idle, 1)
        waiting, silence = list(words), 0
        while silence < 400:
            ctx.set(dut.i.valid, bool(waiting) and choice.random() < 0.8)
            ctx.set(dut.i.payload, waiting[0] if waiting else 0)
            silence += 1
            if ctx.get(dut.i.valid & dut.i.ready):
                waiting.pop(0)
            if ctx.get((dut.i.valid & dut.i.ready) | dut.o.valid):
                silence = 0
            counts.add(ctx.get(steps).bit_count())
            await ctx.tick()
        assert not waiting

    simulator.add_testbench(bench)
    simulator.run()
    return counts


def test_one_step_at_a_time() -> None:
    assert step_counts(with_imports(command)) == {1}


def test_two_steps_at_a_time_are_seen() -> None:
    """IDENTIFY goes two ways."""
    fault = Fault('"brief": (Opcode.CONFIGURE,', '"brief": (Opcode.IDENTIFY, Opcode.CONFIGURE,')
    wrong = broken(first_word, fault)
    assert 2 in step_counts(with_imports(command, FirstWord=wrong.FirstWord))


@pytest.mark.parametrize(("origin", "target", "what"), [("A", "B", "left"), ("B", "A", "reached")])
def test_loose_end_is_refused(origin: str, target: str, what: str) -> None:
    steps = Steps("A")
    steps.go("A", "A")
    steps.go(origin, target)
    with pytest.raises(ValueError, match=rf"^step B is never {re.escape(what)}$"):
        steps.check()
