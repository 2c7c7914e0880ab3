# SPDX-License-Identifier: Apache-2.0
"""URLs from openstacksdk, and the translation of its errors."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
import requests
from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk

from console_ext.client.cloud import Console
from console_ext.client.endings import NotOpened
from tests.parts.websocket_server import TOKEN

URL = f'ws://h/?token={TOKEN}'


class Compute:
    """The two methods of the SDK's compute proxy; it raises or returns ``answer``."""

    def __init__(self, answer):
        self.answer = answer
        self.calls = []

    def find_server(self, name, ignore_missing):
        assert not ignore_missing
        self.calls.append(('find', name))
        return SimpleNamespace(id='id-1', name='web-1')

    def create_console(self, server, console_type):
        self.calls.append(('create', server, console_type))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def console(answer, console_type='serial'):
    compute = Compute(answer)
    return Console(SimpleNamespace(compute=compute), 'id-1', console_type), compute


def failure(status, message):
    response = requests.Response()
    response.status_code = status
    response.request = requests.Request('POST', f'http://api/?token={TOKEN}').prepare()
    return sdk.HttpException(response=response, details=message)


def test_url():
    """The server is looked up once, and its name is shown to the user."""
    source, compute = console({'type': 'serial', 'url': URL})
    assert (source.url(), source.url()) == (URL, URL)
    create = ('create', 'id-1', 'serial')
    assert compute.calls == [('find', 'id-1'), create, create]
    assert source.name == 'web-1'
    assert source.again


@pytest.mark.parametrize('answer', [None, {}, {'url': None}, {'url': 7}])
def test_no_url(answer):
    source, _ = console(answer)
    with pytest.raises(NotOpened, match='returned no URL'):
        source.url()


@pytest.mark.parametrize(
    ('status', 'again'), [(400, False), (404, False), (409, False), (503, True)]
)
def test_refused(status, again):
    """The user sees the API's error message."""
    source, _ = console(failure(status, 'Because.\nOf this.'))
    with pytest.raises(NotOpened) as caught:
        source.url()
    assert str(caught.value) == f'Because. Of this. (HTTP {status})'
    assert caught.value.again is again


@pytest.mark.parametrize(
    ('error', 'again'),
    [
        (keystone.ConnectFailure(f'no way to {URL}'), True),
        (keystone.ConnectTimeout(f'no answer of {URL}'), True),
        (keystone.MissingAuthPlugin('no credentials'), False),
        (sdk.NotFoundException('No Server found for web-9'), False),
        (sdk.DuplicateResource('More than one Server exists'), False),
        (sdk.SDKException(f'nonsense {URL}'), False),
    ],
)
def test_failures(error, again):
    source, _ = console(error)
    with pytest.raises(NotOpened) as caught:
        source.url()
    assert caught.value.again is again
    assert TOKEN not in str(caught.value)


def test_a_bug_is_not_reported_as_an_error_of_the_cloud():
    source, _ = console(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        source.url()


@pytest.mark.parametrize('name', ['keystoneauth.session', 'keystoneauth.session.body'])
def test_no_token_in_the_log_of_bodies(caplog, name):
    """With --debug, the libraries print responses."""
    caplog.set_level(logging.DEBUG)
    logger = logging.getLogger(name)

    class Logging(Compute):
        def create_console(self, server, console_type):
            logger.debug('RESP BODY: {"url": "%s"}', URL)
            return {'url': URL}

    Console(SimpleNamespace(compute=Logging(None)), 'id-1', 'serial').url()
    assert 'RESP BODY: {"url": "ws://h/?token=..."}' in caplog.text
    assert TOKEN not in caplog.text
    assert logger.filters == []
