"""The simulated gateware returns the golden model's integers, for the same calls, and comes back to its start after 10^5 steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from loschmidt.host.device import Device
from loschmidt.sim.rtl import Stall, open_rtl
from loschmidt.spec import protocol
from loschmidt.spec.errors import SpecError
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.protocol import Error, Header, Opcode
from loschmidt.spec.region import Buffer, State, Table
from loschmidt.spec.run import Direction, Run
from loschmidt.spec.shape import Shape

from .arrays import ARRAYS, STALLS, UNCOUPLED, simulated
from .cases import Case, cases, codes
from .checks import alike


@pytest.mark.parametrize("array", [*ARRAYS, *UNCOUPLED])
def test_agrees_with_the_golden_model(array: str) -> None:
    shape = (ARRAYS | UNCOUPLED)[array]

    @settings(max_examples=30, database=None, phases=[Phase.generate])
    @given(cases(shape), st.sampled_from(STALLS))
    def agree(case: Case, stall: Stall) -> None:
        alike(lambda shape: simulated(shape, stall), case)

    agree()


def test_says_its_shape() -> None:
    for shape in (ARRAYS | UNCOUPLED).values():
        assert simulated(shape).shape == shape


def test_without_couplings_some_hamiltonians_are_refused() -> None:
    """By the host before anything is sent, and by the gateware if it is sent all the same."""
    shape = UNCOUPLED["uncoupled"]
    device = simulated(shape)
    for hamiltonian in Hamiltonian:
        if hamiltonian in shape.hamiltonians:
            device.configure(hamiltonian, 3)
            continue
        with pytest.raises(SpecError, match=rf"^this array holds no couplings, so {hamiltonian.name} cannot .* take LINEAR and DIAGONAL,"):
            device.configure(hamiltonian, 3)
        port = open_rtl(shape)
        port.send(protocol.request(Opcode.CONFIGURE, protocol.configure(hamiltonian, 3), tag=5))
        assert port.receive(1).tolist() == [Header(Error.VALUE, 5, 0).word()]
    with pytest.raises(SpecError, match=r"^coupling has shape \(0, 0\), not \(5, 5\)$"):
        device.write(Parameter.COUPLING, np.zeros((5, 5), np.int64))


def test_stalls_change_no_integer_and_no_counter() -> None:
    shape = ARRAYS["padded"]
    rng = np.random.default_rng(7)
    inputs = codes(rng, Buffer.INPUT, shape, "small")
    found = []
    for stall in STALLS:
        device = simulated(shape, stall)
        device.write(Parameter.INVERSE_MASS, np.full(shape.oscillators, 1 << 14))
        device.write(Buffer.INPUT, inputs)
        device.run([Run(0, shape.input_depth)])
        found.append((device.status(), device.read(State.POSITION).tolist()))
        device.close()
    assert all(each == found[0] for each in found)
    assert found[0][0].cycles > found[0][0].busy > 0


def there_and_back(device: Device, shape: Shape, steps: int) -> None:
    """Contexts 0 and 1 forward in windows of the input buffer, flip, back through the same windows, flip."""
    windows = [min(shape.input_depth, steps - done) for done in range(0, steps, shape.input_depth)]
    for direction in (Direction.ASCENDING, Direction.DESCENDING):
        for window in windows if direction is Direction.ASCENDING else reversed(windows):
            device.run([Run(context, window, direction=direction) for context in (0, 1)])
        for context in (0, 1):
            device.flip(context)


@pytest.mark.parametrize("hamiltonian", Hamiltonian, ids=lambda hamiltonian: hamiltonian.name)
def test_returns_after_100_000_steps(hamiltonian: Hamiltonian) -> None:
    """Two contexts at once: one starts small and one from the ends of the range, where it wraps round."""
    shape, steps = ARRAYS["one_lane"], 100_000
    rng = np.random.default_rng(hamiltonian)
    device = simulated(shape)
    device.configure(hamiltonian, 1)
    for region in (*Parameter, Buffer.INPUT, Table.ACTIVATION):
        device.write(region, codes(rng, region, shape, "small"))
    start = {region: np.stack([codes(rng, region, shape, style)[0] for style in ("small", "extreme")]) for region in State}
    start[State.MOMENTUM][1, 0] = shape.formats.state.lowest
    for region, values in start.items():
        device.write(region, values)
    there_and_back(device, shape, steps)
    for region, values in start.items():
        assert np.array_equal(device.read(region, 0, 2), values)
    assert 1 in device.status().overflow
    device.close()
