# SPDX-License-Identifier: Apache-2.0
"""Requests consoles from the compute API, with openstacksdk."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk
from openstack.connection import Connection

from console_ext.client.endings import NotOpened
from console_ext.client.urls import without_tokens

# With --debug, these loggers log the bodies of responses.
_LOGGERS = ('keystoneauth.session', 'keystoneauth.session.body')


class Console:
    """Gets URLs of a server's console from a cloud.

    :param server: its name or its id
    :param console_type: Nova's name of the type
    """

    again = True

    def __init__(self, cloud: Connection, server: str, console_type: str):
        self.name = server
        self._cloud = cloud
        self._type = console_type
        self._id: str | None = None

    def url(self) -> str:
        with _failures(), _no_tokens_in_logs():
            compute = self._cloud.compute
            if self._id is None:
                found = compute.find_server(self.name, ignore_missing=False)
                self._id = found.id
                self.name = str(found.name or self.name)
            console = compute.create_console(self._id, console_type=self._type)
            url = (console or {}).get('url')
        if not isinstance(url, str):
            raise NotOpened('The compute API returned no URL.', again=False)
        return url


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Convert the exceptions of the libraries to sentences for the user."""
    try:
        yield
    except sdk.HttpException as error:
        status = error.status_code or 0
        said = str(error.details or error.message)
        where = f' (HTTP {status})' if status else ''
        raise NotOpened(
            f'{said}{where}', again=status >= 500 or status == 429
        ) from None
    except (keystone.ConnectionError, keystone.RetriableConnectionFailure) as error:
        raise NotOpened(str(error), again=True) from None
    except (sdk.SDKException, keystone.ClientException) as error:
        raise NotOpened(str(error), again=False) from None


class _WithoutTokens(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        record.msg, record.args = without_tokens(message), None
        return True


@contextlib.contextmanager
def _no_tokens_in_logs() -> Iterator[None]:
    one = _WithoutTokens()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(one)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(one)
