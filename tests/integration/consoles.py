# SPDX-License-Identifier: Apache-2.0
"""API, agent and proxy in processes of their own, and a user's actions."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from console_ext.store import migration
from tests.parts.deployment import server, server_id
from tests.parts.programs import free_port
from tests.parts.waiting import wait_for

SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
SPICE = {'os-getSPICEConsole': {'type': 'spice-html5'}}
TIMEOUT_S = 4


class Cloud:
    """The three programs at log level DEBUG, and a user's actions."""

    def __init__(self, deployment, programs, broker, guest):
        self.api_port, self.proxy_port = free_port(), free_port()
        self.spice_port = free_port()
        self.public_url = f'ws://127.0.0.1:{self.proxy_port}/'
        self.guest = guest
        self.tokens: list[str] = []
        self._deployment, self._programs, self._broker = deployment, programs, broker

    def start(self, *proxy_args, **more):
        """
        :param proxy_args: of the proxy's command line
        :param more: options, a keyword a group
        """
        deployment = self._deployment
        deployment.configure(
            DEFAULT={'transport_url': self._broker.url, 'debug': True},
            api={'listen_port': self.api_port},
            console_rpc={'timeout': TIMEOUT_S},
            database={'connection': f'sqlite:///{deployment.path}/console.db'},
            serial_console={
                'serialproxy_port': self.proxy_port,
                'base_url': self.public_url,
            },
            spice={
                'html5proxy_port': self.spice_port,
                'html5proxy_base_url': (
                    f'http://127.0.0.1:{self.spice_port}/spice_auto.html'
                ),
            },
        ).configure(**more)
        self.place(self.guest.port)
        migration.sync(deployment.conf())
        self.start_agent()
        self.api = self._start('console-ext-api')
        self.start_proxy(*proxy_args)
        self.api.wait_for('Serving on')
        self._use()

    def _use(self):
        """Open a console, so that API and proxy have found the broker.

        It has a second to answer when they connect, and may pause meanwhile.
        """
        answer = wait_for(lambda: (found := self.ask()).status_code == 200 and found)
        token = answer.json()['console']['url'].partition('token=')[2]
        # Not by a reverse proxy, which may not run yet.
        url = f'ws://127.0.0.1:{self.proxy_port}/?token={token}'
        wait_for(lambda: status_of(url) == 101)

    def place(self, serial_port, spice_port=None):
        """Set the ports of the server's consoles; both may be the same."""
        ports = {'serial': serial_port, 'spice': spice_port or serial_port}
        consoles = {
            name: {'host': '127.0.0.1', 'port': port} for name, port in ports.items()
        }
        self._deployment.write_inventory([server('01', consoles=consoles)])

    def start_agent(self):
        self.agent = self._start('console-ext-agent')
        self.agent.wait_for('Answering for compute host')

    def start_proxy(self, *args):
        self.proxy = self._start('console-ext-proxy', *args)
        self.proxy.wait_for('Listening for SPICE consoles')

    def _start(self, name, *args):
        option = ('--config-file', str(self._deployment.config_file))
        return self._programs.start(name, *option, *args)

    def ask(self, body=SERIAL):
        return requests.post(
            f'http://127.0.0.1:{self.api_port}/v2.1/servers/{server_id("01")}/action',
            json=body,
            timeout=10 * TIMEOUT_S,
        )

    def url(self, body=SERIAL):
        answer = self.ask(body)
        assert answer.status_code == 200, answer.text
        url = answer.json()['console']['url']
        self.tokens.append(url.partition('token=')[2])
        return url


class Users:
    """They ask for a URL, open it and hang up, again and again, within a ``with``.

    :ivar statuses: how often the API refused with a status, or the proxy answered one
    :ivar slowest_s: what an answer took at the most
    """

    def __init__(self, cloud: Cloud, count: int = 4):
        self.statuses: Counter[int] = Counter()
        self.slowest_s = 0.0
        self._cloud = cloud
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._go_on) for _ in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(10 * TIMEOUT_S)
            assert not thread.is_alive()

    def wait_for_more(self, status):
        """Wait until more requests have got a status."""
        wanted = self.statuses[status] + 3
        wait_for(lambda: self.statuses[status] >= wanted)

    def _go_on(self):
        while not self._stop.is_set():
            started = time.monotonic()
            answer = self._cloud.ask()
            status = answer.status_code
            if status == 200:
                started = time.monotonic()
                status = status_of(answer.json()['console']['url'])
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
            self.statuses[status] += 1
            if status != 101:
                self._stop.wait(0.1)


def status_of(url, shown=b''):
    """Return the status for a client that disconnects when it is shown a text."""
    try:
        with connect(url, open_timeout=10 * TIMEOUT_S) as console:
            read_until(console, shown)
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def read_until(console, text):
    shown = b''
    while text not in shown:
        shown += console.recv(30)
    return shown


def echo(console, text):
    """Type a text and receive its echo."""
    console.send(text)
    read_until(console, text)


def opens(url):
    """Open a URL and reach the guest."""
    with connect(url, open_timeout=10 * TIMEOUT_S) as console:
        read_until(console, b'login: ')


def refused(url):
    """Return the status for a client that is refused."""
    with pytest.raises(InvalidStatus) as caught:
        connect(url, open_timeout=10 * TIMEOUT_S)
    return caught.value.response.status_code
