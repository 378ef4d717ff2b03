"""What `loschmidt verify` can measure."""

from __future__ import annotations

#: Of a device; agreement needs a second one. The link is measured only when it is asked for: it needs none.
CHECKS, LINK = ("reversal", "gradient", "agreement"), "link"
