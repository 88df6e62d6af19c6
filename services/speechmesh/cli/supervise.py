"""supervisord, ending with the process that started it: a mesh does not outlive its `speechmesh up`."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from supervisor import supervisord

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Runs supervisord for the process argv[1], which started this one, with the arguments that follow."""
    parent = int(sys.argv.pop(1))
    if sys.platform == "linux":  # elsewhere a killed `speechmesh up` leaves it running
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before: no signal will come
        return
    supervisord.main()


if __name__ == "__main__":
    main()
