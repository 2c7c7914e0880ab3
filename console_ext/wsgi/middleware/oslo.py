# SPDX-License-Identifier: Apache-2.0
"""oslo.middleware's filters, given our configuration instead of the global one."""

from __future__ import annotations

from typing import Any

import oslo_middleware
from oslo_config import cfg
from oslo_middleware import request_id as oslo_request_id

from console_ext import conf as config
from console_ext.servers.base import WSGIApplication


class RequestId(oslo_request_id.RequestId):
    """Nova's clients read the id under its older name too."""

    compat_headers = ['x-compute-request-id']  # noqa: RUF012


def _factory(middleware: Any) -> Any:
    def filter_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
        """paste.filter_factory"""
        conf = config.from_paste(global_conf, local_conf)
        return lambda application: middleware(application, conf)

    return filter_factory


class Healthcheck:
    """oslo.middleware's application, at its own path in front of another one."""

    PATH = '/healthcheck'

    def __init__(self, application: WSGIApplication, conf: cfg.ConfigOpts):
        self._application = application
        self._healthcheck = oslo_middleware.Healthcheck(None, conf)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get('PATH_INFO') == self.PATH:
            return self._healthcheck(environ, start_response)
        return self._application(environ, start_response)


cors = _factory(oslo_middleware.CORS)
healthcheck = _factory(Healthcheck)
http_proxy_to_wsgi = _factory(oslo_middleware.HTTPProxyToWSGI)
request_id = _factory(RequestId)
