# SPDX-License-Identifier: Apache-2.0
"""The extensions as a WSGI filter around a compute API.

The filter takes the requests that its extensions answer, and hands every other one on
as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from oslo_config import cfg

from console_ext import conf as config
from console_ext import exceptions
from console_ext.servers import base as servers
from console_ext.servers.base import LookUp, WSGIApplication
from console_ext.wsgi import loader, microversions
from console_ext.wsgi.middleware.body_limit import max_body_bytes
from console_ext.wsgi.request import Request, select
from console_ext.wsgi.resource import Resource


class Filter:
    """A compute API, and the extensions in front of it.

    :param supported: the wrapped API's microversions; None where it is not ours
    """

    def __init__(
        self,
        application: WSGIApplication,
        loaded: loader.Loaded,
        look_up: LookUp,
        supported: microversions.Range | None,
        max_body_bytes: int,
    ):
        self._application = application
        self._loaded = loaded
        self._router = loaded.router
        self._resource = Resource(loaded.policy, look_up, supported)
        self._max_body_bytes = max_body_bytes

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        match = self._router.match(environ)
        if match is None:
            return self._application(environ, start_response)
        request = Request(environ)
        if not match.is_action:
            response = self._resource.handle(request, match.operations, match.args)
            return response(environ, start_response)
        if (request.content_length or 0) > self._max_body_bytes:
            return self._application(environ, start_response)
        try:
            operation, body = select(
                request, match.operations, self._resource.supported
            )
        except exceptions.RequestError:
            # The API behind us has other actions and versions than ours.  WebOb has
            # put the body back.
            return self._application(environ, start_response)
        response = self._resource.answer(request, operation, body, match.args)
        return response(environ, start_response)

    def close(self) -> None:
        """Let every extension go of its connections."""
        self._loaded.close()


def build_filter(
    conf: cfg.ConfigOpts,
    application: WSGIApplication,
    *,
    look_up: LookUp | None = None,
    supported: microversions.Range | None = None,
) -> Filter:
    """Put the installed extensions in front of a compute API.

    :param look_up: None for the one that ``[api] servers`` names
    :raises ConfigurationError: the one line that says why not
    """
    return Filter(
        application,
        loader.load(conf),
        look_up or servers.load(conf, application),
        supported,
        max_body_bytes(conf),
    )


def factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], Filter]:
    """paste.filter_factory; the key ``config_files`` is separated as in PATH."""
    conf = config.from_paste(global_conf, local_conf)
    return lambda application: build_filter(conf, application)
