"""Our models of ECP5's and Gowin's block RAMs do what the makers' guides say, in words of all widths; broken ones are caught."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from amaranth.hdl import Cat, ClockSignal, Const, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from loschmidt.sim.bench.block_ram_bench import CONTENT
from loschmidt.sim.bench.simulator import Difference
from loschmidt.sim.rtl.cells import ours, unlinted

from .parts import Part, bay, run

ECP5, GOWIN, GOWIN_BOTH = "DP16KD", "SDPX9B", "DPX9B"


@dataclass(frozen=True)
class Setting:
    """A cell; widths of the side that writes and of the side that reads; whether a register is behind them; what the first gives when it
    writes: nothing new, what it writes, what was there. None: it gives nothing at all."""

    cell: str
    width_a: int
    width_b: int
    registered: bool
    gives: int | None = None


GOOD = {
    "bit": Setting(ECP5, 1, 1, False, 0),
    "pair": Setting(ECP5, 2, 9, True, 1),
    "nibble": Setting(ECP5, 4, 1, True, 2),
    "byte": Setting(ECP5, 9, 9, False, 1),
    "two_bytes": Setting(ECP5, 18, 18, True, 1),
    "two_bytes_before": Setting(ECP5, 18, 9, False, 2),
    "wide": Setting(ECP5, 36, 36, False),
    "wide_registered": Setting(ECP5, 36, 36, True),
    "narrower": Setting(ECP5, 36, 18, True),
    "wider": Setting(ECP5, 9, 36, True),
    "gowin_byte": Setting(GOWIN, 9, 9, False),
    "gowin_wide": Setting(GOWIN, 36, 36, True),
    "gowin_narrower": Setting(GOWIN, 36, 18, False),
    "gowin_both": Setting(GOWIN_BOTH, 9, 9, False, 1),
    "gowin_both_registered": Setting(GOWIN_BOTH, 18, 18, True, 2),
    "gowin_both_kept": Setting(GOWIN_BOTH, 18, 9, True, 0),
}

#: What a model says, what it says instead, and the setting that shows it.
BROKEN = {
    "halves_the_other_way": ("DATA_WIDTH_B == 36 ? out_b[17:0]", "DATA_WIDTH_B == 36 ? out_b[35:18]", "wide"),
    "all_bytes_written": ("width == 36 ? at[3:0] :", "width == 36 ? 4'b1111 :", "wide"),
    "register_left_out": ("(s ? REGISTER_B : REGISTER_A) ? held : read", "read", "two_bytes"),
    "nibble_as_byte": ("width == 4 ? 4 * at[2] : 0", "0", "nibble"),
    "always_enabled": ("if (enable[s] && ", "if (", "byte"),
    "collisions_forgiven": ("(hit ? ~memory[place] : memory[place])", "memory[place]", "byte"),
    "padding_as_content": ("padded[20 * k +: 18]", "padded[18 * k +: 18]", "byte"),
    "what_was_there": ("if (writes && GIVES == 1 && ", "if (GIVES == 3 && ", "two_bytes"),
    "always_something_new": ("(!write[s] || GIVES != 0)", "1", "gowin_both_kept"),
    "gowin_without_register": (".REGISTER_B(READ_MODE), .CONTENT", ".CONTENT", "gowin_wide"),
    "gowin_gives_nothing": (".GIVES_A(WRITE_MODE0)", ".GIVES_A(0)", "gowin_both"),
}


class Block(wiring.Component):
    """One block RAM that A writes and may read, and B reads."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        ports = {"write_a": In(1), "address_a": In(14), "data_a": In(36), "enable_b": In(1), "address_b": In(14)}
        super().__init__({**ports, "word_a": Out(18), "word_b": Out(36)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        clocks = {f"i_{name}": ClockSignal() for name in ("CLKA", "CLKB")}
        m.submodules.cell = (self._ecp5 if self.setting.cell.startswith(ECP5) else self._gowin)(m, clocks)
        return m

    def _ecp5(self, m: Module, clocks: dict[str, ClockSignal]) -> Instance:
        """It has a pin for each bit."""
        setting, out_a, out_b = self.setting, Signal(18), Signal(18)
        modes = ("NORMAL", "WRITETHROUGH", "READBEFOREWRITE")
        pins = {f"i_DIA{k}": self.data_a[k] for k in range(18)} | {f"i_DIB{k}": self.data_a[18 + k] for k in range(18)}
        pins |= {f"i_ADA{k}": self.address_a[k] for k in range(14)} | {f"i_ADB{k}": self.address_b[k] for k in range(14)}
        pins |= {f"o_DOA{k}": out_a[k] for k in range(18)} | {f"o_DOB{k}": out_b[k] for k in range(18)}
        m.d.comb += [self.word_a.eq(out_a), self.word_b.eq(Cat(out_a, out_b) if setting.width_b == 36 else out_b)]
        pairs = sum((CONTENT[2 * k] | CONTENT[2 * k + 1] << 9) << 20 * k for k in range(len(CONTENT) // 2))
        return Instance(
            setting.cell,
            **{f"p_DATA_WIDTH_{side}": width for side, width in (("A", setting.width_a), ("B", setting.width_b))},
            **{f"p_REGMODE_{side}": "OUTREG" if setting.registered else "NOREG" for side in "AB"},
            **{f"i_{name}": Const(1, 1) for name in ("CEA", "OCEA", "OCEB")},
            **{f"i_{name}": Const(0, 1) for name in ("RSTA", "RSTB", "WEB", "CSA0", "CSA1", "CSA2", "CSB0", "CSB1", "CSB2")},
            p_WRITEMODE_A=modes[setting.gives or 0],
            p_INITVAL_00=Const(pairs, 320),
            i_WEA=self.write_a,
            i_CEB=self.enable_b,
            **clocks,
            **pins,
        )

    def _gowin(self, m: Module, clocks: dict[str, ClockSignal]) -> Instance:
        setting, mode = self.setting, Const(int(self.setting.registered), 1)
        shared = {
            "p_BIT_WIDTH_0": setting.width_a,
            "p_BIT_WIDTH_1": setting.width_b,
            **{f"i_{name}": Const(0, 1) for name in ("RESETA", "RESETB")},
            **{f"i_{name}": Const(0, 3) for name in ("BLKSELA", "BLKSELB")},
            "p_INIT_RAM_00": Const(sum(byte << 9 * k for k, byte in enumerate(CONTENT)), 288),
            "i_ADA": self.address_a,
            "i_ADB": self.address_b,
            "i_CEB": self.enable_b,
        }
        one = Const(1, 1)
        if setting.cell.startswith(GOWIN):
            return Instance(
                setting.cell, p_READ_MODE=mode, i_CEA=self.write_a, i_OCE=one, i_DI=self.data_a, o_DO=self.word_b, **shared, **clocks
            )
        return Instance(
            setting.cell,
            **{f"p_READ_MODE{k}": mode for k in (0, 1)},
            **{f"i_{name}": one for name in ("CEA", "OCEA", "OCEB")},
            i_WREA=self.write_a,
            i_WREB=Const(0, 1),
            i_DIA=self.data_a[:18],
            i_DIB=Const(0, 18),
            p_WRITE_MODE0=Const(setting.gives or 0, 2),
            o_DOA=self.word_a,
            o_DOB=self.word_b[:18],
            **shared,
            **clocks,
        )


def part(setting: Setting) -> Part:
    return Part(lambda: Block(setting), "block_ram", asdict(setting))


def broken(name: str) -> Setting:
    """A setting of the model with that fault, under a name of its own."""
    setting = GOOD[BROKEN[name][2]]
    return replace(setting, cell=f"{setting.cell}_{name}")


PARTS = {**{name: part(setting) for name, setting in GOOD.items()}, **{name: part(broken(name)) for name in BROKEN}}


@cache
def design() -> str:
    """All of them side by side, each broken model under a name of its own."""
    model = "\n".join(map(ours, ("nine_bit_bytes", "ecp5", "gowin")))
    models = [model]
    for name, (said, instead, _) in BROKEN.items():
        if model.count(said) != 1:
            raise ValueError(f"the models do not say {said!r} exactly once")
        models.append(re.sub(r"\b(DP16KD|S?DPX9B|NINE_BIT_BYTES|EHXPLLL|rPLL)(?= [(#])", rf"\1_{name}", model.replace(said, instead)))
    return unlinted(bay(PARTS) + "\n".join(models))


@pytest.mark.parametrize("name", GOOD)
def test_block_ram(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], design(), tmp_path) == 2


@pytest.mark.parametrize("name", BROKEN)
def test_broken_model_is_caught(name: str, tmp_path: Path) -> None:
    with pytest.raises(Difference, match=r"block_ram_bench failed"):
        run(name, PARTS[name], design(), tmp_path)
