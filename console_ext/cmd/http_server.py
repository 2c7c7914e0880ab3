# SPDX-License-Identifier: Apache-2.0
"""A threaded HTTP server for the stand-alone API: waitress."""

from __future__ import annotations

import threading

from oslo_config import cfg

from console_ext import exceptions
from console_ext.servers.base import WSGIApplication
from console_ext.wsgi.middleware.noauth import is_loopback

# Larger requests are refused before they are read whole; the API's own limit is lower,
# and answers in its own format.
_MAX_REQUEST_BYTES = 2**20


class HTTPServer:
    """Serves an application on ``[api] listen_host`` and ``listen_port``.

    :raises ConfigurationError: the port is taken, the address is not this machine's,
        or nobody would be authenticated on it
    """

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication):
        try:
            import waitress
            from waitress import wasyncore
        except ImportError:
            raise exceptions.ConfigurationError(
                "this needs waitress: pip install 'console-ext[server]'"
            ) from None
        options = conf.api
        host, port = options.listen_host, options.listen_port
        exposed = options.auth_strategy == 'noauth' and not is_loopback(host)
        if exposed and not options.noauth_allow_remote:
            raise exceptions.ConfigurationError(
                f'[api] auth_strategy = noauth on {host}: that is not loopback, and '
                'noauth_allow_remote is off'
            )
        self._sockets: dict[int, wasyncore.dispatcher] = {}
        try:
            self._server = waitress.create_server(
                application,
                map=self._sockets,
                host=host,
                port=port,
                threads=options.threads,
                max_request_body_size=_MAX_REQUEST_BYTES,
                clear_untrusted_proxy_headers=True,
                ident=None,
            )
        except OSError as error:
            raise exceptions.ConfigurationError(
                f'cannot listen on {host} port {port}: {error.strerror}'
            ) from None
        shown = f'[{host}]' if ':' in host else host
        self.url = f'http://{shown}:{self._server.effective_port}'
        self._thread = threading.Thread(
            target=self._server.run, name='http-server', daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop taking requests, and wait 5 s for those under way."""
        self._server.task_dispatcher.shutdown(timeout=5)
        self._server.close()
        self._server.pull_trigger()
        self._thread.join(timeout=5)
