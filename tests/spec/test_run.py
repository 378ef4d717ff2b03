"""`spec.run`: what a shape can run, and the message for what it cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.spec.errors import SpecError
from loschmidt.spec.run import Nudge, Run
from loschmidt.spec.shape import Shape

SHAPE = Shape(4, contexts=3, input_depth=10, nudge_depth=6, trace_depth=8)

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"context": 3}, "context must be 0 to 2, not 3"),
    ({"context": -1}, "context must be 0 to 2, not -1"),
    ({"steps": 0}, "steps must be at least 1, not 0"),
    ({"shift": 16}, "shift must be 0 to 15, not 16"),
    ({"shift": -1}, "shift must be 0 to 15, not -1"),
    ({"steps": 11}, "input entries 0 to 10 lie outside the buffer of 10"),
    ({"input_base": 7}, "input entries 7 to 10 lie outside the buffer of 10"),
    ({"input_base": -1}, "input entries -1 to 2 lie outside the buffer of 10"),
    ({"nudge": Nudge.STREAM, "nudge_base": 3}, "nudge entries 3 to 6 lie outside the buffer of 6"),
    ({"nudge": Nudge.HOLD, "nudge_base": 6}, "nudge entries 6 to 6 lie outside the buffer of 6"),
    ({"nudge": Nudge.IMPULSE, "nudge_base": -1}, "nudge entries -1 to -1 lie outside the buffer of 6"),
    ({"trace": True, "trace_base": 5}, "trace entries 5 to 8 lie outside the buffer of 8"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_impossible_run(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{re.escape(message)}$"):
        Run(**{"context": 0, "steps": 4, **change}).validate(SHAPE)


@pytest.mark.parametrize(
    "change",
    [
        {"context": 2, "shift": 15},
        {"input_base": 6},
        {"nudge": Nudge.STREAM, "nudge_base": 2},
        {"nudge": Nudge.HOLD, "nudge_base": 5},
        {"nudge": Nudge.NONE, "nudge_base": 99},
        {"trace": True, "trace_base": 4},
        {"trace": False, "trace_base": 99},
    ],
)
def test_run_at_the_edge(change: dict[str, Any]) -> None:
    Run(**{"context": 0, "steps": 4, **change}).validate(SHAPE)


@given(st.integers(-2, 12), st.integers(-2, 12), st.sampled_from(Nudge), st.integers(-2, 8))
def test_run_is_accepted_exactly_when_its_entries_exist(steps: int, input_base: int, nudge: Nudge, nudge_base: int) -> None:
    inputs = range(input_base, input_base + steps)
    nudges = {Nudge.NONE: range(0), Nudge.STREAM: range(nudge_base, nudge_base + steps)}.get(nudge, range(nudge_base, nudge_base + 1))
    good = steps >= 1 and all(0 <= k < 10 for k in inputs) and all(0 <= k < 6 for k in nudges)
    run = Run(0, steps, input_base, nudge=nudge, nudge_base=nudge_base)
    if good:
        run.validate(SHAPE)
    else:
        with pytest.raises(SpecError, match=r"^(steps must|input entries|nudge entries) .*\d$"):
            run.validate(SHAPE)
