"""Every broken device is caught by the check it is listed with; `test_golden` and `test_emulator` let the honest ones pass the same."""

from __future__ import annotations

import pytest

from .checks import CHECKS, Fault
from .mutants import MUTANTS

MESSAGES = {"agreement": r"^(golden|emulator) and (emulator|golden) differ in ", "reversal": r"^(golden|emulator) does not return to "}


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_caught(name: str) -> None:
    mutant, check = MUTANTS[name]
    with pytest.raises(Fault, match=MESSAGES[check]):
        CHECKS[check](mutant)
