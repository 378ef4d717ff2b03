"""The waits between the groups of a program: none too short, and where one oscillator is all there is, none too long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given

from loschmidt.hw.operation import Consumer, Right, operand_latency, spacing
from loschmidt.hw.program import Group, Loop, Place, assemble, handover, prologue, step
from loschmidt.hw.resetless import RESET
from loschmidt.hw.sequencer import drain
from loschmidt.sim.bench.hazards import Hazards
from loschmidt.sim.bench.walk_bench import turns
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape
from tests.spec.strategies import small_shapes

from .parts import ONE, SHAPES

PROGRAMS = [(name, hamiltonian, accumulate) for name in SHAPES for hamiltonian in Hamiltonian for accumulate in (False, True)]


def operations(group: Group, odd: int, shape: Shape) -> Iterator[dict[str, int]]:
    """What a group's operations touch, in order, in a step that reads the first x or the other."""
    for row in range(shape.rows):
        for slot in group.slots:
            for turn in turns(slot.loop, row, shape):
                operand_row, block = turn["operand_row"], turn.get("block") or 0
                assert operand_row is not None
                yield {
                    "way": 0,
                    "file": operand_row,
                    "right_file": block if slot.right is Right.RING else operand_row,
                    "buffer": odd,
                    "out_file": row,
                    "out_buffer": 1 - odd,
                    "state": row,
                    "left": slot.left.value,
                    "right": slot.right.value,
                    "ring_move": int(slot.loop is Loop.ROW),
                    "ring_load": int(turn["column"] == 0),
                    "sum_add": int(slot.place is Place.SUM),
                    "sum_first": int(slot.fresh and turn["begins"] == 1),
                    # The sequencer looks after accumulators while it issues.
                    "accumulate": 0,
                    "consumer": (slot.consumer if turn["finishes"] else Consumer.NONE).value,
                }


def issue(groups: tuple[Group, ...], shape: Shape) -> None:
    """Three steps from a first half drift on, each group exactly as long after the one before it as it asks for."""
    hazards, cycle, ticket = Hazards(shape), 0, -spacing(shape)
    steps = [(prologue(), 1), *((group, number % 2) for number in range(3) for group in groups)]
    for number, (group, odd) in enumerate(steps):
        cycle += operand_latency(shape) - 1 if number == 1 else group.wait
        for op in operations(group, odd, shape):
            if op["consumer"] != Consumer.NONE.value:
                # Tickets are kept apart by the sequencer, too.
                cycle = ticket = max(cycle, ticket + spacing(shape))
            hazards.issue(op, cycle)
            cycle += 1


@pytest.mark.parametrize(("name", "hamiltonian", "accumulate"), PROGRAMS)
def test_no_result_is_read_before_it_is_there(name: str, hamiltonian: Hamiltonian, accumulate: bool) -> None:
    issue(step(hamiltonian, accumulate, SHAPES[name]), SHAPES[name])


@pytest.mark.parametrize(("hamiltonian", "accumulate"), [(h, a) for h in Hamiltonian for a in (False, True)])
def test_no_wait_is_longer_than_it_must_be(hamiltonian: Hamiltonian, accumulate: bool) -> None:
    groups = step(hamiltonian, accumulate, ONE)
    waiting = [index for index, group in enumerate(groups) if group.wait]
    assert waiting
    for index in waiting:
        hasty = tuple(replace(group, wait=group.wait - (position == index)) for position, group in enumerate(groups))
        with pytest.raises(AssertionError, match="before it is written"):
            issue(hasty, ONE)


@pytest.mark.parametrize(("name", "hamiltonian", "accumulate"), PROGRAMS)
def test_a_row_says_what_follows_it(name: str, hamiltonian: Hamiltonian, accumulate: bool) -> None:
    shape = SHAPES[name]
    rows, starts = assemble(shape)
    groups = step(hamiltonian, accumulate, shape)
    place = starts[hamiltonian, accumulate]
    for number, group in enumerate([prologue(), *groups]):
        last = place + len(group.slots) - 1
        assert [row.slot for row in rows[place : last + 1]] == list(group.slots)
        assert [row.ends_group for row in rows[place : last + 1]] == [False] * (len(group.slots) - 1) + [True]
        assert {row.prologue for row in rows[place : last + 1]} == {number == 0}
        ends = number == len(groups)
        assert rows[last].ends_step == ends
        following = groups[0] if ends else groups[number]
        wait = operand_latency(shape) - 1 if number == 0 else following.wait
        assert rows[last].following == (starts[hamiltonian, accumulate] + len(prologue().slots) if ends else last + 1)
        assert rows[last].following_ends == (len(following.slots) == 1)
        assert rows[last].following_wait == max(0, wait - handover(shape))
        place = last + 1


@given(small_shapes())
def test_a_reset_is_longer_than_anything_under_way(shape: Shape) -> None:
    assert drain(shape) < RESET
    assert drain(replace(shape, oscillators=2048, lanes=1024)) < RESET
