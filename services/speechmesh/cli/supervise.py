"""supervisord, ending with the process that started it: a mesh does not outlive its `speechmesh up`."""

from __future__ import annotations

import ctypes
import signal
import sys

from supervisor import supervisord

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Runs supervisord with the arguments of this process."""
    if sys.platform == "linux":  # elsewhere a killed `speechmesh up` leaves it running
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    supervisord.main()


if __name__ == "__main__":
    main()
