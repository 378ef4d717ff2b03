"""The ports of one component of a bay, cycle by cycle."""

from __future__ import annotations

import json
import os
from typing import Any

from cocotb.triggers import Timer

from loschmidt.spec.shape import Shape

#: Name of the variable that says which part of a bay is tried, and how it was made: JSON with ``name``, and with ``shape`` or ``width``.
PART = "LOSCHMIDT_BENCH_PART"


def setting(key: str) -> Any:
    """What the part was made with."""
    return json.loads(os.environ[PART])[key]


def shape() -> Shape:
    """The shape the part was made for."""
    return Shape.from_json(setting("shape"))


class Pins:
    """Drives and samples the part's ports. All inputs hold their value until driven anew."""

    def __init__(self, dut: Any) -> None:
        self._dut, self._name = dut, setting("name")
        self._handles: dict[str, Any] = {}
        self._driven: dict[str, int] = {}

    @classmethod
    async def start(cls, dut: Any, **inputs: int) -> Pins:
        """Reset for two cycles, with these inputs."""
        pins = cls(dut)
        for port in (dut.clk, dut.rst, pins._handle("clk")):
            port.value = 0
        pins._handle("rst").value = 1
        for _ in range(2):
            await pins.cycle(**inputs)
        pins._handle("rst").value = 0
        return pins

    async def cycle(self, **inputs: int) -> None:
        """End the cycle under way with a clock edge and begin the next with these inputs; its outputs can then be read."""
        clock = self._handle("clk")
        clock.value = 1
        await Timer(1, "ns")
        clock.value = 0
        await self.change(**inputs)

    async def change(self, **inputs: int) -> None:
        """Other inputs still in this cycle."""
        for port, value in inputs.items():
            if self._driven.get(port) != value:
                self._handle(port).value = self._driven[port] = value
        await Timer(1, "ns")

    def get(self, port: str) -> int:
        """An output of this cycle, unsigned."""
        return int(self._handle(port).value)

    def signed(self, port: str) -> int:
        """An output of this cycle, signed."""
        return int(self._handle(port).value.to_signed())

    def _handle(self, port: str) -> Any:
        if port not in self._handles:
            self._handles[port] = getattr(self._dut, f"{self._name}_{port}")
        return self._handles[port]
