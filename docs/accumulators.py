"""How large an epoch's sums become on a board with narrow accumulators: ``python -m docs.accumulators``, for `decisions.md`."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from loschmidt.host import session
from loschmidt.host.config import Config
from loschmidt.host.device import Ints
from loschmidt.host.echo_engine import EchoEngine, shape_for
from loschmidt.host.training import Training, begin
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.board import load
from loschmidt.spec.formats import name_of
from loschmidt.spec.hamiltonian import Product
from loschmidt.spec.region import Region


class Watched(Emulator):
    """Keeps the largest magnitude of every product that is read, and how often couplings are."""

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        values = super().read(region, entry, count)
        if isinstance(region, Product) and values.size:
            self.largest = max(getattr(self, "largest", 1), int(np.abs(values).max()))
            self.times = getattr(self, "times", 0) + (region is Product.COUPLING)
        return values


def main() -> None:
    """Print a line for the board's accumulators, and one for accumulators that hold a whole minibatch."""
    formats = load("ulx3s-85f").shape.formats
    for width in (formats.accumulator, 64):
        config = Config(formats=name_of(replace(formats, accumulator=width)), epochs=1)
        dataset = session.load_data(config)
        device = Watched(shape_for(config, dataset.channels, max(map(len, dataset.train.inputs))))
        training = Training(begin(config, dataset), dataset, EchoEngine(device, config.system, config.step, config.readout), None)
        training.run()
        print(
            f"{width} bits: read {device.times} times in {training.batches} minibatches, "
            f"largest sum 2^{math.log2(device.largest):.1f}, room 2^{width - 1}"
        )
        device.close()


if __name__ == "__main__":
    main()
