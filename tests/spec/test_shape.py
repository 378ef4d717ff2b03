"""`spec.shape`: limits, their messages, and what follows from a shape."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from loschmidt.spec.errors import SpecError
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

from .strategies import small_shapes

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"oscillators": 0}, "oscillators must be an integer from 1 to 65535, not 0"),
    ({"oscillators": 65536}, "oscillators must be an integer from 1 to 65535, not 65536"),
    ({"oscillators": 8.0}, "oscillators must be an integer from 1 to 65535, not 8.0"),
    ({"inputs": 0}, "inputs must be an integer from 1 to 4096, not 0"),
    ({"lanes": 0}, "lanes must be an integer from 1 to 1024, not 0"),
    ({"couplings": 1}, "couplings must be true or false, not 1"),
    ({"lanes": 9}, "lanes must not outnumber oscillators: 9 lanes, 8 oscillators"),
    ({"contexts": 0}, "contexts must be an integer from 1 to 65536, not 0"),
    ({"contexts": 65537}, "contexts must be an integer from 1 to 65536, not 65537"),
    ({"ways": 0}, "ways must be an integer from 1 to 4, not 0"),
    ({"ways": 5}, "ways must be an integer from 1 to 4, not 5"),
    ({"input_depth": 0}, "input_depth must be an integer from 1 to 16777216, not 0"),
    ({"nudge_depth": -1}, "nudge_depth must be an integer from 1 to 16777216, not -1"),
    ({"trace_depth": "4"}, "trace_depth must be an integer from 1 to 16777216, not '4'"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_impossible_shape(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=f"^{re.escape(message)}$"):
        Shape(**{"oscillators": 8, **change})


@given(small_shapes())
def test_lanes_hold_all_oscillators_and_no_row_is_empty(shape: Shape) -> None:
    assert shape.padded == shape.lanes * shape.rows
    assert 0 <= shape.padded - shape.oscillators < shape.lanes


@given(small_shapes())
def test_json_round_trip(shape: Shape) -> None:
    assert Shape.from_json(json.loads(json.dumps(shape.to_json()))) == shape


@pytest.mark.parametrize("name", PRESETS)
def test_json_keeps_the_formats(name: str) -> None:
    shape = Shape(8, formats=PRESETS[name])
    assert Shape.from_json(json.loads(json.dumps(shape.to_json()))) == shape


def test_without_couplings() -> None:
    shape = Shape(2048, inputs=3, lanes=4, couplings=False)
    assert shape.hamiltonians == (Hamiltonian.LINEAR, Hamiltonian.DIAGONAL)
    assert shape.sum_width == shape.formats.sum_width(4)
    assert replace(shape, couplings=True).hamiltonians == tuple(Hamiltonian)
    older = shape.to_json()
    del older["couplings"]
    assert Shape.from_json(older).couplings


def test_sum_register_counts_padding_and_inputs() -> None:
    shape = Shape(13, inputs=3, lanes=4)
    assert shape.padded == 16
    assert shape.sum_width == shape.formats.sum_width(19)
