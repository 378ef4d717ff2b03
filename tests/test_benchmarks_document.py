"""docs/benchmarks.md says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs import benchmarks, cocotb_cost, provenance

TEXT = benchmarks.DOCUMENT.read_text()


def test_tables_are_what_was_measured() -> None:
    """If it fails: python -m docs.benchmarks"""
    assert provenance.bare(benchmarks.rewritten(TEXT)) == provenance.bare(TEXT)


@pytest.mark.parametrize("different", [0, 3])
def test_another_figure_is_another_document(tmp_path: Path, different: int) -> None:
    assert benchmarks.rewritten(TEXT, tmp_path).count("Not measured yet: `python -m docs.provenance loschmidt bench ") == 10
    cocotb = "Not measured yet: `python -m docs.provenance python -m docs.cocotb_cost --json docs/measured/benchmarks/cocotb.json`."
    assert cocotb in benchmarks.rewritten(TEXT, tmp_path)
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "reverse.json").write_text(json.dumps({"steps": 10**9, "different": different}))
    found = benchmarks.rewritten(TEXT, tmp_path)
    assert f"| different | {different} |" in found
    assert "| steps | 1,000,000,000 |" in found


def test_cocotb_is_measured(tmp_path: Path) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "cocotb.json").write_text(json.dumps({"rows": cocotb_cost.rows(quick=True)}))
    assert "| cocotb | 6 | 3 | " in benchmarks.rewritten(TEXT, tmp_path)
