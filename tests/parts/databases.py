# SPDX-License-Identifier: Apache-2.0
"""Database servers for tests, each with a data directory, a port and a process."""

from __future__ import annotations

import abc
import contextlib
import getpass
import glob
import os
import pwd
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import sqlalchemy as sa

from tests.parts.programs import free_port

START_S = 100


class Server(abc.ABC):
    """
    Started in the constructor, on loopback.

    :param account: who runs it where we are root, whom such servers refuse
    """

    def __init__(self, account: str):
        self._user = account if os.geteuid() == 0 else None
        # Not pytest's directory, which only its owner may enter.
        self.path = Path(tempfile.mkdtemp(prefix='console-ext-'))
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self.path, entry.pw_uid, entry.pw_gid)
        self.port = free_port()
        self.data = self.path / 'data'
        self._process: subprocess.Popen[bytes] | None = None
        self._initialize()
        self.start()

    def start(self) -> None:
        self._process = self._popen(self._command())
        admin = sa.create_engine(self.url(), poolclass=sa.NullPool)
        deadline = time.monotonic() + START_S
        while True:
            try:
                admin.connect().close()
                return
            except sa.exc.OperationalError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError((self.path / 'log').read_text()) from None
                time.sleep(0.05)

    def stop(self) -> None:
        """Kill it, as in a crash."""
        if self._process is not None:
            self._process.send_signal(self.STOP)
            self._process.wait(START_S)
            self._process = None

    def freeze(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.path)

    def new_database(self) -> str:
        """Return the URL of a new database."""
        name = f't{uuid.uuid4().hex}'
        admin = sa.create_engine(self.url(), isolation_level='AUTOCOMMIT')
        with admin.connect() as connection:
            connection.execute(sa.text(f'CREATE DATABASE {name}'))
        admin.dispose()
        return self.url(name)

    STOP: signal.Signals

    @abc.abstractmethod
    def url(self, database: str | None = None) -> str: ...

    @abc.abstractmethod
    def _initialize(self) -> None: ...

    @abc.abstractmethod
    def _command(self) -> list[str]: ...

    @property
    def _account(self) -> str:
        return self._user or getpass.getuser()

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        with open(self.path / 'log', 'ab') as log:
            return subprocess.Popen(
                command,
                cwd=self.path,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
                # Ctrl-C is meant for the tests.
                start_new_session=True,
            )

    def _run(self, command: list[str]) -> None:
        if self._popen(command).wait(START_S):
            raise RuntimeError((self.path / 'log').read_text())

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, number)
        for status in Path('/proc').glob('[0-9]*/stat'):
            # PostgreSQL starts each of its processes in a session of its own.
            try:
                parent = int(status.read_text().rpartition(')')[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self._process.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(status.parent.name), number)


class MariaDB(Server):
    STOP = signal.SIGKILL

    def __init__(self) -> None:
        super().__init__('mysql')

    def url(self, database: str | None = None) -> str:
        return f'mysql+pymysql://test@127.0.0.1:{self.port}/{database or "mysql"}'

    def _initialize(self) -> None:
        setup = self.path / 'setup.sql'
        setup.write_text(
            "CREATE USER IF NOT EXISTS test@'127.0.0.1';\n"
            "GRANT ALL ON *.* TO test@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        setup.chmod(0o644)
        self._run(
            [
                program('mariadb-install-db'),
                '--no-defaults',
                f'--datadir={self.data}',
                '--auth-root-authentication-method=normal',
                '--skip-test-db',
                f'--user={self._account}',
            ]
        )

    def _command(self) -> list[str]:
        return [
            program('mariadbd'),
            '--no-defaults',
            f'--user={self._account}',
            f'--datadir={self.data}',
            f'--socket={self.path}/socket',
            f'--pid-file={self.path}/pid',
            f'--init-file={self.path}/setup.sql',
            '--bind-address=127.0.0.1',
            f'--port={self.port}',
            '--skip-name-resolve',
            '--max-connections=300',
            '--innodb-flush-log-at-trx-commit=2',
            # Log every statement, to search the log for tokens.
            '--general-log',
            f'--general-log-file={self.path}/general.log',
        ]


class PostgreSQL(Server):
    STOP = signal.SIGQUIT

    def __init__(self) -> None:
        super().__init__('postgres')

    def url(self, database: str | None = None) -> str:
        name = database or 'postgres'
        return f'postgresql+psycopg2://test@127.0.0.1:{self.port}/{name}'

    def _initialize(self) -> None:
        self._run(
            [
                program('initdb'),
                *('-D', str(self.data)),
                *('-U', 'test', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'),
            ]
        )

    def _command(self) -> list[str]:
        settings = {
            'listen_addresses': '127.0.0.1',
            'port': self.port,
            'unix_socket_directories': '',
            'max_connections': 300,
            'fsync': 'off',
            'log_statement': 'all',
        }
        options = [f'--{name}={value}' for name, value in settings.items()]
        return [program('postgres'), '-D', str(self.data), *options]


class SQLite:
    """A file that can be removed or locked, like a server that is stopped."""

    def __init__(self, path: Path):
        self._path = path
        self._away = path.with_name('away')
        self._lock: sqlite3.Connection | None = None

    def new_database(self) -> str:
        return f'sqlite:///{self._path}'

    def stop(self) -> None:
        self._away.mkdir()
        for file in self._path.parent.glob(f'{self._path.name}*'):
            file.rename(self._away / file.name)

    def start(self) -> None:
        # An empty file may have been created in its place.
        for file in self._path.parent.glob(f'{self._path.name}*'):
            file.unlink()
        for file in self._away.iterdir():
            file.rename(self._path.parent / file.name)
        self._away.rmdir()

    def freeze(self) -> None:
        self._lock = sqlite3.connect(self._path, isolation_level=None)
        self._lock.execute('BEGIN IMMEDIATE')

    def thaw(self) -> None:
        assert self._lock is not None
        self._lock.close()


def program(name: str) -> str:
    """The path of a program; Debian's database servers are not in a user's PATH."""
    folders = [
        *os.environ['PATH'].split(os.pathsep),
        '/usr/sbin',
        *sorted(glob.glob('/usr/lib/postgresql/*/bin'), reverse=True),
    ]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        raise FileNotFoundError(name)
    return found
