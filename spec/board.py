"""A board: which FPGA, which clock, where its link is, which array it holds. Read from ``constraints/<name>.toml`` and checked.

A file has the keys of `Board` (``title``, ``platform``, ``part``, ``program``, ``price``) and the tables ``[clock]`` (`Clock`),
``[link]`` (`Link`), ``[array]`` (`spec.shape.Shape`; ``formats`` names a preset or is a table), and, if need be, ``[leds]`` (`Leds`) and
``[tools]`` (`Tools`).
"""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from .errors import LoschmidtError, SpecError
from .fit import check_fit
from .formats import PRESETS, Formats
from .keys import Keys
from .link import LARGEST_BUFFER, LEAST_BUFFER
from .part import PARTS, Part
from .pll import Setting, megahertz, solve
from .shape import Shape

#: Largest deviation of the baud rate that the clock makes from the one that is wanted; a receiver stands about twice that.
BAUD_TOLERANCE = Fraction(2, 100)

#: Clock cycles of a bit that the gateware's receiver needs.
LEAST_DIVISOR = 4


#: LEDs of which each shows something else.
MOST_LEDS = 3


class BoardError(LoschmidtError):
    """A board that is unknown, or whose file is not right: says which file, which key, and what is wrong with it."""


@dataclass(frozen=True)
class Clock:
    """The array's clock. Without ``setting`` it is the board's own.

    Members
    -------
    input : frequency that the board delivers, in Hz
    wanted : the array's, in Hz
    setting : of the PLL that makes it
    """

    input: int
    wanted: int
    setting: Setting | None

    @property
    def frequency(self) -> Fraction:
        """What the array really gets, in Hz."""
        return self.setting.made if self.setting else Fraction(self.input)


@dataclass(frozen=True)
class Link:
    """The serial line.

    Members
    -------
    resource, number : the platform's name of its pins
    pins : (rx, tx), if the platform has no name for them; ``resource`` then is the one they get
    attributes : of those pins
    baud : bits a second; buffer : words that the gateware keeps, each way
    divisor : clock cycles of a bit
    """

    resource: str
    number: int
    pins: tuple[str, str] | None
    attributes: tuple[tuple[str, str], ...]
    baud: int
    buffer: int
    divisor: int


@dataclass(frozen=True)
class Leds:
    """LEDs that show what the board does, where its platform names none, or others. `hw.boards.leds` says what each shows.

    Members
    -------
    pins : one to three, in the order in which they are used
    invert : an LED is lit when its pin is low
    common : pins that are held high, because they power the LEDs
    attributes : of all these pins
    """

    pins: tuple[str, ...]
    invert: bool
    common: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Tools:
    """What the flow's programs are told beside what follows from the part.

    Members
    -------
    seed : of placement
    synthesis, route, pack : more options
    constraints : lines for the end of the constraint file
    floorplan : multipliers and memories have their places along the ring (`hw.flow.floorplan`); of parts with a known die
    """

    seed: int = 1
    synthesis: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    pack: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    floorplan: bool = False


@dataclass(frozen=True)
class Board:
    """One board.

    Members
    -------
    name : the file's, without its ending
    title : the maker's
    platform : ``module:class`` of the class that knows its pins
    part, clock, link, shape, tools : see there
    program : openFPGALoader's name of it, empty if it has none
    price : what it costs, if that is sure
    leds : in place of the platform's own
    folder : where a file of one's own lies, with its platform's module beside it; None of a board that comes with the project
    """

    name: str
    title: str
    platform: str
    part: Part
    clock: Clock
    link: Link
    shape: Shape
    tools: Tools
    program: str = ""
    price: str = ""
    leds: Leds | None = None
    folder: Path | None = field(default=None, compare=False, repr=False)


def names() -> list[str]:
    """Boards that come with the project."""
    folder = importlib.resources.files("loschmidt.constraints")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load(name: str) -> Board:
    """A board by name, or from a file: whatever ends in ``.toml`` or holds a slash. `BoardError` if there is none, or it is not right."""
    if name.endswith(".toml") or "/" in name:
        path = Path(name)
        try:
            # Editors of some systems begin a file with a byte order mark.
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise BoardError(f"{path}: cannot be read ({error}): name a board's .toml file, or one of {', '.join(names())}") from error
        return replace(parse(text, path.stem, str(path)), folder=path.resolve().parent)
    if name not in names():
        raise BoardError(f"there is no board {name!r}: it is one of {', '.join(names())}, or a .toml file of your own")
    file = f"{name}.toml"
    return parse(importlib.resources.files("loschmidt.constraints").joinpath(file).read_text(encoding="utf-8"), name, file)


def parse(text: str, name: str, file: str) -> Board:
    """A board from its file's text; ``file`` is what errors call it. `BoardError` for the first fault found."""
    try:
        return _board(Keys(tomllib.loads(text)), name)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{file}: is not TOML: {error}") from error
    except SpecError as error:
        raise BoardError(f"{file}: {error}") from error


def _board(top: Keys, name: str) -> Board:
    title, platform, part = top.text("title"), top.text("platform"), _part(top)
    clock = _clock(top.table("clock"), part)
    link = _link(top.table("link"), clock)
    shape = _shape(top.table("array"))
    leds = _leds(top.table("leds", required=False))
    tools = _tools(top.table("tools", required=False))
    board = Board(name, title, platform, part, clock, link, shape, tools, top.text("program", ""), top.text("price", ""), leds)
    top.done()
    check_fit(shape, link.buffer, part)
    return board


def _part(top: Keys) -> Part:
    name = top.text("part")
    if name not in PARTS:
        raise SpecError(f"part: {name!r} is not known; known are {', '.join(sorted(PARTS))}")
    return PARTS[name]


def _clock(keys: Keys, part: Part) -> Clock:
    source, wanted = keys.whole("input", 1), keys.whole("wanted", 1)
    keys.done()
    if source == wanted:
        return Clock(source, wanted, None)
    try:
        return Clock(source, wanted, solve(source, wanted, part.pll))
    except SpecError as error:
        raise SpecError(f"clock.wanted: {error}") from error


def _link(keys: Keys, clock: Clock) -> Link:
    resource, number = keys.text("resource"), keys.whole("number", 0, default=0)
    pins = keys.table("pins", required=False)
    named = (pins.word("rx"), pins.word("tx")) if pins.given else None
    if named and named[0] == named[1]:
        raise SpecError(f"link.pins: rx and tx are both pin {named[0]}: they are two wires, so name two pins")
    attributes = tuple(sorted(pins.texts("attributes").items()))
    pins.done()
    baud, buffer = keys.whole("baud", 1), keys.whole("buffer", 1)
    keys.done()
    if buffer & (buffer - 1) or not LEAST_BUFFER <= buffer <= LARGEST_BUFFER:
        raise SpecError(f"link.buffer: must be a power of two from {LEAST_BUFFER} to {LARGEST_BUFFER}, not {buffer}")
    divisor = round(clock.frequency / baud)
    if divisor < LEAST_DIVISOR:
        most = int(clock.frequency / LEAST_DIVISOR)
        raise SpecError(f"link.baud: {baud} is too fast for a clock of {megahertz(clock.frequency)} MHz: at most {most}")
    made = clock.frequency / divisor
    if abs(made - baud) > BAUD_TOLERANCE * baud:
        raise SpecError(
            f"link.baud: {megahertz(clock.frequency)} MHz / {divisor} makes {float(made):.0f} baud, more than 2 % off {baud}: "
            "choose another baud rate or another clock"
        )
    return Link(resource, number, named, attributes, baud, buffer, divisor)


def _leds(keys: Keys) -> Leds | None:
    pins, common, invert = keys.words("pins"), keys.words("common"), keys.flag("invert", default=False)
    attributes = tuple(sorted(keys.texts("attributes").items()))
    keys.done()
    if not keys.given:
        return None
    if not 1 <= len(pins) <= MOST_LEDS:
        raise SpecError(f"leds.pins: names {len(pins)} pins, not one to {MOST_LEDS}; leave [leds] out to take the platform's own LEDs")
    return Leds(pins, invert, common, attributes)


def _shape(keys: Keys) -> Shape:
    formats = _formats(keys)
    counts = {name: keys.whole(name, 1) for name in ("oscillators", "inputs", "lanes", "contexts", "ways")}
    depths = {name: keys.whole(name, 1) for name in ("input_depth", "nudge_depth", "trace_depth")}
    couplings = keys.flag("couplings", default=True)
    keys.done()
    try:
        return Shape(**counts, **depths, formats=formats, couplings=couplings)
    except SpecError as error:
        raise SpecError(f"array: {error}") from error


def _formats(keys: Keys) -> Formats:
    if not keys.is_table("formats"):
        name = keys.text("formats")
        if name not in PRESETS:
            raise SpecError(f"array.formats: {name!r} is no preset; it is one of {', '.join(PRESETS)}, or a table")
        return PRESETS[name]
    table = keys.table("formats")
    data: dict[str, Any] = {name: table.text(name) for name in ("state", "operand", "weight", "activation")}
    data |= {name: table.whole(name, 0) for name in ("accumulator", "segments", "table_range")}
    table.done()
    try:
        return Formats.from_json(data)
    except SpecError as error:
        raise SpecError(f"array.formats: {error}") from error


def _tools(keys: Keys) -> Tools:
    lists = {name: keys.lines(name) for name in ("synthesis", "route", "pack", "constraints")}
    found = Tools(keys.whole("seed", 0, default=1), **lists, floorplan=keys.flag("floorplan", default=False))
    keys.done()
    return found
