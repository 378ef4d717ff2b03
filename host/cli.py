"""The ``loschmidt`` command."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian as HamiltonianCode
from loschmidt.spec.shape import Shape

from . import atomic, console, cycles, doctor, session, tables
from . import verify as verification
from .compare import compare as compare_gradients
from .config import CHOICES, Config
from .devices import check_name, open_device
from .echo_engine import EchoEngine
from .engine import Engine
from .errors import ConfigError
from .report import render
from .training import Interrupted, Training

FAULT, MISSED, INTERRUPTED = 2, 1, 130


class Commands(TyperGroup):
    """Turns what the user can mend into one line and an exit status; anything else keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except LoschmidtError as error:
            console.error(" ".join(str(error).split()))
            raise typer.Exit(FAULT) from error
        except KeyboardInterrupt as interrupt:
            console.error("interrupted: what was saved before is untouched")
            raise typer.Exit(INTERRUPTED) from interrupt


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    help="Train networks of oscillators by reversing time: run forward, flip every momentum, let the nudged echo return. "
    "The difference of two returns is the gradient.\n\nStart with [bold]loschmidt train[/bold], then [bold]loschmidt verify[/bold].",
)

_DEFAULT = Config()

Device = Annotated[str, typer.Option(help="What computes: [bold]emulator[/] (fast), golden (the judge), rtl (simulated gateware).")]
Data = Annotated[str, typer.Argument(help="A set that ships with aeon, a .ts file (either half or the stem), or a .csv waveform.")]
Hamiltonian = Annotated[str, typer.Option(help=" | ".join(CHOICES["hamiltonian"]))]
Oscillators = Annotated[int, typer.Option(help="How many, N.")]
Inputs = Annotated[int, typer.Option(min=1, help="Words of an input vector, M.")]
Lanes = Annotated[int | None, typer.Option(min=1, help="Lanes of the array, L. Default: as many as oscillators, for verify up to 16.")]
Step = Annotated[int, typer.Option(help="s of the time step delta = 2^-s.")]
Readout = Annotated[str, typer.Option(help="What the loss sees: the last or the mean position (classes), or every position (waveform).")]
Outputs = Annotated[list[int] | None, typer.Option(help="Oscillator that tracks a target; once for each target. Default: 0, 1, ...")]
Targets = Annotated[int, typer.Option(help="Of a CSV: how many columns, from the right, are targets.")]
Window = Annotated[int, typer.Option(help="Of a CSV: steps of the pieces that the waveform is cut into.")]
Epochs = Annotated[int, typer.Option(help="Passes over the training set.")]
Batch = Annotated[int, typer.Option(help="Samples of a minibatch.")]
Rate = Annotated[float, typer.Option(help="Learning rate, the first of the schedule.")]
Optimiser = Annotated[str, typer.Option(help=" | ".join(CHOICES["optimiser"]))]
Schedule = Annotated[str, typer.Option(help=" | ".join(CHOICES["schedule"]))]
Clip = Annotated[float, typer.Option(help="Largest norm of a step's gradient; 0: no limit.")]
Decay = Annotated[float, typer.Option(help="Weight decay of couplings and input weights.")]
Jitter = Annotated[float, typer.Option(help="Noise on training inputs, in standard deviations of each channel (classes only).")]
Seed = Annotated[int, typer.Option(help="Of initial weights, shuffling and jitter.")]
Formats = Annotated[str, typer.Option(help=f"Bits of the multipliers: {' | '.join(CHOICES['formats'])}.")]
Gradient = Annotated[str, typer.Option(help="echo: in integers, on the device; bptt: backpropagation through time in float64.")]
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures there, too.")]


@app.command()
def train(
    context: typer.Context,
    data: Data = _DEFAULT.data,
    device: Device = "emulator",
    hamiltonian: Hamiltonian = _DEFAULT.hamiltonian,
    oscillators: Oscillators = _DEFAULT.oscillators,
    step: Step = _DEFAULT.step,
    readout: Readout = _DEFAULT.readout,
    epochs: Epochs = _DEFAULT.epochs,
    batch: Batch = _DEFAULT.batch,
    lr: Rate = _DEFAULT.lr,
    optimiser: Optimiser = _DEFAULT.optimiser,
    schedule: Schedule = _DEFAULT.schedule,
    clip: Clip = _DEFAULT.clip,
    decay: Decay = _DEFAULT.decay,
    jitter: Jitter = _DEFAULT.jitter,
    seed: Seed = _DEFAULT.seed,
    formats: Formats = _DEFAULT.formats,
    gradient: Gradient = _DEFAULT.gradient,
    outputs: Outputs = None,
    targets: Targets = _DEFAULT.targets,
    window: Window = _DEFAULT.window,
    name: Annotated[str | None, typer.Option(help="Folder of the run, below runs/. Default: after the data, with a free number.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to go on with, as if it had never stopped.")] = None,
) -> None:
    """Learn from recordings or a waveform; keep metrics, a checkpoint and pictures under runs/.

    Ctrl-C saves a checkpoint first; go on with --resume.

    [bold]Examples[/bold]

    loschmidt train

    loschmidt train BasicMotions --hamiltonian diagonal --step 3 --seed 1

    loschmidt train waves.csv --readout every --window 200

    loschmidt train --resume runs/japanesevowels-0
    """
    if resume is None:
        config = _config(locals(), tuple(outputs or ()))
        training = session.start(config, device, name)
    else:
        given = _given(context)
        fixed = given - {"resume", "device", "epochs", "data"}
        if fixed:
            raise ConfigError(f"--{min(fixed)} belongs to the run and cannot change on --resume; --epochs and --device can")
        training = session.resume(resume, device, data if "data" in given else None, epochs if "epochs" in given else None)
    try:
        _train(training, device)
    finally:
        training.engine.close()


def _train(training: Training, device: str) -> None:
    folder, config = training.folder, training.config
    if folder is None:
        raise RuntimeError("a run of the command line has a folder")
    dataset = training.dataset
    console.say(
        f"{dataset.name}: {len(dataset.train)} to train on, {len(dataset.test)} to test on, {dataset.channels} channels; "
        f"{config.oscillators} oscillators, {config.hamiltonian}, {config.gradient}"
        + (f" on {device}, {config.formats}-bit multipliers" if config.gradient == "echo" else " in float64")
    )
    try:
        with console.training_bar(training) as progress:
            session.finish(training, progress)
    except Interrupted as interrupted:
        console.say(f"interrupted; all is saved: go on with  loschmidt train --resume {folder.path}")
        raise typer.Exit(INTERRUPTED) from interrupted
    _warn(training)
    shown = session.pictures(training, device)
    result = training.last
    if "test_accuracy" in result:
        console.say(f"test accuracy {100 * result['test_accuracy']:.2f} %  (loss {result['test_loss']:.4f})")
    else:
        console.say(f"test error {result['test_error']:.4g} of the targets' variance")
    console.say(f"in {folder.path}: metrics.jsonl, checkpoint.npz, config.json, {', '.join(path.name for path in shown)}")


def _warn(training: Training) -> None:
    health = training.health
    if health.untrusted:
        console.warning(
            f"{health.untrusted} of {health.samples} gradients cannot be trusted ({health.overflow} overflowed, {health.clip} clipped): "
            "weaken the coupling, shorten the time step (--step) or use more bits (--formats 25)"
        )
    _warn_of_runs(training.engine)


def _warn_of_runs(engine: Engine) -> None:
    if isinstance(engine, EchoEngine) and engine.saturated:
        console.warning(f"{engine.saturated} input values were taken to the end of the operand's range: are the data of the same kind?")
    if isinstance(engine, EchoEngine) and engine.wrapped:
        console.warning(f"{engine.wrapped} runs overflowed the state, and their output is meaningless: shorten the time step (--step)")


@app.command("eval")
def evaluate(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a checkpoint.")],
    data: Annotated[str | None, typer.Option(help="Other data than the run's own.")] = None,
    device: Device = "emulator",
    json_file: Json = None,
) -> None:
    """Test a checkpoint.

    [bold]Example[/bold]   loschmidt eval runs/japanesevowels-0 --device golden
    """
    checkpoint, dataset, engine = session.reopen(run, device, data)
    try:
        result = session.test(checkpoint, dataset, engine)
    finally:
        engine.close()
    _warn_of_runs(engine)
    text = f"{100 * result['test_accuracy']:.2f} %" if checkpoint.classes else f"error {result['test_error']:.4g} of the targets' variance"
    console.say(f"{dataset.name}, {len(dataset.test)} samples, after {checkpoint.epoch} epochs: {text}  (loss {result['test_loss']:.4f})")
    _write_json(json_file, {"data": dataset.name, "epoch": checkpoint.epoch, **result})


@app.command()
def compare(
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
    config = _config(locals(), ())
    with console.bar() as bars:

        def progress(what: str) -> Any:
            task = bars.add_task(what, total=None)
            return lambda: bars.update(task, advance=1)

        result = compare_gradients(config, device, seeds, progress)
    console.OUT.print(tables.comparison(result))
    _write_json(json_file, result.to_json())
    for fault in result.faults:
        console.error(fault)
    if result.faults:
        raise typer.Exit(MISSED)


@app.command("verify")
def measure(
    device: Device = "emulator",
    hamiltonian: Annotated[str, typer.Option(help=f"all | {' | '.join(CHOICES['hamiltonian'])}")] = "all",
    steps: Annotated[int, typer.Option(min=1, help="Length of the run, T.")] = 1000,
    oscillators: Oscillators = 64,
    inputs: Inputs = 8,
    lanes: Lanes = None,
    step: Step = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of parameters, inputs and states.")] = 0,
    formats: Formats = _DEFAULT.formats,
    check: Annotated[list[str] | None, typer.Option(help=f"{' | '.join(verification.CHECKS)}; may be repeated. Default: all.")] = None,
    against: Annotated[str | None, typer.Option(help="A second device, to agree with integer by integer.")] = None,
    json_file: Json = None,
) -> None:
    """Measure a device: exact reversal, gradients beside float64 backpropagation, agreement with another device.

    Exit status 1 if a bound is missed.

    [bold]Examples[/bold]

    loschmidt verify

    loschmidt verify --device rtl --against golden --oscillators 8 --steps 50

    loschmidt verify --check reversal --oscillators 4 --steps 10000000
    """
    for name in {device, against or device}:
        check_name(name)
    known = {h.name.lower(): h for h in HamiltonianCode}
    if hamiltonian not in {"all", *known}:
        raise ConfigError(f"--hamiltonian must be one of all, {', '.join(known)}, not {hamiltonian!r}")
    if formats not in CHOICES["formats"]:
        raise ConfigError(f"--formats must be one of {', '.join(CHOICES['formats'])}, not {formats!r}")
    with console.stage() as tell:
        report = verification.verify(
            partial(open_device, device),
            hamiltonians=list(known.values()) if hamiltonian == "all" else [known[hamiltonian]],
            oscillators=oscillators,
            inputs=inputs,
            lanes=lanes,
            steps=steps,
            s=step,
            seed=seed,
            formats=PRESETS[formats],
            checks=tuple(check) if check else verification.CHECKS,
            tell=tell,
            against=None if against is None else partial(open_device, against),
        )
    console.OUT.print(render(report))
    _write_json(json_file, report.to_json())
    missed = [f"{row.hamiltonian} {row.check} {row.item}" for row in report.rows if not row.passed]
    if missed:
        console.error(f"{len(missed)} of {len(report.rows)} bounds missed: {', '.join(missed)}")
        raise typer.Exit(MISSED)
    console.say(f"{len(report.rows)} bounds kept")


@app.command("cycles")
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
    if formats not in CHOICES["formats"]:
        raise ConfigError(f"--formats must be one of {', '.join(CHOICES['formats'])}, not {formats!r}")
    depth = cycles.LONG
    shape = Shape(oscillators, inputs, lanes or oscillators, 2, 2, depth, depth, depth, PRESETS[formats])
    with console.stage() as tell:
        tell("building the gateware", 0.0)
        simulated = open_device("rtl", shape)
        try:
            found = list(cycles.measure(simulated))
        finally:
            simulated.close()
    console.OUT.print(tables.cycles(found, shape))
    missed = [item for item in found if item.missed]
    _write_json(json_file, {"passed": not missed, "shape": shape.to_json(), "measurements": [item.to_json() for item in found]})
    if missed:
        ratios = ", ".join(f"{item.ratio:.3f}" for item in missed)
        console.error(f"{len(missed)} bounds missed: a dense forward step takes {ratios} times the least")
        raise typer.Exit(MISSED)


@app.command("doctor")
def examine() -> None:
    """Look for every tool and library that training and testing need.

    Exit status 1 if something is missing; the table says what to do.
    """
    found = doctor.examine()
    console.OUT.print(tables.findings(found))
    missing = [item.name for item in found if not item.found]
    if missing:
        console.error(f"missing: {', '.join(missing)}")
        raise typer.Exit(MISSED)
    console.say("all there")


def _config(options: dict[str, Any], outputs: tuple[int, ...]) -> Config:
    """The configuration among a command's options."""
    names = {field.name for field in dataclasses.fields(Config)} - {"outputs"}
    return Config(**{name: value for name, value in options.items() if name in names}, outputs=outputs)


def _given(context: typer.Context) -> set[str]:
    """Options that the user has typed."""
    found = set()
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            found.add(name)
    return found


def _write_json(path: Path | None, content: dict[str, Any]) -> None:
    if path is not None:
        try:
            atomic.write(path, (json.dumps(content, indent=2) + "\n").encode())
        except OSError as error:
            raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


if __name__ == "__main__":
    app()
