"""cocotb bench of nothing but speed: one run of the array, again and again; clock cycles and seconds go to a file.

Nothing is compared, `array_bench` does that; what the memories hold makes no difference to the time. Shape, steps, seconds and file come
from the environment.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import cocotb
from cocotb.utils import get_sim_time

from loschmidt.spec import protocol
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.protocol import Opcode
from loschmidt.spec.run import Run
from loschmidt.spec.shape import Shape

from .array_bench import SHAPE
from .array_port import PERIOD, ArrayPort
from .streams import PATTERNS

#: Variables that hold the steps of a run, the seconds to repeat it for, and the file for what was counted.
STEPS, SECONDS, FILE = "LOSCHMIDT_BENCH_STEPS", "LOSCHMIDT_BENCH_SECONDS", "LOSCHMIDT_BENCH_FILE"


@cocotb.test()
async def speed(dut: Any) -> None:
    """Cycles that cocotb takes the array through; nothing stalls."""
    shape, steps = Shape.from_json(json.loads(os.environ[SHAPE])), int(os.environ[STEPS])
    port = await ArrayPort.start(dut, shape, PATTERNS["none"], 1)
    await port.ask(Opcode.CONFIGURE, protocol.configure(Hamiltonian.DENSE, 5))
    began, first, runs = time.perf_counter(), get_sim_time("ns"), 0
    while not runs or time.perf_counter() - began < float(os.environ[SECONDS]):
        await port.ask(Opcode.RUN, protocol.run(Run(0, steps)))
        await port.barrier()
        runs += 1
    seconds, cycles = time.perf_counter() - began, (get_sim_time("ns") - first) / PERIOD
    found = {"N": shape.oscillators, "lanes": shape.lanes, "steps/s": runs * steps / seconds, "cycles/s": cycles / seconds}
    Path(os.environ[FILE]).write_text(json.dumps(found | {"cycles per step": cycles / (runs * steps)}))
