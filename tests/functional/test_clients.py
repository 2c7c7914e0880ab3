# SPDX-License-Identifier: Apache-2.0
"""Stock clients get their URLs from a server in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import requests

from tests.deployment import PROJECT_A, server_id
from tests.functional.programs import BIN, free_port

SERIAL_URL = r'ws://127\.0\.0\.1:6083/\?token=[0-9a-f-]{36}'
SPICE_URL = r'http://127\.0\.0\.1:6082/spice_auto\.html\?token=[0-9a-f-]{36}'


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    """The URL of a running console-ext-demo."""
    from tests.functional.programs import Programs

    with Programs(tmp_path_factory.mktemp('demo')) as programs:
        port = free_port()
        program = programs.start('console-ext-demo', '--port', str(port))
        program.wait_for('Ctrl-C here ends the demo')
        yield f'http://127.0.0.1:{port}'
        assert program.stop() == 0, program.log
        assert 'Traceback' not in program.log


def run(*command: str, **env: str) -> str:
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize('endpoint', ['', '/v2.1', '/v2.1/', f'/v2.1/{PROJECT_A}'])
def test_openstack_client_from_each_form_of_endpoint(demo, endpoint):
    """python-openstackclient discovers the version and opens by a server's name."""
    out = run(
        'openstack', '--os-auth-type', 'none', '--os-endpoint', demo + endpoint,
        'console', 'url', 'show', '--serial', '-f', 'json', 'web-1',
    )  # fmt: skip
    console = json.loads(out)
    assert console['type'] == 'serial'
    assert re.fullmatch(SERIAL_URL, console['url'])


@pytest.mark.parametrize(
    ('option', 'console_type', 'url'),
    [('--serial', 'serial', SERIAL_URL), ('--spice', 'spice-html5', SPICE_URL)],
)
def test_openstack_client_at_the_base_version(demo, option, console_type, url):
    """Each console type, by the server's id, at the microversion of the actions."""
    out = run(
        'openstack', '--os-auth-type', 'none', '--os-endpoint', f'{demo}/v2.1',
        '--os-compute-api-version', '2.1',
        'console', 'url', 'show', option, '-f', 'json', server_id('01'),
    )  # fmt: skip
    console = json.loads(out)
    assert console['type'] == console_type
    assert re.fullmatch(url, console['url'])


def test_openstack_client_says_why_not(demo):
    """A stopped server's 409 reaches the user with its message."""
    done = subprocess.run(
        [
            str(BIN / 'openstack'), '--os-auth-type', 'none',
            '--os-endpoint', f'{demo}/v2.1',
            'console', 'url', 'show', '--serial', 'db-1',
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert 'vm_state stopped' in done.stderr
    assert '409' in done.stderr


def test_nova_client(demo):
    """python-novaclient lists without details and takes the actions."""
    environ = {'OS_PROJECT_ID': PROJECT_A, 'OS_AUTH_URL': 'http://127.0.0.1:1/v3'}
    command = (
        'nova', '--os-auth-type', 'http_basic', '--os-username', 'u',
        '--os-password', 'p', '--os-endpoint', f'{demo}/v2.1',
    )  # fmt: skip
    out = run(*command, 'get-serial-console', 'web-1', **environ)
    assert re.search(SERIAL_URL, out)
    out = run(*command, 'get-spice-console', 'web-1', 'spice-html5', **environ)
    assert re.search(SPICE_URL, out)


SDK = """
import sys, openstack
cloud = openstack.connection.Connection(
    auth_type='none', endpoint=sys.argv[1],
    compute_endpoint_override=sys.argv[1], image_endpoint_override=sys.argv[1],
)
server = cloud.compute.find_server('web-1', ignore_missing=False)
print(cloud.compute.create_console(server, 'serial')['url'])
print(cloud.compute.create_console(server, 'spice-html5')['url'])
print(cloud.compute.get_server_console_url(server, 'serial')['url'])
print([one.name for one in cloud.compute.servers(details=False)])
"""


def test_openstack_sdk(demo):
    """openstacksdk finds a server, lists servers, and makes both consoles."""
    done = subprocess.run(
        [sys.executable, '-c', SDK, f'{demo}/v2.1'],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    serial, spice, by_action, names = done.stdout.splitlines()
    assert re.fullmatch(SERIAL_URL, serial)
    assert re.fullmatch(SPICE_URL, spice)
    assert re.fullmatch(SERIAL_URL, by_action)
    assert names == "['web-1', 'db-1']"


def test_lines_that_the_demo_prints(demo, tmp_path):
    """The answers are those that the demo tells its user to expect."""
    action = f'{demo}/v2.1/servers/{{}}/action'
    serial = {'os-getSerialConsole': {'type': 'serial'}}
    answer = requests.post(action.format(server_id('01')), json=serial, timeout=10)
    assert re.fullmatch(SERIAL_URL, answer.json()['console']['url'])
    answer = requests.post(action.format(server_id('02')), json=serial, timeout=10)
    assert answer.status_code == 409
    assert answer.json()['conflictingRequest']['message'].endswith('vm_state stopped')
    answer = requests.post(
        action.format(server_id('01')),
        json={'os-getSPICEConsole': {'type': 'spice-html5'}},
        headers={'X-Auth-Token': f'rita:{PROJECT_A}:reader'},
        timeout=10,
    )
    assert answer.status_code == 403
