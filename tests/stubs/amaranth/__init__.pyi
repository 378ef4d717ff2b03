"""Amaranth for mypy: untyped, as it comes, but for its enumerations, which else would make every member an `int`."""

from typing import Any

def __getattr__(name: str) -> Any: ...
