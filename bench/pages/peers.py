# SPDX-License-Identifier: Apache-2.0
"""The servers of the pages in the comparison, all with the same guests."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.pages import browser as browsers
from console_ext import access_url
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5, ConsoleType
from console_ext.store import load_store, migration
from tests.parts.deployment import Deployment
from tests.parts.programs import Programs, free_port
from tests.parts.stores.factories import authorization

# The pages of distributions, which Nova's proxies serve.
_NOVNC = Path('/usr/share/novnc')
_SPICE_HTML5 = Path('/usr/share/spice-html5')

_TTL_S = 3600


@dataclass(frozen=True, slots=True)
class Peer:
    """A server of a page.

    :param port: its port on 127.0.0.1
    :param path: returns the path of the page, which opens a console once
    """

    name: str
    port: int
    path: Callable[[], str]

    def url(self, port: int | None = None) -> str:
        """
        :param port: of a link to the server; None for the server's own
        """
        return f'http://127.0.0.1:{port or self.port}{self.path()}'


def start_ours(
    directory: Path, programs: Programs, guests: Mapping[ConsoleType, int]
) -> dict[ConsoleType, Peer]:
    """Start the console proxy.

    :param guests: the port of the guest of each type
    """
    directory.mkdir()
    ports = {kind: free_port() for kind in (SERIAL, NOVNC, SPICE_HTML5)}
    origins = {kind: f'http://127.0.0.1:{port}' for kind, port in ports.items()}
    deployment = Deployment(directory).configure(
        # The port of a link is not that of the base URL.
        console={'allowed_origins': '127.0.0.1'},
        database={'connection': f'sqlite:///{directory}/console.db'},
        serial_console={
            'serialproxy_port': ports[SERIAL],
            'base_url': f'ws://127.0.0.1:{ports[SERIAL]}/',
        },
        spice={
            'html5proxy_port': ports[SPICE_HTML5],
            'html5proxy_base_url': f'{origins[SPICE_HTML5]}/spice_auto.html',
        },
        vnc={
            'novncproxy_port': ports[NOVNC],
            'novncproxy_base_url': f'{origins[NOVNC]}/vnc_lite.html',
        },
    )
    conf = deployment.conf()
    migration.sync(conf)
    store = load_store(conf)
    assert store is not None
    program = programs.start_module(
        'bench.proxy.server', '--config-file', str(deployment.config_file)
    )
    program.wait_for('Listening for SPICE')
    pages = {NOVNC: '/vnc_lite.html', SERIAL: '/', SPICE_HTML5: '/spice_auto.html'}

    def peer(kind: ConsoleType) -> Peer:
        def path() -> str:
            token = str(uuid.uuid4())
            wanted = authorization(kind.type, port=guests[kind])
            store.issue(token, wanted, _TTL_S)
            return access_url.build(pages[kind], kind, token)

        return Peer('console_ext', ports[kind], path)

    return {kind: peer(kind) for kind in guests}


def start_theirs(
    programs: Programs, guests: Mapping[ConsoleType, int]
) -> dict[ConsoleType, Peer]:
    """Start websockify with the pages of noVNC and of spice-html5, as Nova does."""
    return {
        NOVNC: start_websockify(
            programs, guests[NOVNC], _NOVNC, 'noVNC', '/vnc_lite.html'
        ),
        SPICE_HTML5: start_websockify(
            programs,
            guests[SPICE_HTML5],
            _SPICE_HTML5,
            'spice-html5',
            '/spice_auto.html',
        ),
    }


def start_websockify(
    programs: Programs, guest: int, pages: Path, name: str, page: str
) -> Peer:
    """
    :param pages: the directory that it serves
    :raises SystemExit: there is no such directory
    """
    if not pages.is_dir():
        raise SystemExit(f'{pages} is not installed (see bindep.txt)')
    port = free_port()
    program = programs.start_program(
        browsers.program('websockify'),
        *('--web', str(pages), f'127.0.0.1:{port}', f'127.0.0.1:{guest}'),
    )
    program.wait_for('proxying from')
    return Peer(name, port, lambda: page)


def start_link(programs: Programs, peer: Peer, delay_ms: float) -> int:
    """Return the port of a link to a server, which may be its own."""
    if not delay_ms:
        return peer.port
    port = free_port()
    program = programs.start_module(
        'bench.pages.link', str(port), str(peer.port), str(delay_ms)
    )
    program.wait_for('Listening')
    return port
