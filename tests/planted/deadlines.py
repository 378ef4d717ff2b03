"""Faults of what is waited for, and of the deadlines."""

from __future__ import annotations

from .fault import Fault

_A_BOARD_THAT_DOES_NOTHING_IS_NOT_WAITED_FOR = "tests/host/test_board_simulation.py::test_a_board_that_does_nothing_is_not_waited_for"
_LINE_IS_BUSY_WHILE_WORDS_ARE_STREAMED = "tests/host/test_board_simulation.py::test_line_is_busy_while_words_are_streamed"
_WORDS_THAT_NOBODY_ASKED_FOR_ARE_NO_PROGRESS = "tests/sim/test_rtl.py::test_words_that_nobody_asked_for_are_no_progress"
_A_BENCH_THAT_NEVER_ENDS_IS_STOPPED = "tests/sim/test_bench.py::test_a_bench_that_never_ends_is_stopped"
_WHAT_DOES_NOT_END_IS_FAILURE = "tests/test_nothing_skipped.py::test_what_does_not_end_is_failure"

FAULTS: list[Fault] = [
    Fault(
        "sim/rtl/board.py",
        "if board.cycles != cycles + self._slice:",
        "if board.cycles < cycles:",
        _A_BOARD_THAT_DOES_NOTHING_IS_NOT_WAITED_FOR,
    ),
    Fault(
        "sim/rtl/board.py",
        "if unsent and board.unsent >= unsent:",
        "if unsent and board.unsent > unsent:",
        _A_BOARD_THAT_DOES_NOTHING_IS_NOT_WAITED_FOR,
    ),
    Fault(
        "sim/rtl/board.py",
        "            self._passed += self._slice",
        "            self._passed = self._slice",
        _A_BOARD_THAT_DOES_NOTHING_IS_NOT_WAITED_FOR,
    ),
    Fault("sim/rtl/board.cpp", "        ++cycles_;", "", _LINE_IS_BUSY_WHILE_WORDS_ARE_STREAMED),
    Fault("sim/rtl/board.cpp", "sending_ = --out_bits_ != 0;", "", _LINE_IS_BUSY_WHILE_WORDS_ARE_STREAMED),
    Fault("sim/rtl/board.cpp", "if (top_->tx) from_.push_back(static_cast<uint8_t>(in_));", "", _LINE_IS_BUSY_WHILE_WORDS_ARE_STREAMED),
    Fault("sim/rtl/board.cpp", "        receiving_ = false;\n    }", "    }", _LINE_IS_BUSY_WHILE_WORDS_ARE_STREAMED),
    Fault("sim/rtl/board.cpp", "top_->rx = sending_ ? out_ & 1 : 1;", "top_->rx = 1;", _LINE_IS_BUSY_WHILE_WORDS_ARE_STREAMED),
    Fault("sim/rtl/port.py", "since = 0 if got != before else since + SLICE", "since = 0", _WORDS_THAT_NOBODY_ASKED_FOR_ARE_NO_PROGRESS),
    Fault("sim/bench/deadline.py", "    cocotb.start_soon(_late())", "", _A_BENCH_THAT_NEVER_ENDS_IS_STOPPED),
    Fault("tests/conftest.py", '        pytest.fail(f"no end after {SECONDS} seconds")', "        return", _WHAT_DOES_NOT_END_IS_FAILURE),
]
