"""The table in the README is what the commands wrote, not what somebody typed."""

from __future__ import annotations

from docs import results


def test_readme_holds_the_measured_table() -> None:
    text = results.README.read_text()
    assert results.rewritten(text) == text


def test_a_typed_figure_would_be_noticed() -> None:
    text = results.README.read_text()
    assert results.rewritten(text.replace("0 integers differ", "1 integers differ")) == text


def test_every_result_passed() -> None:
    assert {name: results.load(name)["passed"] for name in results.COMMANDS} == dict.fromkeys(results.COMMANDS, True)
