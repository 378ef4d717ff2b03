"""Writes docs/protocol.md: docs/protocol_template.md with its tables and examples made from `spec/`. Run by ``python -m docs.protocol``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from zlib import crc32

from loschmidt.sim.link import cobs
from loschmidt.spec import hamiltonian, layout, link, protocol, run
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Parameter, Product
from loschmidt.spec.layout import Bank
from loschmidt.spec.link import Flag, Frame, Kind
from loschmidt.spec.protocol import Opcode
from loschmidt.spec.shape import Shape

HERE = Path(__file__).parent
TEMPLATE, DOCUMENT = HERE / "protocol_template.md", HERE / "protocol.md"

#: The example's session, and an array of few words.
SESSION, BUFFER, ARRAY = 0x2A17, 256, Shape(4, 2, 2, 4, 2, 64, 64, 64)
SKEWED = Shape(5, 1, 2)

IDENTITY = (
    (0, "31:0", f"{protocol.MAGIC:08X}: this is a Loschmidt array"),
    (1, "31:0", f"version of the protocol: {protocol.VERSION}"),
    (2, "31:0", "N, oscillators"),
    (3, "31:0", "M, inputs"),
    (4, "31:0", "L, lanes"),
    (5, "31:0", "contexts"),
    (6, f"{protocol.UNCOUPLED - 1}:0", "ways"),
    (6, protocol.UNCOUPLED, "1: it holds no couplings, and knows LINEAR and DIAGONAL only; sections 6 and 7 without them"),
    (7, "31:0", "input_depth"),
    (8, "31:0", "nudge_depth"),
    (9, "31:0", "trace_depth"),
    (10, "7:0, 15:8", "width and fraction of state"),
    (10, "23:16, 31:24", "width and fraction of operand"),
    (11, "7:0, 15:8", "width and fraction of weight"),
    (11, "23:16, 31:24", "width and fraction of activation"),
    (12, "7:0", "width of an accumulator"),
    (12, "15:8", "range of the activation table, section 8"),
    (12, "31:16", "S, segments of the activation table"),
    (13, "31:0", "hash of the bitstream's build, as `loschmidt build` prints it and writes it to its JSON; 0: there is no bitstream"),
)

WIDTHS = {
    Bank.PARAMETER: "weight",
    Bank.ACCUMULATOR: "accumulator",
    Bank.TABLE_VALUE: "activation",
    Bank.TABLE_RISE: "activation",
    Bank.TABLE_CONJUGATE: "activation + log2(S) + 1",
    Bank.INPUT: "operand",
}

DEPTHS = {
    Bank.PARAMETER: "see below",
    Bank.ACCUMULATOR: "see below",
    Bank.POSITION: "contexts R",
    Bank.MOMENTUM: "contexts R",
    Bank.NUDGE: "nudge_depth R",
    Bank.TRACE: "trace_depth R",
    Bank.INPUT: "input_depth M",
}

#: How an array of a region lies in a bank of the lanes.
PLACES = {(True, True): ("R R L", "W skewed"), (True, False): ("R M", "`r M + m`: [l + L r][m]"), (False, False): ("R", "`r`: [l + L r]")}


def remarks(enum: type[Enum]) -> dict[str, str]:
    """What the source says behind each member."""
    source = inspect.getsource(enum)
    found = re.findall(r"^    (\w+) = .*?#: (.*)$", source, re.MULTILINE)
    return {name: re.sub(r" {2,}", " ", text.strip()).replace("``", "`") for name, text in found}


def table(*rows: tuple[object, ...]) -> str:
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows)


def members(enum: type[Enum]) -> str:
    said = remarks(enum)
    return table(*((member.value, member.name, said.get(member.name, "")) for member in enum))


def run_rows() -> str:
    def choices(enum: type[Enum]) -> str:
        said = remarks(enum)
        return ", ".join(f"{m.value} {m.name}" + (f" ({said[m.name]})" if m.name in said else "") for m in enum)

    return table(
        (0, "15:0", "context"),
        (0, protocol.RUN_DIRECTION, f"direction: {choices(run.Direction)}"),
        (0, f"{protocol.RUN_ACCUMULATE + 1}:{protocol.RUN_ACCUMULATE}", f"products: {choices(run.Accumulate)}"),
        (
            0,
            f"{protocol.RUN_SHIFT + run.SHIFT_LIMIT.bit_length() - 1}:{protocol.RUN_SHIFT}",
            f"left shift of the products, 0 to {run.SHIFT_LIMIT}",
        ),
        (0, f"{protocol.RUN_NUDGE + 1}:{protocol.RUN_NUDGE}", f"nudge: {choices(run.Nudge)}"),
        (0, protocol.RUN_NEGATE, "negate: take the nudge with the opposite sign"),
        (0, protocol.RUN_TRACE, "trace: write the midpoint of index k to entry `trace base + k`"),
        (0, f"31:{protocol.RUN_TRACE + 1}", "zero"),
        (1, "31:0", "steps, at least 1; index k goes from 0 up, or from steps - 1 down"),
        (2, "31:0", "input base: index k takes the input vector of entry `input base + k`"),
        (3, "31:0", "nudge base"),
        (4, "31:0", "trace base"),
    )


def bank_rows() -> str:
    def row(bank: Bank) -> tuple[object, ...]:
        said = remarks(Bank)[bank.name]
        if bank in layout.READ_ONLY and "read only" not in said:
            said += ", read only"
        return int(bank), bank.name, WIDTHS.get(bank, "state"), "one" if bank in layout.SHARED else "L", DEPTHS.get(bank, "S"), said

    return table(*map(row, Bank))


def region_rows(kind: type[Parameter] | type[Product]) -> str:
    """The arrays of a bank, in the order of their addresses."""
    said = remarks(kind)
    ordered = sorted(kind, key=lambda region: layout.base(region, ARRAY))
    rows = []
    for region in ordered:
        square, wide = region.name == "COUPLING", region.name in ("COUPLING", "INPUT_WEIGHT")
        addresses, place = PLACES[wide, square]
        rows.append((f"{region.name} {said[region.name]}", addresses, place))
    return table(*rows)


def skew_rows() -> str:
    shape, order = SKEWED, layout.order(Parameter.COUPLING, SKEWED)
    n, lanes = shape.oscillators, shape.lanes

    def cell(flat: int) -> str:
        return "0" if flat < 0 else f"W[{flat // n}][{flat % n}]"

    head = "| address | r s c | " + " | ".join(f"lane {lane}" for lane in range(lanes)) + " |\n" + "|---" * (lanes + 2) + "|\n"
    rows = []
    for address in range(shape.rows * shape.padded):
        block, c = divmod(address, lanes)
        r, s = divmod(block, shape.rows)
        rows.append((address, f"{r} {s} {c}", *map(cell, order[address * lanes : (address + 1) * lanes])))
    return head + table(*rows)


def talk() -> Iterator[tuple[str, str, Frame]]:
    """The frames of the example: who, what for, and the frame."""
    ask = protocol.request(Opcode.IDENTIFY, tag=1)
    answer = [protocol.Header(protocol.Error.OK, 1, protocol.IDENTITY_LENGTH).word(), *protocol.identity(ARRAY)]
    taken = len(answer)
    yield "host", "OPEN", Frame(SESSION, Kind.OPEN)
    yield "array", "OPEN, with room for 256 words", Frame(SESSION, Kind.OPEN, window=BUFFER)
    yield "host", "IDENTIFY with tag 1, room for 1024 words", Frame(SESSION, Kind.DATA, 0, 0, 1024, Flag.NONE, ask)
    yield "array", f"its response, {taken} words", Frame(SESSION, Kind.DATA, 0, 1, BUFFER, Flag.NONE, answer)
    yield "host", "has them all", Frame(SESSION, Kind.DATA, 1, taken, 1024)
    yield "array", "nothing new", Frame(SESSION, Kind.DATA, taken, 1, BUFFER)
    yield "host", f"is missing something: go on from word {taken}", Frame(SESSION, Kind.DATA, 1, taken, 1024, Flag.REWIND)


def example() -> str:
    """The bytes of `talk`, as they go over the line."""
    lines = []
    for who, what, frame in talk():
        data = cobs.encode(link.body(frame)) + b"\0"
        lines.append(f"    {who}: {what}")
        lines += [f"        {data[k : k + 24].hex(' ')}" for k in range(0, len(data), 24)]
    return "\n".join(lines)


def values() -> dict[str, str]:
    """What stands for each ``{{name}}`` of the template."""
    content = link.BYTES * (link.HEADER_WORDS + link.PAYLOAD_WORDS + 1)
    first = layout.order(Parameter.COUPLING, SKEWED)[: SKEWED.lanes]
    return {
        "payload_words": str(link.PAYLOAD_WORDS),
        "header_words": str(link.HEADER_WORDS),
        "content_bytes": str(content),
        "frame_bytes": str(content + 2),
        "crc_check": f"{crc32(b'123456789'):08X}",
        "kinds": ", ".join(f"{kind.value} {kind.name}" for kind in Kind),
        "flags": ", ".join(f"{flag.value} {flag.name}" for flag in Flag if flag),
        "least_buffer": str(link.LEAST_BUFFER),
        "largest_buffer": str(link.LARGEST_BUFFER),
        "example_session": f"{SESSION:04X}",
        "example_buffer": str(BUFFER),
        "example": example(),
        "opcodes": members(Opcode),
        "errors": members(protocol.Error),
        "identity": table(*IDENTITY),
        "identity_length": str(protocol.IDENTITY_LENGTH),
        "step_limit": str(run.STEP_LIMIT),
        "payload_limit": str(protocol.PAYLOAD_LIMIT),
        "hamiltonians": table(*((h.value, f"{h.name}: {remarks(hamiltonian.Hamiltonian)[h.name]}") for h in hamiltonian.Hamiltonian)),
        "run": run_rows(),
        "formats": table(
            *(
                (
                    name,
                    *(f"{g.width}.{g.fraction}" for g in (f.state, f.operand, f.weight, f.activation)),
                    f.accumulator,
                    f.segments,
                    f.table_range,
                )
                for name, f in PRESETS.items()
            )
        ),
        "banks": bank_rows(),
        "parameters": region_rows(Parameter),
        "products": region_rows(Product),
        "skew": skew_rows(),
        "skew_n": str(SKEWED.oscillators),
        "skew_l": str(SKEWED.lanes),
        "skew_r": str(SKEWED.rows),
        "skew_first": "], W[".join(f"{flat // SKEWED.oscillators}][{flat % SKEWED.oscillators}" for flat in first),
    }


def document() -> str:
    """The whole text. Raises `KeyError` for a name that means nothing, and `ValueError` for one that is not used."""
    text, known = TEMPLATE.read_text(), values()
    used = set(re.findall(r"\{\{(\w+)\}\}", text))
    if left := set(known) - used:
        raise ValueError(f"docs/protocol_template.md does not use {', '.join(sorted(left))}")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: known[match[1]], text)


if __name__ == "__main__":
    DOCUMENT.write_text(document())
