"""The ``loschmidt`` command."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from loschmidt.spec.errors import LoschmidtError

# What takes long to load is imported where it is used: `--help` needs none of it (tests/host/test_help.py).
from . import board_command, bringup_command, console, faults, measuring, predicting
from .config import Config
from .errors import ConfigError
from .interrupt import INTERRUPTED, UNREAD, Stopped, heeded
from .options import (
    FAULT,
    MISSED,
    Axes,
    Batch,
    Clip,
    Data,
    Decay,
    Decimal,
    Device,
    Epochs,
    Formats,
    Gaps,
    Gradient,
    Hamiltonian,
    Index,
    Jitter,
    Json,
    Optimiser,
    Oscillators,
    Outputs,
    Rate,
    Readout,
    Schedule,
    Seed,
    Step,
    Steps,
    Targets,
    Window,
    config_of,
    given,
    reading_of,
    write_json,
)

if TYPE_CHECKING:
    from .training import Training

#: The group of entry points (it is no module) by which others offer commands: name to function or group, loaded when it is asked for.
CONTRIBUTED = ".".join(("loschmidt", "commands"))


class Commands(TyperGroup):
    """The commands of this file and those that are contributed.

    Turns what the user can mend into one line and an exit status; anything else keeps its traceback.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *sorted(entry_points(group=CONTRIBUTED).names)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        found = super().get_command(ctx, cmd_name)
        contributed = entry_points(group=CONTRIBUTED, name=cmd_name)
        if found is None and contributed:
            command = contributed[cmd_name].load()
            if not isinstance(command, typer.Typer):
                alone = typer.Typer(pretty_exceptions_enable=False, add_completion=False, rich_markup_mode="rich")
                alone.command(cmd_name)(command)
                command = alone
            found = typer.main.get_command(command)
            found.name = cmd_name  # or the list of commands would leave it out
        return found

    def invoke(self, ctx: Any) -> Any:
        try:
            with heeded():
                return super().invoke(ctx)
        except LoschmidtError as error:
            console.error(" ".join(str(error).split()))
            raise typer.Exit(FAULT) from error
        except (OSError, MemoryError) as error:
            line = faults.of_the_machine(error)
            if line is None:
                raise
            console.error(line)
            raise typer.Exit(FAULT) from error
        except KeyboardInterrupt as interrupt:
            status = interrupt.status if isinstance(interrupt, Stopped) else INTERRUPTED
            # Who reads no more, as `| head` does, wants no message.
            if status != UNREAD:
                console.error("interrupted: what was saved before is untouched")
            raise typer.Exit(status) from interrupt


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


@app.command()
def train(
    context: typer.Context,
    data: Data = _DEFAULT.data,
    device: Device = "emulator",
    hamiltonian: Hamiltonian = _DEFAULT.hamiltonian,
    oscillators: Oscillators = _DEFAULT.oscillators,
    steps: Steps = _DEFAULT.steps,
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
    gaps: Gaps = _DEFAULT.gaps,
    index: Index = _DEFAULT.index,
    decimal: Decimal = _DEFAULT.decimal,
    axes: Axes = _DEFAULT.axes,
    name: Annotated[str | None, typer.Option(help="Folder of the run, below runs/. Default: after the data, with a free number.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to go on with, as if it had never stopped.")] = None,
) -> None:
    """Learn from recordings or a waveform; keep metrics, a checkpoint and pictures under runs/.

    Ctrl-C, SIGTERM and a closed terminal save a checkpoint first; go on with --resume.

    [bold]Examples[/bold]

    loschmidt train

    loschmidt train digits --epochs 20 --jitter 0.3 --decay 0.1

    loschmidt train BasicMotions --hamiltonian diagonal --step 3 --seed 1

    loschmidt train waves.csv --readout every --window 200

    loschmidt train --resume runs/japanesevowels-0
    """
    from . import session

    if resume is None:
        config = config_of(locals(), tuple(outputs or ()))
        training = session.start(config, device, name, given(context))
    else:
        typed = given(context)
        fixed = typed - {"resume", "device", "epochs", "data"}
        if fixed:
            raise ConfigError(f"--{min(fixed)} belongs to the run and cannot change on --resume; --epochs and --device can")
        training = session.resume(resume, device, data if "data" in typed else None, epochs if "epochs" in typed else None)
        config = training.config
    try:
        _train(training, device, config)
    finally:
        training.close()


def _train(training: Training, device: str, asked: Config) -> None:
    from . import session
    from .training import Interrupted

    folder, config = training.folder, training.config
    if folder is None:
        raise RuntimeError("a run of the command line has a folder")
    dataset = training.dataset
    taken = [name for name in ("oscillators", "hamiltonian", "formats") if getattr(config, name) != getattr(asked, name)]
    console.say(
        f"{dataset.name}: {dataset.found}\n{config.oscillators} oscillators, {config.hamiltonian}, {config.gradient}"
        + (f" on {device}, {config.preset.multiplier}-bit multipliers" if config.gradient == "echo" else " in float64")
        + (f"; from the board: {', '.join(taken)}" if taken else "")
    )
    try:
        with console.training_bar(training) as progress:
            session.finish(training, progress)
    except Interrupted as interrupted:
        console.say(f"interrupted; all is saved: go on with  loschmidt train --resume {folder.path}")
        raise typer.Exit(interrupted.status) from interrupted
    _warn(training)
    shown = session.pictures(training, device)
    result = training.last
    if "test_accuracy" in result:
        console.say(f"test accuracy {100 * result['test_accuracy']:.2f} %  (loss {result['test_loss']:.4f})")
    else:
        console.say(f"test error {result['test_error']:.4g} of the targets' variance")
    console.say(f"in {folder.path}: metrics.jsonl, checkpoint.npz, config.json, {', '.join(path.name for path in shown)}")


def _warn(training: Training) -> None:
    health, config = training.health, training.config
    if health.samples:
        from . import trusted

        console.say(f"{health.samples - health.untrusted:,} of {health.samples:,} gradients were trusted")
        console.say(f"what that means: {trusted.meaning(config.hamiltonian, config.formats, config.step)}")
    if health.untrusted:
        console.warning(
            f"{health.untrusted} of {health.samples} gradients cannot be trusted ({health.overflow} overflowed, {health.clip} clipped): "
            "weaken the coupling, shorten the time step (--step) or use more bits (--formats 25)"
        )
    console.warn_of_runs(training.engine)


@app.command("eval")
def evaluate(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a checkpoint.")],
    data: Annotated[str | None, typer.Option(help="Other data than the run's own.")] = None,
    device: Device = "emulator",
    gaps: Gaps = _DEFAULT.gaps,
    index: Index = _DEFAULT.index,
    decimal: Decimal = _DEFAULT.decimal,
    axes: Axes = _DEFAULT.axes,
    json_file: Json = None,
) -> None:
    """Test a checkpoint.

    [bold]Example[/bold]   loschmidt eval runs/japanesevowels-0 --device golden
    """
    from . import session

    checkpoint, dataset, engine = session.reopen(run, device, data, reading_of(context))
    try:
        result = session.test(checkpoint, dataset, engine)
    finally:
        engine.close()
    console.warn_of_runs(engine)
    console.say(f"{dataset.name}: {dataset.found}")
    text = f"{100 * result['test_accuracy']:.2f} %" if checkpoint.classes else f"error {result['test_error']:.4g} of the targets' variance"
    console.say(f"{dataset.name}, {len(dataset.test)} samples, after {checkpoint.epoch} epochs: {text}  (loss {result['test_loss']:.4f})")
    write_json(json_file, {"data": dataset.name, "epoch": checkpoint.epoch, **result})


app.command("predict")(predicting.predict)
app.command("compare")(measuring.compare)
app.command("verify")(measuring.measure)
app.command("cycles")(measuring.count)
app.command("board")(board_command.run)
app.command("bringup")(bringup_command.run)


@app.command("doctor")
def examine(device: Annotated[str | None, typer.Option(help="A board's port: show what the board there says of itself.")] = None) -> None:
    """Look for every tool and library that a command, a board, a layer or a test needs; or ask a board what it is.

    Exit status 1 if something is missing that a plain installation has; the table says what to do.

    [bold]Example[/bold]   loschmidt doctor --device /dev/ttyUSB1
    """
    from . import doctor, tables

    if device is not None:
        bringup_command.show(device)
        return
    found = doctor.examine()
    console.OUT.print(tables.findings(found))
    missing = [item.name for item in found if item.needed and not item.found]
    if missing:
        console.error(f"missing: {', '.join(missing)}")
        raise typer.Exit(MISSED)
    optional = dict.fromkeys(item.group for item in found if not item.found)
    console.say(f"all there that is needed; optional, and not complete: {', '.join(optional)}" if optional else "all there")


if __name__ == "__main__":
    app()
