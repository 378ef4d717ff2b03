"""Measures what cocotb costs: clock cycles a second of the gateware with cocotb taking it through each of them, from Python.

`loschmidt bench devices` measures the same arrays as the RTL device, whose steps are native code; cocotb is a test's tool, which the
command line knows nothing of. Writes docs/measured/benchmarks/cocotb.json, or the file that is given; ``--quick`` takes a second.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from loschmidt.host.bench.devices import INPUTS, QUICK, SECONDS, SIZES, STEPS
from loschmidt.sim.bench.array_bench import SHAPE
from loschmidt.sim.bench.simulator import run_bench
from loschmidt.sim.bench.speed_bench import FILE
from loschmidt.sim.bench.speed_bench import SECONDS as FOR
from loschmidt.sim.bench.speed_bench import STEPS as OF
from loschmidt.sim.rtl.open import gateware
from loschmidt.spec.shape import Shape

MEASURED = Path(__file__).parent / "measured" / "benchmarks" / "cocotb.json"


def rows(quick: bool) -> list[dict[str, Any]]:
    """One for each size of `loschmidt bench devices`."""
    found = []
    for n, lanes in QUICK if quick else SIZES:
        shape = Shape(n, INPUTS, lanes, 1, 1, STEPS, 1, STEPS)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "speed.json"
            settings = {SHAPE: json.dumps(shape.to_json()), OF: str(STEPS), FOR: str(0.0 if quick else SECONDS), FILE: str(file)}
            run_bench("loschmidt.sim.bench.speed_bench", gateware(shape), Path(folder), settings)
            found.append({"device": "cocotb", **json.loads(file.read_text())})
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, default=MEASURED, metavar="FILE", help="write the figures there")
    parser.add_argument("--quick", action="store_true", help="a small array, once")
    arguments = parser.parse_args()
    measured = rows(arguments.quick)
    arguments.json.write_text(json.dumps({"rows": measured}, indent=1) + "\n")
    for row in measured:
        print(row)
