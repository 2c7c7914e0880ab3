# SPDX-License-Identifier: Apache-2.0
"""The extensions as a WSGI filter around a compute API.

The filter takes the requests that its extensions answer, and hands every other one on
as it came.
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
from console_ext.wsgi.resource import Resource, refusal
from console_ext.wsgi.router import Match
from console_ext.wsgi.selection import Selection
from console_ext.wsgi.supported import SupportedVersions

LOG = logging.getLogger(__name__)

# Any client can cause the line about Nova's missing files.
_SECONDS_BETWEEN_LINES = 60.0


class Filter:
    """A compute API, and the extensions in front of it.

    :param supported: the wrapped API's microversions; None for those that it says
    :param has_nova_files: whether Nova's configuration was read: without it, Nova's
        policy is not known, and no request that comes through Nova is answered
    :param is_alone: whether the API behind is ours, and has nothing that an extension
        has: extensions then answer all requests for their nouns
    """

    def __init__(
        self,
        application: WSGIApplication,
        loaded: loader.Loaded,
        look_up: LookUp,
        supported: microversions.Range | None,
        max_body_bytes: int,
        has_nova_files: bool,
        is_alone: bool = False,
    ):
        self._application = application
        self._loaded = loaded
        self._router = loaded.router
        self._resource = Resource(loaded.policy, look_up, supported)
        self._selection = Selection(
            SupportedVersions(application, supported), max_body_bytes
        )
        self._is_alone = is_alone
        self._has_nova_files = has_nova_files
        self._refused = Throttle(_SECONDS_BETWEEN_LINES)

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
            if declined.instead is None or not self._is_alone:
                # WebOb has put the body back.
                return self._application(environ, start_response)
            response = refusal(request, None, declined.instead)
        return response(environ, start_response)

    def _answer(self, request: Request, match: Match) -> webob.Response:
        """
        :raises Declined: the API behind answers
        """
        if self._is_alone and not match.is_action:
            return self._refusal(request) or self._resource.handle(
                request, match.operations, match.args
            )
        try:
            operation, body = self._selection.select(request, match.operations)
        except (exceptions.Declined, webob.exc.HTTPRequestEntityTooLarge):
            # The latter is raised while a body is read, for a filter in front of us.
            raise
        except Exception as error:
            return refusal(request, None, error)
        return self._refusal(request) or self._resource.answer(
            request, operation, body, match.args
        )

    def _refusal(self, request: Request) -> webob.Response | None:
        """A 500 for a request that came through a Nova whose policy is not known."""
        if self._has_nova_files or NOVA_CONTEXT not in request.environ:
            return None
        unsaid = self._refused.admit()
        if unsaid is not None:
            LOG.error(
                'Refused a request, and %d since the last such line: it came through '
                "Nova, but config_files does not name Nova's own files, so that its "
                'policy is not known. Name nova.conf there, and restart.',
                unsaid,
            )
        return faults.unexpected(request.request_id)

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
    """paste.filter_factory; the key ``config_files`` is separated as in PATH."""
    conf = config.from_paste(global_conf, local_conf)
    return lambda application: build_filter(conf, application)
