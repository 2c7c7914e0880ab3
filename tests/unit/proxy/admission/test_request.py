# SPDX-License-Identifier: Apache-2.0
"""The tokens of a request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.datastructures import Headers

from console_ext.proxy.admission import request as requests
from console_ext.proxy.admission.request import ConsoleRequest
from console_ext.proxy.networks import Networks

NOBODY = Networks([], 'option')


def made(query='', *cookies) -> ConsoleRequest:
    return ConsoleRequest('/', query, cookies, (), '127.0.0.1')


@pytest.mark.parametrize(
    ('query', 'cookies', 'found'),
    [
        ('', [], set()),
        ('token=', [], set()),
        ('token=a', [], {'a'}),
        ('token=a&token=a', [], {'a'}),
        ('token=a&token=b', [], {'a', 'b'}),
        ('token=a&token=', [], {'a'}),
        ('x=y&token=a', [], {'a'}),
        ('%74oken=%61', [], {'a'}),
        ('token=a;token=b', [], {'a;token=b'}),
        ('Token=a&xtoken=b', [], set()),
        ('', ['token=a'], {'a'}),
        ('', ['x=y; token="a"; z'], {'a'}),
        ('', ['token=a', 'token=b'], {'a', 'b'}),
        ('', ['token=a;token=b'], {'a', 'b'}),
        ('', ['xtoken=a; token.x=b; Token=c'], set()),
        ('', ['=;;;===; \xff=\xfe; "; token=a'], {'a'}),
        ('token=a', ['token=a'], {'a'}),
        ('token=a', ['token=b'], {'a', 'b'}),
        # As the page of noVNC sends it.
        ('path=%3Ftoken%3Da', [], {'a'}),
        ('path=x%2Fwebsockify%3Fx%3Dy%26token%3Da&title=x', [], {'a'}),
        ('path=%3Ftoken%3Da&path=%3Ftoken%3Db', [], {'a', 'b'}),
        ('token=b&path=%3Ftoken%3Da', [], {'a', 'b'}),
        ('path=token%3Da', [], set()),
        ('path=%3Fpath%3D%253Ftoken%253Da', [], set()),
        ('xpath=%3Ftoken%3Da', [], set()),
        ('', ['path=%3Ftoken%3Da'], set()),
    ],
)
def test_tokens(query, cookies, found):
    """All tokens in query and cookies are found, except empty ones."""
    assert requests.tokens(made(query, *cookies), cookie=True) == found


def test_no_cookie_is_read_elsewhere():
    """Cookies are only read at paths that need them."""
    assert requests.tokens(made('token=a', 'token=b'), cookie=False) == {'a'}


def test_a_query_is_bounded():
    """A query with too many fields is refused."""
    for query in ('a=b&' * 100, 'path=%3F' + 'a%3Db%26' * 100):
        with pytest.raises(ValueError, match='fields'):
            requests.tokens(made(query), cookie=False)


def test_nothing_secret_is_shown():
    """Its repr has no token, so a request can be logged."""
    shown = repr(made('token=secret', 'token=secret'))
    assert 'secret' not in shown


@given(st.text(), st.lists(st.text()))
def test_any_query_and_cookies(query, cookies):
    """For any input, the result is texts or a ValueError."""
    try:
        found = requests.tokens(made(query, *cookies), cookie=True)
    except ValueError:
        return
    assert all(isinstance(token, str) and token for token in found)


def test_console_request():
    """The relevant parts of the parsed request."""
    headers = Headers([('Cookie', 'a'), ('Cookie', 'b'), ('Origin', 'null')])
    made = requests.console_request('/x?y?z', headers, '10.0.0.1', NOBODY)
    assert made == ConsoleRequest('/x', 'y?z', ('a', 'b'), ('null',), '10.0.0.1')


@pytest.mark.parametrize(
    ('query', 'found'),
    [
        ('', set()),
        ('rejoin=', set()),
        ('token=a&rejoin=b', {'b'}),
        ('rejoin=a&rejoin=b&rejoin=a', {'a', 'b'}),
        ('%72ejoin=%61', {'a'}),
        ('Rejoin=a&xrejoin=b', set()),
        ('path=%3Frejoin%3Da', set()),
    ],
)
def test_rejoin_keys(query, found):
    """They are only in the query; cookies are shared with other consoles."""
    request = made(query, 'rejoin=c')
    assert requests.rejoin_keys(request) == found
    assert 'c' not in requests.tokens(request, cookie=True)
