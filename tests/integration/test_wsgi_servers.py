# SPDX-License-Identifier: Apache-2.0
"""The API under uwsgi and gunicorn, with processes, threads and an agent."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.parts.deployment import server_id
from tests.parts.programs import free_port

SERIAL = {'os-getSerialConsole': {'type': 'serial'}}

TOKEN = re.compile(r'token=([0-9a-f-]{36})')

APPLICATION = 'console_ext.cmd.wsgi:application'


def uwsgi(port):
    return (
        'uwsgi',
        *('--http-socket', f'127.0.0.1:{port}', '--module', APPLICATION),
        *('--master', '--processes', '2', '--threads', '4', '--die-on-term'),
        *('--enable-threads', '--need-app', '--disable-logging'),
    )


def gunicorn(port):
    return (
        'gunicorn',
        *('--bind', f'127.0.0.1:{port}', '--workers', '2', '--threads', '4'),
        # Load in the parent, so that the workers are forked afterwards.
        *('--preload', APPLICATION),
    )


@pytest.mark.parametrize('command', [uwsgi, gunicorn])
def test_forked_and_threaded(deployment, broker, programs, command):
    """Every worker opens connections of its own, and all answer."""
    port = free_port()
    deployment.configure(
        DEFAULT={'transport_url': broker.url}, console_rpc={'timeout': 20}
    )
    agent = programs.start(
        'console-ext-agent', '--config-file', str(deployment.config_file)
    )
    agent.wait_for('Answering for compute host')
    server = programs.start(
        *command(port), CONSOLE_EXT_CONFIG_FILES=str(deployment.config_file)
    )
    url = f'http://127.0.0.1:{port}/v2.1/servers/{server_id("01")}/action'

    def ask(_):
        return requests.post(url, json=SERIAL, timeout=60)

    deadline = time.monotonic() + 60
    while True:
        try:
            requests.get(f'http://127.0.0.1:{port}/healthcheck', timeout=30)
            break
        except requests.ConnectionError:
            assert server.process.poll() is None, server.log
            assert time.monotonic() < deadline, server.log
            time.sleep(0.2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(80)))
    assert {answer.status_code for answer in answers} == {200}
    tokens = {TOKEN.search(answer.text)[1] for answer in answers}
    assert len(tokens) == 80
    server.stop()
    assert 'Traceback' not in server.log
    assert 'forked after connection established' not in server.log
    assert agent.stop() == 0
