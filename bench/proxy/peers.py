# SPDX-License-Identifier: Apache-2.0
"""The proxies in the comparison, all with the same guests."""

from __future__ import annotations

import os
import ssl
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.proxy.guest import MODES
from bench.proxy.websocket import Client
from console_ext.store import load_store, migration
from tests.parts.deployment import Deployment
from tests.parts.programs import Program, Programs, free_port
from tests.parts.stores.factories import authorization

Guests = dict[str, int]

# The environment with Nova's packages; by default, the one that runs this program.
NOVA_BIN = Path(os.environ.get('CONSOLE_EXT_NOVA_BIN', Path(sys.executable).parent))
NOVA_AVAILABLE = (NOVA_BIN / 'nova-serialproxy').exists()

_CAPS = (
    'max_sessions',
    'max_sessions_per_client',
    'max_sessions_per_server',
    'max_sessions_per_project',
)


@dataclass(frozen=True, slots=True)
class Peer:
    """A proxy.

    :param path: returns the path that opens a session with the guest of a mode
    :param ports: its ports, by mode
    :param tls: the TLS context for its clients; None without TLS
    """

    name: str
    path: Callable[[str], str]
    ports: dict[str, int]
    programs: list[Program]
    tls: ssl.SSLContext | None = None

    async def open(self, mode: str, path: str | None = None) -> Client:
        """
        :param path: a prepared path, so that the measurement does not include issuing
            its token
        """
        return await Client.open(self.ports[mode], path or self.path(mode), self.tls)

    def cpu_s(self) -> float:
        """The CPU time of its processes, including children that have ended."""
        spent = 0.0
        for one in self._processes():
            ended = one.cpu_times()
            spent += ended.children_user + ended.children_system
            # In nanoseconds: rounding to ticks would add up to seconds for 500
            # processes.
            for thread in Path(f'/proc/{one.pid}/task').iterdir():
                spent += int((thread / 'schedstat').read_text().split()[0]) / 1e9
        return spent

    def pss_kib(self) -> float:
        pss: int = sum(one.memory_full_info().pss for one in self._processes())
        return pss / 1024

    def _processes(self) -> list[psutil.Process]:
        found = []
        for program in self.programs:
            parent = psutil.Process(program.process.pid)
            found += [parent, *parent.children(recursive=True)]
        return found


@dataclass(frozen=True, slots=True)
class Certificate:
    cert: Path
    key: Path

    def client_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.cert))
        # The certificate has its name in a field that clients no longer check.
        context.check_hostname = False
        return context


def start_ours(
    directory: Path,
    programs: Programs,
    guests: Guests,
    certificate: Certificate | None = None,
) -> Peer:
    directory.mkdir()
    deployment = Deployment(directory)
    port, vnc_port = free_port(), free_port()
    files = {}
    if certificate is not None:
        files = {'cert': str(certificate.cert), 'key': str(certificate.key)}
    deployment.configure(
        DEFAULT=files,
        database={'connection': f'sqlite:///{directory}/console.db'},
        serial_console={'serialproxy_port': port},
        spice={'html5proxy_port': free_port()},
        vnc={'novncproxy_port': vnc_port},
        console_proxy=dict.fromkeys(_CAPS, 100_000),
    )
    conf = deployment.conf()
    migration.sync(conf)
    store = load_store(conf)
    assert store is not None

    def path(mode: str) -> str:
        token = str(uuid.uuid4())
        console_type = 'novnc' if mode == 'vnc' else 'serial'
        store.issue(token, authorization(console_type, port=guests[mode]), 3600)
        return f'/?token={token}'

    program = programs.start_module(
        'bench.proxy.server', '--config-file', str(deployment.config_file)
    )
    program.wait_for('Listening for VNC')
    return Peer(
        'console_ext',
        path,
        {**dict.fromkeys(MODES, port), 'vnc': vnc_port},
        [program],
        None if certificate is None else certificate.client_context(),
    )


def start_websockify(
    programs: Programs, guests: Guests, certificate: Certificate | None = None
) -> Peer:
    """Start websockify once for each guest, because it has a single target."""
    files: list[str] = []
    if certificate is not None:
        files = [f'--cert={certificate.cert}', f'--key={certificate.key}', '--ssl-only']
    ports = {mode: free_port() for mode in MODES}
    started = [
        programs.start(
            'websockify', *files, f'127.0.0.1:{ports[mode]}', f'127.0.0.1:{guest}'
        )
        for mode, guest in guests.items()
    ]
    for program in started:
        program.wait_for('proxying from')
    return Peer(
        'websockify',
        lambda mode: '/websockify',
        ports,
        started,
        None if certificate is None else certificate.client_context(),
    )


def start_nova(
    directory: Path, programs: Programs, guests: Guests, console_type: str, mode: str
) -> Peer:
    """Start a proxy of Nova with its default concurrency mode.

    :param console_type: serial or novnc
    :param mode: of the guest behind it
    """
    directory.mkdir()
    port = free_port()
    program = programs.start_program(
        str(NOVA_BIN / 'python'),
        str(Path(__file__).with_name('nova_proxy.py')),
        *(str(directory), str(port), console_type, 'token', str(guests[mode])),
    )
    program.wait_for('proxying from', 60)
    name = 'nova-novncproxy' if console_type == 'novnc' else 'nova-serialproxy'
    return Peer(name, lambda mode: '/?token=token', {mode: port}, [program])


def start_guests(programs: Programs) -> Guests:
    guests = {mode: free_port() for mode in MODES}
    for mode, port in guests.items():
        program = programs.start_module('bench.proxy.guest', str(port), mode)
        program.wait_for('Listening')
    return guests
