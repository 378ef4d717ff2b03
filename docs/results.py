"""Rewrites the table of results in README.md from what the commands wrote to docs/measured/. Run by `make results`.

With ``--commands`` it prints those commands instead."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
README = HERE.parent / "README.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"

#: File -> the command that writes it (with ``--json`` and the file's name).
COMMANDS = {
    "reversal-emulator": "loschmidt verify --check reversal --oscillators 4 --inputs 1 --steps 10000000",
    "reversal-rtl": "loschmidt verify --check reversal --oscillators 4 --inputs 1 --lanes 2 --steps 100000 --device rtl",
    "gradient": "loschmidt verify --check gradient --oscillators 64 --steps 1000",
    "agreement": "loschmidt verify --check agreement --oscillators 6 --inputs 2 --lanes 3 --steps 50 --device rtl --against golden",
    "compare": "loschmidt compare --seeds 5",
    "link": "loschmidt verify --check link",
    "cycles": "loschmidt cycles --oscillators 64 --inputs 8 --lanes 64",
    "lab-static-gradient": "loschmidt lab static-gradient",
    "lab-tracking": "loschmidt lab tracking",
    "lab-dissipation": "loschmidt lab dissipation",
    "lab-reversibility": "loschmidt lab reversibility",
    "lab-boundary": "loschmidt lab boundary",
    "lab-cost": "loschmidt lab cost",
    "lab-word-length": "loschmidt lab word-length",
    "lab-heb": "loschmidt lab heb",
}

#: Commands that draw, too: into docs/images/, by the file's name.
DRAWN = "lab-"


def load(name: str) -> dict[str, Any]:
    content = json.loads((HERE / "measured" / f"{name}.json").read_text())
    if not isinstance(content, dict):
        raise ValueError(f"docs/measured/{name}.json holds no object: make results")
    return content


def rows() -> Iterator[tuple[str, str, str, str]]:
    """What, asked, measured, and the file that says so."""
    for name, device, asked in (("reversal-emulator", "emulator", "10^7"), ("reversal-rtl", "simulated gateware", "10^5")):
        report = load(name)
        found = [row["measured"] for row in report["rows"]]
        wrong = int(sum(row["different"] for row in found))
        what = f"forward, flip, back: the start, every Hamiltonian, random and extreme states, {device}"
        yield what, f"{asked} steps, exact", f"{min(row['steps'] for row in found):,} steps, {wrong} integers differ", name
    found = [row["measured"] for row in load("gradient")["rows"]]
    settings = load("gradient")["settings"]
    worst = f"{min(row['cosine'] for row in found):.6f}; {100 * max(abs(row['norm'] - 1) for row in found):.3f} %"
    size = f"N = {settings['shape']['oscillators']}, T = {settings['steps']}, delta = 2^-{settings['s']}"
    what = f"gradient beside float64 BPTT, {size}: worst of {len(found)} groups"
    yield what, "cosine 0.9999; norm 0.5 %", worst, "gradient"
    found = [row["measured"] for row in load("agreement")["rows"] if row["check"] == "agreement"]
    figure = f"{int(sum(row['different'] for row in found))} of {int(sum(row['integers'] for row in found)):,} integers differ"
    yield "simulated gateware = golden model", "none", figure, "agreement"
    compared = load("compare")
    accuracy = f"{100 * compared['mean']['echo']:.2f} %; float BPTT {100 * compared['mean']['bptt']:.2f} %"
    yield "nine speakers (JapaneseVowels), test accuracy, mean of 5 seeds, emulator", "97 %, BPTT - 1", accuracy, "compare"
    longest = max(compared["seconds"]["echo"])
    yield "one such training run, the longest of 5, 2 cores", "120 s", f"{longest:.0f} s", "compare"
    *rough, streaming = (row["measured"] for row in load("link")["rows"])
    total = {name: sum(row[name] for row in rough) for name in ("frames", "faults", "wrong", "hung")}
    what = "link: 1 % of frames damaged, 1 % dropped, 1 % doubled, others cut or out of order"
    figure = f"{total['frames']:,} frames, {total['faults']:,} faults: {total['wrong']} wrong, {total['hung']} hung"
    yield what, "10^5 frames, none, none", figure, "link"
    yield "longest recovery of those, in timeouts", "3", f"{max(row['timeouts to recover'] for row in rough):.2f}", "link"
    yield "line to the board busy while words are streamed, simulated line", "90 %", f"{100 * streaming['busy']:.1f} %", "link"
    for contexts, asked in ((1, "1.30"), (2, "1.08")):
        item = next(
            x for x in load("cycles")["measurements"] if (x["hamiltonian"], x["phase"], x["contexts"]) == ("dense", "forward", contexts)
        )
        what = f"cycles of a forward step / (2 N^2 + N M) / L, N = L = 64, M = 8, {contexts} context{'s' * (contexts > 1)}"
        yield what, asked, f"{item['ratio']:.3f} ({item['cycles']:g} / {item['ideal']:g})", "cycles"
    yield from theory()


def theory() -> Iterator[tuple[str, str, str, str]]:
    """The same of the lab's experiments."""
    methods = {row["method"]: row["from differences"] for row in load("lab-static-gradient")["rows"]}
    biased = methods.pop("CIVP, without")
    what = f"{len(methods)} methods of the paper beside finite differences, the farthest; CIVP without residuals"
    yield what, "1e-6; above 10 %", f"{max(methods.values()):.1e}; {100 * biased:.0f} %", "lab-static-gradient"
    same = load("lab-static-gradient")["checks"][2]["measured"]
    yield "parametric final value problem = echo (theorem 5), float64", "1e-10", f"{same:.1e}", "lab-static-gradient"
    rows = load("lab-heb")["rows"]
    echo, bptt = (100 * sum(row[name] for row in rows) / len(rows) for name in ("echo", "bptt"))
    what = f"handwritten digits as initial states, test accuracy, mean of {len(rows)} seeds, emulator"
    yield what, "95 %, BPTT - 1", f"{echo:.2f} %; float BPTT {bptt:.2f} %", "lab-heb"


def table() -> str:
    lines = ["| what | asked | measured | command |", "|---|---|---|---|"]
    lines += [f"| {what} | {asked} | {measured} | `{COMMANDS[name]}` |" for what, asked, measured, name in rows()]
    return "\n".join(lines)


def rewritten(text: str) -> str:
    """The README with today's table."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    if "--commands" in sys.argv:
        for name, command in COMMANDS.items():
            figure = f" --figure docs/images/{name}.png" if name.startswith(DRAWN) else ""
            print(f"{command} --json docs/measured/{name}.json{figure}")
        sys.exit()
    README.write_text(rewritten(README.read_text()))
