"""The link passes its benches."""

from __future__ import annotations

from pathlib import Path

import pytest

from .link_parts import link_parts
from .parts import bay, run

PARTS = link_parts()


@pytest.fixture(scope="module")
def link_bay() -> str:
    return bay(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_part_of_the_link(name: str, link_bay: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], link_bay, tmp_path) >= 1
