# SPDX-License-Identifier: Apache-2.0
"""Stock clients get their URLs from a server in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.deployment import PROJECT_A, Deployment, server, server_id
from tests.functional.programs import BIN, Programs, free_port, run

SERIAL_URL = r'ws://127\.0\.0\.1:6083/\?token=[0-9a-f-]{36}'
SPICE_URL = r'http://127\.0\.0\.1:6082/spice_auto\.html\?token=[0-9a-f-]{36}'


@pytest.fixture(scope='module')
def cloud(tmp_path_factory):
    """The URL of an API with an agent behind it."""
    deployment = Deployment(tmp_path_factory.mktemp('cloud'))
    port = free_port()
    deployment.configure(
        api={'listen_port': port, 'noauth_user_id': 'alice'},
    )
    off = server('02', name='db-1', vm_state='stopped', power_state=4)
    deployment.write_inventory([server('01', name='web-1'), off])
    with Programs(deployment.path) as programs:
        program = programs.start_module(
            'tests.functional.whole', str(deployment.config_file)
        )
        program.wait_for('Serving')
        yield f'http://127.0.0.1:{port}'
        assert program.stop() == 0, program.log
        assert 'Traceback' not in program.log


@pytest.mark.parametrize('endpoint', ['', '/v2.1', '/v2.1/', f'/v2.1/{PROJECT_A}'])
def test_openstack_client_from_each_form_of_endpoint(cloud, endpoint):
    """python-openstackclient discovers the version and opens by a server's name."""
    out = run(
        'openstack', '--os-auth-type', 'none', '--os-endpoint', cloud + endpoint,
        'console', 'url', 'show', '--serial', '-f', 'json', 'web-1',
    )  # fmt: skip
    console = json.loads(out)
    assert console['type'] == 'serial'
    assert re.fullmatch(SERIAL_URL, console['url'])


@pytest.mark.parametrize(
    ('option', 'console_type', 'url'),
    [('--serial', 'serial', SERIAL_URL), ('--spice', 'spice-html5', SPICE_URL)],
)
def test_openstack_client_at_the_base_version(cloud, option, console_type, url):
    """Each console type, by the server's id, at the microversion of the actions."""
    out = run(
        'openstack', '--os-auth-type', 'none', '--os-endpoint', f'{cloud}/v2.1',
        '--os-compute-api-version', '2.1',
        'console', 'url', 'show', option, '-f', 'json', server_id('01'),
    )  # fmt: skip
    console = json.loads(out)
    assert console['type'] == console_type
    assert re.fullmatch(url, console['url'])


def test_openstack_client_says_why_not(cloud):
    """A stopped server's 409 reaches the user with its message."""
    done = subprocess.run(
        [
            str(BIN / 'openstack'), '--os-auth-type', 'none',
            '--os-endpoint', f'{cloud}/v2.1',
            'console', 'url', 'show', '--serial', 'db-1',
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert 'vm_state stopped' in done.stderr
    assert '409' in done.stderr


def test_nova_client(cloud):
    """python-novaclient lists without details and takes the actions."""
    environ = {'OS_PROJECT_ID': PROJECT_A, 'OS_AUTH_URL': 'http://127.0.0.1:1/v3'}
    command = (
        'nova', '--os-auth-type', 'http_basic', '--os-username', 'u',
        '--os-password', 'p', '--os-endpoint', f'{cloud}/v2.1',
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


def test_openstack_sdk(cloud):
    """openstacksdk finds a server, lists servers, and makes both consoles."""
    done = subprocess.run(
        [sys.executable, '-c', SDK, f'{cloud}/v2.1'],
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
