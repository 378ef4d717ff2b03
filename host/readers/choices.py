"""What a user may ask of a reader: the values of options. Light, as the command line's help needs them."""

from __future__ import annotations

#: Gaps: refused, or filled by straight lines.
REFUSE, INTERPOLATE = "refuse", "interpolate"

#: A column that may be an index: data all the same, or left out.
KEEP, DROP = "keep", "drop"

#: Decimals are written with a comma, or with a point.
COMMA, POINT = "comma", "point"

#: Order of the last two axes of an array.
CHANNELS_STEPS, STEPS_CHANNELS = AXES = ("channels-steps", "steps-channels")
