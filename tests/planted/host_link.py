"""Faults of the link's host end, and of the device that speaks in words."""

from __future__ import annotations

from .fault import Fault

OUTGOING, ENGINE, PORT, WORDS = "host/link/outgoing.py", "host/link/engine.py", "host/link/port.py", "host/word_device.py"
IN_OUTGOING, IN_ENGINE, IN_WORDS = (f"tests/host/test_{name}.py::test" for name in ("outgoing", "link_engine", "word_device"))
IN_LINK = "tests/host/test_link.py::test"

ANSWERS = f"{IN_OUTGOING}_answer_counts_if_it_is_for_words_that_were_sent"
GOING = f"{IN_OUTGOING}_words_that_go"
WINDOW = f"{IN_OUTGOING}_window_counts_from_the_words_that_are_answered_for"
GOES_BACK = f"{IN_OUTGOING}_answer_after_going_back_moves_on_from_it"
FORGOTTEN = f"{IN_OUTGOING}_words_are_forgotten_in_large_pieces_and_never_too_many"

OF_OUTGOING = [
    Fault(OUTGOING, "if step > self.sent - self.acked:", "if step > self.end - self.acked:", ANSWERS),
    Fault(OUTGOING, "if step > self.sent - self.acked:", "if step > self.sent - self.acked + 1:", ANSWERS),
    Fault(OUTGOING, "if step > self.sent - self.acked:", "if step >= POSITIONS // 2:", ANSWERS),
    Fault(OUTGOING, "if step > self.sent - self.acked:", "if step > self.next - self.acked:", GOES_BACK),
    Fault(
        OUTGOING,
        "if step > self.sent - self.acked:",
        "if step > self.sent:",
        f"{IN_OUTGOING}_answer_outside_what_is_under_way_changes_nothing",
    ),
    Fault(OUTGOING, "self.acked % POSITIONS)", "0)", f"{IN_OUTGOING}_positions_are_counted_round_and_round"),
    Fault(OUTGOING, "self.limit = max(self.limit, self.acked + window)", "self.limit = self.acked + window", ANSWERS),
    Fault(OUTGOING, "self.limit = max(self.limit, self.acked + window)", "self.limit = max(self.limit, window)", ANSWERS),
    Fault(OUTGOING, "self.next = max(self.next, self.acked)", "self.next = self.acked", ANSWERS),
    Fault(OUTGOING, "        self.next = max(self.next, self.acked)\n", "", GOES_BACK),
    Fault(OUTGOING, "return wider or step > 0", "return step > 0", ANSWERS),
    Fault(OUTGOING, "return wider or step > 0", "return wider", ANSWERS),
    Fault(OUTGOING, "new = max(0, self.next - self.sent)", "new = count", GOES_BACK),
    Fault(OUTGOING, "count = min(PAYLOAD_WORDS, left, room)", "count = min(PAYLOAD_WORDS, left)", GOING),
    Fault(OUTGOING, "count = min(PAYLOAD_WORDS, left, room)", "count = min(PAYLOAD_WORDS + 1, left, room)", GOING),
    Fault(OUTGOING, "self.end - self.next, self.limit - self.next", "self.end - self.next, self.limit", WINDOW),
    Fault(
        OUTGOING,
        "goes = flush or self.next < self.sent",
        "goes = flush",
        f"{IN_OUTGOING}_short_frame_that_was_sent_before_goes_again_unasked",
    ),
    Fault(OUTGOING, "goes = flush or self.next < self.sent", "goes = True", GOING),
    Fault(OUTGOING, "goes = self.acked == self.next", "goes = True", GOING),
    Fault(OUTGOING, "goes = self.acked == self.next", "goes = False", GOING),
    Fault(OUTGOING, "> SLACK:", "> 2 * SLACK:", FORGOTTEN),
    Fault(OUTGOING, "            self._first = self.acked\n", "", FORGOTTEN),
    Fault(OUTGOING, "del self._words[: self.acked - self._first]", "del self._words[: self.acked - self._first + 1]", FORGOTTEN),
]

SILENCES = f"{IN_ENGINE}_silences_are_waited_for_longer_and_longer_and_then_no_more"
TIMEOUT = f"{IN_ENGINE}_timeout_grows_to_eight_times_and_shrinks_with_progress"
WANTED = f"{IN_ENGINE}_words_that_are_wanted_are_asked_for_when_they_do_not_come"
GAP = f"{IN_ENGINE}_gap_is_what_is_less_than_half_way_ahead"
TOLD = f"{IN_ENGINE}_answer_tells_what_has_come_and_how_much_more_may"
FULL = f"{IN_ENGINE}_full_frame_is_the_longest_there_is"
KNOWN = f"{IN_ENGINE}_session_that_the_board_knows_is_not_gone_on_with"

OF_ENGINE = [
    Fault(ENGINE, "LONGEST_WAIT = 8", "LONGEST_WAIT = 16", SILENCES),
    Fault(ENGINE, "SLOWER, FASTER = 1.25, 0.99", "SLOWER, FASTER = 1.5, 0.99", SILENCES),
    Fault(ENGINE, "SLOWER, FASTER = 1.25, 0.99", "SLOWER, FASTER = 1.25, 0.999", TIMEOUT),
    Fault(ENGINE, "OPENINGS = 16", "OPENINGS = 8", f"{IN_ENGINE}_timeout_fits_a_line_that_is_slow_to_open"),
    Fault(ENGINE, "COPIES = 3", "COPIES = 2", f"{IN_ENGINE}_after_a_silence_each_side_asks_three_times"),
    Fault(ENGINE, "self.least * LONGEST_WAIT)", "self.least * LONGEST_WAIT * 2)", TIMEOUT),
    Fault(ENGINE, "max(self.least, self.timeout * FASTER)", "self.timeout * FASTER", TIMEOUT),
    Fault(ENGINE, "if self._silent >= self.tries:", "if self._silent > self.tries:", SILENCES),
    Fault(ENGINE, "1 << max(0, self._silent - 1)", "1 << self._silent", SILENCES),
    Fault(ENGINE, "if now < self._since + self._patience:", "if now <= self._since + self._patience:", SILENCES),
    Fault(ENGINE, "        self._silent = 0\n        progress", "        progress", f"{IN_ENGINE}_any_answer_ends_a_row_of_silences"),
    Fault(
        ENGINE, "frame is None or frame.session != self.session or", "frame is None or", f"{IN_ENGINE}_words_of_another_session_are_dropped"
    ),
    Fault(
        ENGINE,
        " or (not self.opened and frame.kind is not Kind.OPEN)",
        "",
        f"{IN_ENGINE}_words_before_the_session_is_open_are_dropped",
    ),
    Fault(ENGINE, "if progress and (frame.position or frame.received):", "if progress and frame.position:", KNOWN),
    Fault(ENGINE, "if progress and (frame.position or frame.received):", "if progress and frame.received:", KNOWN),
    Fault(ENGINE, "if gap == 0 and frame.words:", "if gap < 2 and frame.words:", GAP),
    Fault(ENGINE, "0 < gap < POSITIONS // 2", "0 < gap <= POSITIONS // 2", GAP),
    Fault(ENGINE, "0 < gap < POSITIONS // 2", "1 < gap < POSITIONS // 2", GAP),
    Fault(ENGINE, "self._owed |= bool(frame.words)", "pass", TOLD),
    Fault(ENGINE, "position, self._due % POSITIONS, LARGEST_BUFFER", "position, 0, LARGEST_BUFFER", TOLD),
    Fault(ENGINE, "self._due < self._wanted", "False", WANTED),
    Fault(ENGINE, "self._wanted = self._due - len(self._inbox) + count", "self._wanted = self._due + count", WANTED),
    Fault(
        ENGINE,
        "frame.flags & Flag.REWIND and self._out.acked < self._out.next",
        "self._out.acked < self._out.next",
        f"{IN_LINK}_old_and_impossible_answers_count_for_nothing",
    ),
    Fault(ENGINE, "answer is not None and frame.flags", "frame.flags", f"{IN_LINK}_old_and_impossible_answers_count_for_nothing"),
    Fault(
        ENGINE,
        "frame.flags & Flag.REWIND and self._out.acked < self._out.next",
        "frame.flags & Flag.REWIND",
        f"{IN_ENGINE}_board_that_misses_nothing_is_sent_nothing_again",
    ),
    Fault(ENGINE, "if len(piece) <= LONGEST else None", "if len(piece) < LONGEST else None", FULL),
    Fault(ENGINE, '(DELIMITER if late else b"")', 'b""', f"{IN_ENGINE}_frame_after_a_silence_ends_whatever_was_cut"),
    Fault(ENGINE, "self._moved = now\n        if now <", "now\n        if now <", f"{IN_ENGINE}_longest_time_without_progress_is_told"),
    Fault(PORT, "BURST = 4", "BURST = 5", f"{IN_ENGINE}_answers_are_looked_for_between_every_four_frames"),
    Fault(PORT, "STUCK = 10.0", "STUCK = 20.0", f"{IN_ENGINE}_port_that_takes_nothing_is_told_in_one_line"),
    Fault(PORT, "elif now > free + STUCK:", "elif False:", f"{IN_ENGINE}_port_that_takes_nothing_is_told_in_one_line"),
    Fault(PORT, "            line.close()\n            raise", "            raise", f"{IN_ENGINE}_port_that_never_opens_is_closed"),
]

REFUSED = f"{IN_WORDS}_refusal_of_any_request_is_reported"
LENGTH = f"{IN_WORDS}_answer_of_the_wrong_length_is_refused"

OF_WORDS = [
    Fault(WORDS, "            if error != Error.OK:", "            if error == Error.ADDRESS:", REFUSED),
    Fault(
        WORDS, "request.length is not None and payload.size != request.length", "request.length and payload.size != request.length", LENGTH
    ),
    Fault(WORDS, "payload.size != request.length:", "payload.size < request.length:", LENGTH),
    Fault(WORDS, "if header.tag != request.tag:", "if header.tag > request.tag:", f"{IN_WORDS}_answer_to_another_request_is_refused"),
    Fault(WORDS, "(self._tag + 1) & 0xFF", "(self._tag + 1) & 0x7F", f"{IN_WORDS}_tags_go_round"),
    Fault(
        WORDS,
        "zip(pending, answers, strict=True):",
        "list(zip(pending, answers, strict=True))[-1:]:",
        f"{IN_WORDS}_refusal_of_any_run_of_a_call_is_reported",
    ),
    Fault(
        WORDS,
        "zip(pending, answers, strict=True):",
        "list(zip(pending, answers, strict=True))[:1]:",
        f"{IN_WORDS}_refusal_of_any_run_of_a_call_is_reported",
    ),
    Fault(
        WORDS,
        "[Bank.INPUT, 0, 1], self._words_per_address(Bank.INPUT))",
        "[Bank.INPUT, 0, 1], None)",
        f"{IN_WORDS}_runs_are_over_when_a_whole_entry_has_been_read",
    ),
    Fault(WORDS, "        if not span:", "        if False:", f"{IN_WORDS}_region_of_no_size_is_read_without_a_request"),
    Fault(WORDS, "[destination | source << 16]", "[source | destination << 16]", f"{IN_WORDS}_small_requests"),
    Fault(WORDS, "        check_runs(runs, self._shape)\n", "", f"{IN_WORDS}_refuses_what_the_golden_device_refuses_in_the_same_words"),
]

FAULTS: list[Fault] = [*OF_OUTGOING, *OF_ENGINE, *OF_WORDS]
