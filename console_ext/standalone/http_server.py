# SPDX-License-Identifier: Apache-2.0
"""A threaded HTTP server for the stand-alone API: waitress."""

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

# Larger requests are refused before they are read whole; the API's own limit is lower,
# and answers in its own format.
_MAX_REQUEST_BYTES = 2**20

# Beyond these the connection that is idle for longest makes room.
MAX_CONNECTIONS = 1000

# Of the descriptors, one in so many is for a connection.
_DESCRIPTORS_FOR_ONE = 4

# How many more there may be where none is idle; then others wait to be accepted.
_MORE_CONNECTIONS = 100

# Reverse proxies keep an idle connection for 60 s, and lose a request that they send on
# one that is being closed.
_IDLE_S = 65
_IDLE_CHECK_S = 5


class _Pathless(logging.LoggerAdapter[logging.Logger]):
    """waitress's logger, without the path of a request: it may hold a token."""

    def process(
        self, msg: str, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        what, serving, _ = msg.partition(' while serving ')
        return f'{what}{serving}a request' if serving else msg, kwargs


class HTTPServer:
    """Serves an application on ``[api] listen_host`` and ``listen_port``.

    :raises ConfigurationError: the port is taken, the address is not this machine's,
        or nobody would be authenticated on it
    """

    # What a stop takes at the most, in seconds.
    STOP_S = 4.5

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
        listener = _listen(host, port)
        shown = f'[{host}]' if ':' in host else host
        self.url = f'http://{shown}:{listener.getsockname()[1]}'
        self._wasyncore = wasyncore
        self._dispatchers: dict[int, Any] = {}
        files = open_files.raise_limit()
        self._most = min(MAX_CONNECTIONS, files // _DESCRIPTORS_FOR_ONE)
        self._server = waitress.create_server(
            application,
            map=self._dispatchers,
            sockets=[listener],
            threads=options.threads,
            max_request_body_size=_MAX_REQUEST_BYTES,
            clear_untrusted_proxy_headers=True,
            ident=None,
            connection_limit=self._most + _MORE_CONNECTIONS,
            channel_timeout=_IDLE_S,
            cleanup_interval=_IDLE_CHECK_S,
            # select(2) knows descriptors below 1024 only.
            asyncore_use_poll=True,
        )
        self._connection = self._server.channel_class
        self._server.channel_class = self._connect
        self._thread = threading.Thread(
            target=self._server.run, name='http-server', daemon=True
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop taking requests, and give those under way :attr:`STOP_S`, at the most.

        A quarter of that is kept for what they have answered to be sent.
        """
        deadline = time.monotonic() + self.STOP_S
        # What touches sockets runs in the thread that waits on them.
        trigger = self._server.trigger
        trigger.pull_trigger(lambda: self._wasyncore.dispatcher.close(self._server))
        self._server.task_dispatcher.shutdown(timeout=0.75 * self.STOP_S)
        while self._unsent() and time.monotonic() < deadline:
            time.sleep(0.01)
        trigger.pull_trigger(lambda: self._wasyncore.close_all(self._dispatchers))
        self._thread.join(timeout=max(0.1, deadline - time.monotonic()))

    def _connect(self, *args: Any, **more: Any) -> Any:
        """Make a connection that is accepted, and room for it; in the server's thread.

        Connections that wait for a request, or for the rest of one, are idle.
        """
        connections = self._server.active_channels.values()
        if len(connections) >= self._most:
            idle = [
                one for one in connections if not one.requests and not one.will_close
            ]
            if idle:
                # As the server itself does with one that is idle for too long.
                min(idle, key=lambda one: one.last_activity).will_close = True
        connection = self._connection(*args, **more)
        connection.logger = _Pathless(connection.logger)
        return connection

    def _unsent(self) -> bool:
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
