# SPDX-License-Identifier: Apache-2.0
"""A program that ends with the process that started it."""

import os
import subprocess
import sys

import psutil
import pytest

from console_ext.demo import tether
from tests.parts.waiting import wait_for

# Starts a program in a thread that ends or lives, prints its process id, and waits.
PARENT = f"""
import os, subprocess, sys, threading, time

def start():
    child = subprocess.Popen(
        [sys.executable, '-I', {tether.__file__!r}, str(os.getpid()), 'sleep', '600'])
    print(child.pid, flush=True)
    child.wait()

threading.Thread(target=start).start()
time.sleep(600)
"""


@pytest.fixture
def parent():
    process = subprocess.Popen(
        [sys.executable, '-c', PARENT], stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.communicate()


def test_killed_parent(parent):
    """The program ends with its parent, and not before."""
    child = psutil.Process(int(parent.stdout.readline()))
    wait_for(lambda: child.cmdline() == ['sleep', '600'])
    assert parent.poll() is None
    parent.kill()
    wait_for(lambda: not child.is_running() or child.status() == 'zombie')


def test_parent_that_was_gone_before():
    """The program is not started."""
    done = subprocess.run(
        [
            sys.executable,
            '-I',
            tether.__file__,
            str(os.getpid() + 1),
            'echo',
            'started',
        ],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_the_program_takes_the_place_of_the_process():
    """The process id and the exit status that the parent sees are the program's."""
    done = subprocess.Popen(
        [
            *(sys.executable, '-I', tether.__file__, str(os.getpid())),
            *('sh', '-c', 'echo $$; exit 3'),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = done.communicate(timeout=30)
    assert (int(said), done.returncode) == (done.pid, 3)
