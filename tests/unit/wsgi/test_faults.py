# SPDX-License-Identifier: Apache-2.0
"""Translating errors into responses."""

import logging

import pytest
import webob.exc

from console_ext import exceptions
from console_ext.wsgi import faults
from tests.parts.wsgi_client import ask, fault
from tests.unit.test_exceptions import CLASSES, TEXTS

# Every exception with its HTTP response.
LEAVES = {
    exceptions.ExtensionError: (500, 'computeFault'),
    exceptions.InventoryError: (500, 'computeFault'),
    exceptions.InvalidMicroversion: (400, 'badRequest'),
    exceptions.UnsupportedMicroversion: (406, 'computeFault'),
    exceptions.UnsupportedContentType: (415, 'badMediaType'),
    exceptions.BodyTooLarge: (413, 'overLimit'),
    exceptions.MalformedBody: (400, 'badRequest'),
    exceptions.NoSuchAction: (400, 'badRequest'),
    exceptions.NotAtThisMicroversion: (404, 'itemNotFound'),
    # The filter passes the request on instead of answering.
    exceptions.Declined: (500, 'computeFault'),
    exceptions.MicroversionsUnavailable: (503, 'serviceUnavailable'),
    exceptions.TokenNotFound: (404, 'itemNotFound'),
    exceptions.NoAuthenticationFilter: (401, 'unauthorized'),
    exceptions.ProjectMismatch: (400, 'badRequest'),
    exceptions.InvalidBody: (400, 'badRequest'),
    exceptions.NotAuthorized: (403, 'forbidden'),
    exceptions.ServerNotFound: (404, 'itemNotFound'),
    exceptions.ServerNotReady: (409, 'conflictingRequest'),
    exceptions.ServerStateConflict: (409, 'conflictingRequest'),
    exceptions.InvalidConsoleType: (400, 'badRequest'),
    exceptions.ConsoleTypeUnavailable: (400, 'badRequest'),
    exceptions.ConsoleNotSupported: (501, 'notImplemented'),
    exceptions.SerialPortsExhausted: (400, 'badRequest'),
    exceptions.InvalidSerialPorts: (400, 'badRequest'),
    exceptions.HostUnreachable: (503, 'serviceUnavailable'),
    exceptions.ComputeNotReady: (503, 'serviceUnavailable'),
    exceptions.BusUnreachable: (503, 'serviceUnavailable'),
    exceptions.TooManyCalls: (503, 'serviceUnavailable'),
    exceptions.ServersUnavailable: (503, 'serviceUnavailable'),
    exceptions.LookUpFailed: (500, 'computeFault'),
    exceptions.StoreUnavailable: (503, 'serviceUnavailable'),
    # The API issues tokens, but does not redeem them.
    exceptions.RejoinRefused: (500, 'computeFault'),
    exceptions.UnexpectedReply: (500, 'computeFault'),
    # These only occur in the proxy.
    exceptions.ConsoleMoved: (500, 'computeFault'),
    exceptions.TargetRefused: (500, 'computeFault'),
    exceptions.TargetForbidden: (500, 'computeFault'),
    exceptions.TooManySessions: (500, 'computeFault'),
    exceptions.ProxyBusy: (500, 'computeFault'),
}

EXAMPLES = {type(error): error for error, _ in TEXTS}


def test_every_leaf_is_in_the_table():
    """Add a line with the status for a new class of error."""
    assert set(LEAVES) == {cls for cls in CLASSES.values() if not cls.__subclasses__()}


@pytest.mark.parametrize('cls', LEAVES)
def test_status_and_name(cls):
    """Status, name and text of a fault; a 500 never has the error's text."""
    error = EXAMPLES[cls]
    response = faults.from_error(error, 'req-1')
    name, message = fault(response)
    assert (response.status_int, name) == LEAVES[cls]
    if response.status_int == 500:
        assert message == faults.unexpected('req-1').json['computeFault']['message']
    else:
        assert message == str(error)


@pytest.mark.parametrize('cls', LEAVES)
def test_retry_after(cls):
    """Every 503 has the header, and no other status has it."""
    response = faults.from_error(EXAMPLES[cls], None)
    expected = '10' if response.status_int == 503 else None
    assert response.headers.get('Retry-After') == expected


@pytest.mark.parametrize(
    ('status', 'name'),
    [
        (400, 'badRequest'),
        (401, 'unauthorized'),
        (403, 'forbidden'),
        (404, 'itemNotFound'),
        (405, 'badMethod'),
        (406, 'computeFault'),
        (409, 'conflictingRequest'),
        (413, 'overLimit'),
        (415, 'badMediaType'),
        (429, 'overLimit'),
        (500, 'computeFault'),
        (501, 'notImplemented'),
        (503, 'serviceUnavailable'),
        (418, 'computeFault'),
    ],
)
def test_names(status, name):
    """Nova's names; a status without a name is a computeFault."""
    response = faults.response(status, 'a message')
    assert response.status_int == status
    assert fault(response) == (name, 'a message')


def test_message_of_any_text():
    """The text may have quotes, control characters, any script and lone surrogates."""
    message = '"\x00\r\nж€\ud800</script>'
    assert fault(faults.response(400, message))[1] == message


@pytest.mark.parametrize(
    ('error', 'status', 'message'),
    [
        (webob.exc.HTTPConflict(explanation='busy'), 409, 'busy'),
        (webob.exc.HTTPGone(), 410, webob.exc.HTTPGone.explanation),
    ],
)
def test_errors_of_webob(error, status, message):
    """A controller may raise the same errors as Nova's."""
    response = faults.from_error(error, None)
    assert response.status_int == status
    assert fault(response)[1] == message


@pytest.mark.parametrize(
    'error', [ValueError('secret'), webob.exc.HTTPInternalServerError('secret')]
)
def test_what_nobody_foresaw(error):
    """A 500 only says what to tell the administrator."""
    name, message = fault(faults.from_error(error, 'req-1'))
    assert name == 'computeFault'
    assert message == (
        'Unexpected API Error. Please tell the administrator this request id: req-1'
    )
    assert 'unknown' in fault(faults.from_error(error, None))[1]


def failing_with(error):
    def application(environ, start_response):
        raise error

    return faults.filter_factory({})(application)


def test_filter_answers_what_got_past_everything(caplog):
    """The log has the traceback and the request id; the client gets the id."""
    response = ask(
        failing_with(KeyError('secret')), '/', environ={faults.REQUEST_ID: 'req-7'}
    )
    assert response.status_int == 500
    assert 'req-7' in fault(response)[1]
    assert 'secret' not in response.text
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert 'req-7' in record.getMessage()
    assert record.exc_info[0] is KeyError


def test_filter_lets_the_size_limit_through():
    """It is raised while a body is read; the filter in front handles it."""
    with pytest.raises(webob.exc.HTTPRequestEntityTooLarge):
        ask(failing_with(webob.exc.HTTPRequestEntityTooLarge()), '/')


def test_filter_leaves_answers_alone():
    """Answers of the application are not changed."""
    application = faults.filter_factory({})(webob.exc.HTTPNotFound())
    assert ask(application, '/').status_int == 404
