# SPDX-License-Identifier: Apache-2.0
"""A Nova for the tests: databases, processes and servers."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.parts import documentation
from tests.parts.databases import MariaDB
from tests.parts.deployment import SERVERS, server
from tests.parts.programs import Program, free_port
from tests.parts.rabbitmq import Broker

# The environment with the nova packages; by default, that of the tests.
BIN = Path(os.environ.get('CONSOLE_EXT_NOVA_BIN', Path(sys.executable).parent))

# Modules for Nova's processes, which cannot import the tests.
INSIDE = Path(__file__).with_name('inside_nova')

AVAILABLE = (BIN / 'nova-compute').exists()

# Nova's default is one minute.
RPC_TIMEOUT_S = 5

# Parts that Nova ships, and the replacements of the tests.
KEYSTONE = 'keystonemiddleware.auth_token:filter_factory'
IDENTITY = 'identity:filter_factory'

# The timeout of an API that gives up early.
SOON = 3

# The timeout of an API that waits longer than a compute host.
PATIENCE = 50

NO_CONSOLES = 'compute-2'

_READY_S = 300
_COMMAND_S = 300
_STOP_S = 10

# The options of uwsgi.
ONE_WORKER = ('--processes', '1', '--threads', '16', '--lazy-apps')

# Logged at DEBUG when a service is ready on the bus.
JOINED = 'Join ServiceGroup membership for this service'

# The recorded Nova's servers, and those for which its driver (inside_nova/compute.py)
# fails.
FAILING = ('20', '21', '22', '23', '25', '26', '27', '28', '29', '30')
SLOW = '31'

# And one whose consoles are where a test says (Cloud.place).
LIVE = '32'

Sections = dict[str, dict[str, Any]]


def servers() -> list[dict[str, Any]]:
    """The servers of cell1, in the format of the inventory."""
    usual = [{**one} for one in SERVERS]
    usual[6]['host'] = NO_CONSOLES
    for one in usual:
        # A nova-compute that starts again would try the reboot again, and end, because
        # nobody has asked for one.
        if one.get('task_state') == 'rebooting':
            one['task_state'] = 'image_snapshot'
    failing = [
        server(number, vm_state='building' if number == '30' else 'active')
        for number in FAILING
    ]
    return [*usual, *failing, server(SLOW), server(LIVE)]


def _shown(begins: str) -> str:
    """A block of the documentation about Nova, which is applied literally."""
    return documentation.block('install/nova.rst', begins)


def console_ext(look_up: str, more: str = '') -> str:
    """A console_ext.conf that is read after Nova's own file."""
    conf = _shown('[api]')
    assert conf.count('servers = nova\n') == conf.count('connection =\n') == 1
    return conf.replace('servers = nova', f'servers = {look_up}') + more


def check_command() -> list[str]:
    """The arguments of the documented command."""
    block = _shown('console-ext-manage --config-file /etc/nova/nova.conf \\')
    return shlex.split(block.replace('\\\n', ''))


def paste() -> str:
    """Nova's api-paste.ini, with authentication replaced."""
    own = (BIN.parent / 'etc' / 'nova' / 'api-paste.ini').read_text()
    assert own.count(KEYSTONE) == 1
    return own.replace(KEYSTONE, IDENTITY)


def paste_with_filter(nova_conf: Path, console_ext_conf: Path) -> str:
    """The same file with the two documented changes."""
    before = paste()
    application = ' osapi_compute_app_v21\n'
    assert before.count(application) == 2
    section = _shown('[filter:console_ext]')
    for path, ours in (
        ('/etc/nova/nova.conf', nova_conf),
        ('/etc/console_ext/console_ext.conf', console_ext_conf),
    ):
        assert section.count(path) == 1
        section = section.replace(path, str(ours))
    return before.replace(application, f' console_ext{application}') + section


class Cloud:
    """RabbitMQ, MariaDB, placement, a conductor, two compute hosts.

    :param directory: for everything that the processes write
    """

    def __init__(self, directory: Path):
        self._directory = directory
        self._guests = directory / 'guests.json'
        self._running: list[Program] = []
        self.broker = Broker(directory / 'rabbitmq')
        self.database: MariaDB | None = None
        self._database_servers: list[MariaDB] = []
        self.computes: dict[str, Program] = {}
        self._urls: dict[str, str] = {}
        self._placement_url = self._neutron_url = ''
        self._apis: dict[str, Program] = {}

    def start(self) -> None:
        """Start everything except an API."""
        with ThreadPoolExecutor(2) as pool:
            broker = pool.submit(self.broker.start)
            self.database = MariaDB()
            broker.result()
        names = ('placement', 'api', 'cell0', 'cell1')
        self._urls = {name: self.database.new_database() for name in names}
        with ThreadPoolExecutor(2) as pool:
            placement = pool.submit(self._start_placement)
            # nova-manage does not need placement.
            self.config = self.configure('nova', self._nova())
            self._make_databases()
            self._placement_url = placement.result()
        self._neutron_url = self._start_uwsgi('neutron:application')
        self.configure('nova', self._nova())
        self.start_conductor().wait_for(JOINED, _READY_S)
        for host, consoles in (('compute-1', True), (NO_CONSOLES, False)):
            self.configure(host, self._compute(host, consoles))
            self.start_compute(host)
        for compute in self.computes.values():
            compute.wait_for(JOINED, _READY_S)
        self.seed(servers())

    def stop(self) -> None:
        # Terminate first: some have children to stop.
        for program in self._running:
            program.process.terminate()
        for program in self._running:
            try:
                program.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                program.kill()
        self.broker.stop()
        if self.database is not None:
            self.database.close()
        for one in self._database_servers:
            one.close()

    def configure(self, name: str, sections: Sections) -> Path:
        """Write a nova.conf in a directory of its own."""
        path = self._directory / name / 'nova.conf'
        path.parent.mkdir(exist_ok=True)
        lines = []
        for section, options in sections.items():
            lines.append(f'[{section}]')
            lines += [f'{key} = {value}' for key, value in options.items()]
        path.write_text('\n'.join(lines) + '\n')
        return path.parent

    def start_program(self, name: str, *args: Any, **env: str) -> Program:
        return self._start(BIN / name, *args, **env)

    def start_conductor(self) -> Program:
        config = self.config / 'nova.conf'
        self.conductor = self.start_program('nova-conductor', '--config-file', config)
        return self.conductor

    def start_compute(self, host: str) -> Program:
        config = self._directory / host / 'nova.conf'
        compute = self._start(
            *(BIN / 'python', INSIDE / 'compute.py', '--config-file', config),
            CONSOLE_EXT_GUESTS=self._guests,
        )
        self.computes[host] = compute
        return compute

    def place(self, **ports: int | None) -> None:
        """Say where the consoles of LIVE are: a port for each protocol.

        The TLS port of SPICE is ``spice_tls``.
        """
        self._guests.write_text(json.dumps(ports))

    def new_database_server(self) -> MariaDB:
        """Start one for a cell; it runs until the end, because Nova reads all cells."""
        made = MariaDB()
        self._database_servers.append(made)
        return made

    def add_cell(self, name: str, transport_url: str, database: MariaDB) -> str:
        """Add a cell without hosts; return its id."""
        url = database.new_database()
        sections = self._nova()
        sections['database'] = {'connection': url}
        config = self.configure(name, sections) / 'nova.conf'
        self._run('nova-manage', '--config-file', config, 'db', 'sync', '--local_cell')
        made = self._manage(
            *('cell_v2', 'create_cell', '--verbose', '--name', name),
            *('--database_connection', url, '--transport-url', transport_url),
        )
        return made.split()[-1]

    def start_api(
        self, name: str, paste: str, uwsgi: Sequence[str] = ONE_WORKER
    ) -> str:
        """Start nova-api under uwsgi with an api-paste.ini; return its URL."""
        directory = self._directory / name
        directory.mkdir(exist_ok=True)
        shutil.copy(self.config / 'nova.conf', directory)
        (directory / 'api-paste.ini').write_text(paste)
        return self._start_uwsgi(
            'nova.wsgi.osapi_compute:application', uwsgi, OS_NOVA_CONFIG_DIR=directory
        )

    def start_api_with_filter(
        self,
        name: str,
        console_ext_conf: str,
        policy: str | None = None,
        uwsgi: Sequence[str] = ONE_WORKER,
    ) -> str:
        """
        :param console_ext_conf: what is in that file
        :param policy: what is in Nova's policy.yaml; None for no such file
        """
        path = self._directory / name / 'console_ext.conf'
        path.parent.mkdir()
        path.write_text(console_ext_conf)
        if policy is not None:
            (path.parent / 'policy.yaml').write_text(policy)
        paste = paste_with_filter(self.config / 'nova.conf', path)
        return self.start_api(name, paste, uwsgi)

    def stop_program(self, program: Program) -> None:
        self.signal(program, signal.SIGKILL)
        program.process.wait()
        self._running.remove(program)

    def signal(self, program: Program, number: signal.Signals) -> None:
        """Send a signal to the program and to the processes it has started."""
        process = psutil.Process(program.process.pid)
        for one in [process, *process.children(recursive=True)]:
            one.send_signal(number)

    def seed(self, servers: list[dict[str, Any]]) -> None:
        subprocess.run(
            [
                *(BIN / 'python', INSIDE / 'seed.py'),
                *('--config-file', self.config / 'nova.conf'),
            ],
            input=json.dumps(servers),
            text=True,
            check=True,
            timeout=_COMMAND_S,
        )

    def worker_of(self, url: str) -> int:
        """Return the process id of the only worker of an API."""
        _, worker = self.processes_of(url)
        return worker.pid

    def processes_of(self, url: str) -> list[psutil.Process]:
        """Return the process ids of the master and the workers of an API."""
        master = psutil.Process(self._apis[url].process.pid)
        return [master, *master.children()]

    def program_of(self, url: str) -> Program:
        """Return the program of the API with a URL."""
        return self._apis[url]

    def _start(self, *command: Any, **env: Any) -> Program:
        number = len(list(self._directory.glob('*.log')))
        name = Path(command[1] if command[0] == BIN / 'python' else command[0]).stem
        program = Program(
            [str(part) for part in command],
            self._directory / f'{number:02}-{name}.log',
            {
                'OS_NOVA_DISABLE_EVENTLET_PATCHING': 'yes',
                **{key: str(value) for key, value in env.items()},
            },
        )
        self._running.append(program)
        return program

    def _start_uwsgi(
        self, module: str, uwsgi: Sequence[str] = ONE_WORKER, **env: Any
    ) -> str:
        port = free_port()
        program = self._start(
            BIN / 'uwsgi',
            *('--http-socket', f'127.0.0.1:{port}', '--module', module),
            *('--pythonpath', INSIDE, '--master', '--need-app', '--enable-threads'),
            *('--die-on-term', '--disable-logging', '--buffer-size', '65535'),
            # It closes each connection, and stock clients have to be told.
            *('--add-header', 'Connection: close'),
            *uwsgi,
            **env,
        )
        url = f'http://127.0.0.1:{port}'
        deadline = time.monotonic() + _READY_S
        while True:
            try:
                requests.get(url, timeout=_READY_S)
                break
            except requests.ConnectionError:
                assert program.process.poll() is None, program.log
                assert time.monotonic() < deadline, program.log
                time.sleep(0.2)
        self._apis[url] = program
        return url

    def _start_placement(self) -> str:
        config = self._directory / 'placement'
        config.mkdir()
        (config / 'placement.conf').write_text(
            '[api]\nauth_strategy = noauth2\n'
            f'[placement_database]\nconnection = {self._urls["placement"]}\n'
        )
        self._run('placement-manage', '--config-dir', config, 'db', 'sync')
        return self._start_uwsgi(
            'placement.wsgi.api:application', OS_PLACEMENT_CONFIG_DIR=config
        )

    def _make_databases(self) -> None:
        self._manage('api_db', 'sync')
        cell0 = ('--database_connection', self._urls['cell0'])
        self._manage('cell_v2', 'map_cell0', *cell0)
        self._manage('db', 'sync')
        self._manage('cell_v2', 'create_cell', '--name', 'cell1')

    def _manage(self, *args: str) -> str:
        return self._run(
            'nova-manage', '--config-file', self.config / 'nova.conf', *args
        )

    def _run(self, name: str, *args: Any) -> str:
        done = subprocess.run(
            [BIN / name, *args], check=True, stdout=subprocess.PIPE, timeout=_COMMAND_S
        )
        return done.stdout.decode()

    def _common(self) -> Sections:
        return {
            'DEFAULT': {
                'transport_url': self.broker.url,
                'my_ip': '127.0.0.1',
                'state_path': self._directory / 'state',
                'rpc_response_timeout': RPC_TIMEOUT_S,
                'debug': True,
                'log_options': False,
                # The servers were never booted, so no driver knows them.
                'periodic_enable': False,
            },
            'oslo_concurrency': {'lock_path': self._directory / 'locks'},
            'oslo_messaging_notifications': {'driver': 'noop'},
            'neutron': {'endpoint_override': self._neutron_url},
            'placement': {
                'auth_type': 'admin_token',
                'endpoint': self._placement_url,
                'token': 'admin',
            },
        }

    def _nova(self) -> Sections:
        nova = self._common()
        nova['DEFAULT']['host'] = 'controller'
        nova['api_database'] = {'connection': self._urls['api']}
        nova['database'] = {'connection': self._urls['cell1']}
        nova['conductor'] = {'workers': 1}
        return nova

    def _compute(self, host: str, consoles: bool) -> Sections:
        nova = self._common()
        nova['DEFAULT'].update(
            host=host,
            compute_driver='faulty.FaultyDriver',
            state_path=self._directory / host,
        )
        for console in ('serial_console', 'spice', 'vnc'):
            nova[console] = {'enabled': consoles}
        return nova
