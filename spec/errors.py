"""The one exception family that a user is meant to read."""


class LoschmidtError(Exception):
    """A fault of the user's making or of the machine's: its text is one line that says what, where and what to do."""


class SpecError(LoschmidtError, ValueError):
    """A shape, format, table or operation that the contract does not allow."""
