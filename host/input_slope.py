"""dV/du at a midpoint: what an echo has to tell the layer whose output the inputs are.

The device traces midpoints; what it made of them on their way through a kick follows from them alone, in integers:

    x = operand(phi_h)        z = W x + B u + b (DIAGONAL: w x + B u + b)        y = activation(z)

rounded, saturated and looked up as the device does it. Then, of the potentials in `spec.hamiltonian`,

    dV/du = -B^T x  (SPRINGS, LINEAR)        B^T (y / w)  (DIAGONAL)        B^T y  (DENSE)
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter

from .device import Ints
from .integers import nearest, saturated

Floats = NDArray[np.float64]

#: float64 holds every integer up to here.
EXACT = 2.0**53


class InputSlope:
    """The slope of a device's potential along its inputs.

    Parameters
    ----------
    hamiltonian : which potential
    codes : the device's parameters
    rows : (segments, 3), its activation table
    formats : of all of these
    """

    def __init__(self, hamiltonian: Hamiltonian, codes: Mapping[Parameter, Ints], rows: Ints, formats: Formats) -> None:
        self._hamiltonian, self._codes, self._rows, self._formats = hamiltonian, codes, rows, formats
        weight = codes[Parameter.INPUT_WEIGHT] * formats.weight.lsb
        match hamiltonian:
            case Hamiltonian.SPRINGS | Hamiltonian.LINEAR:
                self._mix = -weight * formats.operand.lsb
            case Hamiltonian.DIAGONAL:
                self._mix = weight / (codes[Parameter.GAIN] * formats.weight.lsb)[:, None] * formats.activation.lsb
            case Hamiltonian.DENSE:
                self._mix = weight * formats.activation.lsb

    def __call__(self, midpoints: Ints, inputs: Ints) -> Floats:
        """dV/du, (T, M) real, at midpoints (T, N), state codes, with inputs (T, M), operand codes."""
        # Not a matrix product: its sums would depend, in the last bit, on how many steps come at a time.
        slope: Floats = np.einsum("tn,nm->tm", self.activity(midpoints, inputs).astype(np.float64), self._mix)
        return slope

    def activity(self, midpoints: Ints, inputs: Ints) -> Ints:
        """What the input weights' products are made of, (T, N): x in operand codes, or y in activation codes."""
        f, codes = self._formats, self._codes
        x = saturated(nearest(midpoints, f.operand_shift), f.operand.width)
        if not DEFINITIONS[self._hamiltonian].activated:
            return x
        gained = codes[Parameter.GAIN] * x if self._hamiltonian is Hamiltonian.DIAGONAL else _product(x, codes[Parameter.COUPLING])
        z = (gained + _product(inputs, codes[Parameter.INPUT_WEIGHT])) << f.align_shift
        return self._activation(z + (codes[Parameter.BIAS] << f.activation.fraction))

    def _activation(self, z: Ints) -> Ints:
        f = self._formats
        place = saturated(nearest(z, f.table_shift), f.table_width)
        offset_bits = f.multiplier - 1
        value, rise, _ = np.moveaxis(self._rows[(place >> offset_bits) + f.segments // 2], -1, 0)
        y: Ints = value + nearest(rise * (place & ((1 << offset_bits) - 1)), offset_bits)
        return y


def _product(values: Ints, weights: Ints) -> Ints:
    """values (T, K) times the transpose of weights (N, K), exact: in float64, which has a fast product, where no sum can pass 2^53."""
    if float(np.abs(values).max()) * float(np.abs(weights).sum(axis=1).max()) < EXACT:
        product: Ints = (values.astype(np.float64) @ weights.T.astype(np.float64)).astype(np.int64)
        return product
    wide: Ints = values @ weights.T
    return wide
