"""Commands that measure: `loschmidt verify`, `compare` and `cycles`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loschmidt.spec.hamiltonian import Hamiltonian as HamiltonianCode
from loschmidt.spec.shape import Shape

from . import console
from .checks import BOUND_STEP, CHECKS, LINK
from .config import CHOICES, Config, formats_of
from .errors import ConfigError
from .options import (
    MISSED,
    Batch,
    Data,
    Decay,
    Device,
    Epochs,
    Formats,
    Hamiltonian,
    Inputs,
    Jitter,
    Json,
    Lanes,
    Oscillators,
    Rate,
    Readout,
    Seed,
    Step,
    config_of,
    given,
    write_json,
)

if TYPE_CHECKING:
    from .report import Report

_DEFAULT = Config()


def compare(
    context: typer.Context,
    data: Data = _DEFAULT.data,
    seeds: Annotated[int, typer.Option(min=1, help="How many runs of either kind.")] = 5,
    device: Device = "emulator",
    hamiltonian: Hamiltonian = _DEFAULT.hamiltonian,
    oscillators: Oscillators = _DEFAULT.oscillators,
    step: Step = _DEFAULT.step,
    readout: Readout = _DEFAULT.readout,
    epochs: Epochs = _DEFAULT.epochs,
    batch: Batch = _DEFAULT.batch,
    lr: Rate = _DEFAULT.lr,
    decay: Decay = _DEFAULT.decay,
    jitter: Jitter = _DEFAULT.jitter,
    seed: Seed = _DEFAULT.seed,
    formats: Formats = _DEFAULT.formats,
    json_file: Json = None,
) -> None:
    """Echo learning in integers beside backpropagation through time in float64: same model, seeds and schedule.

    Exit status 1 if the echo falls more than a point behind, or, with all defaults, below 97 %.

    [bold]Example[/bold]   loschmidt compare --seeds 5 --json compare.json
    """
    options = locals()
    from . import tables
    from .adapting import adapted
    from .compare import compare as compare_gradients
    from .devices import shape_at

    config = config_of(options, ())
    if (shape := shape_at(device)) is not None:
        config = adapted(config, shape, given(context))
    with console.bar() as bars:

        def progress(what: str) -> Any:
            task = bars.add_task(what, total=None)
            return lambda: bars.update(task, advance=1)

        result = compare_gradients(config, device, seeds, progress, given(context))
    console.OUT.print(tables.comparison(result))
    write_json(json_file, result.to_json())
    for fault in result.faults:
        console.error(fault)
    if result.faults:
        raise typer.Exit(MISSED)


def measure(
    context: typer.Context,
    device: Device = "emulator",
    hamiltonian: Annotated[str, typer.Option(help=f"all | {' | '.join(CHOICES['hamiltonian'])}")] = "all",
    steps: Annotated[int, typer.Option(min=1, help="Length of the run, T.")] = 1000,
    oscillators: Oscillators = 64,
    inputs: Inputs = 8,
    lanes: Lanes = None,
    step: Step = BOUND_STEP,
    seed: Annotated[int, typer.Option(min=0, help="Of parameters, inputs and states.")] = 0,
    formats: Formats = _DEFAULT.formats,
    check: Annotated[
        list[str] | None,
        typer.Option(help=f"{' | '.join((*CHECKS, LINK))}; may be repeated. Default: all but the last."),
    ] = None,
    against: Annotated[str | None, typer.Option(help="A second device, to agree with integer by integer.")] = None,
    json_file: Json = None,
) -> None:
    """Measure a device: exact reversal, gradients beside float64 backpropagation, agreement with another device; or the link to boards.

    Exit status 1 if a bound is missed. Those of gradients are stated for --step 5; training uses
    --step 2, where many groups are beyond them: loschmidt lab time-step.

    [bold]Examples[/bold]

    loschmidt verify

    loschmidt verify --check gradient --step 2

    loschmidt verify --device rtl --against golden --oscillators 8 --steps 50

    loschmidt verify --check reversal --oscillators 4 --steps 10000000

    loschmidt verify --check link
    """
    from . import verify as verification
    from .devices import check_name, open_device, shape_at
    from .report import render

    for name in {device, against or device}:
        check_name(name)
    known = {h.name.lower(): h for h in HamiltonianCode}
    if hamiltonian not in {"all", *known}:
        raise ConfigError(f"--hamiltonian must be one of all, {', '.join(known)}, not {hamiltonian!r}")
    chosen = formats_of(formats)
    hamiltonians = list(known.values()) if hamiltonian == "all" else [known[hamiltonian]]
    typed = given(context)
    for shape in filter(None, map(shape_at, dict.fromkeys((device, against or device)))):
        oscillators = oscillators if "oscillators" in typed else min(oscillators, shape.oscillators)
        inputs = inputs if "inputs" in typed else min(inputs, shape.inputs)
        chosen = chosen if "formats" in typed else shape.formats
        hamiltonians = [each for each in hamiltonians if each in shape.hamiltonians] if hamiltonian == "all" else hamiltonians
    with console.stage() as tell:
        report = verification.verify(
            partial(open_device, device),
            hamiltonians=hamiltonians,
            oscillators=oscillators,
            inputs=inputs,
            lanes=lanes,
            steps=steps,
            s=step,
            seed=seed,
            formats=chosen,
            checks=tuple(check) if check else CHECKS,
            tell=tell,
            against=None if against is None else partial(open_device, against),
        )
    console.OUT.print(render(report))
    write_json(json_file, report.to_json())
    if any(row.check == "gradient" for row in report.rows):
        console.say("\n".join(_told(report, step)))
    missed = [f"{row.hamiltonian} {row.check} {row.item}" for row in report.rows if not row.passed]
    if missed:
        console.error(f"{len(missed)} of {len(report.rows)} bounds missed: {', '.join(missed)}")
        raise typer.Exit(MISSED)
    console.say(f"{len(report.rows)} bounds kept")


def _told(report: Report, s: int) -> list[str]:
    """What the gradients are worth at this time step: all of them, and those that are trusted."""
    from .verify import quality

    lines = []
    for what, found in (("gradients", quality(report)), ("trusted ones", quality(report, trusted=True))):
        lines.append(
            f"{what} at delta = 2^-{s}: least cosine {found.cosine:.6f}, norm off by at most {found.norm:.3%}; "
            f"{found.missed} of {found.groups} groups beyond the bounds, which are stated for 2^-{BOUND_STEP}"
        )
    return lines


def count(
    oscillators: Oscillators = 64,
    inputs: Inputs = 8,
    lanes: Lanes = None,
    formats: Formats = _DEFAULT.formats,
    json_file: Json = None,
) -> None:
    """Count the clock cycles of a time step on the simulated gateware, by its own counters.

    Beside each stands the least that the multipliers allow. Exit status 1 if a forward step of the dense Hamiltonian takes more than
    1.30 times that with one context, or 1.08 times with two. To build 64 lanes takes a few minutes; the build is kept.

    [bold]Example[/bold]   loschmidt cycles --oscillators 16 --lanes 4
    """
    from . import cycles, tables
    from .devices import open_device

    depth = cycles.LONG
    shape = Shape(oscillators, inputs, lanes or oscillators, 2, 2, depth, depth, depth, formats_of(formats))
    with console.stage() as tell:
        tell("building the gateware", 0.0)
        simulated = open_device("rtl", shape)
        try:
            found = list(cycles.measure(simulated))
        finally:
            simulated.close()
    console.OUT.print(tables.cycles(found, shape))
    missed = [item for item in found if item.missed]
    write_json(json_file, {"passed": not missed, "shape": shape.to_json(), "measurements": [item.to_json() for item in found]})
    if missed:
        ratios = ", ".join(f"{item.ratio:.3f}" for item in missed)
        console.error(f"{len(missed)} bounds missed: a dense forward step takes {ratios} times the least")
        raise typer.Exit(MISSED)
