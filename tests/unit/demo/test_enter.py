# SPDX-License-Identifier: Apache-2.0
"""Pressing Enter, in a terminal of the test."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from console_ext.demo import enter

# Run in a session with the given descriptor as terminal; it ends with the terminal.
PROGRAM = """
import fcntl, os, termios, threading
from console_ext.demo import enter

os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
print('foreground', enter.is_foreground(0), flush=True)
enter.listen(0, lambda: print('pressed', flush=True))
for thread in threading.enumerate():
    if thread.name == 'enter':
        thread.join()
print('ended', flush=True)
"""


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_no_terminal(pipe):
    """Neither a pipe nor a closed descriptor is a terminal."""
    assert not enter.is_foreground(pipe[0])
    assert not enter.is_foreground(-1)


def test_each_line():
    """The function is called for each line until the end of the file."""
    ours, theirs = os.openpty()
    program = subprocess.Popen(
        [sys.executable, '-c', PROGRAM],
        stdin=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    try:
        assert program.stdout.readline() == 'foreground True\n'
        os.write(ours, b'\r')
        assert program.stdout.readline() == 'pressed\n'
        os.write(ours, b'and again\r')
        assert program.stdout.readline() == 'pressed\n'
        os.write(ours, b'\x04')
        assert program.stdout.readline() == 'ended\n'
        assert program.wait(30) == 0
    finally:
        program.kill()
        program.communicate()
        os.close(ours)
