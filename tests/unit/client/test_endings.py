# SPDX-License-Identifier: Apache-2.0
"""What the close codes and HTTP statuses mean for the client."""

import pytest

from console_ext.client.endings import (
    NotOpened,
    Status,
    closed,
    refused,
    refused_inside,
)


def test_statuses():
    """The exit statuses are documented, and scripts depend on them."""
    assert {one.name: int(one) for one in Status} == {
        'LEFT': 0,
        'REFUSED': 1,
        'USAGE': 2,
        'LOST': 3,
    }
    assert Status.of_signal(15) == 143


@pytest.mark.parametrize(
    ('code', 'by_guest', 'again'),
    [
        (1000, True, False),
        (1001, False, True),
        (None, False, True),
        (1002, False, False),
        (1003, False, False),
        (1008, False, False),
        (1009, False, False),
        (1011, False, True),
        (1013, False, True),
        (4403, False, False),
        (4401, False, False),
        (4503, False, True),
        (4001, False, False),
    ],
)
def test_closed(code, by_guest, again):
    """Decisions of the proxy are permanent; failures can be retried."""
    ending = closed(code, 'A reason.')
    assert (ending.by_guest, ending.again) == (by_guest, again)
    assert ending.sentence == 'A reason.'


def test_closed_without_a_reason():
    assert closed(None, '').sentence == 'The connection was lost.'
    assert closed(1000, '').sentence == 'The console was closed.'


def test_reasons_are_made_printable():
    """Reasons from a server are printed without control characters and tokens."""
    said = closed(1001, 'a\x1b[2J\nb ?token=secret').sentence
    assert said == 'a\\x1b[2J b ?token=...'


@pytest.mark.parametrize(
    ('status', 'again'),
    [(401, False), (403, False), (409, False), (429, True), (502, True), (503, True)],
)
def test_refused(status, again):
    error = refused(status, b'The sentence.\n', None)
    assert str(error) == f'The sentence. (HTTP {status})'
    assert error.again is again
    assert error.after_s == 0


@pytest.mark.parametrize(
    'body', [b'', b'<html><body>No</body></html>', b'x' * 301, b'  \n']
)
def test_no_message(body):
    """The answer of a reverse proxy is a web page."""
    error = refused(502, body, None)
    assert str(error) == 'The console proxy refused the connection. (HTTP 502)'


@pytest.mark.parametrize(
    ('header', 'seconds'), [('7', 7), (None, 0), ('Wed, 21 Oct 2015', 0), ('-1', 0)]
)
def test_retry_after(header, seconds):
    assert refused(503, b'', header).after_s == seconds


def test_not_utf_8():
    assert str(refused(500, b'\xff\xfe', None)) == '�� (HTTP 500)'


def test_not_opened():
    assert str(NotOpened('a\nb', again=False)) == 'a b'


@pytest.mark.parametrize(
    ('code', 'status', 'again', 'after_s'),
    [
        (4401, 401, False, 0),
        (4409, 409, False, 0),
        (4429, 429, True, 10),
        (4502, 502, True, 0),
        (4503, 503, True, 10),
    ],
)
def test_refused_inside(code, status, again, after_s):
    error = refused_inside(code, 'The sentence.')
    assert str(error) == f'The sentence. (HTTP {status})'
    assert (error.status, error.again, error.after_s) == (status, again, after_s)


@pytest.mark.parametrize('code', [1000, 1008, 3000, 4000, 4001, 4399, 4600, 4999])
def test_not_refused_inside(code):
    assert refused_inside(code, 'The sentence.') is None
