"""A cocotb bench whose tests have no end of their own."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import RisingEdge

from loschmidt.sim.bench import deadline


@cocotb.test()
async def waits(dut: Any) -> None:
    deadline.begin()
    await RisingEdge(dut.o_valid)


@cocotb.test()
async def turns(dut: Any) -> None:
    deadline.begin()
    while True:
        pass
