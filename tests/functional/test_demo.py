# SPDX-License-Identifier: Apache-2.0
"""The demo: every line that it prints works."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from console_ext.demo.guests import NO_QEMU
from console_ext.demo.welcome import READY
from console_ext.proxy.consoles import assets
from tests.functional import demo as demos
from tests.functional.attach.terminal import Window
from tests.functional.test_programs import takes
from tests.parts.deployment import PROJECT_A, server_id
from tests.parts.programs import BIN, Programs
from tests.parts.waiting import wait_for

ACTION = '/v2.1/servers/{}/action'
SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
TIMEOUT_S = 30
TEXT_HTML = {'Accept': 'text/html,*/*;q=0.8'}

LINK = re.compile(r'(web-1|vm-1) +(terminal|screen \((?:VNC|SPICE)\)) +(http://\S+)')
QEMU = 'qemu-system-x86_64'

COLOUR = re.compile(r'\x1b\[[\d;]*m')

needs_pages = pytest.mark.skipif(
    not assets.are_there(),
    reason='the tree has no assets: python -m build_backend.assets',
)
needs_qemu = pytest.mark.skipif(shutil.which(QEMU) is None, reason='there is no QEMU')


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    """A running demo: its program, and the URL of its API."""
    options = demos.ports()
    with Programs(tmp_path_factory.mktemp('demo')) as programs:
        program = programs.start('console-ext-demo', *options, '--open', BROWSER='true')
        program.wait_for(READY)
        yield program, f'http://127.0.0.1:{options[1]}'
        log = log_of(program.log).read_text()
        assert program.stop(signal.SIGINT) == 0, program.log
        for said in (program.log, log):
            assert 'Traceback' not in said
        assert 'Listening for serial' in log
        assert 'token=' not in log
        assert not log_of(program.log).parent.exists()


@pytest.fixture
def without_qemu(tmp_path):
    """The environment of a machine without QEMU, with a fake browser."""
    browser = tmp_path / 'browser'
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    path = tmp_path / 'bin'
    path.mkdir()
    (path / 'sh').symlink_to('/bin/sh')
    return {'PATH': str(path), 'BROWSER': str(browser)}


def links_in(text):
    """Return the links of a text by server and console."""
    return {found[:2]: found[2] for found in LINK.findall(COLOUR.sub('', text))}


def log_of(text):
    """Return the log file that the demo names."""
    return Path(re.search(r'^(/.*\.log)\.$', text, re.MULTILINE)[1])


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
    """Return what a terminal shows until a text is on it."""
    shown = b''
    while text not in shown:
        shown += console.recv(TIMEOUT_S)
    return shown


def test_the_url_opens(demo):
    """The guest asks for a login, and runs commands."""
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
    """A URL in a browser's history is of no use."""
    url = url_of(ask(demo[1]))
    connect(url).close()
    with pytest.raises(InvalidStatus) as caught:
        connect(url)
    assert caught.value.response.status_code == 401


@needs_pages
def test_links_open(demo):
    """Each link is a page, and its token opens the console afterwards."""
    found = links_in(demo[0].log)
    assert found['web-1', 'terminal']
    for (server, console), url in found.items():
        page = requests.get(url, headers=TEXT_HTML, timeout=TIMEOUT_S)
        assert page.status_code == 200, (server, console)
        assert page.headers['Content-Type'].startswith('text/html')
    with connect(found['web-1', 'terminal'].replace('http', 'ws', 1)) as console:
        read_until(console, b'web-1 login: ')


@needs_pages
@needs_qemu
def test_links_of_the_machine(demo):
    """The serial port and both screens, with the modules of the build at least."""
    assert set(links_in(demo[0].log)) == {
        ('web-1', 'terminal'),
        ('vm-1', 'terminal'),
        ('vm-1', 'screen (VNC)'),
        ('vm-1', 'screen (SPICE)'),
    }
    assert 'not installed' not in demo[0].log


def test_what_is_missing(programs, without_qemu, tmp_path):
    """One sentence says so; the rest of the demo works, and opens in a browser."""
    demo = programs.start('console-ext-demo', *demos.ports(), '--open', **without_qemu)
    demo.wait_for(READY)
    said = ' '.join(demo.log.split())
    assert said.count(NO_QEMU) == 1
    assert 'busybox-static.' in said
    assert links_in(demo.log).keys() <= {('web-1', 'terminal')}
    assert 'WARNING' not in said
    if assets.are_there():
        wait_for(lambda: (tmp_path / 'opened').is_file())
        wait_for(lambda: (tmp_path / 'opened').read_text().endswith('\n'))
        opened = (tmp_path / 'opened').read_text().strip()
        assert opened not in demo.log
        with connect(opened.replace('http', 'ws', 1)) as console:
            read_until(console, b'web-1 login: ')
    else:
        assert assets.MISSING in said
        assert links_in(demo.log) == {}
    assert demo.stop() == 0, demo.log


@needs_qemu
def test_only_the_firmware(programs, without_qemu, tmp_path):
    """One sentence says what to install for a machine with an operating system."""
    qemu = shutil.which(QEMU)
    (tmp_path / 'bin' / QEMU).symlink_to(qemu)
    demo = programs.start('console-ext-demo', *demos.ports(), **without_qemu)
    demo.wait_for(READY)
    said = ' '.join(demo.log.split())
    assert said.count('vm-1 has no operating system, only its firmware.') == 1
    assert 'busybox-static, and start the demo again.' in said
    assert 'WARNING' not in said
    assert demo.stop() == 0, demo.log


@needs_pages
def test_in_a_terminal(without_qemu):
    """Colours, new links when Enter is pressed, and the end with Ctrl-C."""
    command = [str(BIN / 'console-ext-demo'), *demos.ports()]
    with Window(command, NO_COLOR='', **without_qemu) as window:
        at = window.wait_for(READY.encode())
        assert 'Press Enter here' in window.shown.decode()
        assert COLOUR.search(window.shown.decode())
        first = links_in(window.shown.decode())
        window.type(b'\r')
        at = window.wait_for(b'token=', at)
        at = window.wait_for(b'\r\n\r\n', at)
        second = links_in(window.shown.decode())
        assert first.keys() == second.keys()
        assert first != second
        url = second['web-1', 'terminal'].replace('http', 'ws', 1)
        with connect(url) as console:
            read_until(console, b'web-1 login: ')
        window.type(b'\x03')
        assert window.ends() == 0
        shown = window.shown.decode()
        assert 'Stopping.' in shown
        assert 'Traceback' not in shown


def test_no_colour(without_qemu):
    command = [str(BIN / 'console-ext-demo'), *demos.ports()]
    with Window(command, NO_COLOR='1', **without_qemu) as window:
        window.wait_for(READY.encode())
        assert not COLOUR.search(window.shown.decode())


@pytest.mark.parametrize('delay_s', [0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
def test_ctrl_c_at_any_moment(programs, delay_s):
    """Also during the start: no traceback and no error."""
    demo = programs.start('console-ext-demo', *demos.ports())
    # Python has to have started.
    wait_for(lambda: takes(demo, signal.SIGHUP))
    time.sleep(delay_s)
    assert demo.stop(signal.SIGINT) == 0, demo.log
    assert 'Traceback' not in demo.log
    assert 'console-ext-demo:' not in demo.log


def test_refusals(demo):
    """The powered-off server and the reader get the printed answers."""
    answer = ask(demo[1], '02')
    assert answer.status_code == 409
    assert answer.json()['conflictingRequest']['message'].endswith('vm_state stopped')
    answer = ask(demo[1], **{'X-Auth-Token': f'rita:{PROJECT_A}:reader'})
    assert answer.status_code == 403
    assert "Policy doesn't allow" in answer.json()['forbidden']['message']


def test_commands(demo):
    """It prints a curl command that requests another URL, and names of clients."""
    program, url = demo
    (curl,) = re.findall(r'^  curl -s (?:.*\\\n)+.*$', program.log, re.MULTILINE)
    done = subprocess.run(
        ['sh', '-c', curl], capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert '"url": "ws://127.0.0.1' in done.stdout, done
    assert f'openstack --os-auth-type none --os-endpoint {url}/v2.1' in program.log
    (client,) = re.findall(r'^  (.*console-ext) --os-auth-type', program.log, re.M)
    assert shutil.which(client, path=f'{BIN}:{os.environ["PATH"]}')


@pytest.mark.parametrize('option', demos.OPTIONS)
def test_port_in_use_is_one_line(option, without_qemu):
    """The error is one line."""
    options = demos.ports()
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = str(taken.getsockname()[1])
        options[options.index(option) + 1] = port
        done = subprocess.run(
            [str(BIN / 'console-ext-demo'), *options],
            env={**os.environ, **without_qemu},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f'console-ext-demo: cannot listen on 127.0.0.1 port {port}: '
        'Address already in use'
    )
    assert 'Traceback' not in done.stderr
