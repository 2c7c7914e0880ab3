# SPDX-License-Identifier: Apache-2.0
"""What a port serves."""

from __future__ import annotations

import logging
import posixpath
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib import parse

from oslo_config import cfg

from console_ext import exceptions
from console_ext.proxy import pages
from console_ext.proxy.origin import AllowedOrigins
from console_ext.proxy.pages import Page

LOG = logging.getLogger(__name__)

_BACKLOG = 1024

_Entry = TypeVar('_Entry')


@dataclass(frozen=True, slots=True)
class Listener:
    """
    :param cookie_paths: the paths that open a console, and whether a token in a cookie
        opens it there
    :param hint: for whoever opens such a path with something else than a WebSocket
    :param text: whether text frames are taken, as their UTF-8 bytes
    """

    name: str
    host: str
    port: int
    console_type: str
    origins: AllowedOrigins
    cookie_paths: Mapping[str, bool]
    pages: Mapping[str, Page]
    hint: str
    text: bool


def from_conf(conf: cfg.ConfigOpts) -> list[Listener]:
    """
    :raises ConfigurationError: a base URL or an allowed origin is not usable
    """
    return [_serial(conf), _spice(conf)]


def _serial(conf: cfg.ConfigOpts) -> Listener:
    options = conf.serial_console
    return Listener(
        name='serial',
        host=options.serialproxy_host,
        port=options.serialproxy_port,
        console_type='serial',
        origins=AllowedOrigins(options.base_url, conf.console.allowed_origins),
        # The URL of a console leads to the first, whether or not it ends in a slash.
        # The last is for tempest, and whatever else was written for websockify.
        cookie_paths={
            parse.urlsplit(options.base_url).path or '/': False,
            **_also_below(options.base_url, {'/': False, '/websockify': True}),
        },
        pages=pages.health(),
        hint='This is a serial console: open its URL with a WebSocket client, such as '
        '"websocat -b URL".',
        text=True,
    )


def _spice(conf: cfg.ConfigOpts) -> Listener:
    options = conf.spice
    origins = AllowedOrigins(options.html5proxy_base_url, conf.console.allowed_origins)
    fault = fault_of_page(conf)
    if fault is not None:
        # A reverse proxy may rewrite paths, and serial consoles do without.
        LOG.warning('%s', fault)
    return Listener(
        name='SPICE',
        host=options.html5proxy_host,
        port=options.html5proxy_port,
        console_type='spice-html5',
        origins=origins,
        # Our page uses the first, where no other console's cookie can interfere;
        # spice-html5's own page the second, and always a cookie.
        cookie_paths=_also_below(
            options.html5proxy_base_url, {'/': False, '/websockify': True}
        ),
        pages=_also_below(
            options.html5proxy_base_url,
            pages.spice(Path(options.html5proxy_web), origins),
        ),
        hint='This is a SPICE console: open the URL of its page in a browser.',
        text=False,
    )


def fault_of_page(conf: cfg.ConfigOpts) -> str | None:
    """What is wrong with ``[spice] html5proxy_base_url``: every URL begins with it."""
    base_url = conf.spice.html5proxy_base_url
    if posixpath.basename(parse.urlsplit(base_url).path) == pages.SPICE.lstrip('/'):
        return None
    return (
        f'[spice] html5proxy_base_url = {base_url}: it does not end in {pages.SPICE}, '
        'the page of the proxy, so that the URLs of SPICE consoles are answered 404 '
        'where no reverse proxy rewrites them'
    )


def _also_below(base_url: str, table: Mapping[str, _Entry]) -> Mapping[str, _Entry]:
    """A table by path, and the same where the base URL is.

    Some reverse proxies take the prefix of a path off, and others leave it on.
    """
    directory = posixpath.dirname(parse.urlsplit(base_url).path).rstrip('/')
    return {**table, **{f'{directory}{path}': entry for path, entry in table.items()}}


def bind(listener: Listener, count: int = 1) -> list[socket.socket]:
    """Sockets that listen on a listener's port, one for each of ``count`` processes.

    With one socket each, the kernel spreads the connections over the processes; and a
    process that takes a dead one's place takes its socket, and what waits in it.

    :raises ConfigurationError: the port is taken, or the address is not this machine's
    """
    host, port = listener.host, listener.port
    bound: list[socket.socket] = []
    try:
        for _ in range(count):
            bound.append(_listening(host, port, shared=count > 1))
            # Port 0 is any free one, but the same for all.
            port = bound[0].getsockname()[1]
    except OSError as error:
        for one in bound:
            one.close()
        raise exceptions.ConfigurationError(
            f'cannot listen on {host} port {port}: {error.strerror}'
        ) from None
    return bound


def _listening(host: str, port: int, *, shared: bool) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    # asyncio turns Nagle's delay off only where the protocol number is given.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.setblocking(False)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening
