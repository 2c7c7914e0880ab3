# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ broker for tests."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.parts.programs import free_port, listens

# Not Debian's wrapper in /usr/sbin, which changes to the user of the system's broker.
_BIN = Path('/usr/lib/rabbitmq/bin')

AVAILABLE = (_BIN / 'rabbitmq-server').exists()

_CONFIG = """\
listeners.tcp.1 = 127.0.0.1:{port}
loopback_users.guest = true
default_user = guest
default_pass = guest
log.console = false
log.file.level = warning
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
"""


_KILL_S = 60


class Broker:
    """A broker on loopback, with its own name, ports, cookie and data directory.

    Its data are kept from one start to the next.
    """

    def __init__(self, directory: Path):
        self._directory = directory
        self._port = free_port()
        self._epmd_port = free_port()
        self._epmd: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        (directory / 'rabbitmq.conf').write_text(_CONFIG.format(port=self._port))
        (directory / 'enabled_plugins').write_text('[].\n')
        self._env = {
            'PATH': f'{_BIN}:{os.environ["PATH"]}',
            'LANG': 'C.UTF-8',
            'HOME': str(directory),
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self._epmd_port),
            'RABBITMQ_NODENAME': f'test-{self._port}@localhost',
            'RABBITMQ_DIST_PORT': str(free_port()),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
                '-kernel inet_dist_use_interface {127,0,0,1} '
                # One scheduler that sleeps when idle leaves the machine to the tests.
                '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none'
            ),
            'RABBITMQ_CONFIG_FILE': str(directory / 'rabbitmq.conf'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(directory / 'enabled_plugins'),
            'RABBITMQ_MNESIA_BASE': str(directory / 'data'),
            'RABBITMQ_LOG_BASE': str(directory / 'log'),
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
        }

    @property
    def url(self) -> str:
        return f'rabbit://guest:guest@127.0.0.1:{self._port}/'

    def start(self, timeout_s: float = 100) -> None:
        if self._epmd is None:
            self._epmd = subprocess.Popen(
                ['epmd'],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _wait_for_port(self._epmd_port, self._epmd, timeout_s)
        with (self._directory / 'server.log').open('ab') as log:
            self._server = subprocess.Popen(
                [str(_BIN / 'rabbitmq-server')],
                # It writes a crash dump into its directory.
                cwd=self._directory,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # The server is a child of the script: signal the process group.
                start_new_session=True,
            )
        _wait_for_port(self._port, self._server, timeout_s)

    def kill(self) -> None:
        """End the broker like a power failure does."""
        assert self._server is not None
        self._signal_all(signal.SIGKILL)
        self._server.wait()
        self._server = None
        deadline = time.monotonic() + _KILL_S
        while listens(self._port):
            assert time.monotonic() < deadline, f'port {self._port} is taken still'
            time.sleep(0.05)

    def freeze(self) -> None:
        """From now on, the broker accepts connections without answering."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._server is not None
        os.killpg(self._server.pid, number)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Within the block, the broker accepts connections without answering."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Within the block, nothing listens on the broker's port."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def stop(self) -> None:
        if self._server is not None:
            self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None


def _wait_for_port(
    port: int, process: subprocess.Popen[bytes], timeout_s: float
) -> None:
    deadline = time.monotonic() + timeout_s
    while not listens(port):
        assert process.poll() is None, f'ended with {process.returncode}'
        assert time.monotonic() < deadline, f'nobody listens on port {port}'
        time.sleep(0.1)
