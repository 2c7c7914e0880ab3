# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of the stand-alone API, built on waitress."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import MutableMapping
from typing import Any
from wsgiref.types import WSGIApplication

from oslo_config import cfg

from console_ext import exceptions, open_files
from console_ext.standalone.middleware.noauth import is_loopback

# Larger requests are refused before they have been read completely.  The API's own
# limit is lower and answers in the API's format.
_MAX_REQUEST_BYTES = 2**20

# At this limit, a new connection replaces the one that has been idle for longest.
MAX_CONNECTIONS = 1000

# The share of the process's file descriptors that connections may use: one in four.
_DESCRIPTORS_PER_CONNECTION = 4

# Connections accepted above the limit while none is idle.  Further ones wait in the
# listen queue.
_EXTRA_CONNECTIONS = 100

# Longer than the 60 s for which reverse proxies keep an idle connection: a request that
# they send while this server closes the connection is lost.
_IDLE_S = 65
_IDLE_CHECK_S = 5


class _PathRemover(logging.LoggerAdapter[logging.Logger]):
    """Removes request paths from waitress's log, because a path may contain a token."""

    def process(
        self, msg: str, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        what, serving, _ = msg.partition(' while serving ')
        return f'{what}{serving}a request' if serving else msg, kwargs


class HTTPServer:
    """Serves an application on ``[api] listen_host`` and ``listen_port``.

    :raises ConfigurationError: it cannot listen on this address and port, or requests
        from other machines would not be authenticated
    """

    # The maximum duration of a stop, in seconds.
    STOP_S = 4.5

    def __init__(self, conf: cfg.ConfigOpts, application: WSGIApplication):
        try:
            import waitress
            from waitress import wasyncore
        except ImportError:
            raise exceptions.ConfigurationError(
                "the stand-alone API needs waitress: pip install 'console-ext[server]'"
            ) from None
        options = conf.api
        host, port = options.listen_host, options.listen_port
        exposed = options.auth_strategy == 'noauth' and not is_loopback(host)
        if exposed and not options.noauth_allow_remote:
            raise exceptions.ConfigurationError(
                f'[api] auth_strategy = noauth with listen_host = {host}: other '
                'machines could use the API without authentication. Listen on '
                '127.0.0.1, or use keystone, or set noauth_allow_remote = true.'
            )
        listener = _listen(host, port)
        shown = f'[{host}]' if ':' in host else host
        self.url = f'http://{shown}:{listener.getsockname()[1]}'
        self._wasyncore = wasyncore
        self._dispatchers: dict[int, Any] = {}
        files = open_files.raise_limit()
        self._max_connections = min(
            MAX_CONNECTIONS, files // _DESCRIPTORS_PER_CONNECTION
        )
        self._server = waitress.create_server(
            application,
            map=self._dispatchers,
            sockets=[listener],
            threads=options.threads,
            max_request_body_size=_MAX_REQUEST_BYTES,
            # The application decides about them.  The filter noauth must see them, to
            # refuse what a reverse proxy on this machine forwards.
            clear_untrusted_proxy_headers=False,
            ident=None,
            connection_limit=self._max_connections + _EXTRA_CONNECTIONS,
            channel_timeout=_IDLE_S,
            cleanup_interval=_IDLE_CHECK_S,
            # select(2) only supports descriptors below 1024.
            asyncore_use_poll=True,
        )
        self._channel_class = self._server.channel_class
        self._server.channel_class = self._new_channel
        self._thread = threading.Thread(
            target=self._server.run, name='http-server', daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting requests and wait for those in progress, up to :attr:`STOP_S`.

        The last quarter of this time is reserved for sending the responses.
        """
        deadline = time.monotonic() + self.STOP_S
        # waitress's sockets may only be used in its own thread.
        trigger = self._server.trigger
        trigger.pull_trigger(lambda: self._wasyncore.dispatcher.close(self._server))
        self._server.task_dispatcher.shutdown(timeout=0.75 * self.STOP_S)
        while self._has_unsent_data() and time.monotonic() < deadline:
            time.sleep(0.01)
        trigger.pull_trigger(lambda: self._wasyncore.close_all(self._dispatchers))
        self._thread.join(timeout=max(0.1, deadline - time.monotonic()))

    def _new_channel(self, *args: Any, **more: Any) -> Any:
        """Create the channel of a new connection; at the limit, close an idle one.

        Runs in the server's thread.  A connection is idle while it waits for a request
        or for the rest of a request.
        """
        connections = self._server.active_channels.values()
        if len(connections) >= self._max_connections:
            idle = [
                one for one in connections if not one.requests and not one.will_close
            ]
            if idle:
                # waitress itself closes connections after the idle timeout like this.
                min(idle, key=lambda one: one.last_activity).will_close = True
        connection = self._channel_class(*args, **more)
        connection.logger = _PathRemover(connection.logger)
        return connection

    def _has_unsent_data(self) -> bool:
        return any(
            getattr(dispatcher, 'total_outbufs_len', 0)
            for dispatcher in list(self._dispatchers.values())
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1024)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise exceptions.ConfigurationError(
            f'cannot listen on {host} port {port}: {error.strerror}'
        ) from None
    return listener
