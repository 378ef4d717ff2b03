"""Everything that decides what a training run computes. Two runs with equal configurations give equal integers.

The defaults of learning rate, weight decay and jitter, the spread of initial stiffness (`training`) and the head's sharpness (`loss`)
were chosen by cross-validation on JapaneseVowels' training half. The search for jitter began because an earlier set of defaults had stayed
just below 97 % on the test half; it lowers the cross-validated loss by a tenth and leaves the accuracy where it was.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from loschmidt.spec.errors import SpecError
from loschmidt.spec.formats import PRESETS, Formats, named
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.run import STEP_LIMIT

from .errors import ConfigError
from .readers.choices import AXES, COMMA, DROP, INTERPOLATE, KEEP, POINT, REFUSE

#: Values that the textual options may take.
CHOICES = {
    "hamiltonian": tuple(h.name.lower() for h in Hamiltonian),
    "readout": ("last", "mean", "every"),
    "optimiser": ("adam", "sgd"),
    "schedule": ("cosine", "constant"),
    "formats": tuple(PRESETS),
    "gradient": ("echo", "bptt"),
    "gaps": (REFUSE, INTERPOLATE),
    "index": ("auto", DROP, KEEP),
    "decimal": ("auto", POINT, COMMA),
    "axes": ("auto", *AXES),
}


def formats_of(text: str) -> Formats:
    """The formats that ``--formats`` names. `ConfigError` if there are none of that name."""
    try:
        return named(text)
    except SpecError as error:
        raise ConfigError(f"--{error}" if str(error).startswith("formats must") else f"--formats {text}: {error}") from error


@dataclass(frozen=True)
class Config:
    """A training run.

    Members
    -------
    data : name or path of the data set (`data.load`)
    targets, window : for a CSV: target columns, and steps of the pieces it is cut into
    hamiltonian : `Hamiltonian` in lower case
    oscillators : N
    steps : of a static set: how long the system runs from the state that stands for a sample
    step : s of the time step ``delta = 2**-s``
    readout : ``last`` or ``mean`` position and a softmax; or ``every`` position of some oscillators and their squared error
    outputs : oscillators that track the targets, one each (``every`` only); empty means 0, 1, ...
    epochs, batch, lr : passes over the training set, samples of a minibatch, (first) learning rate
    optimiser, schedule : ``adam`` or ``sgd``; ``cosine`` decay to zero over the run, or ``constant``
    clip : largest norm of a step's whole gradient; 0 leaves it alone
    decay : weight decay of couplings and input weights, decoupled from the gradient (AdamW)
    jitter : noise on training inputs, in standard deviations of each channel; for classes only, a waveform stays as it is
    seed : of the initial values, of the shuffle and of the jitter
    formats : a name that `spec.formats.named` knows: a preset's, or, of a board whose formats are none, all of them
    gradient : ``echo`` in integers on a device, or ``bptt`` in float64
    gaps : ``refuse`` or ``interpolate`` missing values
    index : ``drop`` or ``keep`` a table's columns that count rows or time; ``auto`` drops those that are named so, and asks about others
    decimal : ``point`` or ``comma`` before a table's decimals; ``auto`` finds out, or asks
    axes : of ``.npz`` arrays, ``channels-steps`` or ``steps-channels``; ``auto`` takes the longer axis for time
    """

    data: str = "JapaneseVowels"
    targets: int = 1
    window: int = 128
    hamiltonian: str = "dense"
    oscillators: int = 64
    steps: int = 16
    step: int = 2
    readout: str = "last"
    outputs: tuple[int, ...] = ()
    epochs: int = 60
    batch: int = 32
    lr: float = 1e-2
    optimiser: str = "adam"
    schedule: str = "cosine"
    clip: float = 0.0
    decay: float = 1.0
    jitter: float = 1.0
    seed: int = 0
    formats: str = "18"
    gradient: str = "echo"
    gaps: str = REFUSE
    index: str = "auto"
    decimal: str = "auto"
    axes: str = "auto"

    def __post_init__(self) -> None:
        for name, known in CHOICES.items():
            value = getattr(self, name)
            if name == "formats":
                formats_of(value)
            elif value not in known:
                raise ConfigError(f"--{name} must be one of {', '.join(known)}, not {value!r}")
        for name, low, high in (
            ("oscillators", 1, 65535),
            ("step", 0, STEP_LIMIT),
            ("steps", 1, 1 << 20),
            ("epochs", 1, 10**6),
            ("batch", 1, 1 << 16),
            ("seed", 0, 2**63 - 1),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f"--{name} must be from {low} to {high}, not {value}")
        if not (math.isfinite(self.lr) and self.lr > 0.0):
            raise ConfigError(f"--lr must be a positive number, not {self.lr}")
        for name in ("clip", "decay", "jitter"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ConfigError(f"--{name} must be zero or a positive number, not {value}")
        for output in self.outputs:
            if not 0 <= output < self.oscillators:
                raise ConfigError(f"--outputs must be oscillators 0 to {self.oscillators - 1}, not {output}")

    @property
    def system(self) -> Hamiltonian:
        return Hamiltonian[self.hamiltonian.upper()]

    @property
    def preset(self) -> Formats:
        return formats_of(self.formats)

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Config:
        return cls(**{**data, "outputs": tuple(data["outputs"])})
