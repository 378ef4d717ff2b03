"""The command ``loschmidt predict``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from . import atomic, console
from .config import Config
from .options import Axes, Decimal, Device, Gaps, Index, given, reading_of

if TYPE_CHECKING:
    from .prediction import Answer

_DEFAULT = Config()

#: Rows that are printed at most, and probabilities beside each other; a file takes all.
_ROWS, _CLASSES = 50, 6


def predict(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a checkpoint.")],
    file: Annotated[str, typer.Argument(help="Recordings or a waveform, in any format that train reads; or a set's name (its test half).")],
    device: Device = "emulator",
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the whole table there.")] = None,
    bare: Annotated[bool, typer.Option("--no-labels", help="Lines of a .tsv or .txt file do not begin with a class.")] = False,
    gaps: Gaps = _DEFAULT.gaps,
    index: Index = _DEFAULT.index,
    decimal: Decimal = _DEFAULT.decimal,
    axes: Axes = _DEFAULT.axes,
) -> None:
    """Say which class each recording has and how sure that is, or track a waveform.

    Files may have labels or targets; then it is said, too, how many are met. Values are scaled by
    the training set's statistics.

    [bold]Examples[/bold]

    loschmidt predict runs/japanesevowels-0 JapaneseVowels

    loschmidt predict runs/mine-0 new.ts --csv labels.csv
    """
    from . import prediction
    from .devices import check_name

    check_name(device)
    checkpoint = prediction.trained(run)
    question = prediction.read(checkpoint, file, reading_of(context), bare)
    console.say(f"{question.name}: {question.found}")
    engine = prediction.open_engine(checkpoint, device if "device" in given(context) else None, question)
    try:
        answer = prediction.answer(checkpoint, engine, question)
    finally:
        engine.close()
    console.warn_of_runs(engine)
    if csv_file is not None:
        atomic.write(csv_file, answer.to_csv())
    console.OUT.print(_table(answer, len(checkpoint.classes)))
    if len(answer.rows) > _ROWS:
        console.say(f"and {len(answer.rows) - _ROWS} more" + (f", all in {csv_file}" if csv_file else ": --csv FILE writes all"))
    if answer.verdict:
        console.say(answer.verdict)


def _table(answer: Answer, classes: int) -> Table:
    table = Table(show_edge=False)
    few = classes <= _CLASSES
    columns = answer.columns if few else (*answer.columns[:-classes], "p")
    for name in columns:
        table.add_column(name, justify="right")
    for row in answer.rows[:_ROWS]:
        cells = row if few else (*row[:-classes], max(cell for cell in row[-classes:] if isinstance(cell, float)))
        table.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells))
    return table
