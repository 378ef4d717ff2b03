"""The table in the README is what the commands wrote, not what somebody typed."""

from __future__ import annotations

from docs import results, trust_figures


def test_readme_holds_the_measured_table() -> None:
    text = results.README.read_text()
    assert results.rewritten(text) == text


def test_a_typed_figure_would_be_noticed() -> None:
    text = results.README.read_text()
    assert results.rewritten(text.replace("0 integers differ", "1 integers differ")) == text


def test_every_result_passed() -> None:
    assert {name: results.load(name)["passed"] for name in results.COMMANDS} == dict.fromkeys(results.COMMANDS, True)


def test_training_quotes_the_measured_figures() -> None:
    """If it fails: python -m docs.trust_figures"""
    assert trust_figures.PLACE.read_text() == trust_figures.written(results.load(trust_figures.NAME))
