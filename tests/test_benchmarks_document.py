"""docs/benchmarks.md says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs import benchmarks

TEXT = benchmarks.DOCUMENT.read_text()


def test_tables_are_what_was_measured() -> None:
    """If it fails: python -m docs.benchmarks"""
    assert benchmarks.rewritten(TEXT) == TEXT


@pytest.mark.parametrize("different", [0, 3])
def test_another_figure_is_another_document(tmp_path: Path, different: int) -> None:
    assert benchmarks.rewritten(TEXT, tmp_path).count("Not measured yet: `loschmidt bench ") == 9
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "reverse.json").write_text(json.dumps({"steps": 10**9, "different": different}))
    found = benchmarks.rewritten(TEXT, tmp_path)
    assert f"| different | {different} |" in found
    assert "| steps | 1,000,000,000 |" in found
