# SPDX-License-Identifier: Apache-2.0
"""Refusals, as a table."""

from __future__ import annotations

import pytest

from console_ext import exceptions
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.admission.request import ConsoleRequest
from console_ext.proxy.admission.rules import Refused, RejoinRequest, TokenRequest

ORIGINS = AllowedOrigins('ws://console:6083')
PATHS = {'/': False, '/websockify': True}
GOOD = ('http://console:6083',)


def ask(path='/', query='token=a', cookies=(), origins=(), rejoins=False):
    request = ConsoleRequest(path, query, cookies, origins, '10.0.0.1')
    return rules.session_request(request, PATHS, ORIGINS, rejoins=rejoins)


@pytest.mark.parametrize(
    ('request_parts', 'expected'),
    [
        ({}, 'a'),
        ({'origins': GOOD}, 'a'),
        ({'path': '/websockify'}, 'a'),
        ({'path': '/websockify', 'query': '', 'cookies': ('token=a',)}, 'a'),
        ({'path': '/websockify', 'cookies': ('token=a',)}, 'a'),
        ({'path': '//'}, 404),
        ({'path': '/websockify/'}, 404),
        ({'path': '/Websockify'}, 404),
        ({'path': ''}, 404),
        ({'origins': ('null',)}, 403),
        ({'origins': ('http://console:6083', 'null')}, 400),
        # The path is checked first, then the origin, then the token.
        ({'path': '/x', 'origins': ('null',), 'query': ''}, 404),
        ({'origins': ('null',), 'query': ''}, 403),
        ({'query': ''}, 401),
        ({'query': '', 'cookies': ('token=a',)}, 401),
        ({'query': 'token=a&token=b'}, 400),
        ({'path': '/websockify', 'cookies': ('token=b',)}, 400),
        ({'query': 'a=b&' * 50}, 400),
        ({'query': 'token=' + 'x' * 255}, 'x' * 255),
        ({'query': 'token=' + 'x' * 256}, 401),
        ({'query': 'token=%00'}, 401),
        ({'query': 'token=%C3%A9'}, 401),
    ],
)
def test_ask(request_parts, expected):
    """A request is either refused or has a token to check in the store."""
    if isinstance(expected, int):
        with pytest.raises(Refused) as caught:
            ask(**request_parts)
        assert caught.value.refusal.status == expected
    else:
        assert ask(**request_parts) == TokenRequest(expected, '10.0.0.1')


@pytest.mark.parametrize(
    ('request_parts', 'expected'),
    [
        ({'query': 'rejoin=k'}, 'k'),
        ({'query': 'rejoin=k&rejoin=k&rejoin=&x=y'}, 'k'),
        # A cookie may be left from another console.
        ({'path': '/websockify', 'query': 'rejoin=k', 'cookies': ('token=a',)}, 'k'),
        ({'query': 'rejoin=k&token=a'}, 400),
        ({'query': 'rejoin=k&path=%3Ftoken%3Da'}, 400),
        ({'query': 'rejoin=k&rejoin=l'}, 400),
        ({'query': 'rejoin='}, 401),
        ({'query': 'rejoin=' + 'x' * 256}, 401),
        ({'query': 'rejoin=%00'}, 401),
        ({'query': 'rejoin=k&' + 'a=b&' * 50}, 400),
        ({'query': 'rejoin=k', 'path': '/x'}, 404),
        ({'query': 'rejoin=k', 'origins': ('null',)}, 403),
    ],
)
def test_ask_with_a_key(request_parts, expected):
    """Instead of a token, and only with console-ext.v1."""
    if isinstance(expected, int):
        with pytest.raises(Refused) as caught:
            ask(rejoins=True, **request_parts)
        assert caught.value.refusal.status == expected
        return
    assert ask(rejoins=True, **request_parts) == RejoinRequest(expected, '10.0.0.1')
    with pytest.raises(Refused) as caught:
        ask(**request_parts)
    assert caught.value.refusal.status == 401


def test_who_takes_a_key():
    assert ask(rejoins=True) == TokenRequest('a', '10.0.0.1', rejoinable=True)


def test_what_is_asked_is_not_shown():
    """Their repr has no token and no key, so it can be logged."""
    assert 'secret' not in repr(TokenRequest('secret', '10.0.0.1'))
    assert 'secret' not in repr(RejoinRequest('secret', '10.0.0.1'))


@pytest.mark.parametrize(
    ('offered', 'chosen'),
    [
        ([], None),
        (['binary'], 'binary'),
        (['base64', 'binary'], 'binary'),
        (['console-ext.v1'], 'console-ext.v1'),
        (['binary', 'console-ext.v1'], 'console-ext.v1'),
    ],
)
def test_subprotocol(offered, chosen):
    """ "binary" if it is offered; none if none is offered."""
    assert rules.subprotocol(offered) == chosen


@pytest.mark.parametrize('offered', [['base64'], ['Binary'], ['chat', 'x']])
def test_unknown_subprotocols(offered):
    """A client that only offers unknown subprotocols is refused."""
    with pytest.raises(ValueError, match='binary'):
        rules.subprotocol(offered)


REASONS = list(exceptions.RefusalReason)


@pytest.mark.parametrize(
    ('refused', 'what'),
    [(exceptions.TokenRefused, 'token'), (exceptions.RejoinRefused, 'rejoin key')],
)
def test_all_reasons_are_one_answer(refused, what):
    """The log has different reasons, the client gets the same answer."""
    refusals = [rules.refusal(refused(reason)) for reason in REASONS]
    assert len({(refusal.status, refusal.message) for refusal in refusals}) == 1
    assert [refusal.log_reason for refusal in refusals] == [
        f'{what} {one}' for one in REASONS
    ]


HOSTILE = 'x\nERROR y\x1b[2J' * 10**4


@pytest.mark.parametrize(
    'error',
    [
        exceptions.ConsoleMoved(HOSTILE),
        exceptions.ServerNotFound(HOSTILE),
        exceptions.TargetUnreachable(HOSTILE, 1, HOSTILE),
        exceptions.TargetForbidden(HOSTILE),
        exceptions.UnexpectedReply(HOSTILE, HOSTILE),
        ValueError(HOSTILE),
    ],
    ids=lambda error: type(error).__name__,
)
def test_words_of_others_in_the_log(error):
    """Text from a compute host is logged without control characters."""
    why = rules.refusal(error).log_reason
    assert why.isprintable()
    assert len(why) < 2000


@pytest.mark.parametrize(
    ('error', 'status'),
    [
        (exceptions.TokenRefused(exceptions.RefusalReason.USED), 401),
        (exceptions.RejoinRefused(exceptions.RefusalReason.USED), 401),
        (exceptions.StoreUnavailable(), 503),
        (exceptions.ProxyBusy(), 503),
        (exceptions.TooManySessions('project'), 429),
        (exceptions.ConsoleMoved('x'), 409),
        (exceptions.ServerNotFound('x'), 409),
        (exceptions.ServerNotReady('x'), 409),
        (exceptions.ServerStateConflict('x', 'y'), 409),
        (exceptions.ConsoleNotSupported(), 409),
        (exceptions.TargetUnreachable('h', 1, 'x'), 502),
        (exceptions.TargetRefused('h', 1, 'x'), 502),
        (exceptions.TargetForbidden('h'), 502),
        (exceptions.UnexpectedReply('h', 'x'), 502),
        (exceptions.HostUnreachable('h'), 503),
        (exceptions.BusUnreachable(), 503),
        (exceptions.TooManyCalls(), 503),
        (exceptions.ConsoleExtError('secret'), 500),
        (ValueError('secret'), 500),
    ],
)
def test_what_an_error_means(error, status):
    """Each error has a status and one sentence without internals."""
    refusal = rules.refusal(error)
    assert refusal.status == status
    assert refusal.message.endswith('.')
    assert '\n' not in refusal.message
    assert 'secret' not in refusal.message + refusal.log_reason
