"""A command for each experiment: it measures, prints tables, draws, writes JSON, and ends with status 1 if a bound is missed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from loschmidt.host import console
from loschmidt.host.options import MISSED, Json, write_json

from .experiment import Experiment
from .running import Done, run, save_figure, tables

_PLAIN: dict[str, Any] = {"pretty_exceptions_enable": False, "add_completion": False, "rich_markup_mode": "rich"}


def _group() -> None:
    """Without a callback, typer takes a group that has one command of its own for that command."""


#: What a group of experiments' commands is made with.
GROUP: dict[str, Any] = {"no_args_is_help": True, "callback": _group, **_PLAIN}

Quick = Annotated[bool, typer.Option("--quick", help="A smaller set, in seconds. Its bounds are the same.")]
Drawn = Annotated[Path | None, typer.Option(help="Draw there: .png, .svg or .pdf. Default: a .png of the command's name in runs/.")]


#: Makes the function of an experiment's command.
Maker = Callable[[Experiment], Callable[..., None]]


def plain(folder: Path) -> Maker:
    """What most experiments need; figures go to ``folder`` unless the user says otherwise."""

    def maker(experiment: Experiment) -> Callable[..., None]:
        def command(quick: Quick = False, json_file: Json = None, figure: Drawn = None) -> None:
            conclude(perform(experiment, quick), folder, figure, json_file)

        return command

    return maker


def group(catalogue: Callable[[], Sequence[Experiment]], maker: Maker, folder: Path) -> type[TyperGroup]:
    """A class of command groups that has a command for each experiment, beside its own.

    Experiments take long to load, so ``catalogue`` is not called before somebody asks for one of them, or for their list.
    """

    class Group(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return [*(experiment.name for experiment in catalogue()), *super().list_commands(ctx)]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            own = super().get_command(ctx, cmd_name)
            if own is not None:
                return own
            for experiment in catalogue():
                if experiment.name == cmd_name:
                    alone = typer.Typer(**_PLAIN)
                    alone.command(cmd_name, help=taught(experiment, folder.name))(maker(experiment))
                    found = typer.main.get_command(alone)
                    found.name = cmd_name
                    return found
            return None

    return Group


def taught(experiment: Experiment, group: str) -> str:
    """The help of an experiment's command."""
    return f"{experiment.lesson}\n\n[bold]Example[/bold]   loschmidt {group} {experiment.name} --quick"


def perform(experiment: Experiment, quick: bool) -> Done:
    """Measure, with a bar, and print the tables."""
    with console.stage() as tell:
        done = run(experiment, quick, tell)
    for table in tables(done):
        console.OUT.print(table)
    return done


def conclude(done: Done, folder: Path, figure: Path | None, json_file: Path | None) -> None:
    """Draw, write and judge one experiment."""
    place = figure or folder / f"{done.experiment.name}.png"
    save_figure(done, place)
    write_json(json_file, done.to_json())
    console.say(f"figure in {place}")
    judge([done])


def together(all_done: Sequence[Done]) -> dict[str, Any]:
    """What ``--json`` writes of several experiments."""
    found = {done.experiment.name: done.to_json() for done in all_done}
    return {"passed": all(done.outcome.passed for done in all_done), "experiments": found}


def judge(all_done: Sequence[Done]) -> None:
    """Say which bounds are missed and end with status 1, or that none is."""
    missed = [f"{done.experiment.name}: {check.what}" for done in all_done for check in done.outcome.checks if not check.passed]
    count = sum(len(done.outcome.checks) for done in all_done)
    if missed:
        console.error(f"{len(missed)} of {count} bounds missed: {'; '.join(missed)}")
        raise typer.Exit(MISSED)
    console.say(f"{count} bounds kept, {sum(done.seconds for done in all_done):.0f} s")
