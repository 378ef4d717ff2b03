"""The report: one HTML file with every table and figure in it, and nothing that has to be fetched."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape

from loschmidt.host.experiments.running import Done, svg, text

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2430; margin: 0 auto; max-width: 62rem; padding: 1.5rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 3rem; border-top: 1px solid #c9ced8; padding-top: 1rem; }
p { max-width: 48rem; } code { background: #f0f2f6; padding: .1em .35em; border-radius: 3px; }
img { display: block; width: 100%; height: auto; margin: 1rem 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .86rem; margin: .8rem 0; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid #e3e6ec; text-align: right; white-space: nowrap; }
th { border-bottom-color: #1f2430; } .word { text-align: left; }
.pass { color: #1c7456; } .miss { color: #b3261e; font-weight: 700; }
summary { cursor: pointer; } nav a { margin-right: 1rem; }
"""


def page(all_done: Sequence[Done], quick: bool) -> str:
    """The whole report as HTML."""
    return "\n".join(_lines(all_done, quick)) + "\n"


def _lines(all_done: Sequence[Done], quick: bool) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Loschmidt lab</title>'
    yield f'<link rel="icon" href="data:,">\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Loschmidt lab</h1>'
    kept = sum(check.passed for done in all_done for check in done.outcome.checks)
    total = sum(len(done.outcome.checks) for done in all_done)
    state = "pass" if kept == total else "miss"
    what = "the reduced set" if quick else "the whole set"
    seconds = sum(done.seconds for done in all_done)
    yield f'<p id="verdict" class="{state}">{kept} of {total} bounds kept; {what}, {seconds:.0f} s.</p>'
    yield f"<nav>{' '.join(_link(done) for done in all_done)}</nav>"
    for done in all_done:
        yield from _section(done)
    yield "</main>\n</body>\n</html>"


def _link(done: Done) -> str:
    state = "pass" if done.outcome.passed else "miss"
    return f'<a class="{state}" href="#{done.experiment.name}">{escape(done.experiment.name)}</a>'


def _section(done: Done) -> Iterator[str]:
    experiment, outcome = done.experiment, done.outcome
    yield f'<section id="{experiment.name}">\n<h2>{escape(experiment.name)}: {escape(experiment.title)}</h2>'
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in experiment.lesson.split("\n\n"))
    image = base64.b64encode(svg(done)).decode()
    yield f'<img alt="{escape(experiment.title)}" src="data:image/svg+xml;base64,{image}">'
    cells = [(c.what, text(c.measured), c.bound, "pass" if c.passed else "MISS") for c in outcome.checks]
    yield from _table(("check", "measured", "bound", "verdict"), cells)
    yield f"<details>\n<summary>{len(outcome.rows)} rows, as <code>loschmidt lab {experiment.name}</code> printed them</summary>"
    yield from _table(tuple(outcome.rows[0]), [tuple(text(value) for value in row.values()) for row in outcome.rows])
    settings = ", ".join(f"{name} {value}" for name, value in outcome.settings.items())
    yield f"</details>\n<p>{escape(settings)}; {done.seconds:.1f} s</p>\n</section>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    words = [any(not _is_number(row[column]) for row in rows) for column in range(len(head))]
    kinds = [' class="word"' if word else "" for word in words]
    names = "".join(f"<th{kind}>{escape(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    yield f'<div class="scroll"><table>\n<tr>{names}</tr>'
    for row in rows:
        yield f"<tr>{''.join(_cell(value, kind) for value, kind in zip(row, kinds, strict=True))}</tr>"
    yield "</table></div>"


def _cell(value: str, kind: str) -> str:
    if value in ("pass", "MISS"):
        return f'<td class="{value.lower()}">{value}</td>'
    return f"<td{kind}>{escape(value)}</td>"


def _is_number(value: str) -> bool:
    try:
        float(value.replace(",", ""))
    except ValueError:
        return value == "-"
    return True
