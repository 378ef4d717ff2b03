"""The link passes its benches, and refuses to be made in ways that it cannot be."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from amaranth.hdl import UnusedElaboratable
from amaranth.lib import wiring

from loschmidt.hw.link.link import Link
from loschmidt.hw.link.uart import UartReceiver, UartTransmitter
from loschmidt.spec.link import LARGEST_BUFFER, LEAST_BUFFER

from .link_parts import link_parts
from .parts import bay, run

PARTS = link_parts()


@pytest.fixture(scope="module")
def link_bay() -> str:
    return bay(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_part_of_the_link(name: str, link_bay: str, tmp_path: Path) -> None:
    assert run(name, PARTS[name], link_bay, tmp_path) >= 1


def refused(make: Callable[[int], wiring.Component], value: int, message: str) -> None:
    """It cannot be made of the value. What was half made is let go at once, as Amaranth warns of what is made and not used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnusedElaboratable)
        with pytest.raises(ValueError, match=message):
            make(value)
        gc.collect()


@pytest.mark.parametrize("buffer", [0, LEAST_BUFFER // 2, LEAST_BUFFER + 1, 3 * LEAST_BUFFER, 2 * LARGEST_BUFFER])
def test_a_buffer_that_no_link_can_have(buffer: int) -> None:
    refused(Link, buffer, rf"^a link's buffer holds a power of two of words, from 128 to 16384, not {buffer}$")


@pytest.mark.parametrize("make", [UartReceiver, UartTransmitter])
def test_bits_that_are_too_short(make: Callable[[int], wiring.Component]) -> None:
    refused(make, 3, r"^a bit must last at least 4 clock cycles, not 3$")
