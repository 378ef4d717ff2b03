"""The host's end of `spec.link`: an engine without threads or I/O, and a port of words over a serial line."""

from .engine import HostEnd, LinkError, NoAnswerError, Tally
from .port import Line, LinkPort
from .serial_line import DEFAULT_BAUD, SerialLine

__all__ = ["DEFAULT_BAUD", "HostEnd", "Line", "LinkError", "LinkPort", "NoAnswerError", "SerialLine", "Tally"]
