# SPDX-License-Identifier: Apache-2.0
"""The entry points of the programs."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from console_ext.cmd import agent, api, demo, proxy

# Runs an entry point with a program that prints what it finds.
RUN = """
import signal
import sys
import types

from console_ext import start

# What Ctrl-C meets until the signals are caught.
early = {'console_ext', 'console_ext.start'}
assert {name for name in sys.modules if name.startswith('console_ext')} == early
assert 'typing' not in sys.modules

def main(signals):
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGINT)
    print(signals.wait(1), signals.wait(1))

name = sys.argv[1]
sys.modules['console_ext.cmd'] = types.ModuleType('console_ext.cmd')
program = types.ModuleType(f'console_ext.cmd.{name}')
program.main = main
sys.modules[program.__name__] = program
getattr(start, name)()
"""


@pytest.mark.parametrize('program', [agent, api, demo, proxy])
def test_signals_are_caught_before_the_import(program):
    """The program gets the signals; its module is not imported before that."""
    name = program.__name__.rpartition('.')[2]
    assert callable(program.main)
    done = subprocess.run(
        [sys.executable, '-I', '-S', '-c', RUN.replace('import sys\n', PATH, 1), name],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.stdout.split() == [str(signal.SIGHUP.value), str(signal.SIGINT.value)]
    assert (done.returncode, done.stderr) == (0, '')


INTERRUPTED = """
import signal
import sys
import time
import types

from console_ext import start

def main():
    print('running', flush=True)
    time.sleep(30)

sys.modules['console_ext.cmd'] = types.ModuleType('console_ext.cmd')
program = types.ModuleType('console_ext.cmd.manage')
program.main = main
sys.modules[program.__name__] = program
start.manage()
"""


@pytest.mark.parametrize('ignored', [False, True])
def test_interrupted_command(ignored):
    """Ctrl-C ends it silently, unless a shell has started it in the background."""
    command = [sys.executable, '-c', INTERRUPTED]
    if ignored:
        command = ['/bin/sh', '-c', 'trap "" INT; exec "$@"', 'sh', *command]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b'running\n'
        process.send_signal(signal.SIGINT)
        if ignored:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.2)
            process.kill()
        else:
            assert process.wait(30) == -signal.SIGINT
        assert process.stderr.read() == b''


# Without site-packages, whose .pth files import modules.
PATH = f'import sys\nsys.path[:0] = {[path for path in sys.path if path]!r}\n'
