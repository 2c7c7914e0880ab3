# SPDX-License-Identifier: Apache-2.0
"""Stock clients request URLs from a server in a process of its own."""

from __future__ import annotations

import json
import re

import openstack.exceptions
import pytest

from console_ext.store import migration
from tests.functional import stock_clients
from tests.parts.api_client import TOKENS
from tests.parts.deployment import PROJECT_A, Deployment, server, server_id
from tests.parts.programs import Programs, free_port, run

# 43 characters: tokens of the API; those of compute hosts are UUIDs.
TOKEN = '[0-9A-Za-z_-]{43}'

# A console for each option of the OpenStack client.
CONSOLES = {
    '--novnc': (
        'vnc',
        'novnc',
        rf'http://127\.0\.0\.1:6080/vnc_\w+\.html\?path=%3Ftoken%3D{TOKEN}',
    ),
    '--spice': (
        'spice',
        'spice-html5',
        rf'http://127\.0\.0\.1:6082/spice_auto\.html\?token={TOKEN}',
    ),
    '--spice-direct': (
        'spice',
        'spice-direct',
        rf'http://127\.0\.0\.1:13002/nova\?token={TOKEN}',
    ),
    '--serial': ('serial', 'serial', rf'ws://127\.0\.0\.1:6083/\?token={TOKEN}'),
}
URLS = {console_type: url for _, console_type, url in CONSOLES.values()}

ALICE = TOKENS['alice']
ACTION = 'action'
NOUN = 'remote-consoles'


class Cloud:
    """A stand-alone API, with an agent behind it and a store.

    :param program: its process, which logs each request
    """

    def __init__(self, root, program):
        self.root = root
        self.endpoint = f'{root}/v2.1'
        self._program = program
        self._read = 0

    def asked(self):
        """The requests for consoles since the last call, from the API's log."""
        log = self._program.log
        lines, self._read = log[self._read :], len(log)
        return re.findall(
            rf'"POST /v2\.1/servers/[^/ ]+/({ACTION}|{NOUN})" '
            r'status: (\d+) .* microversion: (\S+)',
            lines,
        )


@pytest.fixture(scope='module')
def running(tmp_path_factory):
    deployment = Deployment(tmp_path_factory.mktemp('cloud'))
    port = free_port()
    deployment.configure(
        api={'listen_port': port, 'noauth_user_id': 'alice'},
        database={'connection': f'sqlite:///{deployment.path}/store.db'},
        vnc={'enabled': True},
    )
    migration.sync(deployment.conf())
    usual = server('01', name='web-1')
    deployment.write_inventory(
        [
            usual,
            server('02', name='db-1', vm_state='stopped', power_state=4),
            *(
                server(number, consoles={one: usual['consoles'][one] for one in has})
                for number, has in PARTLY.items()
            ),
        ]
    )
    with Programs(deployment.path) as programs:
        program = programs.start_module(
            'tests.functional.whole', str(deployment.config_file)
        )
        program.wait_for('Serving')
        yield Cloud(f'http://127.0.0.1:{port}', program)
        assert program.stop() == 0, program.log
        assert 'Traceback' not in program.log


# Servers with only some consoles.
PARTLY = {'03': ['spice', 'serial'], '04': ['serial'], '05': []}


@pytest.fixture
def cloud(running):
    running.asked()
    return running


@pytest.mark.parametrize('path', ['', '/v2.1', '/v2.1/', f'/v2.1/{PROJECT_A}'])
def test_openstack_client_from_each_form_of_endpoint(cloud, path):
    """It discovers the version, finds the server by name, and uses its defaults."""
    out = run(
        *('openstack', '--os-auth-type', 'none', '--os-endpoint', cloud.root + path),
        *('console', 'url', 'show', '--serial', '-f', 'json', 'web-1'),
    )
    console = json.loads(out)
    assert re.fullmatch(URLS['serial'], console.pop('url'))
    assert console == {'protocol': 'serial', 'type': 'serial'}
    assert cloud.asked() == [(NOUN, '200', '2.99')]


@pytest.mark.parametrize('option', CONSOLES)
def test_openstack_client_at_its_defaults(cloud, option):
    """By default, the client uses the resource at 2.99 for each console type."""
    protocol, console_type, url = CONSOLES[option]
    console = stock_clients.openstack_console(cloud.endpoint, ALICE, 'web-1', option)
    assert re.fullmatch(url, console.pop('url'))
    assert console == {'protocol': protocol, 'type': console_type}
    assert cloud.asked() == [(NOUN, '200', '2.99')]


@pytest.mark.parametrize(
    ('version', 'path', 'options'),
    [('2.1', ACTION, ['--novnc', '--spice', '--serial']), ('2.6', NOUN, ['--serial'])],
)
def test_openstack_client_at_a_microversion(cloud, version, path, options):
    """The actions at 2.1, and the resource that replaced them."""
    for option in options:
        _, console_type, url = CONSOLES[option]
        console = stock_clients.openstack_console(
            cloud.endpoint, ALICE, server_id('01'), option, version
        )
        assert console['type'] == console_type
        assert re.fullmatch(url, console['url'])
        assert cloud.asked() == [(path, '200', version)]


@pytest.mark.parametrize(
    ('by', 'name', 'options', 'says'),
    [
        ('alice', 'db-1', ['--serial'], ['vm_state stopped', '409']),
        ('rita', 'web-1', ['--spice'], ["Policy doesn't allow", ':spice ', '403']),
        ('alice', 'web-1', ['--rdp'], ['Unavailable console type rdp.', '400']),
        ('alice', 'web-1', ['--mks'], ['Unavailable console type webmks.', '400']),
    ],
)
def test_openstack_client_says_why_not(cloud, by, name, options, says):
    """The user gets the message of a refusal."""
    show = ('console', 'url', 'show', *options, name)
    done = stock_clients.openstack(cloud.endpoint, TOKENS[by], *show)
    assert done.returncode != 0
    assert [one for one in says if one not in done.stderr] == []
    assert cloud.asked() == [(NOUN, says[-1], '2.99')]


def test_openstack_client_knows_what_a_microversion_lacks(cloud):
    """It does not request what the API did not have at that version."""
    done = stock_clients.openstack(
        *(cloud.endpoint, ALICE, '--os-compute-api-version', '2.6'),
        *('console', 'url', 'show', '--spice-direct', 'web-1'),
    )
    assert 'spice-direct is not supported on server side' in done.stderr
    assert cloud.asked() == []


@pytest.mark.parametrize(
    ('options', 'expected'),
    [((), (NOUN, '200', '2.96')), (('--os-compute-api-version', '2.1'), None)],
)
def test_nova_client(cloud, options, expected):
    """The deprecated client uses its own newest microversion."""
    environ = {'OS_PROJECT_ID': PROJECT_A, 'OS_AUTH_URL': 'http://127.0.0.1:1/v3'}
    command = (
        *('nova', '--os-auth-type', 'http_basic', '--os-username', 'u'),
        *('--os-password', 'p', '--os-endpoint', cloud.endpoint, *options),
    )
    for protocol, console_type in (
        ('serial', ()),
        ('spice', ('spice-html5',)),
        ('vnc', ('novnc',)),
    ):
        out = run(
            *command, f'get-{protocol}-console', 'web-1', *console_type, **environ
        )
        assert re.search(URLS[''.join(console_type) or 'serial'], out)
        assert cloud.asked() == [expected or (ACTION, '200', '2.1')]


@pytest.mark.parametrize('console_type', URLS)
def test_sdk(cloud, console_type):
    """It knows the protocol of each type."""
    sdk = stock_clients.sdk(cloud.endpoint, ALICE)
    web = sdk.compute.find_server('web-1', ignore_missing=False)
    url = sdk.compute.create_console(web, console_type)['url']
    assert re.fullmatch(URLS[console_type], url)
    assert cloud.asked() == [(NOUN, '200', '2.99')]


def test_sdk_at_a_microversion(cloud):
    """Its older method sends an action at the client's version."""
    for version, status in (('2.1', '200'), ('2.5', '200'), (None, '404')):
        options = {} if version is None else {'compute_default_microversion': version}
        sdk = stock_clients.sdk(cloud.endpoint, ALICE, **options)
        if status == '200':
            console = sdk.compute.get_server_console_url(server_id('01'), 'novnc')
            assert re.fullmatch(URLS['novnc'], console['url'])
        else:
            # As in a current Nova: after 2.5 there are no actions.
            with pytest.raises(openstack.exceptions.NotFoundException):
                sdk.compute.get_server_console_url(server_id('01'), 'novnc')
        assert cloud.asked() == [(ACTION, status, version or '2.99')]


def test_sdk_lists_servers(cloud):
    names = ['web-1', 'db-1', 'server-03', 'server-04', 'server-05']
    sdk = stock_clients.sdk(cloud.endpoint, ALICE)
    for details in (True, False):
        assert [one.name for one in sdk.compute.servers(details=details)] == names


def test_sdk_reads_a_token(cloud):
    """An administrator reads the address of its console; the token remains valid."""
    member = stock_clients.sdk(cloud.endpoint, ALICE).compute
    admin = stock_clients.sdk(cloud.endpoint, TOKENS['root']).compute
    for console_type, port in (('spice-direct', 5901), ('novnc', 5900)):
        url = member.create_console(server_id('01'), console_type)['url']
        token = re.search(f'{TOKEN}$', url)[0]
        for _ in range(2):
            found = admin.validate_console_auth_token(token)
            assert (found.instance_uuid, found.port) == (server_id('01'), port)
        with pytest.raises(openstack.exceptions.ForbiddenException):
            member.validate_console_auth_token(token)
    with pytest.raises(openstack.exceptions.NotFoundException):
        admin.validate_console_auth_token('of-nobody')


@pytest.mark.parametrize(
    ('number', 'asked', 'found'),
    [
        ('01', 1, ('VNC', 'novnc')),
        ('03', 2, ('SPICE', 'spice-html5')),
        ('04', 4, ('SERIAL', 'serial')),
        ('05', 5, None),
        ('02', 5, None),
    ],
)
def test_horizon(cloud, number, asked, found):
    """It tries the actions at 2.1 one after the other."""
    console = stock_clients.horizon(cloud.endpoint, ALICE, server_id(number))
    if found is None:
        assert console is None
    else:
        name, console_type = found
        assert console[0] == name
        assert re.fullmatch(URLS[console_type], console[1])
    requests = [(ACTION, '2.1')] * min(asked, 4) + [(NOUN, '2.53')] * (asked - 4)
    assert [(path, version) for path, _, version in cloud.asked()] == requests


@pytest.mark.parametrize(
    ('protocol', 'console_type'), [('vnc', 'novnc'), ('serial', 'serial')]
)
def test_skyline(cloud, protocol, console_type):
    """VNC for virtual machines and serial for bare metal, at 2.53."""
    pair = {'protocol': protocol, 'type': console_type}
    asked = (cloud.endpoint, ALICE, server_id('01'))
    response = stock_clients.skyline(*asked, *pair.values())
    assert response.status_code == 200
    console = response.json()['remote_console']
    assert re.fullmatch(URLS[console_type], console.pop('url'))
    assert console == pair
    assert cloud.asked() == [(NOUN, '200', '2.53')]


@pytest.mark.parametrize('version', ['2.6', '2.99'])
@pytest.mark.parametrize('option', ['--novnc', '--spice', '--serial'])
def test_gophercloud(cloud, version, option):
    """It accepts only status 200, and decodes the object in the answer."""
    protocol, console_type, url = CONSOLES[option]
    status, answer = stock_clients.gophercloud(
        *(cloud.endpoint, ALICE, server_id('01')), version, protocol, console_type
    )
    assert status == 200
    console = answer['remote_console']
    assert re.fullmatch(url, console.pop('url'))
    assert console == {'protocol': protocol, 'type': console_type}
    assert cloud.asked() == [(NOUN, '200', version)]
