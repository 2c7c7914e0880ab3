# SPDX-License-Identifier: Apache-2.0
"""Starting and stopping the programs, and their errors."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from console_ext.demo import welcome
from console_ext.store import migration
from tests.functional import demo
from tests.parts.programs import BIN, free_port
from tests.parts.waiting import wait_for

SECRET = 'swordfish'


def outcome(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_api_serves_and_stops(deployment, programs, number):
    """It answers on its port, and ends with status 0."""
    port = free_port()
    deployment.configure(api={'listen_port': port})
    api = programs.start(
        'console-ext-api', '--config-file', str(deployment.config_file)
    )
    api.wait_for('Serving on')
    answer = requests.get(f'http://127.0.0.1:{port}/healthcheck', timeout=30)
    assert answer.status_code == 200
    assert 'Server' not in answer.headers
    assert api.stop(number) == 0
    assert 'Traceback' not in api.log
    with pytest.raises(requests.ConnectionError):
        requests.get(f'http://127.0.0.1:{port}/', timeout=30)


def test_agent_starts_and_stops(deployment, programs):
    """It runs on a bus, here the one in its own process."""
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('Answering for compute host compute-1')
    assert agent.stop() == 0
    assert 'Traceback' not in agent.log


def takes(program, number) -> bool:
    """Whether a program has installed a handler for a signal."""
    status = Path(f'/proc/{program.process.pid}/status').read_text()
    caught = re.search(r'^SigCgt:\s*([0-9a-f]+)', status, re.MULTILINE)
    assert caught is not None
    return bool(int(caught[1], 16) >> (number - 1) & 1)


@pytest.mark.parametrize('name', ['api', 'agent', 'proxy', 'demo'])
def test_reload_from_the_first_moment(deployment, programs, name):
    """Programs handle SIGHUP before they start, so it never ends them."""
    deployment.configure(
        api={'listen_port': free_port()},
        database={'connection': f'sqlite:///{deployment.path}/console.db'},
        serial_console={'serialproxy_port': free_port()},
        spice={'html5proxy_port': free_port(), 'html5proxy_web': deployment.path},
        vnc={'novncproxy_web': deployment.path},
    )
    migration.sync(deployment.conf())
    options = ['--config-file', str(deployment.config_file)]
    if name == 'demo':
        options = demo.ports()
    program = programs.start(f'console-ext-{name}', *options)

    def takes_it() -> bool:
        log = program.log
        taken = takes(program, signal.SIGHUP)
        assert taken or not log
        return taken

    wait_for(takes_it)
    program.process.send_signal(signal.SIGHUP)
    program.wait_for(READY[name])
    program.process.send_signal(signal.SIGHUP)
    assert program.stop() == 0, program.log
    assert 'Traceback' not in program.log


READY = {
    'api': 'Serving on',
    'agent': 'Answering for',
    'proxy': 'Listening for VNC',
    'demo': welcome.READY,
}


def test_reload_changes_what_can_change(deployment, programs):
    """SIGHUP reads ``debug`` again; an invalid file changes nothing."""
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('Answering for')
    text = deployment.config_file.read_text()
    deployment.config_file.write_text(f'transport_url rabbit://u:{SECRET}@h/\n')
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_for('The previous configuration stays in force')
    deployment.config_file.write_text(text)
    deployment.configure(DEFAULT={'debug': True, 'host': 'compute-2'})
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_for('Ignoring change to immutable option DEFAULT.host')
    agent.wait_for('Option DEFAULT.debug changed from [None] to [True]')
    assert agent.stop() == 0
    assert 'Traceback' not in agent.log
    assert SECRET not in agent.log


LOG_CONFIG = """
[loggers]
keys = root
[handlers]
keys = stderr
[formatters]
keys = plain
[logger_root]
level = INFO
handlers = stderr
[handler_stderr]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = {}: %(message)s
"""


def test_reload_of_the_log(deployment, programs):
    """SIGHUP reads ``log_config_append`` again; an invalid file does not end it."""
    log_config = deployment.path / 'logging.ini'
    log_config.write_text(LOG_CONFIG.format('FIRST'))
    deployment.configure(DEFAULT={'log_config_append': log_config})
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('FIRST: Answering for')
    invalid = f'password {SECRET}', LOG_CONFIG.replace('INFO', 'LOUD')
    said = 'log_config_append names cannot be loaded'
    for count, text in enumerate(invalid, 1):
        log_config.write_text(text)
        agent.process.send_signal(signal.SIGHUP)
        wait_for(lambda n=count: agent.log.count(said) == n)
    log_config.write_text(LOG_CONFIG.format('SECOND\x1b'))
    agent.process.send_signal(signal.SIGHUP)
    agent.wait_for(r'SECOND\x1b: Read the configuration again')
    assert agent.stop() == 0, agent.log
    assert SECRET not in agent.log
    assert 'Traceback' not in agent.log


@pytest.mark.parametrize(
    ('option', 'value'),
    [
        ('log_config_append', '/nowhere'),
        ('log_dir', '/proc/nowhere'),
        ('default_log_levels', 'console_ext'),
    ],
)
def test_log_that_cannot_be_set_up(deployment, option, value):
    """A program does not start, and says why in one line."""
    deployment.configure(DEFAULT={option: value})
    done = outcome('console-ext-agent', '--config-file', str(deployment.config_file))
    assert done.returncode == 1
    assert 'console-ext-agent: the log cannot be set up: ' in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_locale_with_few_characters(deployment, monkeypatch):
    """What it lacks is escaped."""
    monkeypatch.setenv('PYTHONIOENCODING', 'latin-1')
    options = ['--config-file', str(deployment.config_file)]
    done = outcome('console-ext-manage', *options, 'routes')
    assert done.returncode == 0, done.stderr
    assert r'2.1\u20132.5' in done.stdout


def test_noauth_stays_on_loopback(deployment):
    """An API without authentication does not start on a public address."""
    deployment.configure(api={'listen_host': '0.0.0.0', 'listen_port': free_port()})
    done = outcome('console-ext-api', '--config-file', str(deployment.config_file))
    assert done.returncode == 1
    assert 'noauth with listen_host = 0.0.0.0: ' in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ('group', 'options', 'says'),
    [
        ('api', {'auth_strategy': 'none'}, 'auth_strategy'),
        ('api', {'paste_config': 'absent.ini'}, 'absent.ini: there is no such file'),
        ('api', {'disabled_extensions': 'os-nope'}, 'lists os-nope'),
        ('inventory', {'file': 'absent.yaml'}, 'absent.yaml: there is no such file'),
        ('serial_console', {'base_url': 'ftp://x/'}, 'base_url'),
    ],
)
def test_configuration_errors_are_one_line(deployment, group, options, says):
    """An error in the configuration is one line."""
    deployment.configure(**{group: options})
    program = 'console-ext-agent' if group == 'serial_console' else 'console-ext-api'
    done = outcome(program, '--config-file', str(deployment.config_file))
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f'{program}: ')
    assert says in line


def test_wsgi_application_needs_no_connection_to_load(deployment):
    """``console_ext.cmd.wsgi:application`` loads without a broker."""
    deployment.configure(DEFAULT={'transport_url': f'rabbit://u:{SECRET}@127.0.0.1:1/'})
    script = (
        'import threading, sys\n'
        'from console_ext.cmd.wsgi import application\n'
        'assert callable(application)\n'
        'assert threading.active_count() == 1, threading.enumerate()\n'
        "assert sys.modules['eventlet'] is None\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        env={'CONSOLE_EXT_CONFIG_FILES': str(deployment.config_file)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_routes_table():
    """The operations of the extensions with their policy rules."""
    done = outcome('console-ext-manage', 'routes')
    assert done.returncode == 0, done.stderr
    header, *rows = [line.split() for line in done.stdout.splitlines()]
    assert header == [
        'METHOD', 'PATH', 'ACTION', 'MICROVERSIONS', 'POLICY', 'EXTENSION',
    ]  # fmt: skip
    path = '/servers/{server_id}/action'
    noun = '/servers/{server_id}/remote-consoles'
    rule = 'os_compute_api:os-remote-consoles'
    types = (':serial', ':spice', ':spice-direct', ':vnc')
    assert [row[:-1] for row in rows if row[-1] == 'os-remote-consoles'] == [
        *(['POST', noun, '-', '2.6–', rule + one] for one in ('', *types)),
        ['POST', path, 'os-getSerialConsole', '2.1–2.5', f'{rule}:serial'],
        ['POST', path, 'os-getSPICEConsole', '2.1–2.5', f'{rule}:spice'],
        ['POST', path, 'os-getVNCConsole', '2.1–2.5', f'{rule}:vnc'],
    ]
    alias = 'os-console-auth-tokens'
    path = f'/{alias}/{{console_token}}'
    assert [row[:-1] for row in rows if row[-1] == alias] == [
        ['GET', path, '-', versions, f'os_compute_api:{alias}']
        for versions in ('2.1–2.30', '2.31–')
    ]
    assert {row[-1] for row in rows} == {alias, 'os-remote-consoles'}
