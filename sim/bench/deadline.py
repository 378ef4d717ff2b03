"""Every test of a bench ends: after so much simulated time it has failed, and after so many seconds the simulator stops."""

from __future__ import annotations

import faulthandler
import os

import cocotb
from cocotb.triggers import Timer

#: Simulated time of one test, in ns: ten times what the longest takes.
LIMIT = 10_000_000

#: Seconds of one test, for what never lets simulated time pass; and the variable that sets others.
SECONDS, VARIABLE = 300.0, "LOSCHMIDT_BENCH_DEADLINE"

#: How the log begins to say that the simulator was stopped: faulthandler's words.
STOPPED = "Timeout ("


def begin() -> None:
    """Give the test that begins here its deadlines. What is said at the second one is where Python was."""
    faulthandler.dump_traceback_later(float(os.environ.get(VARIABLE, SECONDS)), exit=True)
    cocotb.start_soon(_late())


async def _late() -> None:
    await Timer(LIMIT, "ns")
    raise AssertionError(f"no end after {LIMIT:,} ns of simulated time")
