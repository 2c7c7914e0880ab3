# SPDX-License-Identifier: Apache-2.0
"""Requests to an application in the same process."""

import pytest

from console_ext.servers import in_process


class Answer:
    """Iterates over the parts of a body, and records its close."""

    def __init__(self, *parts):
        self.parts = parts
        self.closed = 0

    def __iter__(self):
        yield from self.parts

    def close(self):
        self.closed += 1


def test_environ():
    """A request without a user, below the mount point of the API."""
    environ = in_process.environ_of('/servers')
    assert (environ['SCRIPT_NAME'], environ['PATH_INFO']) == ('/v2.1', '/servers')
    assert environ['wsgi.input'].read() == b''
    assert not [name for name in environ if name.startswith('HTTP_X_')]


def test_answer():
    """The last status, all written and returned bytes, and a closed answer."""
    answer = Answer(b'two', b'three')

    def application(environ, start_response):
        start_response('200 OK', [])
        write = start_response('404 Not Found', [], None)
        write(b'one')
        return answer

    assert in_process.call(application, {}, 11) == (404, b'onetwothree')
    assert answer.closed == 1


def test_too_much():
    """An overlong answer is not read completely, and is closed."""
    answer = Answer(b'12345', b'6', b'7')

    def application(environ, start_response):
        start_response('200 OK', [])
        return answer

    with pytest.raises(in_process.NoAnswer, match='too large'):
        in_process.call(application, {}, 5)
    assert answer.closed == 1


@pytest.mark.parametrize('status', [None, '', 'OK'])
def test_no_status(status):
    """The application never sets a status."""

    def application(environ, start_response):
        if status is not None:
            start_response(status, [])
        return []

    with pytest.raises(in_process.NoAnswer, match='without a status'):
        in_process.call(application, {}, 5)
