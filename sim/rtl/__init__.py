"""The gateware as a device: Amaranth to Verilog, Verilog to native code, native code behind a port of 32-bit words."""

from loschmidt.sim.native.compiler import ToolError

from .board import BoardLine, BoardPlan, BoardSimulation
from .open import open_rtl
from .port import RtlPort, SimulationError, Stall

__all__ = ["BoardLine", "BoardPlan", "BoardSimulation", "RtlPort", "SimulationError", "Stall", "ToolError", "open_rtl"]
