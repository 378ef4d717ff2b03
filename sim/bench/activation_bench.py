"""cocotb bench of `hw.activation.Activation`: sum to z, z to y, y to potential, on every segment and its borders; the bench multiplies."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import cocotb

from loschmidt.hw.operation import ACTIVATION_LATENCY, STAGES, Consumer
from loschmidt.spec.activation import Row, knot_limit, rows_from_knots
from loschmidt.spec.fixed import round_half_even, saturate
from loschmidt.spec.layout import Bank
from loschmidt.spec.shape import Shape

from . import host_port
from .operations import Ages
from .pins import Pins, shape

#: Age at which a rounded result is at hand; a cycle after age 0 the multiplier's operands are.
RESULT, OPERANDS = 8, 1


class Board:
    """An activation with a table, and the definition of what it makes of a sum."""

    def __init__(self, pins: Pins, part: Shape, ages: Ages, choice: random.Random) -> None:
        self.pins, self.part, self.choice = pins, part, choice
        self._ages = ages
        self.table: list[Row] = []

    @classmethod
    async def start(cls, dut: Any, seed: int) -> Board:
        part = shape()
        ages = Ages(part, seed)
        pins = await Pins.start(dut, operation=ages.issue(), padded=0, **host_port.IDLE)
        board = cls(pins, part, ages, random.Random(seed))
        limit = knot_limit(part.formats)
        knots = [board.choice.choice([-limit, limit, board.choice.randint(-limit, limit)]) for _ in range(part.formats.segments + 1)]
        board.table = rows_from_knots(knots, part.formats)
        for address, row in enumerate(board.table):
            for bank, value in zip((Bank.TABLE_VALUE, Bank.TABLE_RISE, Bank.TABLE_INTEGRAL), row, strict=True):
                await host_port.write(pins, bank, address, value)
        return board

    @property
    def unit(self) -> int:
        """Bits of the offset within a segment."""
        return self.part.formats.multiplier - 1

    @property
    def files(self) -> int:
        return self.part.ways * self.part.rows

    def expected(self, total: int) -> dict[str, int]:
        """What each output must be for a rounded sum, by the definition in `spec.activation`."""
        formats = self.part.formats
        code = saturate(total, formats.table_width)
        row, offset = self.table[(code >> self.unit) + formats.segments // 2], code & ((1 << self.unit) - 1)
        y = row.value + round_half_even(row.rise * offset, self.unit)
        potential = row.integral + round_half_even((row.value + y) * offset, self.unit)
        digits = {"potential_low": potential & ((1 << self.unit) - 1), "potential_high": potential >> self.unit}
        return {"rise": row.rise, "offset": offset, "y": y, "pair": row.value + y, **digits}

    async def phase(self, consumer: Consumer, results: Sequence[int | None], reads: Sequence[str]) -> list[dict[str, int]]:
        """One operation for each file, back to back; ``results`` arrive at age 8, unless None: then of the operands, multiplied here.

        Returns what ``reads`` showed for each file.
        """
        shown: list[dict[str, int]] = []
        due: dict[int, int] = {}
        for cycle in range(max(self.files + OPERANDS, self.files - 1 + ACTIVATION_LATENCY)):
            operation = None
            if cycle < self.files:
                operation = {"consumer": consumer.value, "file": cycle, "out_file": cycle}
            result = due.pop(cycle, self.choice.getrandbits(self.part.formats.table_width - 1))
            await self.pins.cycle(operation=self._ages.issue(operation), result=result)
            file = cycle - OPERANDS
            if 0 <= file < self.files:
                shown.append({port: self.pins.signed(port) for port in reads})
                given = results[file]
                due[file + RESULT] = self._multiplied(shown[-1]) if given is None else given
            if cycle == 0 and results[0] is not None:
                due[RESULT] = results[0]
        return shown

    def _multiplied(self, operands: dict[str, int]) -> int:
        left = operands["rise"] if "rise" in operands else operands["pair"]
        return round_half_even(left * operands["offset"], self.unit)

    async def try_sums(self, sums: Sequence[int]) -> None:
        """Every sum through table input, activation and potential, as many at once as there are files."""
        for first in range(0, len(sums), self.files):
            batch = [*sums[first : first + self.files], *[0] * self.files][: self.files]
            nothing: list[int | None] = [None] * self.files
            await self.phase(Consumer.Z, batch, ())
            shown = [
                await self.phase(Consumer.Y, nothing, ("rise", "offset")),
                await self.phase(Consumer.POTENTIAL, nothing, ("pair", "offset", "y")),
                await self.phase(Consumer.NONE, [0] * self.files, ("potential_low", "potential_high")),
            ]
            for index, total in enumerate(batch):
                expected = self.expected(total)
                for group in shown:
                    for port, found in group[index].items():
                        assert found == expected[port], f"for {total}, {port} is {found} instead of {expected[port]}"


@cocotb.test()
async def segment_borders(dut: Any) -> None:
    """Both ends of every segment and the codes beside them."""
    board = await Board.start(dut, 1)
    half = board.part.formats.segments // 2
    borders = [(segment << board.unit) + beside for segment in range(-half, half + 1) for beside in (-1, 0, 1)]
    await board.try_sums(borders)


@cocotb.test()
async def saturation(dut: Any) -> None:
    """Sums beyond the table on either side, up to the ends of the sum register."""
    board = await Board.start(dut, 2)
    edge, end = 1 << (board.part.formats.table_width - 1), 1 << (board.part.sum_width - 1)
    await board.try_sums([sign * (edge + beside) for sign in (1, -1) for beside in (-2, -1, 0, 1, 2, edge)] + [end - 1, -end, -end + 1])


@cocotb.test()
async def any_sum(dut: Any) -> None:
    """Random table inputs, and many of them, so that all roundings of both products are met."""
    board = await Board.start(dut, 3)
    edge = 1 << (board.part.formats.table_width - 1)
    await board.try_sums([board.choice.randint(-edge, edge - 1) for _ in range(400)])


@cocotb.test()
async def padding(dut: Any) -> None:
    """A last row that holds no oscillator keeps what it had; the other rows do not notice."""
    board = await Board.start(dut, 5)
    rows, edge = board.part.rows, 1 << (board.part.formats.table_width - 1)
    nothing: list[int | None] = [None] * board.files
    seen = []
    for padded in (0, 1):
        await board.pins.cycle(padded=padded)
        sums = [board.choice.randint(-edge, edge - 1) for _ in range(board.files)]
        await board.phase(Consumer.Z, sums, ())
        await board.phase(Consumer.Y, nothing, ("rise", "offset"))
        seen.append((await board.phase(Consumer.NONE, [0] * board.files, ("y", "pair")), [board.expected(total) for total in sums]))
    (before, _), (after, expected) = seen
    for file in range(board.files):
        wanted = before[file] if file % rows == rows - 1 else {port: expected[file][port] for port in ("y", "pair")}
        assert after[file] == wanted, f"file {file} holds {after[file]} instead of {wanted}"


@cocotb.test()
async def table_reads_back(dut: Any) -> None:
    """The host reads each of the three columns; a write to another bank leaves them as they are."""
    board = await Board.start(dut, 4)
    for _ in range(STAGES):
        await board.phase(Consumer.NONE, [0] * board.files, ())
    await host_port.write(board.pins, Bank.INPUT, 0, 1)
    for address, row in enumerate(board.table):
        found = [await host_port.read(board.pins, port, address) for port in ("host_value", "host_rise", "host_integral")]
        assert found == list(row), f"row {address} reads {found} instead of {list(row)}"
