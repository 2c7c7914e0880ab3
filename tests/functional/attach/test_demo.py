# SPDX-License-Identifier: Apache-2.0
"""The consoles of the demo, with console-ext and with the openstack client."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.functional import demo
from tests.functional.attach.terminal import Window
from tests.parts import documentation
from tests.parts.programs import BIN

TIMEOUT_S = 60
TOKEN = re.compile(r'token=[\w-]{30,}')


@pytest.fixture(scope='module')
def endpoint(tmp_path_factory):
    """The URL of the demo's API."""
    path = tmp_path_factory.mktemp('demo')
    # Without QEMU: its machine is not needed here, and takes time.
    with demo.running(path, PATH=str(path)) as endpoint:
        yield endpoint


def ours(endpoint, *words):
    cloud = ('--os-auth-type', 'none', '--os-endpoint', endpoint)
    return [str(BIN / 'console-ext'), *cloud, *words]


def theirs(endpoint, *words):
    """The same with the openstack client."""
    cloud = ('--os-auth-type', 'none', '--os-endpoint', endpoint)
    return [str(BIN / 'openstack'), *cloud, 'console', *words]


def run(command, typed=b''):
    return subprocess.run(command, input=typed, capture_output=True, timeout=TIMEOUT_S)


@pytest.mark.parametrize('program', [ours, theirs])
def test_attach(endpoint, program):
    """A user logs in, runs a command, and disconnects."""
    with Window(program(endpoint, 'attach', 'web-1')) as window:
        at = window.wait_for(b'console-ext: connected to web-1. ^] ')
        at = window.wait_for(b'login: ', at)
        assert window.is_raw()
        window.type(b'ada\r')
        at = window.wait_for(b'Password: ', at)
        window.type(b'secret\r')
        at = window.wait_for(b'ada@web-1:~$ ', at)
        window.type('echo grüße\r'.encode())
        at = window.wait_for('\r\ngrüße\r\n'.encode(), at)
        window.type(b'exit\r')
        at = window.wait_for(b'login: ', at)
        window.type(b'\x1d')
        assert window.ends() == 0
        assert window.current_modes() == window.modes
        shown = window.shown.decode()
        assert '\x1b]2;web-1 - console\x1b\\' in shown
        assert 'console-ext: left web-1.' in shown
        assert 'token' not in shown
        assert 'secret' not in shown


@pytest.mark.parametrize('program', [ours, theirs])
def test_script(endpoint, program):
    """Commands are sent through a pipe, and the guest's output is printed."""
    done = run(
        program(endpoint, 'attach', 'web-1', '--linger', '1'),
        b'ada\rsecret\recho $((6*7)) answers\rexit\r',
    )
    assert done.returncode == 0, done.stderr
    assert b'\r\n$((6*7)) answers\r\n' in done.stdout
    assert done.stdout.endswith(b'login: ')
    assert b'\x1b' not in done.stdout
    assert done.stderr == b''


@pytest.mark.parametrize('program', [ours, theirs])
@pytest.mark.parametrize(
    ('server', 'said'),
    [
        ('db-1', 'while it is in vm_state stopped (HTTP 409)'),
        ('web-9', 'No Server found for web-9'),
    ],
)
def test_refused(endpoint, program, server, said):
    """One line with the API's error message."""
    done = run(program(endpoint, 'attach', server))
    assert done.returncode == 1
    assert done.stdout == b''
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith('console-ext: ')
    assert said in line


def test_nobody_answers():
    done = run(ours('http://127.0.0.1:1/v2.1', 'attach', 'web-1'))
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith('console-ext: Unable to')


@pytest.mark.parametrize('program', [ours, theirs])
@pytest.mark.parametrize('version', ['2.1', None])
def test_open(endpoint, program, version, tmp_path):
    """The page's URL is printed, and given to the user's browser."""
    browser = tmp_path / 'browser'
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    env = {**os.environ, 'BROWSER': str(browser)}
    if version is not None:
        env['OS_COMPUTE_API_VERSION'] = version
    done = subprocess.run(
        program(endpoint, 'open', 'web-1', '--serial'),
        env=env,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert (done.returncode, done.stderr) == (0, '')
    page = r'http://127\.0\.0\.1:\d+/\?'
    assert re.fullmatch(page + TOKEN.pattern, done.stdout.strip())
    assert (tmp_path / 'opened').read_text() == done.stdout


@pytest.mark.parametrize('program', [ours, theirs])
def test_open_refused(endpoint, program):
    done = run(program(endpoint, 'open', 'web-1', '--spice'))
    assert done.returncode == 1
    assert b'Unavailable console type spice-html5' in done.stderr


def test_clouds_yaml(endpoint, tmp_path):
    """Credentials are in the usual place of OpenStack clients."""
    (tmp_path / 'clouds.yaml').write_text(
        f'clouds: {{demo: {{auth_type: none, auth: {{endpoint: "{endpoint}"}}}}}}\n'
    )
    done = subprocess.run(
        [str(BIN / 'console-ext'), '--os-cloud', 'demo', 'attach', 'web-1'],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=tmp_path,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    assert b'web-1' in done.stdout


def test_debug_shows_no_token(endpoint):
    """With --debug, the libraries print the API's answers."""
    command = theirs(endpoint, 'attach', 'web-1', '--linger', '0.5')
    done = run([command[0], '--debug', *command[1:]])
    assert done.returncode == 0, done.stderr
    said = done.stderr.decode()
    assert 'token=...' in said
    assert not TOKEN.search(said)


def documented():
    """Return the commands of the pages, without duplicates; synopses have brackets."""
    found = {}
    for name in ('console-ext', 'openstack', 'printf'):
        for words in documentation.commands(name):
            line = ' '.join(words)
            if name != 'openstack' or re.search(r'console (attach|open)', line):
                found[line] = None
    return list(found)


def test_documented_commands_are_found():
    """The test below would also pass if no command was found."""
    assert 'openstack console attach SERVER' in documented()
    assert any('< /dev/null' in line for line in documented())


@pytest.mark.parametrize('line', documented())
def test_documented_command(endpoint, line, tmp_path):
    """It does on the demo what the page says."""
    env = {
        **os.environ,
        'PATH': f'{BIN}:{os.environ["PATH"]}',
        'OS_AUTH_TYPE': 'none',
        'OS_ENDPOINT': endpoint,
        'BROWSER': 'true',
    }
    line = line.replace('SERVER', 'web-1').replace('--vnc', '--serial')
    line = line.replace('http://127.0.0.1:8774/v2.1', endpoint)
    if '--url' in line:
        minted = run(ours(endpoint, 'open', 'web-1', '--serial', '--no-browser'))
        url = minted.stdout.decode().strip().replace('http', 'ws', 1)
        line = re.sub(r"'wss:.*'", url, line)
    # Otherwise it would only end with the console.
    line = line.replace('--linger inf', '--linger 0.5')
    done = subprocess.run(
        ['sh', '-c', line],
        cwd=tmp_path,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b''
    seen = done.stdout + b''.join(one.read_bytes() for one in tmp_path.iterdir())
    assert (b'http://127.0.0.1' if ' open ' in line else b'web-1') in seen


def test_the_openstack_client_knows_them():
    done = run([str(BIN / 'openstack'), 'help', 'console'])
    assert b'console attach' in done.stdout
    assert b'console open' in done.stdout
