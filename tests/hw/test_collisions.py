"""Memories reach their block RAMs bare: without logic that keeps promises nobody needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from loschmidt.hw.flow.collisions import undefined
from loschmidt.sim.rtl import tools


class Store(wiring.Component):
    """A memory with one port of each kind."""

    def __init__(self, transparent: bool = False, clocked: bool = True) -> None:
        self.transparent, self.clocked = transparent, clocked
        super().__init__({"at": In(8), "to": In(8), "value": In(16), "write": In(1), "word": Out(16)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Memory(shape=16, depth=256, init=[])
        write = memory.write_port()
        read = memory.read_port(domain="sync" if self.clocked else "comb", transparent_for=(write,) if self.transparent else ())
        m.d.comb += [
            read.addr.eq(self.at),
            write.addr.eq(self.to),
            write.data.eq(self.value),
            write.en.eq(self.write),
            self.word.eq(read.data),
        ]
        return m


def text(store: Store) -> str:
    ports = {name: (getattr(store, name), None) for name in store.signature.members}
    return str(rtlil.convert(store, name="top", ports=ports, emit_src=False))


def cells(design: str, directory: Path) -> dict[str, int]:
    (directory / "top.il").write_text(design)
    tools.yosys("read_rtlil top.il; synth_ecp5 -top top; tee -q -o cells.json stat -json", directory)
    found: dict[str, int] = json.loads((directory / "cells.json").read_text())["design"]["num_cells_by_type"]
    return {kind: count for kind, count in found.items() if not kind.startswith("$")}


def test_block_ram_comes_bare(tmp_path: Path) -> None:
    assert cells(undefined(text(Store())), tmp_path) == {"DP16KD": 1}


def test_promise_would_be_kept_at_a_price(tmp_path: Path) -> None:
    found = cells(text(Store()), tmp_path)
    assert found["TRELLIS_FF"] > 16
    assert found["LUT4"] > 16


@pytest.mark.parametrize("store", [{"transparent": True}, {"clocked": False}])
def test_other_ports_stay_as_they_are(store: dict[str, bool]) -> None:
    design = text(Store(**store))
    assert undefined(design) == design


def test_only_masks_change() -> None:
    before, after = text(Store()).splitlines(), undefined(text(Store())).splitlines()
    changed = [(old.strip(), new.strip()) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [(r"parameter \COLLISION_X_MASK 1'0", r"parameter \COLLISION_X_MASK 1'1")]
