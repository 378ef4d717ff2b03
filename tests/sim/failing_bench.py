"""A cocotb bench that fails."""

from __future__ import annotations

from typing import Any

import cocotb


@cocotb.test()
async def fails(dut: Any) -> None:
    assert dut is None, "nothing adds up"
