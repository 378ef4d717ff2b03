"""Our model of ECP5's block RAM does what Lattice's guide says, in words of all widths; broken ones are caught."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.sim.bench.simulator import Difference
from loschmidt.sim.rtl.cells import ours, unlinted

from .parts import Part, bay, run

CELL = "DP16KD"

#: Widths of the side that writes and of the side that reads, and whether a register is behind that.
GOOD = {
    "bit": (1, 1, False),
    "pair": (2, 9, True),
    "nibble": (4, 1, True),
    "byte": (9, 9, False),
    "two_bytes": (18, 18, True),
    "wide": (36, 36, False),
    "wide_registered": (36, 36, True),
    "narrower": (36, 18, True),
    "wider": (9, 36, True),
}

#: What the model says, what it says instead, and the settings that show it.
BROKEN = {
    "halves_the_other_way": ("DATA_WIDTH_B == 36 ? out_b[17:0]", "DATA_WIDTH_B == 36 ? out_b[35:18]", "wide"),
    "all_bytes_written": ("width == 36 ? at[3:0] :", "width == 36 ? 4'b1111 :", "wide"),
    "register_left_out": ("assign out_b = REGISTER_B ? held_b : read_b;", "assign out_b = read_b;", "two_bytes"),
    "nibble_as_byte": ("width == 4 ? 4 * at[2] : 0", "0", "nibble"),
    "always_enabled": (".enable_b(CEB & ", ".enable_b(", "byte"),
    "collisions_forgiven": ("found = hit ? ~memory[byte_at] : memory[byte_at];", "found = memory[byte_at];", "byte"),
}


class Block(wiring.Component):
    """One block RAM that A writes and B reads, of the model with that name."""

    def __init__(self, cell: str, width_a: int, width_b: int, registered: bool) -> None:
        self.cell, self.widths, self.registered = cell, (width_a, width_b), registered
        ports = {"write_a": In(1), "address_a": In(14), "data_a": In(36), "enable_b": In(1), "address_b": In(14), "word": Out(36)}
        super().__init__(ports)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        out_a, out_b = Signal(18), Signal(18)
        pins = {f"i_DIA{k}": self.data_a[k] for k in range(18)} | {f"i_DIB{k}": self.data_a[18 + k] for k in range(18)}
        pins |= {f"i_ADA{k}": self.address_a[k] for k in range(14)} | {f"i_ADB{k}": self.address_b[k] for k in range(14)}
        pins |= {f"o_DOA{k}": out_a[k] for k in range(18)} | {f"o_DOB{k}": out_b[k] for k in range(18)}
        m.submodules.cell = Instance(
            self.cell,
            **{f"p_DATA_WIDTH_{side}": width for side, width in zip("AB", self.widths, strict=True)},
            **{f"p_REGMODE_{side}": "OUTREG" if self.registered else "NOREG" for side in "AB"},
            **{f"i_{name}": ClockSignal() for name in ("CLKA", "CLKB")},
            **{f"i_{name}": Const(1, 1) for name in ("CEA", "OCEA", "OCEB")},
            **{f"i_{name}": Const(0, 1) for name in ("RSTA", "RSTB", "WEB", "CSA0", "CSA1", "CSA2", "CSB0", "CSB1", "CSB2")},
            i_WEA=self.write_a,
            i_CEB=self.enable_b,
            **pins,
        )
        m.d.comb += self.word.eq(Cat(out_a, out_b) if self.widths[1] == 36 else out_b)
        return m


def part(settings: tuple[int, int, bool], cell: str = CELL) -> Part:
    width_a, width_b, registered = settings
    return Part(lambda: Block(cell, *settings), "block_ram", {"width_a": width_a, "width_b": width_b, "registered": registered})


PARTS = {
    **{name: part(settings) for name, settings in GOOD.items()},
    **{name: part(GOOD[shown], f"{CELL}_{name}") for name, (_, _, shown) in BROKEN.items()},
}


@cache
def design() -> str:
    """All of them side by side, each broken model under a name of its own."""
    model = ours("nine_bit_bytes") + ours("ecp5").split("endmodule")[0] + "endmodule\n"
    models = [model]
    for name, (said, instead, _) in BROKEN.items():
        if model.count(said) != 1:
            raise ValueError(f"the model does not say {said!r} exactly once")
        models.append(re.sub(r"\b(DP16KD|NINE_BIT_BYTES)(?= [(#])", rf"\1_{name}", model.replace(said, instead)))
    return unlinted(bay(PARTS) + "\n".join(models))


@pytest.mark.parametrize("name", GOOD)
def test_block_ram(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], design(), tmp_path) == 2


@pytest.mark.parametrize("name", BROKEN)
def test_broken_model_is_caught(name: str, tmp_path: Path) -> None:
    with pytest.raises(Difference, match=r"block_ram_bench failed"):
        run(name, PARTS[name], design(), tmp_path)
