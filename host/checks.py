"""What `loschmidt verify` can measure."""

from __future__ import annotations

#: Of a device; agreement needs a second one. The link is measured only when it is asked for: it needs none.
CHECKS, LINK = ("reversal", "gradient", "agreement"), "link"

#: s of the time step that the bounds of gradients are stated for.
BOUND_STEP = 5
