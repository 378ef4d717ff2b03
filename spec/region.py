"""The regions of a device's memory, as its user sees them: logical arrays of integers."""

from __future__ import annotations

from .activation import COLUMNS
from .fixed import Format
from .hamiltonian import Parameter, Product
from .label import Label
from .shape import Shape


class State(Label):
    """Per context: (contexts, N), state format."""

    POSITION = "position"
    MOMENTUM = "momentum"


class Buffer(Label):
    """Per time step; entries are shared by all contexts."""

    INPUT = "input"  #: (input_depth, M), operand format
    NUDGE = "nudge"  #: (nudge_depth, N), state format: -eps * delta * dl/dphi
    TRACE = "trace"  #: (trace_depth, N), state format, read only: midpoint positions


class Table(Label):
    """The activation table: (segments, 3), columns as `spec.activation.Row`."""

    ACTIVATION = "activation"


Region = Parameter | Product | State | Buffer | Table

REGIONS: tuple[Region, ...] = (*Parameter, *Product, *State, *Buffer, *Table)


def entries(region: Region, shape: Shape) -> int:
    """How many entries the region has; an entry is what is read and written as a whole."""
    match region:
        case State():
            return shape.contexts
        case Buffer.INPUT:
            return shape.input_depth
        case Buffer.NUDGE:
            return shape.nudge_depth
        case Buffer.TRACE:
            return shape.trace_depth
        case Table():
            return shape.formats.segments
        case _:
            return 1


def entry_shape(region: Region, shape: Shape) -> tuple[int, ...]:
    """Array shape of one entry; (0, 0) for couplings that the array does not hold."""
    n, m = shape.oscillators, shape.inputs
    match region:
        case Parameter.COUPLING | Product.COUPLING:
            return (n, n) if shape.couplings else (0, 0)
        case Parameter.INPUT_WEIGHT | Product.INPUT_WEIGHT:
            return (n, m)
        case Buffer.INPUT:
            return (m,)
        case Table():
            return (COLUMNS,)
        case _:
            return (n,)


def widths(region: Region, shape: Shape) -> tuple[int, ...]:
    """Bits of a value; one number, or one per column for the table."""
    formats = shape.formats
    match region:
        case Parameter():
            return (formats.weight.width,)
        case Product():
            return (formats.accumulator,)
        case Buffer.INPUT:
            return (formats.operand.width,)
        case Table():
            return (formats.activation.width, formats.activation.width, formats.conjugate.width)
        case _:
            return (formats.state.width,)


def format_of(region: Region, shape: Shape) -> Format:
    """Fixed-point format of a parameter, state or buffer value."""
    match region:
        case Parameter():
            return shape.formats.weight
        case Buffer.INPUT:
            return shape.formats.operand
        case State() | Buffer():
            return shape.formats.state
    raise TypeError(f"{region} has no single format")


def writable(region: Region) -> bool:
    return not isinstance(region, Product) and region is not Buffer.TRACE


def has_entries(region: Region) -> bool:
    """Whether arrays of the region have a leading entry axis; parameters and products are single arrays without one."""
    return not isinstance(region, Parameter | Product)
