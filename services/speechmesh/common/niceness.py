"""Threads that give way: work that can wait takes a core only as far as nobody urgent wants it.

Where a machine is full, whose turn it is on a core is the system's decision, not ours: an urgent segment that was let
past every queue would still share the cores with the runs of those who have seconds of audio in hand. So these run on
threads of lower priority.
"""

from __future__ import annotations

import os
import sys
import threading

# A thread that is nicer by 10 has a tenth of the share; lower still, it might hold a lock for long that an urgent one
# waits for.
_NICER_BY = 10


def give_way() -> None:
    """Lowers the calling thread's priority, for good: no thread may raise it again without privileges.

    So it is lowered from where it is; that of a process which was started as nice as can be stays. Elsewhere than on
    Linux, where this would concern the whole process, it does nothing.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER_BY)
