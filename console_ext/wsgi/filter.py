# SPDX-License-Identifier: Apache-2.0
"""The extensions as a WSGI filter around a compute API.

The filter answers the requests that belong to its extensions and passes every other
request on unchanged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import webob
import webob.exc
from oslo_config import cfg

from console_ext import conf as config
from console_ext import exceptions
from console_ext.context import NOVA_CONTEXT
from console_ext.servers import base as servers
from console_ext.servers import nova
from console_ext.servers.base import LookUp
from console_ext.throttle import Throttle
from console_ext.wsgi import faults, loader, microversions
from console_ext.wsgi.body_size import max_body_bytes
from console_ext.wsgi.request import ROUTE, Request
from console_ext.wsgi.resource import Resource, error_response
from console_ext.wsgi.router import Match
from console_ext.wsgi.selection import Selection
from console_ext.wsgi.supported import SupportedVersions

LOG = logging.getLogger(__name__)

# Any client can trigger the log message about Nova's missing files.
_SECONDS_BETWEEN_LINES = 60.0


class Filter:
    """The extensions in front of a compute API.

    :param supported: the wrapped API's microversions; None to ask the wrapped API
    :param has_nova_files: whether Nova's configuration files were read.  Without them
        Nova's policy is unknown, and requests that come through Nova are refused.
    :param is_stand_alone: whether the wrapped API is this project's own.  It has no
        resources in common with the extensions, so the extensions answer every request
        for theirs.
    """

    def __init__(
        self,
        application: WSGIApplication,
        loaded: loader.Loaded,
        look_up: LookUp,
        supported: microversions.Range | None,
        max_body_bytes: int,
        has_nova_files: bool,
        is_stand_alone: bool = False,
    ):
        self._application = application
        self._loaded = loaded
        self._router = loaded.router
        self._resource = Resource(loaded.policy, look_up, supported)
        self._selection = Selection(
            SupportedVersions(application, supported), max_body_bytes
        )
        self._is_stand_alone = is_stand_alone
        self._has_nova_files = has_nova_files
        self._no_nova_files = Throttle(_SECONDS_BETWEEN_LINES)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        match = self._router.match(environ)
        if match is None:
            return self._application(environ, start_response)
        if not match.is_action:
            environ[ROUTE] = environ.get('SCRIPT_NAME', '') + match.template
        request = Request(environ)
        try:
            response = self._answer(request, match)
        except exceptions.Declined as declined:
            if declined.instead is None or not self._is_stand_alone:
                # WebOb has made the body readable again.
                return self._application(environ, start_response)
            response = error_response(request, None, declined.instead)
        return response(environ, start_response)

    def _answer(self, request: Request, match: Match) -> webob.Response:
        """
        :raises Declined: the wrapped API answers
        """
        if self._is_stand_alone and not match.is_action:
            return self._check_nova_files(request) or self._resource.handle(
                request, match.operations, match.args
            )
        try:
            operation, body = self._selection.select(request, match.operations)
        except (exceptions.Declined, webob.exc.HTTPRequestEntityTooLarge):
            # The latter is raised while the body is read.  oslo.middleware's size
            # limit, which wraps this filter, answers it.
            raise
        except Exception as error:
            return error_response(request, None, error)
        return self._check_nova_files(request) or self._resource.answer(
            request, operation, body, match.args
        )

    def _check_nova_files(self, request: Request) -> webob.Response | None:
        """Return a 500 if the request came through a Nova whose policy is unknown."""
        if self._has_nova_files or NOVA_CONTEXT not in request.environ:
            return None
        suppressed = self._no_nova_files.admit()
        if suppressed is not None:
            LOG.error(
                'Refused a request (and %d since the last such message): it came '
                "through Nova, but Nova's policy is unknown because config_files does "
                "not list Nova's own files. Add nova.conf to config_files and restart.",
                suppressed,
            )
        return faults.unexpected(request.request_id)

    def close(self) -> None:
        """Close the connections of all extensions."""
        self._loaded.close()


def build_filter(
    conf: cfg.ConfigOpts,
    application: WSGIApplication,
    *,
    look_up: LookUp | None = None,
    supported: microversions.Range | None = None,
) -> Filter:
    """Put the installed extensions in front of a compute API.

    :param look_up: None for the driver that ``[api] servers`` names
    :raises ConfigurationError: with the reason in one line
    """
    if nova.is_part_of(application):
        nova.require_files(conf)
    return Filter(
        application,
        loader.load(conf),
        look_up or servers.load(conf, application),
        supported,
        max_body_bytes(conf),
        nova.has_files(conf),
    )


def factory(
    global_conf: dict[str, str], **local_conf: str
) -> Callable[[WSGIApplication], Filter]:
    """The paste.filter_factory; colons separate the paths in ``config_files``."""
    conf = config.from_paste(global_conf, local_conf)
    return lambda application: build_filter(conf, application)
