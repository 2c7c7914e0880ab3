# SPDX-License-Identifier: Apache-2.0
"""The one command of a newcomer: every line that it prints does what it says."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.deployment import PROJECT_A, server_id
from tests.functional.programs import BIN, Programs, free_port

ACTION = '/v2.1/servers/{}/action'
SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
TIMEOUT_S = 10
OPTIONS = ('--port', '--serial-port', '--spice-port', '--vnc-port')


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    """A running demo: its program, and the URL of its API."""
    ports = {option: free_port() for option in OPTIONS}
    options = [str(part) for pair in ports.items() for part in pair]
    with Programs(tmp_path_factory.mktemp('demo')) as programs:
        program = programs.start('console-ext-demo', *options)
        program.wait_for('Ctrl-C here stops the demo')
        yield program, f'http://127.0.0.1:{ports["--port"]}'
        assert program.stop(signal.SIGINT) == 0, program.log
        assert 'Traceback' not in program.log


def ask(url, number='01', **headers):
    return requests.post(
        url + ACTION.format(server_id(number)),
        json=SERIAL,
        headers=headers,
        timeout=TIMEOUT_S,
    )


def url_of(answer):
    return answer.json()['console']['url']


def read_until(console, text):
    """What a terminal shows until a text is on it."""
    shown = b''
    while text not in shown:
        shown += console.recv(TIMEOUT_S)
    return shown


def test_the_url_opens(demo):
    """The guest asks for a login, and does what it is told."""
    with connect(url_of(ask(demo[1]))) as console:
        read_until(console, b'login: ')
        console.send(b'ada\r')
        read_until(console, b'Password: ')
        console.send(b'secret\r')
        assert b'secret' not in read_until(console, b'ada@web-1:~$ ')
        console.send('echo grüße\r')
        assert 'grüße\r\n'.encode() in read_until(console, b'\r\nada@web-1:~$ ')
        console.send(b'exit\r')
        read_until(console, b'login: ')


def test_the_url_opens_once(demo):
    """Whoever finds it in a history later gets nothing."""
    url = url_of(ask(demo[1]))
    connect(url).close()
    with pytest.raises(InvalidStatus) as caught:
        connect(url)
    assert caught.value.response.status_code == 401


def test_refusals(demo):
    """The powered-off server and the reader are told what the demo says they are."""
    answer = ask(demo[1], '02')
    assert answer.status_code == 409
    assert answer.json()['conflictingRequest']['message'].endswith('vm_state stopped')
    answer = ask(demo[1], **{'X-Auth-Token': f'rita:{PROJECT_A}:reader'})
    assert answer.status_code == 403
    assert "Policy doesn't allow" in answer.json()['forbidden']['message']


def test_its_words(demo):
    """It prints the lines that were tried above, and no token of its own."""
    program, url = demo
    assert f'curl -s {url}{ACTION.format(server_id("01"))}' in program.log
    assert f'--os-endpoint {url}/v2.1' in program.log
    assert not re.search(r'token=[0-9a-f]', program.log)
    has_machine = shutil.which('qemu-system-x86_64') is not None
    for option in ('--spice', '--novnc'):
        assert (f'{option} vm-1' in program.log) == has_machine


@pytest.mark.parametrize('option', OPTIONS)
def test_port_in_use_is_one_line(option):
    """Whoever finds a port taken is told so, and nothing else."""
    ports = {option: free_port() for option in OPTIONS}
    with socket.create_server(('127.0.0.1', 0)) as taken:
        ports[option] = taken.getsockname()[1]
        done = subprocess.run(
            [
                str(BIN / 'console-ext-demo'),
                *(str(part) for pair in ports.items() for part in pair),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f'console-ext-demo: cannot listen on 127.0.0.1 port {ports[option]}: '
        'Address already in use'
    )
    assert 'Traceback' not in done.stderr
