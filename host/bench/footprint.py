"""Memory that one gradient takes, measured by a process of its own: ``python -m loschmidt.host.bench.footprint WHO N B T``.

What has been loaded and compiled before is the baseline: the largest resident set since, less that, as Linux counts it. Inputs are part of
what is counted, and their size is given, too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from loschmidt.host.errors import DeviceError

from . import echo_step, jax_step
from .workload import INPUTS, Case

#: Steps of the run that loads and compiles everything.
WARM = 20

#: Who -> bytes of one input.
ECHO, JAX = "echo", "jax"
INPUT_BYTES = {ECHO: 8, JAX: 4}

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def resident(kind: str) -> int:
    """Bytes of this process: ``VmRSS`` now, ``VmHWM`` at most since `forget`."""
    listed = _STATUS.read_text().splitlines() if _STATUS.exists() else []
    for line in listed:
        if line.startswith(kind + ":"):
            return 1024 * int(line.split()[1])
    raise DeviceError(f"{_STATUS} does not tell {kind}: memory is measured on Linux only")


def forget() -> None:
    """Start the largest resident set anew."""
    _CLEAR.write_text("5")


def take(who: str, case: Case) -> dict[str, int]:
    """Bytes by which this process grows for one gradient; of them, the inputs."""
    for each in (replace(case, steps=WARM), case):
        before = resident("VmRSS")
        forget()
        step = echo_step.step(each, 1)[0] if who == ECHO else jax_step.step(each)
        step()
    return {"grown": resident("VmHWM") - before, "inputs": case.batch * case.steps * INPUTS * INPUT_BYTES[who]}


def measured(who: str, case: Case) -> dict[str, int]:
    """The same by a fresh process.

    Raises `DeviceError` if it fails, with its last line: JAX is not installed, there is no memory left.
    """
    command = [sys.executable, "-m", __spec__.name, who, str(case.oscillators), str(case.batch), str(case.steps)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise DeviceError(
            f"memory of {who} at T = {case.steps:,} could not be measured: {said[-1] if said else f'status {done.returncode}'}"
        )
    found: dict[str, int] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    jax_step.single_thread()
    n, batch, length = map(int, sys.argv[2:])
    print(json.dumps(take(sys.argv[1], Case(n, batch, length))))
