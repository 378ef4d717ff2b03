"""Faults of those who answer requests: bits that are not looked at."""

from __future__ import annotations

from .fault import Fault

_EACH_BIT_OF_EACH_ARGUMENT = "tests/sim/test_every_bit.py::test_each_bit_of_each_argument[padded]"
_EACH_BIT_OF_THE_HEADER = "tests/sim/test_every_bit.py::test_each_bit_of_the_header[padded]"
_BITS_PAST_A_VALUE_ARE_IGNORED = "tests/sim/test_every_bit.py::test_bits_past_a_value_are_ignored[padded]"

FAULTS: list[Fault] = [
    Fault(
        "hw/first_word.py",
        "Opcode.FLIP: [(no_context | self.high_half, Error.CONTEXT)]",
        "Opcode.FLIP: [(no_context, Error.CONTEXT)]",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "Opcode.CONFIGURE: [(no_value | self.high_half, Error.VALUE)]",
        "Opcode.CONFIGURE: [(no_value, Error.VALUE)]",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "Opcode.WRITE: [(no_bank | self.high_half, Error.BANK)]",
        "Opcode.WRITE: [(no_bank, Error.BANK)]",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "Opcode.READ: [(no_bank | self.high_half, Error.BANK)]",
        "Opcode.READ: [(no_bank, Error.BANK)]",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "no_flags.eq(~zero(word[protocol.RUN_TRACE + 1 :]) | accumulate.all())",
        "no_flags.eq(~zero(word[protocol.RUN_TRACE + 1 : 31]) | accumulate.all())",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "no_context.eq(~below(low, shape.contexts))",
        "no_context.eq(~below(low[:12], shape.contexts))",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "no_source.eq(~below(high, shape.contexts))",
        "no_source.eq(~below(high[:8], shape.contexts))",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "~Cat(low[:8] == h for h in shape.hamiltonians).any()",
        "~Cat(low[:2] == h for h in shape.hamiltonians).any()",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "hw/first_word.py",
        "no_value.eq(~below(low[8:], STEP_LIMIT + 1)",
        "no_value.eq(~below(low[8:15], STEP_LIMIT + 1)",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault("hw/first_word.py", "no_bank.eq(~below(low, len(Bank))", "no_bank.eq(~below(low[:8], len(Bank))", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault("hw/first_word.py", "~zero(self.opcode[len(opcode) :]) | ", "", _EACH_BIT_OF_THE_HEADER),
    Fault("hw/command.py", "addresses.no_step | steps_high", "addresses.no_step", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault("hw/command.py", "(taken & (~addresses.inside | high))", "(taken & ~addresses.inside)", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault("hw/command.py", "long_count = over | first.high_half", "long_count = over", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault(
        "sim/word_server.py",
        "self.device.flip(self._context(payload[0]))",
        "self.device.flip(self._context(payload[0] & 0xFFFF))",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault("sim/word_server.py", "self._context(payload[0] >> 16))", "self._context(payload[0] >> 16 & 0xFF))", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault(
        "sim/word_server.py",
        "self._context(payload[0] & 0xFFFF), self",
        "self._context(payload[0] & 0xFF), self",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault("sim/word_server.py", "if first & RUN_UNUSED or accumulate", "if accumulate", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault(
        "sim/word_server.py",
        "RUN_UNUSED = ~((1 << (protocol.RUN_TRACE + 1)) - 1) & 0xFFFFFFFF",
        "RUN_UNUSED = ~((1 << (protocol.RUN_TRACE + 1)) - 1) & 0x7FFFFFFF",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "sim/word_server.py",
        "self._bank(payload[0]), payload[1]",
        "self._bank(payload[0] & 0xFFFF), payload[1]",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault("sim/word_server.py", "bank = self._bank(code)", "bank = self._bank(code & 0xFFFF)", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault("sim/word_server.py", "self._context(first & 0xFFFF)\n", "self._context(first & 0xFF)\n", _EACH_BIT_OF_EACH_ARGUMENT),
    Fault(
        "sim/word_server.py",
        "values = np.array(protocol.unpack(words, per_value), np.int64) << pad >> pad",
        "values = np.array(protocol.unpack(words, per_value), np.int64)",
        _BITS_PAST_A_VALUE_ARE_IGNORED,
    ),
    Fault(
        "sim/bench/command_model.py",
        "demand(source == 0 if flip else source < self.shape.contexts, Error.CONTEXT)",
        "demand(flip or source < self.shape.contexts, Error.CONTEXT)",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
    Fault(
        "sim/bench/command_model.py",
        "demand(first >> protocol.RUN_TRACE + 1 == 0 and accumulate",
        "demand(accumulate",
        _EACH_BIT_OF_EACH_ARGUMENT,
    ),
]
