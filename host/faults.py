"""What a machine may lack, said in one line: room on a disk or in memory, permission, a name that is short enough."""

from __future__ import annotations

import errno

from . import atomic

#: Faults that a user can mend. Others are faults of the program, and keep their traceback.
_MENDABLE = frozenset(
    (
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EIO),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EISDIR, errno.ENOTDIR, errno.ELOOP),
    )
)


def of_the_machine(error: OSError | MemoryError) -> str | None:
    """One line for a fault of the machine's; None for one of the program's.

    Modules turn what they expect into a `LoschmidtError`. This is for the same causes where nobody expects them.
    """
    if isinstance(error, MemoryError):
        return f"out of memory{f' ({error})' if str(error) else ''}: fewer oscillators, shorter windows or a smaller batch take less"
    if error.errno not in _MENDABLE:
        return None
    place = f"{atomic.shortened(error.filename)}: " if isinstance(error.filename, str) else ""
    return f"{place}{error.strerror}{atomic.advice(error)}"
