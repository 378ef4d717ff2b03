"""The server that forgives nothing: each response word depends on every request word before it."""

from __future__ import annotations

from itertools import accumulate

MASK = (1 << 32) - 1
FACTOR, ADDEND = 1664525, 1013904223


def scrambled(words: list[int], start: int = 0) -> list[int]:
    """Each word's response. One that is lost, doubled, altered or out of order changes all that follow."""
    return list(accumulate(words, lambda state, word: (state * FACTOR + word + ADDEND) & MASK, initial=start))[1:]


class Scrambler:
    """A `Server` that answers every word with one."""

    def __init__(self) -> None:
        self._state = 0

    def reset(self) -> None:
        self._state = 0

    def serve(self, words: list[int]) -> list[int]:
        answer = scrambled(words, self._state)
        self._state = answer[-1]
        return answer
