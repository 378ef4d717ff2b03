"""The program that simulates one design under cocotb, and how a bench is run on it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

import cocotb
import cocotb_tools.config
from cocotb_tools.runner import get_runner

from loschmidt.sim.native import cache, compiler
from loschmidt.sim.rtl.compile import FAST, compile_sources
from loschmidt.sim.rtl.design import design
from loschmidt.sim.rtl.verilog import TOP
from loschmidt.spec.errors import LoschmidtError

from . import deadline


class BenchError(LoschmidtError):
    """A bench found a difference, or could not run."""


class Difference(BenchError):
    """A bench ran, and something that it asserts does not hold; or a test of it does not end."""


def simulator(verilog: str, control: str = "", level: str = FAST) -> Path:
    """Directory of the cocotb simulator of a design; built if the cache has none. ``control`` and ``level`` as in `sim.rtl.design`."""
    made = design(verilog, control, level)
    main = cocotb_tools.config.share_dir / "lib" / "verilator" / "verilator.cpp"
    libraries = cocotb_tools.config.libs_dir

    def build(directory: Path) -> None:
        objects = compile_sources([main], directory, flags=(f"-I{made.headers}",)) + made.objects
        command: list[str | Path] = [compiler.program(), "-pthread", *objects, f"-L{libraries}", f"-Wl,-rpath,{libraries}"]
        compiler.run([*command, "-lcocotbvpi_verilator", "-o", TOP], "linking the bench's simulator", directory)

    return cache.built("bench", cache.digest(made.key, cocotb.__version__, str(libraries)), build)


def run_bench(
    module: str,
    verilog: str,
    directory: Path,
    environment: Mapping[str, str],
    seed: int = 1,
    control: str = "",
    level: str = FAST,
) -> int:
    """Run every cocotb test of ``module`` on a design; returns how many ran.

    ``directory`` takes the log and the results; ``control`` and ``level`` as in `sim.rtl.design`.

    Raises
    ------
    Difference : what a test asserts does not hold
    BenchError : a test fails otherwise, none ran, or the simulator cannot run
    """
    build = simulator(verilog, control, level)
    log, results = directory / "bench.log", directory / "results.xml"
    try:
        get_runner("verilator").test(
            test_module=module,
            hdl_toplevel=TOP,
            hdl_toplevel_lang="verilog",
            build_dir=build,
            test_dir=directory,
            results_xml=str(results),
            log_file=log,
            seed=seed,
            extra_env=dict(environment),
        )
    except (SystemExit, RuntimeError, ValueError) as error:
        # cocotb leaves Python altogether when a test fails.
        kind, failure = _first_failure(results)
        if not failure and log.is_file() and deadline.STOPPED in log.read_text(errors="replace"):
            kind, failure = Difference, "a test did not end in time, and the simulator was stopped"
        raise kind(f"{module} failed ({failure or error}): see {log}") from error
    # Outside pytest cocotb says so in the log alone.
    kind, failure = _first_failure(results)
    if failure:
        raise kind(f"{module} failed ({failure}): see {log}")
    ran = [case for case in ElementTree.parse(results).iter("testcase") if case.find("skipped") is None]
    if not ran:
        raise BenchError(f"{module} ran no test: see {log}")
    return len(ran)


def _first_failure(results: Path) -> tuple[type[BenchError], str]:
    """What to raise, and name and first line of the message of the first test that failed; empty if the results do not say."""
    if not results.is_file():
        return BenchError, ""
    for case in ElementTree.parse(results).iter("testcase"):
        fault = next((child for child in case if child.tag in ("failure", "error")), None)
        if fault is not None:
            message = f"{fault.get('message') or fault.get('error_msg') or fault.text}".strip()
            kind = Difference if fault.get("type") == AssertionError.__name__ else BenchError
            return kind, f"{case.get('name')}: {message.partition(chr(10))[0]}"
    return BenchError, ""
