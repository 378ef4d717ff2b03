"""Faults of the link's far ends: numbers of which not all bits count."""

from __future__ import annotations

from .fault import Fault

_PART_OF_THE_LINK = "tests/hw/test_link.py::test_part_of_the_link[link]"
_OLD_AND_IMPOSSIBLE_ANSWERS = "tests/sim/test_link_judged.py::test_old_and_impossible_answers"
_EVERY_BIT_OF_A_POSITION = "tests/sim/test_link_judged.py::test_every_bit_of_a_position"
_EVERY_BIT_OF_A_SESSION = "tests/sim/test_link_judged.py::test_every_bit_of_a_session"
_ANY_FRAMES = "tests/sim/test_link_judged.py::test_any_frames"
_BUFFER_IS_BOUNDED_AND_THE_WINDOW_SAYS_SO = "tests/sim/test_link.py::test_buffer_is_bounded_and_the_window_says_so"

FAULTS: list[Fault] = [
    Fault(
        "hw/link/transmitter.py",
        "honest.eq(~heard[len(kept) :].any() & (heard[: len(kept)] <= kept))",
        "honest.eq(heard[: len(kept)] <= kept)",
        _PART_OF_THE_LINK,
    ),
    Fault(
        "hw/link/transmitter.py", "honest.eq(~heard[len(kept) :].any() &", "honest.eq(~heard[len(kept) + 1 :].any() &", _PART_OF_THE_LINK
    ),
    Fault("hw/link/transmitter.py", "honest.eq(~heard[len(kept) :].any() &", "honest.eq(~heard[len(kept) : 15].any() &", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "same.eq(field == self.session)", "same.eq(field[:12] == self.session[:12])", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "some.eq(field.any())", "some.eq(field[:15].any())", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "here.eq(field == self.received)", "here.eq(field[:8] == self.received[:8])", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "beyond.eq(~(field - self.received)[15])", "beyond.eq(~(field - self.received)[14])", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "opening.eq(field[8:] == Kind.OPEN)", "opening.eq(field[8:15] == Kind.OPEN)", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "carrying.eq(field[8:] == Kind.DATA)", "carrying.eq(field[8:12] == Kind.DATA)", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "rewind.eq((field & Flag.REWIND) != 0)", "rewind.eq(field[:8] != 0)", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "many.eq(field[len(count) :].any() |", "many.eq(field[len(count) : 12].any() |", _PART_OF_THE_LINK),
    Fault("hw/link/receiver.py", "wide.eq(field[len(window) :].any())", "wide.eq(0)", _PART_OF_THE_LINK),
    Fault("sim/link/end.py", "if step > len(self._out):", "if step % 256 > len(self._out):", _OLD_AND_IMPOSSIBLE_ANSWERS),
    Fault("sim/link/end.py", "if step > len(self._out):", "if step & 0x7FFF > len(self._out):", _OLD_AND_IMPOSSIBLE_ANSWERS),
    Fault(
        "sim/link/end.py",
        "if frame.position == self._due % POSITIONS",
        "if (frame.position - self._due) % 256 == 0",
        _EVERY_BIT_OF_A_POSITION,
    ),
    Fault("sim/link/end.py", "< POSITIONS // 2", "< POSITIONS // 4", _EVERY_BIT_OF_A_POSITION),
    Fault(
        "sim/link/end.py",
        "if frame.session != self.session or self.session == 0:",
        "if (frame.session ^ self.session) & 0x7FFF or self.session == 0:",
        _EVERY_BIT_OF_A_SESSION,
    ),
    Fault("sim/link/end.py", "if frame.session == 0:", "if frame.session & 0xFF == 0:", _EVERY_BIT_OF_A_SESSION),
    Fault("sim/link/end.py", "self._next = max(self._next, self._forgotten)", "self._next += step", _ANY_FRAMES),
    Fault(
        "sim/link/end.py",
        "and len(frame.words) <= self._buffer - len(self._in)",
        "and len(frame.words) <= self._buffer",
        _BUFFER_IS_BOUNDED_AND_THE_WINDOW_SAYS_SO,
    ),
]
