"""For all tests: property tests are repeatable, what does not run or does not end has not passed, and what takes longest comes first."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings

# `steady` repeats its examples, but for constants that Hypothesis takes from whatever modules of ours are loaded by then;
# `--hypothesis-profile=explore` looks at new ones every time.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady")

#: What waits for the longest builds. They come first: last, they would be one worker's, and the other would have nothing left to do.
LONGEST = (
    *("hw/test_mutants", "sim/test_netlist", "sim/test_rtl_device", "hw/test_components", "hw/test_link", "hw/test_link_mutants"),
    *("sim/test_families", "host/test_board_simulation", "hw/test_command", "sim/test_bench"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put those of `LONGEST` first, in its order; the others stay in theirs."""
    ranks = {f"tests/{name}.py": rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(ranks)))


def pytest_collection_finish() -> None:
    """Look for garbage less often: to elaborate gateware makes millions of objects that stay, and to look through them, and through
    all that is imported, took a third of its time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


#: Seconds of a test, and of what is made for it beforehand. Whatever waits has a nearer deadline of its own; this is the last.
SECONDS = 1200


@contextmanager
def deadline() -> Iterator[None]:
    """Fail what goes on for longer than `SECONDS`. What never comes back to Python is ended by pytest's `faulthandler_timeout`."""

    def stop(*_: object) -> None:
        pytest.fail(f"no end after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, None, None]:
    with deadline():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    with deadline():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    with deadline():
        yield


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that keeps its reason. An expected failure is reported as a skip, too."""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"nothing is skipped here: {reason}"
        vars(report).pop("wasxfail", None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_if_skipped(report)
    return report
