"""A cocotb bench that does not fit its design."""

from __future__ import annotations

from typing import Any

import cocotb


@cocotb.test()
async def breaks(dut: Any) -> None:
    dut.no_such_port.value = 0
