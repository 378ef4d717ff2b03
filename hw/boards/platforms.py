"""A board's platform: the class that knows its pins, taken from ``amaranth-boards`` or wherever the board's file says."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from amaranth.build import Attrs, Pins, Resource, Subsignal

from loschmidt.spec.board import Board, BoardError
from loschmidt.spec.part import Family
from loschmidt.spec.pll import megahertz


def platform(board: Board) -> Any:
    """A fresh platform of the board: a `Target`, with the link's pins, and in agreement with the board's file; `BoardError` if not."""
    kind = _kind(board)
    made = type(kind.__name__, (kind,), {"target": board.part.family})()
    device = made.family if board.part.family is Family.GOWIN else made.device
    if device != board.part.name:
        raise BoardError(f"{board.name}: part is {board.part.name}, but {board.platform} is for {device}: one of the two is wrong")
    if made.default_clk_frequency != board.clock.input:
        delivered = megahertz(int(made.default_clk_frequency))
        raise BoardError(f"{board.name}: clock.input is {megahertz(board.clock.input)} MHz, but {board.platform} delivers {delivered} MHz")
    _add_link(made, board)
    return made


def _kind(board: Board) -> Any:
    module, _, name = board.platform.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BoardError(f"{board.name}: platform {board.platform!r} cannot be had ({error}): it is module:class") from error


def _add_link(made: Any, board: Board) -> None:
    link = board.link
    if link.pins:
        rx, tx = link.pins
        ios = (Subsignal("rx", Pins(rx, dir="i")), Subsignal("tx", Pins(tx, dir="o")), Attrs(**dict(link.attributes)))
        made.add_resources([Resource(link.resource, link.number, *ios)])
    elif (link.resource, link.number) not in made.resources:
        raise BoardError(f"{board.name}: {board.platform} has no pins {link.resource}#{link.number}: give link.pins")
