"""The ports of one component of a bay, cycle by cycle."""

from __future__ import annotations

import json
import os
from typing import Any

from cocotb.triggers import Timer

from loschmidt.spec.shape import Shape

from . import deadline
from .streams import Stream

#: Name of the variable that says which part of a bay is tried, and how it was made: JSON with ``name``, and with ``shape`` or ``width``.
PART = "LOSCHMIDT_BENCH_PART"


def setting(key: str) -> Any:
    """What the part was made with."""
    return json.loads(os.environ[PART])[key]


def shape() -> Shape:
    """The shape the part was made for."""
    return Shape.from_json(setting("shape"))


def port(dut: Any, name: str) -> Any:
    """Handle of one of the part's ports."""
    return getattr(dut, f"{setting('name')}_{name}")


def stream(dut: Any, name: str) -> Stream:
    """One of the part's streams."""
    return Stream.of(dut, f"{setting('name')}_{name}", port(dut, "clk"))


class Pins:
    """Drives and samples the part's ports. All inputs hold their value until driven anew."""

    def __init__(self, dut: Any) -> None:
        self._dut = dut
        self._handles: dict[str, Any] = {}
        self._driven: dict[str, int] = {}

    @classmethod
    async def start(cls, dut: Any, **inputs: int) -> Pins:
        """Reset for two cycles, with these inputs."""
        deadline.begin()
        pins = cls(dut)
        pins._handle("clk").value = 0
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
        for name, value in inputs.items():
            if self._driven.get(name) != value:
                self._handle(name).value = self._driven[name] = value
        await Timer(1, "ns")

    def get(self, name: str) -> int:
        """An output of this cycle, unsigned."""
        return int(self._handle(name).value)

    def signed(self, name: str) -> int:
        """An output of this cycle, signed."""
        return int(self._handle(name).value.to_signed())

    def _handle(self, name: str) -> Any:
        if name not in self._handles:
            self._handles[name] = port(self._dut, name)
        return self._handles[name]
