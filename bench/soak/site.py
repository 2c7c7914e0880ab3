# SPDX-License-Identifier: Apache-2.0
"""A complete site on loopback: broker, store, agent, guests and proxies."""

from __future__ import annotations

from pathlib import Path

from bench.soak import servers
from console_ext.store import migration
from tests.parts.authority import self_signed
from tests.parts.deployment import Deployment
from tests.parts.programs import Program, Programs, free_port
from tests.parts.rabbitmq import Broker

_START_S = 120


class Site:
    """A site with two proxies that share the store and the bus; the second uses TLS.

    The caller stops the broker, the database and the programs.

    :param directory: the site's own directory
    :param broker: a running broker
    :param database: the URL of an empty database
    :param workers: the number of workers of the first proxy; the second has one
    """

    def __init__(
        self,
        directory: Path,
        programs: Programs,
        broker: Broker,
        database: str,
        workers: int,
    ):
        self.directory = directory
        self.programs = programs
        self.broker = broker
        self.database = database
        self.workers = workers + 1
        self.guest_port = free_port()
        self._ports = free_port(), free_port()
        self._cert, self._key = self_signed(directory)
        self._deployment = Deployment(directory)

    @property
    def doors(self) -> list[tuple[int, str | None]]:
        """Port and certificate of the listeners for serial consoles; None: no TLS."""
        plain, tls = self._ports
        return [(plain, None), (tls, str(self._cert))]

    @property
    def pids(self) -> list[int]:
        """The process ids of the proxies; their workers are child processes."""
        return [one.process.pid for one in self._proxies]

    def make_store(self) -> None:
        self._configure()
        migration.sync(self._deployment.conf())

    def start(self) -> None:
        """Start all services; :meth:`wait` waits for them."""
        start = self.programs.start
        config = ('--config-file', str(self._deployment.config_file))
        dead_host, tls = (
            ('--config-file', str(self._more(name, text)))
            for name, text in self._differences().items()
        )
        self._guest = self.programs.start_module(
            'bench.proxy.guest', str(self.guest_port), 'echo'
        )
        self._agent = start('console-ext-agent', *config)
        self._dead_agent = start('console-ext-agent', *config, *dead_host)
        workers = ('--workers', str(self.workers - 1))
        self._proxies = [
            start('console-ext-proxy', *config, *workers),
            start('console-ext-proxy', *config, *tls),
        ]

    def wait(self) -> None:
        """Wait until all services are running and the dead host is frozen."""
        self._guest.wait_for('Listening', _START_S)
        for agent in (self._agent, self._dead_agent):
            agent.wait_for('Answering for compute host', _START_S)
        for proxy in self._proxies:
            proxy.wait_for('Listening for SPICE consoles', _START_S)
        # Its queue remains, but nothing reads from it.
        self._dead_agent.kill()

    @property
    def parts(self) -> list[Program]:
        """The programs that run as long as the site."""
        return [self._guest, self._agent, *self._proxies]

    def _configure(self) -> None:
        plain, _ = self._ports
        self._deployment.configure(
            DEFAULT={'transport_url': self.broker.url},
            # The default value; the tests' configuration has a shorter one.
            console_rpc={'timeout': 10},
            database={'connection': self.database},
            inventory={'check_interval': 1},
            serial_console={'serialproxy_port': plain},
            spice={'html5proxy_port': free_port()},
        )
        self._deployment.write_inventory(
            [
                entry
                for of_kind in (servers.healthy, servers.attacked, servers.dead)
                for entry in of_kind(self.guest_port)
            ]
        )

    def _differences(self) -> dict[str, str]:
        """Write the additional files of the dead host's agent and the second proxy."""
        _, tls = self._ports
        return {
            'dead-host': f'[DEFAULT]\nhost = {servers.DEAD_HOST}\n',
            'tls': (
                f'[DEFAULT]\ncert = {self._cert}\nkey = {self._key}\n'
                f'[serial_console]\nserialproxy_port = {tls}\n'
                f'[spice]\nhtml5proxy_port = {free_port()}\n'
            ),
        }

    def _more(self, name: str, text: str) -> Path:
        path = self.directory / f'{name}.conf'
        path.write_text(text)
        return path
