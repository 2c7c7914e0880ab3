# SPDX-License-Identifier: Apache-2.0
"""Stock clients, at their default options, on a Nova with the filter.

The filter answers them: its tokens are of another form than Nova's, and Nova does not
know them.
"""

from __future__ import annotations

import json

import novaclient.exceptions
import openstack.exceptions
import pytest

from tests.functional import stock_clients
from tests.integration.nova.test_recorded import UUID
from tests.parts.api_client import TOKENS
from tests.parts.deployment import server_id

ALICE, ROOT = TOKENS['alice'], TOKENS['root']
ACTIVE, STOPPED = server_id('01'), server_id('09')

OPTIONS = {
    '--novnc': ('vnc', 'novnc'),
    '--spice': ('spice', 'spice-html5'),
    '--spice-direct': ('spice', 'spice-direct'),
    '--serial': ('serial', 'serial'),
}
TYPES = [console_type for _, console_type in OPTIONS.values()]

DENIED = "Policy doesn't allow os_compute_api:os-remote-consoles:spice to be performed."


def endpoint(api):
    return f'{api}/v2.1'


@pytest.mark.parametrize('option', OPTIONS)
def test_openstack_client(plain, storing, is_ours, option):
    """It asks for the resource, at 2.99; without the filter, Nova answers it."""
    protocol, console_type = OPTIONS[option]
    for api, ours in ((storing, True), (plain, False)):
        console = stock_clients.openstack_console(endpoint(api), ALICE, ACTIVE, option)
        assert is_ours(console.pop('url')) is ours
        assert console == {'protocol': protocol, 'type': console_type}


@pytest.mark.parametrize('version', ['2.1', '2.6', '2.104'])
def test_openstack_client_at_a_microversion(storing, is_ours, version):
    console = stock_clients.openstack_console(
        endpoint(storing), ALICE, ACTIVE, '--serial', version
    )
    assert is_ours(console['url'])


def test_openstack_client_on_a_stopped_server(plain, storing):
    """Nova gives a URL that cannot open."""
    show = ('console', 'url', 'show', '-f', 'json', '--novnc', STOPPED)
    done = stock_clients.openstack(endpoint(plain), ALICE, *show)
    assert UUID.search(json.loads(done.stdout)['url'])
    done = stock_clients.openstack(endpoint(storing), ALICE, *show)
    assert done.returncode != 0
    assert 'vm_state stopped' in done.stderr
    assert '409' in done.stderr


def test_openstack_client_without_permission(strict):
    """The rule of the type is the one that counts, and the only one."""
    show = ('console', 'url', 'show', '-f', 'json', '--spice', ACTIVE)
    done = stock_clients.openstack(endpoint(strict), ALICE, *show)
    assert done.returncode != 0
    assert DENIED in done.stderr
    assert '403' in done.stderr
    for by, option in ((ROOT, '--spice'), (ALICE, '--novnc'), (ALICE, '--serial')):
        stock_clients.openstack_console(endpoint(strict), by, ACTIVE, option)


@pytest.mark.parametrize('console_type', TYPES)
def test_sdk(storing, strict, is_ours, console_type):
    """An active server, a stopped one, and a member whom the policy denies a type."""
    compute = stock_clients.sdk(endpoint(storing), ALICE).compute
    assert is_ours(compute.create_console(ACTIVE, console_type)['url'])
    with pytest.raises(
        openstack.exceptions.ConflictException, match='vm_state stopped'
    ):
        compute.create_console(STOPPED, console_type)
    compute = stock_clients.sdk(endpoint(strict), ALICE).compute
    if console_type == 'spice-html5':
        with pytest.raises(openstack.exceptions.ForbiddenException, match=DENIED):
            compute.create_console(ACTIVE, console_type)
    else:
        assert is_ours(compute.create_console(ACTIVE, console_type)['url'])


@pytest.mark.parametrize('version', ['2.1', '2.6', '2.96'])
def test_novaclient(storing, strict, is_ours, version):
    """The newest that it knows is 2.96."""
    servers = stock_clients.novaclient(endpoint(storing), ALICE, version).servers
    denied = stock_clients.novaclient(endpoint(strict), ALICE, version).servers
    for get, console_type in (
        ('get_vnc_console', 'novnc'),
        ('get_serial_console', 'serial'),
        ('get_spice_console', 'spice-html5'),
    ):
        (console,) = getattr(servers, get)(ACTIVE, console_type).values()
        assert is_ours(console['url'])
        with pytest.raises(novaclient.exceptions.Conflict, match='vm_state stopped'):
            getattr(servers, get)(STOPPED, console_type)
    with pytest.raises(novaclient.exceptions.Forbidden, match=DENIED):
        denied.get_spice_console(ACTIVE, 'spice-html5')


def test_dashboards(storing, strict, is_ours):
    """Horizon's actions and Skyline's resource."""
    name, url = stock_clients.horizon(endpoint(storing), ALICE, ACTIVE)
    assert name == 'VNC'
    assert is_ours(url)
    # MKS alone is Nova's, and no host has it.
    assert stock_clients.horizon(endpoint(storing), ALICE, STOPPED) is None
    pair = ('spice', 'spice-html5')
    answer = stock_clients.skyline(endpoint(storing), ALICE, ACTIVE, *pair)
    assert is_ours(answer.json()['remote_console']['url'])
    answer = stock_clients.skyline(endpoint(storing), ALICE, STOPPED, *pair)
    assert answer.status_code == 409
    answer = stock_clients.skyline(endpoint(strict), ALICE, ACTIVE, *pair)
    assert answer.status_code == 403


@pytest.mark.parametrize('version', ['2.6', '2.99'])
def test_gophercloud(storing, is_ours, version):
    pair = ('vnc', 'novnc')
    status, answer = stock_clients.gophercloud(
        endpoint(storing), ALICE, ACTIVE, version, *pair
    )
    assert status == 200
    assert is_ours(answer['remote_console']['url'])
    status, _ = stock_clients.gophercloud(
        endpoint(storing), ALICE, STOPPED, version, *pair
    )
    assert status == 409
