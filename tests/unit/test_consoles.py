# SPDX-License-Identifier: Apache-2.0
"""The table of console types."""

from collections import Counter
from dataclasses import astuple

import pytest

from console_ext import consoles
from console_ext.consoles import (
    NOVNC,
    SERIAL,
    SPICE_DIRECT,
    SPICE_HTML5,
    TYPES,
    Endpoint,
)


def test_names_are_those_of_nova():
    """Clients, policies, databases and compute hosts use these names."""
    assert [
        (one.protocol, one.type, one.action, one.rpc_method, one.policy)
        for one in TYPES
    ] == [
        ('serial', 'serial', 'os-getSerialConsole', 'get_serial_console', 'serial'),
        ('spice', 'spice-html5', 'os-getSPICEConsole', 'get_spice_console', 'spice'),
        ('spice', 'spice-direct', None, 'get_spice_console', 'spice-direct'),
        ('vnc', 'novnc', 'os-getVNCConsole', 'get_vnc_console', 'vnc'),
    ]


@pytest.mark.parametrize('field', ['type', 'title', 'action', 'policy'])
def test_names_that_tell_types_apart(field):
    """These are unique in the table, except None."""
    names = [getattr(one, field) for one in TYPES]
    counted = Counter(name for name in names if name is not None)
    assert set(counted.values()) == {1}


def test_protocols():
    """Each protocol occurs once: types with a common protocol share an endpoint."""
    assert set(consoles.PROTOCOLS) == {one.protocol for one in TYPES}
    assert len(set(consoles.PROTOCOLS)) == len(consoles.PROTOCOLS)


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_options(deployment, one):
    """Each type has options to enable it and to set its public URL."""
    options = deployment.conf()[one.group]
    assert options.enabled is True
    assert '://' in options[one.base_url]


def test_several_sockets():
    """Only SPICE uses a socket for each channel."""
    assert [one for one in TYPES if one.several_sockets] == [SPICE_HTML5]


def test_token_in_path():
    """Only noVNC's page reads the token from there."""
    assert [one for one in TYPES if one.token_in_path] == [NOVNC]


def test_native_clients():
    """Only direct SPICE is not for WebSockets."""
    assert [one for one in TYPES if one.native_clients] == [SPICE_DIRECT]


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_look_ups(one):
    """Each row is found by each of its names."""
    assert consoles.by_type(one.type) is one
    assert consoles.by_pair(one.protocol, one.type) is one
    assert one in consoles.by_rpc_method(one.rpc_method)
    if one.action is not None:
        assert consoles.by_action(one.action) is one


@pytest.mark.parametrize(
    'name', ['', 'SERIAL', 'xvpvnc', None, 7, ['serial'], {'serial': 1}]
)
def test_type_that_does_not_exist(name):
    """Names come from outside, and may not even be strings."""
    assert consoles.by_type(name) is None


@pytest.mark.parametrize(
    'pair', [('vnc', 'serial'), ('serial', 'novnc'), ('vnc', 'xvpvnc'), ('x', 'x')]
)
def test_pair_that_does_not_exist(pair):
    """Both names exist, but belong to different types."""
    assert consoles.by_pair(*pair) is None


def test_action_that_does_not_exist():
    """It is a bug of the caller."""
    with pytest.raises(KeyError):
        consoles.by_action('os-getRDPConsole')


def test_methods_of_compute_hosts():
    """A method may have several types, or none."""
    assert consoles.by_rpc_method('get_serial_console') == (SERIAL,)
    assert consoles.by_rpc_method('reboot_instance') == ()


def test_plain_endpoint():
    """By default, an endpoint has neither a TLS port nor a path."""
    assert astuple(Endpoint('::1', 10001)) == ('::1', 10001, None, None)
