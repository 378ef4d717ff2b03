"""What the command line prints besides tables: progress, and one line for everything that is the user's to mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from .output import Output

if TYPE_CHECKING:
    from .engine import Engine
    from .training import Training

_OUTPUT = Output("stdout")
OUT = Console(highlight=False, file=cast("IO[str]", _OUTPUT))
ERR = Console(highlight=False, file=cast("IO[str]", Output("stderr")))


def error(message: str) -> None:
    ERR.print(Text(f"error: {message}", style="bold red"), soft_wrap=True)


def warning(message: str) -> None:
    ERR.print(Text(f"warning: {message}", style="yellow"), soft_wrap=True)


def say(message: str) -> None:
    """Print a line; on standard error where nobody reads the output any more."""
    (ERR if _OUTPUT.lost else OUT).print(Text(message), soft_wrap=True)


def warn_of_runs(engine: Engine) -> None:
    """Say how many inputs and states did not fit their formats."""
    from .echo_engine import EchoEngine

    if isinstance(engine, EchoEngine) and engine.saturated:
        warning(f"{engine.saturated} input values were taken to the end of the operand's range: are the data of the same kind?")
    if isinstance(engine, EchoEngine) and engine.wrapped:
        warning(f"{engine.wrapped} runs overflowed the state, and their output is meaningless: shorten the time step (--step)")


@contextmanager
def bar(figure: ProgressColumn | None = None) -> Iterator[Progress]:
    """A progress bar with a count, or another figure; silent where the output is not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(None),
        figure or MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=OUT, expand=True, disable=not OUT.is_terminal) as progress:
        yield progress


@contextmanager
def stage() -> Iterator[Callable[[str, float], None]]:
    """A bar that shows one piece of work after another, each by its name and the share that is done; a new name starts a new bar."""
    with bar(TaskProgressColumn()) as progress:
        task, current = progress.add_task("", total=1.0, visible=False), ""

        def tell(what: str, share: float) -> None:
            nonlocal current
            if what != current:
                current = what
                progress.reset(task, description=what, visible=True, total=1.0)
            progress.update(task, completed=share)

        yield tell


@contextmanager
def training_bar(training: Training) -> Iterator[Callable[[], None]]:
    """A bar over minibatches, with loss and score; without a terminal, a line for every epoch that was tested."""
    point, total = training.checkpoint, training.config.epochs * training.batches
    told = training.last
    with bar() as progress:
        task = progress.add_task("training", total=total, completed=point.epoch * training.batches + point.batch)

        def advance() -> None:
            nonlocal told
            if OUT.is_terminal:
                progress.update(task, advance=1, description=_under_way(training))
            elif training.last is not told and "test_loss" in training.last:
                told = training.last
                say(_line(told["epoch"], told["loss"], training, told))

        yield advance


def _under_way(training: Training) -> str:
    tally = training.checkpoint.tally
    score = {"train_accuracy": tally["score"] / tally["samples"], "train_error": tally["score"] / tally["samples"]}
    tested = {key: value for key, value in training.last.items() if key.startswith("test_")}
    return _line(training.checkpoint.epoch + 1, tally["loss"] / tally["samples"], training, {**score, **tested})


def _line(epoch: int, loss: float, training: Training, values: dict[str, float]) -> str:
    accuracy = bool(training.checkpoint.classes)
    text = f"epoch {epoch}/{training.config.epochs}  loss {loss:.4f}"
    for half in ("train", "test"):
        value = values.get(f"{half}_accuracy" if accuracy else f"{half}_error")
        if value is not None:
            text += f"  {half} {100 * value:.1f} %" if accuracy else f"  {half} error {value:.4f}"
    return text
