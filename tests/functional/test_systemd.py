# SPDX-License-Identifier: Apache-2.0
"""The programs as services of systemd, and their unit files."""

from __future__ import annotations

import configparser
import re
import shutil
import signal
import socket
import subprocess

import pytest
import requests

from console_ext.store import migration
from tests.parts import documentation
from tests.parts.documentation import ROOT
from tests.parts.programs import BIN, free_port

UNITS = sorted((ROOT / 'etc' / 'systemd').glob('*.service'))


class Manager:
    """The socket on which systemd listens to a service."""

    def __init__(self, path):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(30)

    def next(self) -> dict[str, str]:
        """Return the next message as a mapping."""
        lines = self._socket.recv(4096).decode().splitlines()
        return dict(line.split('=', 1) for line in lines)

    def rest(self) -> list[bytes]:
        """Return the messages that have not been read."""
        self._socket.setblocking(False)
        found = []
        while True:
            try:
                found.append(self._socket.recv(4096))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path):
    made = Manager(tmp_path / 'notify')
    yield made
    made.close()


@pytest.mark.parametrize('workers', ['1', '2'])
def test_proxy(deployment, programs, manager, workers):
    """After READY=1, a connection succeeds at the first attempt."""
    ports = free_port(), free_port()
    deployment.configure(
        database={'connection': f'sqlite:///{deployment.path}/console.db'},
        serial_console={'serialproxy_port': ports[0]},
        spice={'html5proxy_port': ports[1], 'html5proxy_web': deployment.path},
        console_proxy={'drain_timeout': 600},
    )
    migration.sync(deployment.conf())
    proxy = programs.start(
        'console-ext-proxy',
        *('--config-file', str(deployment.config_file), '--workers', workers),
        NOTIFY_SOCKET=str(manager.path),
    )
    assert manager.next() == {'READY': '1'}
    for port in ports:
        answer = requests.get(f'http://127.0.0.1:{port}/healthcheck', timeout=30)
        assert answer.status_code == 200
    proxy.process.send_signal(signal.SIGHUP)
    assert manager.next()['RELOADING'] == '1'
    assert manager.next() == {'READY': '1'}
    proxy.process.terminate()
    stopping = manager.next()
    assert stopping['STOPPING'] == '1'
    # Sessions get the time of the option, whatever systemd's limit is.
    assert 600e6 < int(stopping['EXTEND_TIMEOUT_USEC']) < 610e6
    assert proxy.process.wait(30) == 0
    assert manager.rest() == []


@pytest.mark.parametrize(
    ('program', 'log'), [('agent', 'Answering for'), ('api', 'Serving on')]
)
def test_others(deployment, programs, manager, program, log):
    """They send the same messages."""
    deployment.configure(api={'listen_port': free_port()})
    started = programs.start(
        f'console-ext-{program}',
        *('--config-file', str(deployment.config_file)),
        NOTIFY_SOCKET=str(manager.path),
    )
    assert manager.next() == {'READY': '1'}
    assert log in started.log
    started.process.terminate()
    assert manager.next()['STOPPING'] == '1'
    assert started.process.wait(30) == 0
    assert manager.rest() == []


def test_a_proxy_that_does_not_start(deployment, programs, manager):
    """systemd is never told that it is ready."""
    deployment.configure(console_tokens={'lease': 1})
    proxy = programs.start(
        'console-ext-proxy',
        *('--config-file', str(deployment.config_file)),
        NOTIFY_SOCKET=str(manager.path),
    )
    assert proxy.process.wait(30) == 1
    assert manager.rest() == []


def read(unit):
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read(unit)
    return parser


@pytest.fixture
def analyze(tmp_path):
    """A function that runs systemd-analyze on a unit of the installed programs."""
    if shutil.which('systemd-analyze') is None:
        pytest.skip('systemd-analyze is not installed')

    def run(unit, *command):
        installed = tmp_path / unit.name
        installed.write_text(unit.read_text().replace('/usr/local/bin', str(BIN)))
        return subprocess.run(
            ['systemd-analyze', *command, str(installed)],
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.mark.parametrize('unit', UNITS, ids=lambda unit: unit.stem)
def test_unit(unit, analyze):
    """systemd accepts every line."""
    done = analyze(unit, 'verify', '--man=no')
    assert (done.returncode, done.stdout, done.stderr) == (0, '', '')


def test_a_unit_that_is_wrong(analyze, tmp_path):
    """The test above would also pass if systemd-analyze read nothing."""
    wrong = tmp_path / 'units' / 'wrong.service'
    wrong.parent.mkdir()
    wrong.write_text(UNITS[0].read_text().replace('Restart=', 'Restarts='))
    assert "Unknown key 'Restarts'" in analyze(wrong, 'verify', '--man=no').stderr


@pytest.mark.parametrize('unit', UNITS, ids=lambda unit: unit.stem)
def test_hardening(unit, analyze):
    """systemd rates the exposure at most 2.5 of 10."""
    done = analyze(unit, 'security', '--offline=yes', '--no-pager')
    exposure = re.search(r'Overall exposure level for \S+: ([\d.]+) ', done.stdout)
    assert float(exposure[1]) <= 2.5, done.stdout


def test_the_unit_that_is_installed(tmp_path, monkeypatch):
    """The documented commands write the program's path into the unit."""
    place = tmp_path / 'environment'
    shutil.copytree(ROOT / 'etc' / 'systemd', place / 'etc' / 'systemd')
    program = place / 'bin' / 'console-ext-proxy'
    program.parent.mkdir()
    program.touch(mode=0o755)
    block = documentation.block(
        'install/systemd.rst',
        'bin=$(dirname "$(readlink -f "$(command -v console-ext-proxy)")")',
    )
    monkeypatch.setenv('PATH', str(program.parent), prepend=':')
    commands = block.replace('/etc/systemd/system', str(tmp_path))
    subprocess.run(['sh', '-ec', commands], check=True, timeout=10)
    installed = read(tmp_path / 'console-ext-proxy.service')
    assert installed['Service']['ExecStart'].split()[0] == str(program)


def test_units_are_those_of_the_programs():
    """Each unit starts its program and waits for READY=1."""
    assert [unit.stem for unit in UNITS] == ['console-ext-agent', 'console-ext-proxy']
    for unit in UNITS:
        service = read(unit)['Service']
        assert service['ExecStart'].split()[0] == f'/usr/local/bin/{unit.stem}'
        assert service['Type'] == 'notify'
