# SPDX-License-Identifier: Apache-2.0
"""Processes that redeem the same tokens and are killed, and their journal."""

from __future__ import annotations

import collections
import itertools
import multiprocessing
import os
import random
import time
from pathlib import Path

from console_ext import exceptions
from console_ext.store.store import Store
from tests.parts.stores import factories
from tests.parts.waiting import wait_for

# Forked from a process that has only imported this, to start quickly.
_FORKSERVER = multiprocessing.get_context('forkserver')
_PRELOADED = [__name__, 'pymysql', 'psycopg2']
_END_S = 60

MAX_SOCKETS = 3
# Sockets of a killed process count for this time; others never reach that age.
LEASE_S = 5

# At any moment, all processes choose from this many tokens.
_AT_ONCE = 3
_MOMENT_S = 0.25
_HELD = 0.01


OPTIONS = {
    'timeout': 20,
    'lease': LEASE_S,
    'spice_max_sockets': MAX_SOCKETS,
    'spice_join_grace': 60,
    'spice_max_joins': 1_000_000,
}


class Crowd:
    """
    :param tokens: each with its type of console
    :param path: a directory of its own
    """

    def __init__(self, connection: str, tokens: list[tuple[str, str]], path: Path):
        self._connection = connection
        self._tokens = tokens
        self._path = path
        self._journal = path / 'journal'
        self._stop = path / 'stop'
        _FORKSERVER.set_forkserver_preload(_PRELOADED)

    def run(self, processes: int, kills: int) -> Journal:
        """Let them work until this many were killed; each killed one is replaced."""
        children = [self._start() for _ in range(processes)]
        try:
            for _ in range(kills):
                # Any moment of their work.
                time.sleep(random.uniform(0.05, 0.3))
                victim = children.pop(random.randrange(processes))
                victim.kill()
                victim.join(_END_S)
                children.append(self._start())
            self._stop.touch()
            for child in children:
                child.join(_END_S)
            assert [child.exitcode for child in children] == [0] * processes
        finally:
            for child in children:
                if child.is_alive():
                    child.kill()
        return Journal(self._journal)

    def _start(self):
        child = _FORKSERVER.Process(
            target=_work,
            args=(self._connection, self._tokens, self._journal, self._stop),
        )
        child.start()
        sign = self._journal.with_name(str(child.pid))
        wait_for(sign.exists, _END_S)
        return child


def _work(connection, tokens, journal, stop) -> None:
    store = Store(factories.configuration(connection, console_tokens=OPTIONS))
    opened = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(what: str, number: int, session_id: str = '-') -> None:
        # A single write, so that lines are complete and in the order of events.
        line = f'{os.getpid()} {what} {number} {session_id}\n'
        assert os.write(opened, line.encode()) == len(line)

    for turn in itertools.count():
        if stop.exists():
            return
        first = int(time.monotonic() / _MOMENT_S) * _AT_ONCE
        number = (first + random.randrange(_AT_ONCE)) % len(tokens)
        token, console_type = tokens[number]
        note('asks', number)
        try:
            lease = store.redeem(token, console_type, factories.CLIENT)
        except exceptions.TokenRefused:
            note('refused', number)
            continue
        finally:
            if turn == 0:
                journal.with_name(str(os.getpid())).touch()
        note('has', number, lease.session_id)
        if console_type == 'serial' and random.random() < _HELD:
            continue
        # Longer than another process's call.
        time.sleep(random.uniform(0, 0.02))
        note('ends', number)
        # Half of the SPICE tokens: a session that was open once is never undone.
        if console_type == 'serial' or number % 2 or random.random() < 0.5:
            store.withdraw(lease)
        else:
            store.release([lease])
        note('ended', number)


class Journal:
    """What the processes noted, in the order in which it happened.

    :ivar holders: by token, the processes that have it, each with its session
    :ivar unfinished: by process, the token of the call in which it was killed
    :ivar counts: how often each thing was noted
    """

    def __init__(self, path: Path):
        self._lines = [line.split() for line in path.read_text().splitlines()]
        self.holders: dict[int, dict[str, str]] = collections.defaultdict(dict)
        self.unfinished: dict[str, int] = {}
        self.counts = collections.Counter(what for _, what, *_ in self._lines)

    def replay(self, tokens: list[tuple[str, str]], max_sockets: int) -> None:
        """Check that nobody was let in besides the holders of a token."""
        last = {pid: at for at, (pid, *_) in enumerate(self._lines)}
        for at, (pid, what, token, session_id) in enumerate(self._lines):
            number = int(token)
            several = tokens[number][1] != 'serial'
            holders = self.holders[number]
            if what in ('asks', 'ends'):
                self.unfinished[pid] = number
            else:
                del self.unfinished[pid]
            if what == 'ends':
                del holders[pid]
            if what == 'has':
                assert set(holders.values()) <= ({session_id} if several else set())
                holders[pid] = session_id
                assert len(holders) <= max_sockets
            if several and last[pid] == at:
                # Its socket expires soon, and may no longer count.
                holders.pop(pid, None)
