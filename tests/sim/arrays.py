"""The arrays that are simulated as a whole: between them one lane and several, one row and several, padding, and every named format."""

from __future__ import annotations

from dataclasses import replace

from loschmidt.host.device import Device
from loschmidt.host.word_device import WordDevice
from loschmidt.sim.rtl import Stall, open_rtl
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.shape import Shape

ARRAYS = {
    # More contexts than a word has bits, and room for long runs.
    "one_lane": Shape(2, 1, 1, 33, 2, 64, 8, 66, replace(PRESETS["18"], segments=128)),
    "padded": Shape(5, 2, 2, 3, 2, 8, 6, 24, replace(PRESETS["18"], segments=128)),
    "rows": Shape(6, 3, 3, 4, 3, 5, 8, 20, replace(PRESETS["25"], segments=128)),
    "one_row": Shape(4, 1, 4, 2, 1, 8, 8, 16, PRESETS["16"]),
}

#: Where there is nothing that crosses from oscillator to oscillator.
UNCOUPLED = {"uncoupled": replace(ARRAYS["padded"], couplings=False)}

STALLS = (Stall(), Stall(128, 0, 1), Stall(0, 128, 2), Stall(128, 128, 3))


def simulated(shape: Shape, stall: Stall = STALLS[0]) -> Device:
    """The gateware, just powered up."""
    return WordDevice(open_rtl(shape, stall))
