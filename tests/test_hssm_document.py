"""docs/hssm.md says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

from docs import hssm, provenance

TEXT = hssm.DOCUMENT.read_text()


def test_tables_are_what_was_measured() -> None:
    """If it fails: python -m docs.hssm"""
    assert provenance.bare(hssm.rewritten(TEXT)) == provenance.bare(TEXT)


def test_another_figure_is_another_document(tmp_path: Path) -> None:
    assert hssm.rewritten(TEXT, tmp_path).count("Not measured yet: `python -m docs.provenance loschmidt hssm ") == 4
    check = {"what": "points lost", "measured": 0.5, "bound": "at most 1", "passed": True}
    (tmp_path / "hssm-linear.json").write_text(json.dumps({"rows": [{"set": "Toy", "bptt": "90.0 ± 1.0"}], "checks": [check]}))
    found = hssm.rewritten(TEXT, tmp_path)
    assert "| Toy | 90.0 ± 1.0 |" in found
    assert "| points lost | at most 1 | 0.5 | yes |" in found
