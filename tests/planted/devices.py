"""Faults of the devices in software: what they keep between runs."""

from __future__ import annotations

from .fault import Fault

_WHAT_CHANGES_BETWEEN_RUNS_IS_USED = "tests/sim/test_rewrites.py::test_what_changes_between_runs_is_used"
_FLAGS_STICK_UNTIL_RESET = "tests/sim/test_devices.py::test_flags_stick_until_reset"
_COPY_FLIP_CLEAR = "tests/sim/test_devices.py::test_copy_flip_clear"
_CHANGES_IN_ANY_ORDER = "tests/sim/test_rewrites.py::test_changes_in_any_order"

FAULTS: list[Fault] = [
    Fault("sim/emulator.py", "isinstance(region, Parameter | Table)", "isinstance(region, Parameter)", _WHAT_CHANGES_BETWEEN_RUNS_IS_USED),
    Fault("sim/emulator.py", "isinstance(region, Parameter | Table)", "isinstance(region, Table)", _WHAT_CHANGES_BETWEEN_RUNS_IS_USED),
    Fault(
        "sim/emulator.py",
        "self._configured, self._store = self._rules(), None",
        "self._configured = self._rules()",
        _WHAT_CHANGES_BETWEEN_RUNS_IS_USED,
    ),
    Fault("sim/emulator.py", "                part[...] = 0", "                part[...] = part", _WHAT_CHANGES_BETWEEN_RUNS_IS_USED),
    Fault(
        "sim/emulator.py",
        "if any(run.accumulate is not _OFF for run in runs):",
        "if runs[0].accumulate is not _OFF:",
        _WHAT_CHANGES_BETWEEN_RUNS_IS_USED,
    ),
    Fault(
        "sim/memory.py",
        "            self._region[region][...] = array",
        "            self._region[region] = array.copy()",
        _WHAT_CHANGES_BETWEEN_RUNS_IS_USED,
    ),
    Fault(
        "sim/memory.py", "self._overflow[:] = False", "self._overflow = np.zeros_like(self._overflow)", _WHAT_CHANGES_BETWEEN_RUNS_IS_USED
    ),
    Fault("sim/memory.py", "        self._clip[:] = False", "        return", _FLAGS_STICK_UNTIL_RESET),
    Fault(
        "sim/memory.py",
        "        for region in State:\n            self._region[region][destination]",
        "        for region in (State.POSITION,):\n            self._region[region][destination]",
        _COPY_FLIP_CLEAR,
    ),
    Fault(
        "sim/memory.py",
        "        momentum[context] = self._negative(momentum[context])",
        "        self._region[State.MOMENTUM] = self._negative(momentum)",
        _WHAT_CHANGES_BETWEEN_RUNS_IS_USED,
    ),
    Fault(
        "sim/word_server.py",
        "        self._stale |= touched",
        "        self._stale |= touched - {Table.ACTIVATION}",
        _WHAT_CHANGES_BETWEEN_RUNS_IS_USED,
    ),
    Fault(
        "sim/word_server.py",
        "if isinstance(region, State):  # the rest",
        "if isinstance(region, Table):  # the rest",
        _CHANGES_IN_ANY_ORDER,
    ),
]
