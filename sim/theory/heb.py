"""Hamiltonian echo backpropagation: a static input shapes a motion, its end is the answer, and one impulse there starts the echo.

The loss is c(x_{T-1}, y) alone. After the flip the momentum is kicked once, by -eps dc/dq, and the system is left to itself:

    dC/dq_0 = -dp_e/d(eps)        dC/dp_0 = -dq_e/d(eps)        dC/dtheta = d/d(eps) sum_k delta dH/dtheta (x_k^e)

so that what trains may be the initial state, theta, or both. (q_e, p_e) is read before the last flip.
"""

from __future__ import annotations

import numpy as np

from .contrast import Contrast
from .echo import rhel
from .errors import TheoryError
from .estimate import Estimate
from .task import Task


def heb(task: Task, *, contrast: Contrast) -> Estimate:
    """``rhel`` for a static input (M,) held for ``steps``, and a loss that has ``last``: every nudge but one is 0."""
    if task.static or np.any(task.inputs != task.inputs[0]):
        raise TheoryError("heb holds a static input: give inputs (M,), targets (N,) and steps=")
    if not task.system.loss.last:
        raise TheoryError("heb asks for the end of the motion only: give the system loss=Loss(last=True)")
    return rhel(task, contrast=contrast)
