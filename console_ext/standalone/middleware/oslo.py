# SPDX-License-Identifier: Apache-2.0
"""oslo.middleware's filters, with this service's configuration, not the global one.

Each filter creates request and response objects, which takes 0.1 ms.  Requests that a
filter would not change therefore bypass it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import oslo_middleware
from oslo_config import cfg
from oslo_middleware import http_proxy_to_wsgi as oslo_http_proxy

from console_ext import conf as config


class CrossOrigin:
    """CORS for requests that may come from another origin."""

    def __init__(self, application: WSGIApplication, conf: cfg.ConfigOpts):
        self._application = application
        self._cors = oslo_middleware.CORS(application, conf)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ['REQUEST_METHOD'] == 'OPTIONS' or 'HTTP_ORIGIN' in environ:
            return self._cors(environ, start_response)
        return self._application(environ, start_response)


class Healthcheck:
    """oslo.middleware's health check at ``/healthcheck``, in front of the API."""

    PATH = '/healthcheck'

    def __init__(self, application: WSGIApplication, conf: cfg.ConfigOpts):
        self._application = application
        self._healthcheck = oslo_middleware.Healthcheck(None, conf)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if environ.get('PATH_INFO') == self.PATH:
            return self._healthcheck(environ, start_response)
        return self._application(environ, start_response)


def _proxied(application: WSGIApplication, conf: cfg.ConfigOpts) -> WSGIApplication:
    """Apply the headers of a reverse proxy, if the configuration enables that."""
    conf.register_opts(oslo_http_proxy.OPTS, group='oslo_middleware')
    if not conf.oslo_middleware.enable_proxy_headers_parsing:
        return application
    proxied: WSGIApplication = oslo_middleware.HTTPProxyToWSGI(application, conf)
    return proxied


def _factory(
    middleware: Callable[[WSGIApplication, cfg.ConfigOpts], WSGIApplication],
) -> Callable[..., Callable[[WSGIApplication], WSGIApplication]]:
    def filter_factory(
        global_conf: dict[str, str], **local_conf: str
    ) -> Callable[[WSGIApplication], WSGIApplication]:
        """paste.filter_factory"""
        conf = config.from_paste(global_conf, local_conf)
        return lambda application: middleware(application, conf)

    return filter_factory


cors = _factory(CrossOrigin)
healthcheck = _factory(Healthcheck)
http_proxy_to_wsgi = _factory(_proxied)
