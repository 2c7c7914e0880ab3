# SPDX-License-Identifier: Apache-2.0
"""Requests within the process."""

import pytest

from console_ext.servers import in_process


class Answer:
    """The parts of a body, and whether it was closed."""

    def __init__(self, *parts):
        self.parts = parts
        self.closed = 0

    def __iter__(self):
        yield from self.parts

    def close(self):
        self.closed += 1


def test_environ():
    """A request of nobody, below the mount of the API."""
    environ = in_process.environ_of('/servers')
    assert (environ['SCRIPT_NAME'], environ['PATH_INFO']) == ('/v2.1', '/servers')
    assert environ['wsgi.input'].read() == b''
    assert not [name for name in environ if name.startswith('HTTP_X_')]


def test_answer():
    """The last status, all that was written and returned, and the end of it."""
    answer = Answer(b'two', b'three')

    def application(environ, start_response):
        start_response('200 OK', [])
        write = start_response('404 Not Found', [], None)
        write(b'one')
        return answer

    assert in_process.call(application, {}, 11) == (404, b'onetwothree')
    assert answer.closed == 1


def test_too_much():
    """No more is read, and the answer is closed."""
    answer = Answer(b'12345', b'6', b'7')

    def application(environ, start_response):
        start_response('200 OK', [])
        return answer

    with pytest.raises(in_process.NoAnswer, match='too large'):
        in_process.call(application, {}, 5)
    assert answer.closed == 1


@pytest.mark.parametrize('status', [None, '', 'OK'])
def test_no_status(status):
    """An application that is none."""

    def application(environ, start_response):
        if status is not None:
            start_response(status, [])
        return []

    with pytest.raises(in_process.NoAnswer, match='without a status'):
        in_process.call(application, {}, 5)
