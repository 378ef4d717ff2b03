"""docs/theory.md says what was measured, and its example runs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from docs import provenance, theory
from loschmidt.sim.theory import METHODS

TEXT = theory.DOCUMENT.read_text()


@pytest.mark.parametrize("document", [theory.DOCUMENT, theory.GRADIENTS], ids=lambda path: path.name)
def test_tables_are_what_was_measured(document: Path) -> None:
    """If it fails: python -m docs.theory"""
    text = document.read_text()
    assert provenance.bare(theory.rewritten(text)) == provenance.bare(text)


def test_every_method_is_told() -> None:
    assert not [name for name in METHODS if f"`{name}`" not in TEXT]


def test_example_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {}
    exec(code.replace("gradient(system", "found = gradient(system"), names)
    assert getattr(names["found"], "shape", None) == (4 * 4 + 4 * 2 + 3 * 4,)


@pytest.mark.parametrize("what", ["rows", "checks"])
def test_another_figure_is_another_document(tmp_path: Path, what: str) -> None:
    text = f"before\n<!-- measured: some {what} kind=dense -->\n<!-- measured: end -->\nafter\n"
    assert "Not measured yet: `python -m docs.provenance loschmidt lab some --json docs/measured/lab-some.json`." in theory.rewritten(
        text, tmp_path
    )
    found = []
    for figure in (0.25, 0.5):
        rows = [{"kind": "dense", "error": figure}, {"kind": "linear", "error": 7.5}]
        checks = [{"what": "error", "measured": figure, "bound": "at most 1", "passed": True}]
        (tmp_path / "lab-some.json").write_text(json.dumps({"rows": rows, "checks": checks}))
        found.append(theory.rewritten(text, tmp_path))
        assert theory.rewritten(found[-1], tmp_path) == found[-1]
        assert str(figure) in found[-1]
        assert "7.5" not in found[-1]
    assert found[0] != found[1]
