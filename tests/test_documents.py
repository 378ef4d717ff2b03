"""What the documents point at is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .house import FOLDERS, ROOT, files

DOCUMENTS = [path for path in files() if path.suffix == ".md"]
#: `sim/golden.py`, `sim/rtl/` or `tests/test_wheel.py` in backticks; and the targets of links that are no address.
NAMED = re.compile(rf"`((?:{'|'.join((*FOLDERS, 'tests', 'docs', 'constraints', 'examples'))})/[\w./-]*)`")
LINKED = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)[^)]*\)")


def lost(text: str, folder: Path) -> list[str]:
    """Paths in the text that lead nowhere: named ones start from the root, links from the document's folder."""
    named = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    return named + [link for link in LINKED.findall(text) if not (folder / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_lead_somewhere(path: Path) -> None:
    assert lost(path.read_text(), path.parent) == []


def test_architecture_is_among_them() -> None:
    architecture = ROOT / "docs" / "architecture.md"
    assert architecture in DOCUMENTS
    assert len(NAMED.findall(architecture.read_text())) > 20


@pytest.mark.parametrize("text", ["see `spec/a_file_that_is_not_there.py`", "[here](a_file_that_is_not_there.md#part)", "![](no.png)"])
def test_lost_path_is_caught(text: str) -> None:
    assert len(lost(text, ROOT)) == 1


def test_found_path_passes() -> None:
    assert lost("`spec/fixed.py`, `sim/rtl/`, [licence](LICENSE), [web](https://example.org/x), [above](#part)", ROOT) == []
