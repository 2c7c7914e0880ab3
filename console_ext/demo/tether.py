# SPDX-License-Identifier: Apache-2.0
"""Replaces this process by a program that the kernel kills when its parent ends.

``tether.py PARENT PROGRAM ARGUMENT...``, where PARENT is the process id of the parent.

This is a separate program, because prctl(2) applies to the calling process, and because
a process with threads can only call exec safely after a fork.  For the kernel the
parent is the thread that forked, so this thread must live as long as the program.
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
    # If the parent ended before prctl(), the kernel sends no signal.
    if os.getppid() == int(parent):
        os.execvp(command[0], command)  # noqa: S606


if __name__ == '__main__':
    main()
