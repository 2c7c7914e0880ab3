# SPDX-License-Identifier: Apache-2.0
"""The web pages that may open consoles: protection against cross-site hijacking.

A browser allows any page to open a WebSocket, and sends the page's origin in
``Origin``.  The allowed origins are those of the listener's public base URL and of
``[console] allowed_origins``.  The request's Host header is never used.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from console_ext import exceptions

_PORTS = {'http': 80, 'https': 443}
_PAGE_SCHEMES = {'ws': 'http', 'wss': 'https', 'http': 'http', 'https': 'https'}

# Strictly RFC 6454, section 6.2: no user, no path, no slash at the end.
_ORIGIN = re.compile(
    r'(?P<scheme>[a-z]+)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?',
    re.ASCII | re.IGNORECASE,
)
_HOST = re.compile(r'[a-z0-9._-]+|\[?[0-9a-f:.]+\]?', re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Origin:
    """A normalized origin: lower case, and IPv6 addresses in their shortest form."""

    scheme: str
    host: str
    port: int


def parse(text: str) -> Origin | None:
    """Parse an origin from a browser or an option; None if it is invalid."""
    match = _ORIGIN.fullmatch(text)
    if match is None:
        return None
    scheme = match['scheme'].lower()
    host = _normal(match['host'])
    if scheme not in _PORTS or host is None:
        return None
    port = int(match['port'] or _PORTS[scheme])
    return Origin(scheme, host, port) if port < 65536 else None


def of_url(url: str) -> Origin:
    """Return the origin of a page's URL, or the matching one of a WebSocket's URL.

    :raises ConfigurationError: the URL has no origin
    """
    scheme, separator, rest = url.partition('://')
    authority = re.split(r'[/?#]', rest, maxsplit=1)[0].rpartition('@')[2]
    found = parse(f'{_PAGE_SCHEMES.get(scheme.lower(), "")}{separator}{authority}')
    if found is None:
        raise exceptions.ConfigurationError(f'{url!r} is not a valid base URL')
    return found


def _normal(host: str) -> str | None:
    if not host.startswith('['):
        return host.lower()
    try:
        return f'[{ipaddress.IPv6Address(host[1:-1])}]'
    except ValueError:
        return None


class AllowedOrigins:
    """
    :param base_url: the listener's public URL
    :param configured: full origins, or, as in Nova, host names, which allow any port
        with the scheme of the base URL
    :raises ConfigurationError: a value is neither
    """

    def __init__(self, base_url: str, configured: Iterable[str] = ()):
        base = of_url(base_url)
        origins = {base}
        hosts = set()
        for text in configured:
            origin = parse(text)
            if origin is not None:
                origins.add(origin)
            elif _HOST.fullmatch(text):
                hosts.add(_host(text))
            else:
                raise exceptions.ConfigurationError(
                    f'[console] allowed_origins: {text!r} is neither an origin nor a '
                    'host name'
                )
        self._origins = frozenset(origins)
        self._hosts = frozenset(hosts)
        self._scheme = base.scheme

    def __contains__(self, text: object) -> bool:
        """
        :param text: the value of the Origin header; None (not a browser) is allowed
        """
        if text is None:
            return True
        origin = parse(text) if isinstance(text, str) else None
        if origin is None:
            return False
        return origin in self._origins or (
            origin.host in self._hosts and origin.scheme == self._scheme
        )

    def sources(self) -> list[str]:
        """Return the origins as sources of a content security policy."""
        whole = [f'{one.scheme}://{one.host}:{one.port}' for one in self._origins]
        return sorted([*whole, *(f'{self._scheme}://{host}:*' for host in self._hosts)])


def _host(text: str) -> str:
    bare = text.strip('[]')
    return _normal(f'[{bare}]' if ':' in bare else bare) or text
