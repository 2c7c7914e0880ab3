# SPDX-License-Identifier: Apache-2.0
"""Names, defaults and values of all options.

Operators rely on the names and the defaults.  Where Nova has the option, they are its
own, so that a nova.conf says the same here.
"""

import socket

import pytest
from oslo_config import cfg

from console_ext import conf as config

# None stands for [DEFAULT], which is in several modules.
DEFAULTS = {
    None: {
        # The same name on the bus and in the database.
        'host': socket.gethostname(),
        # Without a certificate, there is no TLS.
        'cert': None,
        'key': None,
    },
    'api': {
        'disabled_extensions': [],
        'console_types': ['serial', 'spice-html5', 'spice-direct', 'novnc'],
        'servers': 'inventory',
        'upstream_roles': ['admin'],
        'look_up_timeout': 10,
        'auth_strategy': 'keystone',
        'paste_config': 'api-paste.ini',
        'listen_host': '127.0.0.1',
        'listen_port': 8774,
        'threads': 16,
        'noauth_allow_remote': False,
        'noauth_user_id': 'demo',
        'noauth_project_id': 'aaaaaaaa00004000800000000000000a',
        'noauth_roles': ['member', 'reader'],
    },
    'console': {
        'allowed_origins': [],
        'ssl_minimum_version': 'default',
        'ssl_ciphers': None,
    },
    # Limits are set, pings come within a minute, and sessions have no maximum time.
    'console_proxy': {
        'trusted_proxies': [],
        'allowed_targets': [],
        'max_sessions': 10000,
        'max_sessions_per_client': 200,
        'max_sessions_per_server': 50,
        'max_sessions_per_project': 1000,
        'max_frame_bytes': 2**20,
        'max_unsent_bytes': 2**30,
        'max_unsent_bytes_per_project': 2**27,
        'handshake_timeout': 10,
        'store_timeout': 10,
        'connect_timeout': 5,
        'ping_interval': 20,
        'ping_timeout': 20,
        'idle_timeout': 0,
        'max_session_time': 0,
        'heartbeat_interval': 5,
        'drain_timeout': 5,
        'worker_timeout': 15,
        'threads': 16,
    },
    'console_rpc': {
        'timeout': 10,
        'max_concurrent_calls': 64,
        'max_calls_per_host': 4,
        'cell_bus': [],
        'driver': 'inventory',
    },
    'console_tokens': {
        'spice_max_sockets': 16,
        'spice_join_grace': 10,
        'spice_max_joins': 500,
        'rejoin_grace': 60,
        'lease': 60,
        'timeout': 5,
        'purge_interval': 600,
        'purge_batch': 1000,
        'retention': 3600,
    },
    'consoleauth': {'token_ttl': 600, 'enforce_session_timeout': False},
    'inventory': {'file': 'inventory.yaml', 'check_interval': 1},
    'serial_console': {
        'enabled': False,
        'base_url': 'ws://127.0.0.1:6083/',
        'serialproxy_host': '127.0.0.1',
        'serialproxy_port': 6083,
    },
    'spice': {
        'enabled': False,
        'html5proxy_base_url': 'http://127.0.0.1:6082/spice_auto.html',
        'spice_direct_proxy_base_url': 'http://127.0.0.1:13002/nova',
        'html5proxy_host': '127.0.0.1',
        'html5proxy_port': 6082,
        'html5proxy_web': None,
        'require_secure': False,
        'tls_ca_certs': None,
        'tls_verify_host_name': True,
    },
    # In Nova, the address is 0.0.0.0.
    'vnc': {
        'enabled': True,
        'novncproxy_base_url': 'http://127.0.0.1:6080/vnc_auto.html',
        'novncproxy_host': '127.0.0.1',
        'novncproxy_port': 6080,
        'auth_schemes': ['none'],
        'vencrypt_client_key': None,
        'vencrypt_client_cert': None,
        'vencrypt_ca_certs': None,
        'vencrypt_verify_host_name': True,
        # The copy that the build has fetched.
        'novncproxy_web': None,
    },
}

ACCEPTED = [
    ('api', 'auth_strategy', 'noauth'),
    # Not even an empty one: the API behind the filter answers all types.
    ('api', 'console_types', ''),
    ('api', 'console_types', 'serial,novnc'),
    ('api', 'listen_host', '::1'),
    ('api', 'listen_port', '0'),
    ('api', 'threads', '1'),
    ('console', 'ssl_minimum_version', 'tlsv1_3'),
    ('console_proxy', 'max_sessions', '0'),
    ('console_proxy', 'ping_interval', '0'),
    ('console_rpc', 'timeout', '0.1'),
    ('console_tokens', 'spice_join_grace', '0'),
    # A token could expire immediately.
    ('consoleauth', 'token_ttl', '0'),
    # The file would be checked for every server.
    ('inventory', 'check_interval', '0'),
    ('serial_console', 'base_url', 'wss://[2001:db8::1]:6083/?zone=eu'),
    ('spice', 'html5proxy_base_url', 'https://[2001:db8::1]/a.html?x=1'),
    ('vnc', 'novncproxy_base_url', 'https://[2001:db8::1]/a.html?path=x'),
    ('vnc', 'auth_schemes', 'vencrypt,none'),
]

REFUSED = [
    ('api', 'auth_strategy', 'none'),
    ('api', 'console_types', 'webmks'),
    ('api', 'listen_host', 'two words'),
    ('api', 'listen_port', '65536'),
    ('api', 'threads', '0'),
    ('api', 'threads', '513'),
    ('api', 'noauth_allow_remote', 'perhaps'),
    ('console', 'ssl_minimum_version', 'sslv3'),
    ('console_proxy', 'max_sessions', '-1'),
    # It would use all the memory.
    ('console_proxy', 'max_frame_bytes', '1073741824'),
    ('console_proxy', 'handshake_timeout', '0'),
    # Every wait and every list is limited.
    ('console_rpc', 'timeout', '0'),
    ('console_rpc', 'timeout', '-1'),
    ('console_rpc', 'timeout', '3601'),
    ('console_rpc', 'timeout', 'soon'),
    ('console_rpc', 'max_concurrent_calls', '0'),
    ('console_rpc', 'max_concurrent_calls', '1001'),
    ('console_rpc', 'max_calls_per_host', '0'),
    ('console_tokens', 'spice_max_sockets', '0'),
    ('console_tokens', 'spice_join_grace', '61'),
    ('vnc', 'novncproxy_base_url', 'ws://127.0.0.1/'),
    ('vnc', 'auth_schemes', 'vnc'),
    ('vnc', 'auth_schemes', 'none,tls'),
    ('console_tokens', 'spice_max_joins', '0'),
    ('console_tokens', 'timeout', '0'),
    ('console_tokens', 'purge_batch', '0'),
    ('console_tokens', 'lease', '0'),
    ('consoleauth', 'token_ttl', '-1'),
    ('inventory', 'check_interval', '-1'),
    # A URL with another scheme.
    ('serial_console', 'base_url', 'http://127.0.0.1/'),
    ('serial_console', 'base_url', 'no url'),
    ('spice', 'html5proxy_base_url', 'ws://127.0.0.1/'),
]


def load(tmp_path, group, option, text):
    """Return the value of an option for a text in a file."""
    path = tmp_path / 'one.conf'
    path.write_text(f'[{group}]\n{option} = {text}\n')
    return getattr(config.load([str(path)])[group], option)


def options():
    """Return all options by group."""
    found = {}
    for group, opts in config.list_opts():
        found.setdefault(group, []).extend(opts)
    return found


def test_names_and_defaults():
    assert {
        group: {opt.dest: opt.default for opt in opts}
        for group, opts in options().items()
    } == DEFAULTS


def test_help():
    """Every option has a help text."""
    assert all(opt.help for opts in options().values() for opt in opts)


def test_sample_names_no_machine():
    """The sample is the same on every machine."""
    (host,) = (opt for opt in options()[None] if opt.dest == 'host')
    assert host.sample_default == '<current_hostname>'


@pytest.mark.parametrize(('group', 'option', 'text'), ACCEPTED)
def test_accepted(tmp_path, group, option, text):
    load(tmp_path, group, option, text)


@pytest.mark.parametrize(('group', 'option', 'text'), REFUSED)
def test_refused(tmp_path, group, option, text):
    """An invalid value stops the start, and the error names the option."""
    with pytest.raises(cfg.ConfigFileValueError, match=option):
        load(tmp_path, group, option, text)
