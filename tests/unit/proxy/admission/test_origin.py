# SPDX-License-Identifier: Apache-2.0
"""Which web pages may open consoles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext import exceptions
from console_ext.proxy.admission.origin import AllowedOrigins, Origin, of_url, parse

BASES = {
    'plain': 'ws://console.example.org:6083/',
    'default port': 'https://console.example.org/spice_auto.html?x=y',
    'IPv6': 'wss://[2001:DB8:0::1]:6083',
}

# Base URL, Origin, whether it is allowed.
MATRIX = [
    ('plain', None, True),
    ('plain', 'http://console.example.org:6083', True),
    ('plain', 'http://CONSOLE.Example.ORG:6083', True),
    ('plain', 'HTTP://console.example.org:6083', True),
    ('plain', 'http://console.example.org:06083', True),
    ('plain', 'http://console.example.org', False),
    ('plain', 'http://console.example.org:6084', False),
    ('plain', 'https://console.example.org:6083', False),
    ('plain', 'ws://console.example.org:6083', False),
    ('plain', 'http://evil.example.org:6083', False),
    ('plain', 'http://console.example.org.evil:6083', False),
    ('plain', 'http://evilconsole.example.org:6083', False),
    ('plain', 'http://console.example.org.:6083', False),
    ('plain', 'http://user@console.example.org:6083', False),
    ('plain', 'http://console.example.org:6083@evil', False),
    ('plain', 'http://console.example.org:6083/', False),
    ('plain', 'http://console.example.org:6083#x', False),
    ('plain', ' http://console.example.org:6083', False),
    ('plain', 'http://console.example.org:6083, http://evil', False),
    ('plain', 'http://cons\u00f6le.example.org:6083', False),
    ('plain', 'http://console.example.org:99999', False),
    ('plain', 'http://console.example.org:', False),
    ('plain', 'console.example.org', False),
    ('plain', 'null', False),
    ('plain', 'file://', False),
    ('plain', '', False),
    ('default port', 'https://console.example.org', True),
    ('default port', 'https://console.example.org:443', True),
    ('default port', 'http://console.example.org:443', False),
    ('default port', 'https://console.example.org:80', False),
    ('IPv6', 'https://[2001:db8::1]:6083', True),
    ('IPv6', 'https://[2001:DB8:0:0::1]:6083', True),
    ('IPv6', 'https://2001:db8::1:6083', False),
    ('IPv6', 'https://[2001:db8::2]:6083', False),
    ('IPv6', 'https://[2001:db8::1%25eth0]:6083', False),
    ('IPv6', 'https://[nonsense]:6083', False),
]


@pytest.mark.parametrize(('base', 'origin', 'allowed'), MATRIX)
def test_the_base_url(base, origin, allowed):
    """Scheme, host and port must be equal; clients without Origin are no browsers."""
    assert (origin in AllowedOrigins(BASES[base])) is allowed


@pytest.mark.parametrize(
    ('origin', 'allowed'),
    [
        ('https://dashboard.example.org:8443', True),
        ('https://dashboard.example.org', False),
        ('http://dashboard.example.org:8443', False),
        # A host name: any port, and the scheme of the base URL.
        ('http://horizon', True),
        ('http://horizon:1234', True),
        ('https://horizon', False),
        ('http://[fd00::1]:99', True),
        ('http://[fd00::2]', False),
        ('http://console.example.org:6083', True),
    ],
)
def test_allowed_origins(origin, allowed):
    """Full origins, and host names as in Nova."""
    configured = ['https://dashboard.example.org:8443', 'Horizon', 'fd00:0::1']
    assert (origin in AllowedOrigins(BASES['plain'], configured)) is allowed


def test_sources():
    """The same origins as sources of a content security policy."""
    origins = AllowedOrigins('https://a/', ['http://b:8080', 'c'])
    assert origins.sources() == ['http://b:8080', 'https://a:443', 'https://c:*']


@pytest.mark.parametrize('text', ['http://a/path', '*', 'a b', 'http://', "a;'x'"])
def test_invalid_allowed_origin(text):
    """The proxy does not start."""
    with pytest.raises(exceptions.ConfigurationError, match='allowed_origins'):
        AllowedOrigins(BASES['plain'], [text])


@pytest.mark.parametrize('url', ['', 'console.example.org', 'ftp://a', 'ws://', 'x:y'])
def test_invalid_base_url(url):
    """The proxy does not start."""
    with pytest.raises(exceptions.ConfigurationError, match='base URL'):
        of_url(url)


@given(st.text())
def test_any_text(text):
    """Any text is an origin or None, and never allowed by accident."""
    assert parse(text) is None or isinstance(parse(text), Origin)
    if text not in AllowedOrigins(BASES['plain']):
        return
    assert text.lower().startswith('http://console.example.org:')
