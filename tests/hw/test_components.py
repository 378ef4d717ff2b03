"""Every component of the gateware passes its bench, on narrow formats and on wide ones, in several shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .parts import bay, honest, run

PARTS = honest()


@pytest.mark.parametrize("name", PARTS)
def test_component(name: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], bay(PARTS), tmp_path) > 0
