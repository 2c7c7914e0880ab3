# SPDX-License-Identifier: Apache-2.0
"""Granting a console: what is stored, and which token is in the URL."""

import pytest

from console_ext import consoles, exceptions
from console_ext.api import grants
from console_ext.consoles import NOVNC, SERIAL, SPICE_DIRECT, SPICE_HTML5, TYPES
from console_ext.context import RequestContext
from console_ext.rpc.client import ConnectInfo
from console_ext.servers.base import Server

THEIR_TOKEN = 'd3adb33f-0000-4000-8000-00000000beef'

CONTEXT = RequestContext(user_id='alice', project_id='p', overwrite=False)


class Compute:
    """A compute host with a given answer."""

    def __init__(self, access_url=f'ws://their.proxy/?token={THEIR_TOKEN}'):
        self.access_url = access_url
        self.asked = []

    def get_console(self, context, host, server, console_type, bus_url=None):
        self.asked.append((host, server.id, console_type, bus_url))
        return ConnectInfo(
            host='192.0.2.1',
            port=5901,
            tls_port=5902,
            internal_access_path='/path',
            token=THEIR_TOKEN,
            access_url=self.access_url,
        )


class Issued(list):
    """Stands in for the store, and records what is issued."""

    def issue(self, token, authorization, ttl_s):
        self.append((token, authorization, ttl_s))


def server(**changes):
    values = {
        'id': 'an-id',
        'name': 'a-server',
        'project_id': 'p',
        'user_id': 'u',
        'host': 'compute-1',
        'vm_state': 'active',
        'task_state': None,
        **changes,
    }
    return Server(**values)


def test_without_a_store(deployment):
    """The host's own URL is returned, because the host's proxy knows its token."""
    compute = Compute()
    granted = grants.Grants(deployment.conf(), compute, None)
    assert granted.url(CONTEXT, server(), SERIAL) == compute.access_url
    assert compute.asked == [('compute-1', 'an-id', SERIAL, None)]


def test_with_a_store(deployment):
    """A new random token is returned; the host's token is nowhere."""
    issued = Issued()
    conf = deployment.configure(consoleauth={'token_ttl': 77}).conf()
    granted = grants.Grants(conf, Compute(), issued)
    urls = [granted.url(CONTEXT, server(cell='c'), SERIAL) for _ in range(2)]
    assert urls == [f'ws://their.proxy/?token={token}' for token, _, _ in issued]
    (first, authorization, ttl_s), (second, _, _) = issued
    assert first != second
    assert len(first) == 43
    assert THEIR_TOKEN not in urls[0]
    assert ttl_s == 77
    assert (authorization.console_type, authorization.server_id) == ('serial', 'an-id')
    assert (authorization.project_id, authorization.user_id) == ('p', 'alice')
    assert (authorization.compute_host, authorization.cell) == ('compute-1', 'c')
    assert (authorization.host, authorization.port) == ('192.0.2.1', 5901)
    assert authorization.tls_port == 5902
    assert authorization.internal_access_path == '/path'


@pytest.mark.parametrize('console_type', TYPES, ids=lambda one: one.type)
def test_path_on_the_hypervisor(deployment, console_type):
    """A native client's proxy is told of none, as by Nova."""
    issued = Issued()
    grants.Grants(deployment.conf(), Compute(), issued).url(
        CONTEXT, server(), console_type
    )
    ((_, authorization, _),) = issued
    path = None if console_type is SPICE_DIRECT else '/path'
    assert authorization.internal_access_path == path


@pytest.mark.parametrize(
    ('console_type', 'base_url', 'expected'),
    [
        (SERIAL, 'wss://ours/', 'wss://ours/?token={}'),
        (SPICE_HTML5, 'https://ours/a.html?x=1', 'https://ours/a.html?x=1&token={}'),
        (SPICE_DIRECT, 'https://ours/direct', 'https://ours/direct?token={}'),
        (NOVNC, 'https://ours/v.html', 'https://ours/v.html?path=%3Ftoken%3D{}'),
    ],
    ids=lambda value: getattr(value, 'type', None),
)
def test_base_url_that_is_set(deployment, console_type, base_url, expected):
    """The base URL of the API is used, even if it is the default; the host's is not."""
    issued = Issued()
    conf = deployment.configure(
        **{console_type.group: {console_type.base_url: base_url}}
    ).conf()
    granted = grants.Grants(conf, Compute('ws://their.proxy/'), issued)
    url = granted.url(CONTEXT, server(), console_type)
    assert url == expected.format(issued[0][0])


def test_each_type_has_its_own_base_url(deployment):
    """The base URL of one type does not affect the others."""
    conf = deployment.configure(serial_console={'base_url': 'wss://ours/'}).conf()
    granted = grants.Grants(conf, Compute(), Issued())
    for one in TYPES:
        url = granted.url(CONTEXT, server(), one)
        assert url.startswith('wss://ours/' if one is SERIAL else 'ws://their.proxy/')


@pytest.mark.parametrize(
    'access_url', ['ws://their.proxy/', f'ws://h/{THEIR_TOKEN}?token={THEIR_TOKEN}']
)
def test_url_without_its_token(deployment, access_url):
    """Nothing is granted, and the error does not quote the token."""
    issued = Issued()
    granted = grants.Grants(deployment.conf(), Compute(access_url), issued)
    with pytest.raises(exceptions.UnexpectedReply) as caught:
        granted.url(CONTEXT, server(), SERIAL)
    assert THEIR_TOKEN not in str(caught.value)
    assert issued == []


@pytest.mark.parametrize(
    'changes',
    [
        {'host': None},
        {'task_state': 'deleting'},
        {'task_state': 'migrating'},
        {'vm_state': 'stopped'},
        {'vm_state': 'shelved_offloaded'},
    ],
)
def test_server_without_a_console(deployment, changes):
    """No host is called, and nothing is stored."""
    compute, issued = Compute(), Issued()
    granted = grants.Grants(deployment.conf(), compute, issued)
    with pytest.raises((exceptions.ServerNotReady, exceptions.ServerStateConflict)):
        granted.url(CONTEXT, server(**changes), consoles.SERIAL)
    assert (compute.asked, issued) == ([], [])
