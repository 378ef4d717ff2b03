"""Every component of the gateware passes its bench, on narrow formats and on wide ones, in several shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .parts import bay, control_parts, lane_parts, run

LANE, CONTROL = lane_parts(), control_parts()


@pytest.fixture(scope="module")
def lane_bay() -> str:
    return bay(LANE)


@pytest.fixture(scope="module")
def control_bay() -> str:
    return bay(CONTROL)


@pytest.mark.parametrize("name", LANE)
def test_part_of_a_lane(name: str, lane_bay: str, tmp_path: Path) -> None:
    assert run(name, LANE[name], lane_bay, tmp_path) >= 1


@pytest.mark.parametrize("name", CONTROL)
def test_part_of_control(name: str, control_bay: str, tmp_path: Path) -> None:
    assert run(name, CONTROL[name], control_bay, tmp_path) >= 1
