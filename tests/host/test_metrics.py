"""An epoch's sums: what is added, what goes through a checkpoint, and the line that they become."""

from __future__ import annotations

import json

import pytest

from loschmidt.host.engine import Health
from loschmidt.host.loss import Judgement
from loschmidt.host.metrics import Tally
from loschmidt.host.nudge import SampleReport

REPORT = [
    SampleReport(0.5, 0.01, 0.02, overflow=False, clip=False),
    SampleReport(0.25, 0.03, 0.01, overflow=True, clip=False),
    SampleReport(0.125, 0.02, 0.04, overflow=False, clip=True),
    SampleReport(0.0625, 0.04, 0.5, overflow=True, clip=False),
    # Nothing to learn from, so nothing to distrust.
    SampleReport(0.0, 0.0, 0.0, overflow=True, clip=True),
]
SEEN = Health(4, 3, 2, 1, [0.5, 0.25, 0.125, 0.0625], [0.01, 0.03, 0.02, 0.04], [0.02, 0.01, 0.04, 0.5])


def judgement(loss: float, score: float) -> Judgement:
    return Judgement(loss, score, [], {})


def filled() -> Tally:
    tally = Tally({})
    tally.add(5, judgement(2.5, 4.0), Health.of(REPORT))
    tally.add(3, judgement(1.5, 2.0), Health.of(REPORT[:1]))
    return tally


def test_what_the_detector_says_of_each_sample_is_counted() -> None:
    assert Health.of(REPORT) == SEEN
    assert Health.of([]) == Health.of(REPORT[-1:]) == Health()


def test_sums_of_two_minibatches() -> None:
    tally = filled()
    assert (tally.samples, tally.loss, tally.score, tally.seconds) == (8, 4.0, 6.0, 0.0)
    assert tally.health == Health(5, 3, 2, 1, [*SEEN.eps, 0.5], [*SEEN.dev, 0.01], [*SEEN.asym, 0.02])
    assert Health.of(REPORT) == SEEN, "what was added is not what grew"


def test_tally_goes_through_a_checkpoint_unchanged() -> None:
    saved = json.loads(json.dumps(filled().to_json(1.5)))
    again = Tally(saved)
    assert (again.samples, again.loss, again.score, again.seconds) == (8, 4.0, 6.0, 1.5)
    assert again.health == filled().health
    assert again.to_json(2.0) == saved | {"seconds": 3.5}
    assert again.summary("accuracy") == filled().summary("accuracy")


def test_line_of_an_epoch() -> None:
    line = filled().summary("error")
    assert line == {
        "loss": 0.5,
        "train_error": 0.75,
        "untrusted": 3,
        "overflow": 2,
        "clip": 1,
        "eps": 0.25,
        "dev": pytest.approx(0.02),
        "asym": pytest.approx(0.02),
    }


def test_line_without_a_detector_is_silent_about_it() -> None:
    tally = Tally({})
    tally.add(4, judgement(2.0, 1.0), Health())
    assert tally.summary("accuracy") == {"loss": 0.5, "train_accuracy": 0.25}
