"""Amaranth to Verilog, by way of RTLIL and Yosys."""

from __future__ import annotations

from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import Value
from amaranth.lib import wiring

from loschmidt.hw.rtlil import merged
from loschmidt.sim.native import cache

from . import tools
from .aliases import without_aliases

#: Name of the top module, of its clock and of its reset.
TOP = "top"

#: Processes stay processes and memories stay memories: Verilator's code is then more than twice as fast as from multiplexers.
SCRIPT = "read_rtlil top.il; proc -nomux -norom; memory_collect; write_verilog -noattr -norename top.v"


def verilog(component: wiring.Component) -> str:
    """Verilog of a component whose signature gives its ports (``clk`` and ``rst`` beside them), cached by the hash of its RTLIL.

    Member ``payload`` of port ``i`` becomes the port ``i_payload``.
    """
    tools.require()
    # Source positions would make the text depend on where the project lies.
    text = merged(without_aliases(rtlil.convert(component, name=TOP, ports=_ports(component), emit_src=False)))

    def build(directory: Path) -> None:
        (directory / "top.il").write_text(text)
        tools.yosys(SCRIPT, directory)

    return (cache.built("verilog", cache.digest(text, SCRIPT, tools.yosys_version()), build) / "top.v").read_text()


def _ports(component: wiring.Component) -> dict[str, tuple[Value, None]]:
    """The signature's members under names without a double underscore, which Verilator would spell out in C++."""
    members = component.signature.flatten(component)
    return {"_".join(map(str, path)): (Value.cast(value), None) for path, _, value in members}
