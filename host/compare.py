"""Echo learning in integers beside backpropagation through time in float64: same model, same seeds, same schedule."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from . import session
from .config import Config
from .errors import ConfigError
from .training import Training, begin

#: What the default task must reach: mean test accuracy of echo learning.
FLOOR = 0.97

#: How far echo learning may stay below backpropagation, mean over seeds.
MARGIN = 0.01


@dataclass
class Comparison:
    """Test accuracies by seed.

    Members
    -------
    config : common to all runs but for ``seed`` and ``gradient``
    floor : least mean accuracy of the echo; 0 asks for none
    seeds, accuracy, seconds : the latter by gradient, ``echo`` and ``bptt``, one value per seed
    untrusted : echo gradients that were flagged, one count per seed
    """

    config: Config
    floor: float
    seeds: list[int] = field(default_factory=list)
    accuracy: dict[str, list[float]] = field(default_factory=lambda: {"echo": [], "bptt": []})
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"echo": [], "bptt": []})
    untrusted: list[int] = field(default_factory=list)

    def mean(self, gradient: str) -> float:
        return statistics.fmean(self.accuracy[gradient])

    @property
    def faults(self) -> list[str]:
        """Bounds that were missed, one line each."""
        echo, bptt = self.mean("echo"), self.mean("bptt")
        found = []
        if echo < self.floor:
            found.append(f"echo reaches {100 * echo:.2f} %, below the {100 * self.floor:.0f} % asked for")
        if echo < bptt - MARGIN:
            found.append(f"echo stays {100 * (bptt - echo):.2f} points below BPTT, more than {100 * MARGIN:.0f}")
        return found

    @property
    def passed(self) -> bool:
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        means = {gradient: self.mean(gradient) for gradient in self.accuracy}
        return {**dataclasses.asdict(self), "mean": means, "faults": self.faults, "passed": self.passed}


def compare(
    config: Config, device: str, seeds: int, progress: Callable[[str], Callable[[], None]], given: Collection[str] = ()
) -> Comparison:
    """Train ``seeds`` times by either gradient, from seed ``config.seed`` on.

    Parameters
    ----------
    progress : given what is being trained, returns what to call after every minibatch
    given : options that the user gave, which must apply to the data

    Raises
    ------
    ConfigError : the task has no accuracy to compare, or an option does not apply to the data
    """
    dataset = session.load_data(config)
    if not dataset.classes:
        raise ConfigError("compare tells accuracies apart, a waveform has none: give it a data set with classes")
    dataset.check_options(given)
    session.require_room(config, dataset)
    default = dataset.name == Config().data and dataclasses.replace(config, seed=Config().seed) == Config()
    result = Comparison(config, FLOOR if default else 0.0)
    for seed in range(config.seed, config.seed + seeds):
        result.seeds.append(seed)
        for gradient in ("echo", "bptt"):
            own = dataclasses.replace(config, seed=seed, gradient=gradient)
            began = time.monotonic()
            training = Training(begin(own, dataset), dataset, session.open_engine(own, device, dataset))
            try:
                training.run(progress=progress(f"{gradient}, seed {seed}"))
            finally:
                training.engine.close()
            result.accuracy[gradient].append(training.last["test_accuracy"])
            result.seconds[gradient].append(round(time.monotonic() - began, 2))
            if gradient == "echo":
                result.untrusted.append(training.health.untrusted)
    return result
