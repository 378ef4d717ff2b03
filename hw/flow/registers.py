"""Moving the registers behind ECP5's block RAMs into them: the word is there 5 ns earlier, and the flip-flops are free for others.

Yosys leaves the block RAM's own output register unused. Where every bit of a port that is used goes to a plain flip-flop and nowhere
else, those flip-flops are taken out of the netlist and the port's register is switched on (Lattice TN1264, ``REGMODE``).
The reset that such flip-flops may have is dropped: a word that was read before a reset is not what anybody asks for after it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: A cell or a net of Yosys' JSON.
Netlist = dict[str, Any]

_RAM, _FLIP_FLOP = "DP16KD", "TRELLIS_FF"
_SIDES = "AB"
_WIDE = 36  # a word so wide goes out through both sides


def absorb(path: Path, top: str) -> int:
    """Rewrite the netlist in ``path``; returns how many flip-flops went."""
    netlist = json.loads(path.read_text())
    count = absorbed(netlist["modules"][top])
    path.write_text(json.dumps(netlist))
    return count


def absorbed(module: Netlist) -> int:
    """Rewrite one module; returns how many flip-flops went."""
    cells: dict[str, Netlist] = module["cells"]
    sinks = _sinks(module)
    flip_flops = {cell["connections"]["DI"][0]: name for name, cell in cells.items() if cell["type"] == _FLIP_FLOP}
    count = 0
    for ram in [cell for cell in cells.values() if cell["type"] == _RAM]:
        for sides in _groups(ram):
            names = _registers(ram, sides, sinks, flip_flops, cells)
            for name, port in names.items():
                ram["connections"][port] = cells.pop(name)["connections"]["Q"]
            for side in sides if names else "":
                ram["parameters"][f"REGMODE_{side}"] = "OUTREG"
                ram["connections"][f"OCE{side}"] = ["1"]
            count += len(names)
    return count


def _sinks(module: Netlist) -> Counter[int]:
    """Net to how many inputs of cells, and outputs of the module, it goes."""
    cells = module["cells"].values()
    found = Counter(
        bit for cell in cells for port, bits in cell["connections"].items() if cell["port_directions"][port] != "output" for bit in bits
    )
    found.update(bit for port in module["ports"].values() if port["direction"] != "input" for bit in port["bits"])
    return found


def _groups(ram: Netlist) -> Iterable[str]:
    """Sides whose registers must be alike."""
    widths = [int(ram["parameters"][f"DATA_WIDTH_{side}"], 2) for side in _SIDES]
    return (_SIDES,) if _WIDE in widths else tuple(_SIDES)


def _registers(ram: Netlist, sides: str, sinks: Counter[int], flip_flops: dict[int, str], cells: dict[str, Netlist]) -> dict[str, str]:
    """Flip-flop to the port it is behind, for all bits that are used; none if one of them cannot be absorbed."""
    found: dict[str, str] = {}
    for side in sides:
        if ram["parameters"][f"REGMODE_{side}"] != "NOREG" or ram["parameters"][f"CLK{side}MUX"] != f"CLK{side}":
            return {}
        for port in [f"DO{side}{index}" for index in range(18)]:
            bits = ram["connections"].get(port, [])
            if not bits or not sinks[bits[0]]:
                continue
            name = flip_flops.get(bits[0], "")
            if sinks[bits[0]] != 1 or name not in cells or not _plain(cells[name], ram["connections"][f"CLK{side}"]):
                return {}
            found[name] = port
    return found


def _plain(flip_flop: Netlist, clock: list[int]) -> bool:
    """Whether a flip-flop does what the block RAM's can: the same clock, always enabled, zero at first."""
    parameters = {name: value.strip() for name, value in flip_flop["parameters"].items()}
    expected = {"CEMUX": "1", "CLKMUX": "CLK", "REGSET": "RESET"}
    return flip_flop["connections"]["CLK"] == clock and all(parameters[name] == value for name, value in expected.items())
