# SPDX-License-Identifier: Apache-2.0
"""Several processes of one program; each test forks in a program of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from tests.proxy_parts import wait_for


@pytest.fixture
def run(tmp_path):
    """A function that starts a program with workers.

    The body of a worker finds its number in ``number``; what it writes to ``started``
    is read by the test, and ``closed`` when what is held for workers is given up.
    """
    started = []

    def start(count: int, body: str, patience_s: float = 5):
        program = tmp_path / 'program.py'
        log = tmp_path / 'started'
        program.write_text(
            'import os, signal, sys, time\n'
            'from console_ext import exceptions\n'
            'from console_ext.proxy.workers import Workers\n'
            f'started = open({str(log)!r}, "a", buffering=1)\n'
            'def work(number):\n'
            f'{textwrap.indent(textwrap.dedent(body), "    ")}\n'
            'def close():\n'
            '    print("closed", file=started)\n'
            'try:\n'
            f'    Workers({count}, work, {patience_s}, close).run()\n'
            'except exceptions.ConfigurationError as error:\n'
            '    sys.exit(f"program: {error}")\n'
        )
        log.touch()
        process = subprocess.Popen(
            [sys.executable, str(program)], stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, lambda: log.read_text().split()

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_signals(run):
    """SIGHUP reaches each; SIGTERM ends them all, and then the program."""
    process, said = run(
        2,
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        signal.signal(signal.SIGHUP, lambda *_: print(f'hup{number}', file=started))
        print('up', file=started)
        while not signal.sigtimedwait([signal.SIGTERM], 0.05):
            pass
        return 0
        """,
    )
    wait_for(lambda: said().count('up') == 2)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: {'hup0', 'hup1'} <= set(said()))
    assert 'closed' not in said()
    process.terminate()
    assert process.wait(10) == 0
    assert said().count('closed') == 1


def test_a_reload_while_workers_start(run):
    """SIGHUP is none of their business yet, and does not end them."""
    process, said = run(
        2,
        """
        os.kill(os.getpid(), signal.SIGHUP)
        print('up', file=started)
        time.sleep(60)
        return 0
        """,
    )
    wait_for(lambda: said().count('up') == 2)
    assert process.poll() is None


def test_a_dead_worker_is_replaced_under_its_number(run):
    """So that it takes the dead one's place."""
    process, said = run(
        2,
        """
        print(f'{number}:{os.getpid()}', file=started)
        time.sleep(60)
        return 0
        """,
    )
    first = wait_for(lambda: len(said()) == 2 and said())
    number, pid = first[0].split(':')
    os.kill(int(pid), signal.SIGKILL)
    again = wait_for(lambda: len(said()) == 3 and said()[2])
    assert again.split(':')[0] == number
    assert process.poll() is None


def test_a_worker_that_does_not_end(run):
    """It is killed when patience is over."""
    process, said = run(
        1,
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print('up', file=started)
        time.sleep(60)
        return 0
        """,
        patience_s=0.3,
    )
    wait_for(said)
    process.terminate()
    assert process.wait(10) == 0


def test_workers_that_fail(run):
    """Each failure is logged; three in a row are the end."""
    process, _ = run(1, 'raise RuntimeError("why")')
    _, log = process.communicate(timeout=20)
    assert process.returncode == 1
    assert 'program: the workers do not stay alive' in log
    assert 'RuntimeError: why' in log
