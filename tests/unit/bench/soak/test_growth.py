# SPDX-License-Identifier: Apache-2.0
"""Memory and file descriptors of processes that start and end."""

import os
import subprocess
import sys

from bench.soak.growth import Watch

OPENS_FILES = """
import sys
for line in sys.stdin:
    files = [open('/dev/null') for _ in range(int(line))]
    print('open', flush=True)
"""


def test_descriptors():
    """The first, highest and last count, including child processes."""
    command = [sys.executable, '-c', OPENS_FILES]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:

        def hold(count):
            child.stdin.write(f'{count}\n')
            child.stdin.flush()
            assert child.stdout.readline() == 'open\n'

        hold(10)
        with Watch([child.pid]) as watch:
            hold(5)
        child.stdin.close()
    first, most, last = watch.growth.descriptors
    assert first == most == last + 5
    assert all(one > 1 for one in watch.growth.memory_mb)


def test_ended_process():
    child = subprocess.Popen([sys.executable, '-c', ''])
    child.wait()
    with Watch([child.pid, os.getpid()]) as watch:
        pass
    assert watch.growth.descriptors[0] > 0
