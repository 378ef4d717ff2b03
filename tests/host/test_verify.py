"""`verify` reaches its figures on a sound device, and misses them on every broken one."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from rich.console import Console

from loschmidt.host import echo, parameters
from loschmidt.host.device import Ints
from loschmidt.host.echo import Readout
from loschmidt.host.errors import ConfigError
from loschmidt.host.nudge import nudge_codes
from loschmidt.host.recorder import Recorder
from loschmidt.host.report import Report, render
from loschmidt.host.verify import COSINE, NORM, Opener, _gradient_row, agreement, verify
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec.errors import SpecError
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter, Product
from loschmidt.spec.region import Region, State
from loschmidt.spec.run import Status
from loschmidt.spec.shape import Shape

from .broken import CAUGHT, Broken, ClipTooMany, ConjugateMissing, OneBitOff, OneMomentumOff, OnePositionOff, OverflowTooMany, StandsStill

Products = Mapping[Product, Ints]
Codes = Mapping[Parameter, Ints]


def small(
    opener: Opener, hamiltonian: Hamiltonian, *, against: Opener | None = None, readouts: Sequence[Readout] = tuple(Readout)
) -> Report:
    """Eight oscillators, 60 steps."""
    return verify(
        opener,
        hamiltonians=(hamiltonian,),
        oscillators=8,
        inputs=3,
        steps=60,
        formats=PRESETS["25"],
        readouts=readouts,
        against=against,
    )


def failed(report: Report) -> set[tuple[str, str]]:
    return {(row.check, row.item) for row in report.rows if not row.passed}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_figure_18_bit_64_oscillators_1000_steps(hamiltonian: Hamiltonian, seed: int) -> None:
    """Cosine >= 0.9999 and norm within 0.5 % for every group and readout, initial state included; exact reversal."""
    report = verify(Emulator, hamiltonians=(hamiltonian,), seed=seed)
    assert report.settings["shape"]["formats"]["operand"] == "Q4.14"
    assert report.passed, [row for row in report.rows if not row.passed]
    groups = {row.item for row in report.rows if row.check == "gradient"}
    assert len(groups) == 3 * (len(parameters.names(hamiltonian)) + 2)
    assert len([row for row in report.rows if row.check == "reversal"]) == 4


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_sound_devices_pass_and_agree(hamiltonian: Hamiltonian) -> None:
    report = small(Emulator, hamiltonian, against=GoldenDevice)
    assert report.passed, failed(report)
    (agreement,) = (row for row in report.rows if row.check == "agreement")
    assert agreement.item == "emulator = golden"
    assert agreement.measured["integers"] > 1000


def test_long_reversal_takes_its_inputs_again_and_again() -> None:
    shares: list[float] = []
    report = verify(Emulator, oscillators=3, inputs=1, steps=5000, checks=("reversal",), tell=lambda what, share: shares.append(share))
    assert report.passed
    assert {row.check for row in report.rows} == {"reversal"}
    assert {row.measured["steps"] for row in report.rows} == {5000}
    assert len(report.rows) == 4 * len(Hamiltonian)
    assert shares[-1] == 1.0


def test_agreement_alone_is_one_row_each() -> None:
    report = verify(GoldenDevice, oscillators=3, inputs=1, steps=20, checks=("agreement",), against=Emulator)
    assert report.passed
    assert [row.check for row in report.rows] == ["agreement"] * len(Hamiltonian)


@pytest.mark.parametrize("checks", [(), ("agreement",), ("speed",)])
def test_nothing_to_measure_is_refused(checks: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^checks must be some of reversal, gradient, agreement, the last with a second device, not "):
        verify(Emulator, checks=checks)


def test_one_wrong_bit_is_a_disagreement() -> None:
    report = small(OneBitOff, Hamiltonian.LINEAR, against=Emulator, readouts=(Readout.EVERY,))
    assert failed(report) == {("agreement", "emulator = emulator")}
    assert report.rows[-1].measured["different"] == 1


@pytest.mark.parametrize("broken", [OverflowTooMany, ClipTooMany])
@pytest.mark.parametrize("swapped", [False, True])
def test_flag_that_only_one_device_raises_is_a_disagreement(broken: type[Emulator], swapped: bool) -> None:
    pair = (Emulator, broken) if swapped else (broken, Emulator)
    report = small(pair[0], Hamiltonian.LINEAR, against=pair[1], readouts=(Readout.LAST,))
    assert failed(report) == {("agreement", "emulator = emulator")}
    # Of the free run, of the probes and of the echoes.
    assert report.rows[-1].measured["different"] >= 3


@pytest.mark.parametrize("product", DEFINITIONS[Hamiltonian.DIAGONAL].products)
def test_bit_of_any_product_is_a_disagreement(product: Product) -> None:
    class Misread(OneBitOff):
        misread = product

        def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
            values = Emulator.read(self, region, entry, count)
            if region is product:
                values.flat[0] ^= 1
            return values

    report = small(Misread, Hamiltonian.DIAGONAL, against=Emulator, readouts=(Readout.MEAN,))
    assert ("agreement", "emulator = emulator") in failed(report)
    assert report.rows[-1].measured["different"] == 1


@pytest.mark.parametrize("broken", [OnePositionOff, OneMomentumOff])
def test_bit_of_a_state_is_a_disagreement(broken: type[Emulator]) -> None:
    assert ("agreement", "emulator = emulator") in failed(small(Emulator, Hamiltonian.DENSE, against=broken, readouts=()))


def test_device_that_stands_still_has_reversed_nothing() -> None:
    """Every state of its is the start to the last bit; but it was never anywhere else."""
    rows = [row for row in small(StandsStill, Hamiltonian.DENSE, readouts=()).rows if row.check == "reversal"]
    assert [(row.measured["different"], row.passed) for row in rows] == [(0, False)] * 4


@pytest.mark.parametrize(
    ("found", "passed"),
    [
        ([1.0, 0.0], True),
        ([1.0, 0.0141], True),
        # A cosine of 0.9999 is an angle of 0.01414.
        ([0.9999, 0.0142], False),
        ([1.0049, 0.0], True),
        ([1.0051, 0.0], False),
        ([0.9951, 0.0], True),
        ([0.9949, 0.0], False),
        ([-1.0, 0.0], False),
        ([0.0, 1.0], False),
        ([0.0, 0.0], False),
        ([np.nan, 0.0], False),
    ],
)
def test_gradient_passes_within_its_bounds(found: list[float], passed: bool) -> None:
    row = _gradient_row("dense", "last: bias", np.array(found), np.array([1.0, 0.0]), True)
    assert row.passed is passed


def test_bounds_are_those_that_are_claimed() -> None:
    assert (COSINE, NORM) == (0.9999, 0.005)


def test_gradient_of_nothing_is_nothing() -> None:
    zero, one = np.zeros(3), np.ones(3)
    assert agreement(zero, zero) == (1.0, 1.0)
    assert agreement(one, zero) == (0.0, 1.0 + np.sqrt(3.0))
    assert agreement(zero, one) == (0.0, 0.0)
    assert agreement(2 * one, one) == pytest.approx((1.0, 2.0))


def test_recorders_compare_what_was_given_since_they_were_last_compared() -> None:
    shape = Shape(2, 1, contexts=3)
    one, other = (Recorder(Emulator(shape), True) for _ in range(2))
    for recorder, value in ((one, 5), (other, 6)):
        recorder.write(State.POSITION, np.array([[value, 2 * value]]))
        recorder.read(State.POSITION)
        assert recorder.status() == Status()
    assert one.differences(other) == (2 + 2 * 3, 2)
    assert one.differences(other) == (0, 0)
    one.read(State.POSITION, 0, 2)
    other.read(State.POSITION, 0, 1)
    assert one.differences(other) == (4, 4)
    one.read(State.POSITION)
    with pytest.raises(ValueError, match="shorter"):
        one.differences(other)


def test_recorder_keeps_nothing_unless_it_is_to_be_compared() -> None:
    silent = Recorder(Emulator(Shape(2, 1)), False)
    silent.read(State.POSITION)
    silent.status()
    assert silent.differences(Recorder(Emulator(Shape(2, 1)), True)) == (0, 0)


@pytest.mark.parametrize("broken", CAUGHT, ids=lambda device: device.__name__)
def test_broken_device_is_caught(broken: Broken) -> None:
    hamiltonian = Hamiltonian.DENSE if CAUGHT[broken][1] == "last: coupling" else Hamiltonian.DIAGONAL
    assert CAUGHT[broken] in failed(small(broken, hamiltonian))


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_nudge_of_the_wrong_sign_is_caught(hamiltonian: Hamiltonian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo, "nudge_codes", lambda gradient, k, state: -nudge_codes(gradient, k, state))
    found = failed(small(Emulator, hamiltonian))
    assert len([check for check, _ in found if check == "gradient"]) == 3 * (len(parameters.names(hamiltonian)) + 2)


@pytest.mark.parametrize("factor", [2.0, 0.5, 1.01, 0.99])
def test_missing_factor_is_caught(factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = parameters.gradient_from_products

    def scaled(products: Products, codes: Codes, scale: float, hamiltonian: Hamiltonian, formats: Formats) -> parameters.Master:
        return sound(products, codes, factor * scale, hamiltonian, formats)

    monkeypatch.setattr(echo, "gradient_from_products", scaled)
    found = failed(small(Emulator, Hamiltonian.DENSE))
    assert {f"{readout.value}: {name}" for readout in Readout for name in parameters.names(Hamiltonian.DENSE)} == {
        item for _, item in found
    }


def test_report_is_json_and_a_table() -> None:
    report = small(Emulator, Hamiltonian.SPRINGS, against=Emulator)
    again = json.loads(json.dumps(report.to_json()))
    assert again["passed"] is True
    assert again["settings"]["device"] == again["settings"]["against"] == "emulator"
    assert Shape.from_json(again["settings"]["shape"]).oscillators == 8
    assert len(again["rows"]) == len(report.rows)
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(render(report))
    text = console.export_text()
    assert text.count("pass") == len(report.rows)
    assert "cosine >= 0.9999, norm within 0.5%" in text


def test_missed_bound_shows_in_the_table() -> None:
    report = small(ConjugateMissing, Hamiltonian.DIAGONAL)
    assert not report.passed
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(render(report))
    assert "MISS" in console.export_text()


def test_single_oscillator_is_verified_like_any_other() -> None:
    for hamiltonian in Hamiltonian:
        report = verify(Emulator, hamiltonians=(hamiltonian,), oscillators=1, inputs=1, steps=30, formats=PRESETS["25"])
        assert report.passed, failed(report)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SpecError, match=r"^oscillators must be an integer from 1 to 65535, not 0$"):
        verify(Emulator, oscillators=0, lanes=1)
    with pytest.raises(SpecError, match=r"^the time step 2\*\*-s needs s from 0 to 15, not 16$"):
        verify(Emulator, oscillators=4, steps=10, s=16)
