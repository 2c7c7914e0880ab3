# SPDX-License-Identifier: Apache-2.0
"""Worker processes of a program; each test forks in a program of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import psutil
import pytest

from tests.parts.waiting import wait_for


@pytest.fixture
def run(tmp_path):
    """A function that starts a program with workers.

    The body of a worker finds its ``number``, its ``signals``, and ``beat`` of its
    pulse; what it writes to ``started`` is read by the test, and ``closed`` when what
    is held for workers is given up.  The file ``ready`` has a line for each time that
    the workers were said to be ready: what had been written to ``started`` by then.
    The file ``errors`` has the program's log.
    """
    started = []

    def start(
        count: int,
        body: str,
        *,
        stop_s: float = 5,
        silence_s: float = 0,
        wrap: str = 'exec {}',
        quick_death_s: float = 5,
    ):
        program = tmp_path / 'program.py'
        log = tmp_path / 'started'
        ready = tmp_path / 'ready'
        program.write_text(
            'import os, signal, sys, time\n'
            'from console_ext import exceptions\n'
            'from console_ext.proxy import workers\n'
            'from console_ext.proxy.workers import Workers\n'
            'from console_ext.signals import Signals\n'
            # The supervisor looks after its workers at this interval.
            'workers.BEAT_S = 0.2\n'
            f'workers.QUICK_DEATH_S = {quick_death_s}\n'
            f'started = open({str(log)!r}, "a", buffering=1)\n'
            'def work(number, signals, beat):\n'
            f'{textwrap.indent(textwrap.dedent(body), "    ")}\n'
            'def close():\n'
            '    print("closed", file=started)\n'
            'def ready():\n'
            f'    with open({str(ready)!r}, "a") as file:\n'
            f'        print(*open({str(log)!r}).read().split(), file=file)\n'
            'def reload():\n'
            '    print("reloaded", file=started)\n'
            'try:\n'
            '    with Signals() as signals:\n'
            f'        Workers({count}, work, stop_s={stop_s}, silence_s={silence_s},\n'
            '                ready=ready, close=close, reload=reload).run(signals)\n'
            'except exceptions.ConfigurationError as error:\n'
            '    sys.exit(f"program: {error}")\n'
        )
        log.touch()
        command = wrap.format(f'{sys.executable} {program}', log=log)
        with (tmp_path / 'errors').open('w') as errors:
            process = subprocess.Popen(
                ['sh', '-c', command], stdout=subprocess.PIPE, stderr=errors
            )
        started.append(process)
        return process, lambda: log.read_text().split()

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        # The workers have the other end of its pipe, too: wait for them.
        process.communicate()


@pytest.fixture
def errors(tmp_path):
    """A function that reads the program's log."""
    return lambda: (tmp_path / 'errors').read_text()


def test_signals(run):
    """SIGHUP reaches each worker; SIGTERM ends the workers, then the program."""
    process, said = run(
        2,
        """
        print('up', file=started)
        while (received := signals.wait(60)) == signal.SIGHUP:
            print(f'hup{number}', file=started)
        return 0
        """,
    )
    wait_for(lambda: said().count('up') == 2)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: {'hup0', 'hup1', 'reloaded'} <= set(said()))
    assert 'closed' not in said()
    process.terminate()
    assert process.wait(30) == 0
    assert said().count('closed') == 1


def test_ready(run, tmp_path):
    """It is reported once, after the event loop of the slowest worker has run."""
    process, said = run(
        2,
        """
        if number == 1:
            while open(started.name).read().count('beat') < 4:
                time.sleep(0.05)
            print('late', file=started)
        while not signals.wait(0.2):
            beat()
            print('beat', file=started)
        return 0
        """,
    )
    ready = tmp_path / 'ready'
    wait_for(lambda: ready.exists() and said().count('beat') >= 12)
    process.terminate()
    assert process.wait(30) == 0
    (seen,) = ready.read_text().splitlines()
    assert 'late' in seen.split()


def test_a_reload_while_workers_start(run):
    """Workers that are starting ignore SIGHUP."""
    process, said = run(
        2,
        """
        os.kill(os.getpid(), signal.SIGHUP)
        print('up', file=started)
        time.sleep(60)
        return 0
        """,
        stop_s=0.3,
    )
    wait_for(lambda: said().count('up') == 2)
    assert process.poll() is None


def test_a_dead_worker_is_replaced_under_its_number(run):
    """The new worker takes over the number of the dead one."""
    process, said = run(
        2,
        """
        print(f'{number}:{os.getpid()}', file=started)
        time.sleep(60)
        return 0
        """,
        stop_s=0.3,
    )
    first = wait_for(lambda: len(said()) == 2 and said())
    number, pid = first[0].split(':')
    os.kill(int(pid), signal.SIGKILL)
    again = wait_for(lambda: len(said()) == 3 and said()[2], 60)
    assert again.split(':')[0] == number
    assert process.poll() is None


def test_no_file_is_free_for_another_worker(run, errors):
    """The other workers continue, and a new one follows when that is possible."""
    process, said = run(
        2,
        """
        print(os.getpid(), file=started)
        signals.wait(60)
        return 0
        """,
    )
    first = wait_for(lambda: len(said()) == 2 and said())
    supervisor = psutil.Process(process.pid)
    limits = supervisor.rlimit(psutil.RLIMIT_NOFILE)
    supervisor.rlimit(psutil.RLIMIT_NOFILE, (3, limits[1]))
    os.kill(int(first[0]), signal.SIGKILL)
    wait_for(lambda: 'Too many open files' in errors())
    # The log says so only once.
    time.sleep(1)
    assert process.poll() is None
    assert psutil.pid_exists(int(first[1]))
    supervisor.rlimit(psutil.RLIMIT_NOFILE, limits)
    wait_for(lambda: len(said()) == 3)
    process.terminate()
    assert process.wait(30) == 0
    assert errors().count('Too many open files') == 1


def test_children_that_are_no_workers(run, tmp_path, errors):
    """Children of a shell that was replaced by the program have no effect."""
    process, said = run(
        1,
        """
        print(f'up{os.getpid()}', file=started)
        signals.wait(60)
        return 0
        """,
        wrap='sh -c "until test -e {log}.end; do sleep 0.02; done" & exec {}',
    )
    (first,) = wait_for(lambda: said())
    children = psutil.Process(process.pid).children()
    (other,) = [one for one in children if one.pid != int(first[2:])]
    (tmp_path / 'started.end').touch()
    wait_for(lambda: not other.is_running())
    assert process.poll() is None
    os.kill(int(first[2:]), signal.SIGKILL)
    wait_for(lambda: len(said()) == 2)
    process.terminate()
    assert process.wait(30) == 0
    assert 'Traceback' not in errors()


def test_a_child_that_is_no_worker_ends_with_them(run, errors):
    """The stop waits for the workers, but not for the child."""
    process, said = run(
        1,
        """
        print('up', file=started)
        signals.wait(60)
        time.sleep(0.5)
        return 0
        """,
        wrap='sh -c "while ! grep -q closed {log}; do sleep 0.05; done" & exec {}',
    )
    wait_for(said)
    process.terminate()
    assert process.wait(30) == 0
    assert 'Traceback' not in errors()


BEATS = """
    beat()
    print(f'{number}:{os.getpid()}', file=started)
    while not signals.wait(0.1):
        beat()
    return 0
"""


def test_a_frozen_worker_is_replaced(run, errors):
    """It is killed and logged; the other worker is not affected."""
    process, said = run(2, BEATS, silence_s=4)
    first = wait_for(lambda: len(said()) == 2 and said())
    frozen, other = first
    os.kill(int(frozen.split(':')[1]), signal.SIGSTOP)
    again = wait_for(lambda: len(said()) == 3 and said()[2], 60)
    assert again.split(':')[0] == frozen.split(':')[0]
    assert said().count(other) == 1
    os.kill(int(other.split(':')[1]), 0)
    process.terminate()
    assert process.wait(30) == 0
    log = errors()
    number, pid = frozen.split(':')
    assert f'Killed worker {number} (process {pid}): its event loop' in log
    assert log.count('Killed worker') == 1


def test_a_blocked_worker_is_replaced(run):
    """The process runs, but its event loop is blocked."""
    process, said = run(
        1,
        """
        beat()
        print('up', file=started)
        time.sleep(600)
        """,
        silence_s=1,
        stop_s=0.3,
    )
    wait_for(lambda: len(said()) >= 2)
    process.terminate()
    assert process.wait(30) == 0


def test_a_blocked_worker_does_not_outlive_its_parent(run):
    """Even if it cannot see that it has to end."""
    process, said = run(
        1,
        """
        print(os.getpid(), file=started)
        time.sleep(600)
        """,
        stop_s=0.3,
    )
    (pid,) = wait_for(said)
    process.kill()
    wait_for(lambda: not psutil.pid_exists(int(pid)))


def test_all_of_them_frozen_for_a_while(run, errors):
    """A supervisor that was frozen too does not kill its workers."""
    process, said = run(2, BEATS, silence_s=4)
    workers = wait_for(lambda: len(said()) == 2 and said())
    pids = [int(one.split(':')[1]) for one in workers]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    # The supervisor runs longer at both ends, so that it sees the workers silent.
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(4)
    os.kill(process.pid, signal.SIGCONT)
    time.sleep(0.5)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: 'reloaded' in said())
    assert said().count('reloaded') == 1
    process.terminate()
    assert process.wait(30) == 0
    assert 'Killed worker' not in errors()


def test_a_worker_that_has_not_started_is_not_silent(run):
    """It has more time until its first beat."""
    process, said = run(
        1,
        """
        print('up', file=started)
        signals.wait(60)
        return 0
        """,
        silence_s=0.3,
    )
    wait_for(said)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1.5)
    assert said() == ['up']


def test_stopping_faster(run):
    """A second SIGTERM reaches the workers, and shortens their time."""
    process, said = run(
        1,
        """
        print('up', file=started)
        for count in range(2):
            signals.wait(60)
            print(f'told{count}', file=started)
        time.sleep(600)
        """,
        stop_s=300,
    )
    wait_for(said)
    process.terminate()
    wait_for(lambda: 'told0' in said())
    process.terminate()
    wait_for(lambda: 'told1' in said())
    assert process.wait(30) == 0


def test_a_worker_that_does_not_end(run):
    """It is killed after the time limit."""
    process, said = run(
        1,
        """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print('up', file=started)
        time.sleep(60)
        return 0
        """,
        stop_s=0.3,
    )
    wait_for(said)
    process.terminate()
    assert process.wait(30) == 0


def test_a_worker_that_fails_beside_a_good_one(run, tmp_path):
    """The good one continues, and the other is tried again, but not all the time."""
    broken = tmp_path / 'broken'
    quick_s = 0.5
    process, said = run(
        2,
        f"""
        if os.path.exists({str(broken)!r}):
            print('try', file=started)
            return 1
        print(f'{{number}}:{{os.getpid()}}', file=started)
        beat()
        signals.wait(60)
        return 0
        """,
        quick_death_s=quick_s,
    )
    first = wait_for(lambda: len(said()) == 2 and said())
    time.sleep(2 * quick_s)
    broken.touch()
    number, pid = first[0].split(':')
    began = time.monotonic()
    os.kill(int(pid), signal.SIGKILL)
    wait_for(lambda: said().count('try') >= 6)
    tries = said().count('try')
    # The first three follow each other at once.
    assert tries <= 4 + (time.monotonic() - began) / quick_s
    assert process.poll() is None
    assert psutil.pid_exists(int(first[1].split(':')[1]))
    broken.unlink()
    again = wait_for(lambda: said()[-1] != 'try' and said()[-1])
    assert again.split(':')[0] == number
    assert psutil.pid_exists(int(again.split(':')[1]))
    process.terminate()
    assert process.wait(30) == 0


def test_workers_that_fail(run, errors):
    """Each failure is logged; after three in a row the program ends."""
    process, _ = run(1, 'raise RuntimeError("why")')
    assert process.wait(30) == 1
    log = errors()
    assert 'program: the workers end right after their start' in log
    assert 'RuntimeError: why' in log
