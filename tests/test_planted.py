"""Planted faults: each can still be planted, its test is there, and a fault that no test sees does not pass for caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from .house import ROOT
from .planted.fault import Fault, mistakes
from .planted.faults import faults
from .planted.trial import Verdict, sound, trial

SOURCE = "def double(x: int) -> int:\n    return x + x\n"
TEST = "from loschmidt.spec.double import double\n\ndef test_double() -> None:\n    assert double(2) == 4\n"
GOOD = Fault("spec/double.py", "x + x", "x - x", "tests/test_double.py::test_double")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one function and its test."""
    for name, text in {"spec/__init__.py": "", "spec/double.py": SOURCE, "tests/test_double.py": TEST}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_fault_can_be_planted_and_has_its_test() -> None:
    found = [mistake for fault in faults() for mistake in mistakes(fault, ROOT)]
    assert not found, "\n".join(found)


def test_no_fault_is_listed_twice() -> None:
    changes = [fault[:3] for fault in faults()]
    assert len(changes) == len(set(changes))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"before": "y + y"}, "spec/double.py holds 'y + y' 0 times, not once"),
        ({"before": "x"}, "spec/double.py holds 'x' 3 times, not once"),
        ({"file": "spec/half.py"}, "spec/half.py holds 'x + x' 0 times, not once"),
        ({"after": "x + x"}, "spec/double.py: 'x + x' is replaced by itself"),
        ({"caught_by": "tests/test_half.py::test_half"}, "tests/test_half.py is not there"),
        ({"caught_by": "tests/test_double.py::test_half[2]"}, "tests/test_double.py has no test_half"),
        ({"caught_by": "tests/test_double.py"}, "tests/test_double.py has no function"),
    ],
)
def test_fault_that_cannot_be_planted_is_named(checkout: Path, wrong: dict[str, str], text: str) -> None:
    assert mistakes(GOOD, checkout) == []
    assert mistakes(GOOD._replace(**wrong), checkout) == [text]


def test_fault_is_caught_or_survives(checkout: Path) -> None:
    assert trial(GOOD, checkout) is Verdict.CAUGHT
    assert trial(GOOD._replace(after="2 * x"), checkout) is Verdict.SURVIVED
    assert trial(GOOD._replace(caught_by="tests/test_double.py::test_half"), checkout) is Verdict.BROKEN


def test_test_that_fails_without_a_fault_is_told(checkout: Path) -> None:
    said: list[str] = []
    (checkout / "tests" / "test_double.py").write_text(TEST.replace("4", "5"))
    assert not sound([GOOD.caught_by], checkout, said.append)
    assert len(said) == 1
    assert "test_double" in said[0]
