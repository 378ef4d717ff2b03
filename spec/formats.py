"""The set of fixed-point formats that one array is built with, and the shifts and widths that follow from it.

A value's life: ``state`` (position, momentum) is rounded to ``operand`` to be multiplied by a ``weight``; products are
summed exactly; a sum is rounded to the activation table's input, or to a kick in units of the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import SpecError
from .fixed import Format


@dataclass(frozen=True)
class Formats:
    """Formats of one array. ``weight``, ``operand`` and ``activation`` have the multiplier's width.

    Members
    -------
    state : positions, momenta and nudges
    operand : positions, momenta and inputs where they enter a product; saturating, with a sticky clip flag
    weight : every parameter (couplings, input weights, stiffness, gain, bias, inverse mass)
    activation : values of the activation table; knots stay within a quarter of its range either way
    accumulator : width in bits of a gradient accumulator (modulo ``2**accumulator``; exact while the final sum fits)
    segments : linear pieces of the activation table, a power of two
    table_range : the table covers ``-2**table_range <= z < 2**table_range`` and saturates outside
    """

    state: Format = Format(32, 24)
    operand: Format = Format(18, 14)
    weight: Format = Format(18, 14)
    activation: Format = Format(18, 16)
    accumulator: int = 64
    segments: int = 512
    table_range: int = 2

    def __post_init__(self) -> None:
        m = self.multiplier
        if not (self.weight.width == self.operand.width == self.activation.width):
            raise SpecError(f"weight, operand and activation must have one width, not {self.weight}, {self.operand} and {self.activation}")
        if not 8 <= m <= 27:
            raise SpecError(f"multiplier width must be 8 to 27 bits, not {m}")
        if not m <= self.state.width <= 2 * m - 1:
            raise SpecError(f"state must have {m} to {2 * m - 1} bits beside a {m}-bit multiplier, not {self.state.width}")
        if self.state.width > 40:
            raise SpecError(f"state must have at most 40 bits, not {self.state.width}")
        if self.state.fraction < self.operand.fraction:
            raise SpecError(f"state {self.state} must have at least the fraction of operand {self.operand}")
        if self.activation.fraction < self.operand.fraction:
            raise SpecError(f"activation {self.activation} must have at least the fraction of operand {self.operand}")
        if self.activation.fraction > m - 2:
            raise SpecError(f"activation {self.activation} must hold 1.0 with a bit to spare: at most {m - 2} fractional bits")
        if self.segments & (self.segments - 1) or not 2 <= self.segments <= 4096:
            raise SpecError(f"segments must be a power of two from 2 to 4096, not {self.segments}")
        if self.segment_bits > m - 2:
            raise SpecError(f"segments must be at most {1 << (m - 2)} beside a {m}-bit multiplier, not {self.segments}")
        if not 0 <= self.table_range <= 6:
            raise SpecError(f"table_range must be 0 to 6, not {self.table_range}")
        if self.activation.fraction + self.segment_bits < self.table_range:
            raise SpecError(f"{self.segments} segments of activation {self.activation} are too coarse for table_range {self.table_range}")
        if self.table_shift < 0:
            raise SpecError(f"formats too narrow for {self.segments} segments: a sum has {-self.table_shift} bits too few")
        if self.sum_fraction < self.state.fraction:
            raise SpecError(f"products of {self.weight} and {self.activation} are coarser than state {self.state}")
        if not 2 * m + 4 <= self.accumulator <= 64:
            raise SpecError(f"accumulator must have {2 * m + 4} to 64 bits beside a {m}-bit multiplier, not {self.accumulator}")

    @property
    def multiplier(self) -> int:
        """Width of the lane's multiplier, both operands signed."""
        return self.weight.width

    @property
    def sum_fraction(self) -> int:
        """Fractional bits of every sum of products (forces and activation inputs)."""
        return self.weight.fraction + self.activation.fraction

    @property
    def operand_shift(self) -> int:
        """Right shift from state to operand."""
        return self.state.fraction - self.operand.fraction

    @property
    def align_shift(self) -> int:
        """Left shift that brings a weight x operand product to `sum_fraction`."""
        return self.activation.fraction - self.operand.fraction

    def kick_shift(self, s: int) -> int:
        """Right shift from a force sum to a kick, for time step ``delta = 2**-s``."""
        return self.sum_fraction + s - self.state.fraction

    def drift_shift(self, s: int) -> int:
        """Right shift from inverse mass x momentum to half a drift, for ``delta = 2**-s``."""
        return self.weight.fraction + s + 1

    @property
    def segment_bits(self) -> int:
        return self.segments.bit_length() - 1

    @property
    def table_width(self) -> int:
        """Bits of the table's input: `segment_bits` of index above ``multiplier - 1`` of offset within the segment."""
        return self.segment_bits + self.multiplier - 1

    @property
    def conjugate_shift(self) -> int:
        """Right shift from rise x place, see `spec.activation`, to the conjugate."""
        return self.multiplier - 1 - self.segment_bits

    @property
    def table_shift(self) -> int:
        """Right shift from a sum to the table's input."""
        return self.sum_fraction - (self.table_width - 1 - self.table_range)

    @property
    def conjugate(self) -> Format:
        """Format of the activation's convex conjugate: a unit is activation lsb x half a segment."""
        return Format(self.activation.width + self.segment_bits + 1, self.activation.fraction + self.segment_bits - self.table_range)

    def sum_width(self, terms: int) -> int:
        """Bits that a sum of ``terms`` products needs to be exact."""
        return 2 * self.multiplier + self.align_shift + (terms + 2).bit_length() + 1

    def to_json(self) -> dict[str, Any]:
        return {
            "state": str(self.state),
            "operand": str(self.operand),
            "weight": str(self.weight),
            "activation": str(self.activation),
            "accumulator": self.accumulator,
            "segments": self.segments,
            "table_range": self.table_range,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Formats:
        state, operand, weight, activation = (Format.parse(data[key]) for key in ("state", "operand", "weight", "activation"))
        accumulator, segments, table_range = (int(data[key]) for key in ("accumulator", "segments", "table_range"))
        return cls(state, operand, weight, activation, accumulator, segments, table_range)


#: Named sets: by the multiplier's width.
PRESETS: dict[str, Formats] = {
    "16": Formats(Format(28, 22), Format(16, 12), Format(16, 12), Format(16, 14), 48, 128),
    "18": Formats(),
    "25": Formats(Format(36, 28), Format(25, 20), Format(25, 20), Format(25, 23), 64, 512),
}


def name_of(formats: Formats) -> str:
    """The preset's name, or all of the formats as `named` reads them: ``Q5.19/Q4.12/Q4.12/Q2.14/40/128/2``."""
    preset = next((name for name, preset in PRESETS.items() if preset == formats), None)
    return preset or "/".join(map(str, formats.to_json().values()))


def named(text: str) -> Formats:
    """The formats of a name that `name_of` gives. Raises `SpecError` if it is none."""
    if text in PRESETS:
        return PRESETS[text]
    keys, values = PRESETS["18"].to_json().keys(), text.split("/")
    if len(values) != len(keys) or not all(value.isdecimal() for value in values[-3:]):
        raise SpecError(f"formats must be one of {', '.join(PRESETS)}, or like {'/'.join(keys)}, not {text!r}")
    return Formats.from_json(dict(zip(keys, values, strict=True)))
