"""What an experiment is, and what comes out of one: a table, series for the figure, and checks against bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: Called now and then with what is being done, and the share of it that is done.
Tell = Callable[[str, float], None]


def silent(what: str, share: float) -> None:
    """For callers without a progress bar."""


@dataclass(frozen=True)
class Check:
    """One figure that has a bound.

    Members
    -------
    what : the figure, in words
    measured : its value today
    bound : what it has to keep, in words
    passed : whether it does
    """

    what: str
    measured: float
    bound: str
    passed: bool

    @classmethod
    def at_most(cls, what: str, measured: float, limit: float) -> Check:
        """Passes up to the limit; a NaN does not."""
        return cls(what, float(measured), f"at most {limit:g}", bool(measured <= limit))

    @classmethod
    def at_least(cls, what: str, measured: float, limit: float) -> Check:
        """Passes from the limit on; a NaN does not."""
        return cls(what, float(measured), f"at least {limit:g}", bool(measured >= limit))


@dataclass(frozen=True)
class Outcome:
    """What one experiment has measured.

    Members
    -------
    settings : what it was measured with
    rows : the table, all with the same keys; numbers, texts or None
    checks : figures with bounds; there is at least one
    series : what the figure needs and the table leaves out
    """

    settings: dict[str, Any]
    rows: Sequence[dict[str, Any]]
    checks: Sequence[Check]
    series: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "settings": self.settings,
            "checks": [asdict(check) for check in self.checks],
            "rows": list(self.rows),
            "series": self.series,
        }


@dataclass(frozen=True)
class Experiment:
    """One sub-command of `loschmidt lab` or `loschmidt bench`.

    Members
    -------
    name : of the command
    title : of table and figure
    lesson : what it shows, for ``--help`` and for the report; paragraphs are parted by empty lines
    measure : with ``quick``, a smaller set that takes seconds; and `Tell`
    draw : the outcome into an empty figure
    """

    name: str
    title: str
    lesson: str
    measure: Callable[[bool, Tell], Outcome]
    draw: Callable[[Outcome, Figure], None]
