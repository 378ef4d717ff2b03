"""Rewrites the table of boards in docs/boards.md from what ``loschmidt build`` wrote to docs/measured/boards/. Run by `make bitstreams`.

With ``--commands`` it prints those commands instead, for the boards that follow, or for ``all``. Boards that are not built anew keep their
lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from docs import provenance
from loschmidt.spec.board import Board, load, names
from loschmidt.spec.fit import most_oscillators
from loschmidt.spec.part import Family

HERE = Path(__file__).parent
DOCUMENT, MEASURED = HERE / "boards.md", HERE / "measured" / "boards"
#: The largest N that is looked for: more than any part here has block RAMs for.
MANY = 4096
BEGIN, END = "<!-- boards: begin -->", "<!-- boards: end -->"


def figures(name: str) -> dict[str, Any]:
    """What the board's last build wrote; empty if there was none."""
    return provenance.load(MEASURED / f"{name}.json") or {}


def array(board: Board) -> str:
    shape = board.shape
    bits = f"{shape.formats.multiplier} bits" + ("" if shape.couplings else ", no couplings")
    return f"N = {shape.oscillators}, M = {shape.inputs}, L = {shape.lanes}, {bits}"


def row(board: Board) -> tuple[str, ...]:
    """Cells of one board's line."""
    found = figures(board.name)
    most = most_oscillators(board.shape, board.link.buffer, board.part, MANY)
    head = (f"`{board.name}`", board.part.name, array(board), f"{most:,}")
    wanted = float(board.clock.frequency) / 1e6
    if board.part.family is Family.XILINX7:
        return (*head, *[""] * 6, "a Vivado project; nobody has run it here")
    if not found:
        return (*head, *[""] * 6, "not built yet")
    # Files of before there was a choice are of arrays with couplings.
    if {"couplings": True, **found["array"]} != board.shape.to_json() or found.get("clock_mhz", wanted) != wanted:
        return (*head, *[""] * 6, "not built since its file was changed")
    if "failed" in found:
        return (*head, *[""] * 6, found["failed"])
    use = found["utilisation"]
    cells = [f"{use[kind]['used']:,} / {use[kind]['available']:,}" for kind in ("lut", "ff", "block_ram", "dsp")]
    clock = f"{found['fmax_mhz']:.1f} / {found['clock_mhz']:g}"
    last = board.shape.hamiltonians[-1].name.lower()
    rate = found["oscillator_steps_per_second"][last]
    speed = f"{rate['forward'] / 1e6:.3g} / {rate['training'] / 1e6:.3g}" + ("" if last == "dense" else f", {last}")
    seconds = sum(stage["seconds"] for stage in found["stages"])
    tools = ", native" if any(stage["origin"].startswith("native") for stage in found["stages"]) else ""
    return (*head, *cells, clock, speed, f"{'closes' if found['closed'] else '**does not close**'}; {seconds:.0f} s{tools}")


def when(name: str) -> str:
    """When the board was built, and how many files that it depends on have changed since."""
    found = figures(name)
    return provenance.note(found) if found else ""


def table() -> str:
    """All boards, in Markdown."""
    titles = (
        "board",
        "part",
        "array",
        "N at most",
        "LUT",
        "FF",
        "block RAM",
        "DSP",
        "fmax / clock, MHz",
        "dense, M steps/s",
        "result",
        "when",
    )
    rows: Iterator[tuple[str, ...]] = ((*row(load(name)), when(name)) for name in names())
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, ["---"] * len(titles), *rows))


def rewritten(text: str) -> str:
    """The document with today's table."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def commands(wanted: Sequence[str]) -> list[str]:
    """What builds these boards; ``all`` is all of them. `BoardError` if there is no such board."""
    chosen = names() if "all" in wanted else [load(name).name for name in wanted]
    return [f"loschmidt build {name} --json docs/measured/boards/{name}.json" for name in chosen]


if __name__ == "__main__":
    if "--commands" in sys.argv:
        for command in commands(sys.argv[2:]):
            print(f"{provenance.RUN} {command}")
        sys.exit()
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text()))
