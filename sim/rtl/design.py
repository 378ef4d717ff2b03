"""One design, Verilated and compiled once: the harness and the cocotb benches link the same objects."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from loschmidt.sim.native import cache

from .compile import FAST, compile_sources, gathered, runtime, verilate, versions
from .verilog import TOP


def apart(*modules: str) -> str:
    """Verilator's control file that keeps modules of these names, numbered or not, classes of their own.

    Inlined they run up to twice as fast, but each place that has one is compiled by itself.
    """
    return "".join(f'no_inline -module "{name}*"\n' for name in modules)


FLAGS = ("--vpi", "--threads", "1", "--timescale", "1ns/1ns")


@dataclass(frozen=True)
class Design:
    """What a program that simulates the design is made from.

    Members
    -------
    key : the hash of all that went into it
    headers : directory of the headers that Verilator wrote
    objects : object files, Verilator's runtime among them
    """

    key: str
    headers: Path
    objects: list[Path]


def ports(verilog: str) -> str:
    """Verilator's control file of a design: its ports can be driven by name, what is inside stays as fast as can be."""
    top = verilog[verilog.index(f"module {TOP}(") :]
    names = re.findall(r"^ *(?:input|output) (?:signed )?(?:\[[^]]+\] )?(\w+);", top[: top.index("endmodule")], re.MULTILINE)
    return "".join(f'public_flat_rw -module "{TOP}" -var "{name}"\n' for name in names)


def design(verilog: str, control: str = "", level: str = FAST) -> Design:
    """Verilate and compile a design unless the cache has it. ``control`` may be `apart`; ``level`` is how the compiler optimises."""
    settings = ports(verilog) + control
    key = cache.digest(verilog, settings, repr(FLAGS), level, versions())

    def build(directory: Path) -> None:
        sources = verilate(verilog, directory, FLAGS, settings)
        compile_sources(gathered(sources, directory, level), directory, flags=(f"-I{directory}",), level=level)
        for path in directory.iterdir():
            if path.suffix not in (".h", ".o", ".v"):
                path.unlink()

    directory = cache.built("design", key, build)
    return Design(key, directory, [*sorted(directory.glob("*.o")), *runtime("verilated", "verilated_threads", "verilated_vpi")])
