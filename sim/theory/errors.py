"""What a user of the theory may have asked amiss."""

from loschmidt.spec.errors import LoschmidtError


class TheoryError(LoschmidtError, ValueError):
    """A problem that a method cannot solve, or a solver that did not arrive; the text says which, and what to do."""
