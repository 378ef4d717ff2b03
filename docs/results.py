"""Rewrites the table of results in README.md from what the commands wrote to docs/measured/. Run by `make results`.

``--commands`` prints the commands of the stale figures instead, with ``--all`` those of all;
``--check`` names the rows of the table that are stale, and ends with status 1 if there are any.
What makes a figure stale is told in docs/provenance.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from docs import provenance
from loschmidt.host.lab.trust import SHARES

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
    "lab-differences": "loschmidt lab differences",
    "lab-tracking": "loschmidt lab tracking",
    "lab-dissipation": "loschmidt lab dissipation",
    "lab-reversibility": "loschmidt lab reversibility",
    "lab-boundary": "loschmidt lab boundary",
    "lab-cost": "loschmidt lab cost",
    "lab-word-length": "loschmidt lab word-length",
    "lab-time-step": "loschmidt lab time-step",
    "lab-trust": "loschmidt lab trust --systems 3840",
    "lab-heb": "loschmidt lab heb",
}

#: Commands that draw, too: into docs/images/, by the file's name.
DRAWN = "lab-"


def full(name: str) -> str:
    """The command that writes a file, with where to."""
    figure = f" --figure docs/images/{name}.png" if name.startswith(DRAWN) else ""
    return f"{COMMANDS[name]} --json docs/measured/{name}.json{figure}"


def load(name: str) -> dict[str, Any]:
    """What a command wrote. Raises `ValueError` if there is no such file, or no object in it."""
    content = provenance.load(HERE / "measured" / f"{name}.json")
    if content is None:
        raise ValueError(f"docs/measured/{name}.json is missing: make results")
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
    yield from trained()
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
    outcome = load("lab-differences")
    total = {name: sum(row[name] for row in outcome["rows"]) for name in ("trusted", "off by > 1 %", "wrong")}
    what = f"groups of gradients over all that a device admits ({outcome['settings']['drawn']}) beside finite differences of its loss"
    figure = f"{total['trusted']:,} trusted: {total['wrong']} wrong, {total['off by > 1 %']} further than 1 %"
    yield what, "0 wrong; 3 % further than 1 %", figure, "lab-differences"
    rows = load("lab-heb")["rows"]
    echo, bptt = (100 * sum(row[name] for row in rows) / len(rows) for name in ("echo", "bptt"))
    what = f"handwritten digits as initial states, test accuracy, mean of {len(rows)} seeds, emulator"
    yield what, "95 %, BPTT - 1", f"{echo:.2f} %; float BPTT {bptt:.2f} %", "lab-heb"


def trained() -> Iterator[tuple[str, str, str, str]]:
    """What gradients are worth where training runs, and what "trusted" means."""
    row = next(row for row in load("lab-time-step")["rows"] if row["training's own"])
    what = f"the same at training's own step, delta = {row['delta']}: groups beyond these bounds, of all and of those that are trusted"
    beyond = (f"{row[f'{who}: beyond the bounds']} of {row[f'{who}: groups']}" for who in ("all", "trusted"))
    figure = f"{'; '.join(beyond)} (norm off by up to {row['trusted: norm off, %']:.2g} %)"
    yield what, "said, not bounded", figure, "lab-time-step"
    outcome = load("lab-trust")
    rows = [row for row in outcome["rows"] if row["by"] == "hamiltonian"]
    what = f"random systems, tame to chaotic ({outcome['settings']['drawn']}): share of trusted gradients off by more than 5 %"
    bounds = ", ".join(f"{row['of']} {share:.0%}" for row, share in zip(rows, SHARES.values(), strict=True))
    found = ", ".join(f"{row['of']} {row['share, %']:.1f} %" for row in rows)
    yield what, f"at most {bounds}", f"{found}; the worst by {max(row['worst, %'] for row in rows):.0f} %", "lab-trust"


def table() -> str:
    """The table of results, in Markdown."""
    lines = ["| what | asked | measured | command | at commit |", "|---|---|---|---|---|"]
    lines += [
        f"| {what} | {asked} | {measured} | `{COMMANDS[name]}` | {provenance.commit(load(name))} |"
        for what, asked, measured, name in rows()
    ]
    return "\n".join(lines)


def rewritten(text: str) -> str:
    """The README with today's table."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def stale(root: Path = provenance.ROOT) -> Mapping[str, str]:
    """Files whose figures must be measured again, and why."""
    found = {name: provenance.stale(provenance.load(HERE / "measured" / f"{name}.json"), full(name), root) for name in COMMANDS}
    return {name: why for name, why in found.items() if why is not None}


def check(root: Path = provenance.ROOT) -> list[str]:
    """One line for each row of the README's table that is stale."""
    why = stale(root)
    if missing := [name for name in why if why[name] == provenance.MISSING]:
        return [f"README table: `{COMMANDS[name]}` is {provenance.MISSING}: make results" for name in missing]
    return [f"README row {what!r}, `{COMMANDS[name]}`: {why[name]}: make results" for what, _, _, name in rows() if name in why]


if __name__ == "__main__":
    if "--check" in sys.argv:
        lines = check()
        print(*lines, sep="\n", file=sys.stderr)
        sys.exit(bool(lines))
    if "--commands" in sys.argv:
        for name in COMMANDS if "--all" in sys.argv else stale():
            print(f"python -m docs.provenance {full(name)}")
        sys.exit()
    README.write_text(rewritten(README.read_text()))
