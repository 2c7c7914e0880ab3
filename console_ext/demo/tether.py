# SPDX-License-Identifier: Apache-2.0
"""Replace this process by a program that ends when its parent does, on Linux.

``tether.py PARENT PROGRAM ARGUMENT...``, where PARENT is the process id of the parent.

It is a program of its own because prctl(2) is for the process that asks, and nothing
but exec is safe between the fork and the exec of a process with threads.  For the
kernel the parent is the thread that forked: that thread is to live for as long as the
program may.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # A parent that was gone before sends no signal.
    if os.getppid() == int(parent):
        os.execvp(command[0], command)  # noqa: S606


if __name__ == '__main__':
    main()
