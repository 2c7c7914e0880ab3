# SPDX-License-Identifier: Apache-2.0
"""Requests URLs of consoles from the demo's API, as links that a browser opens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib import error, request

from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5, ConsoleType

_TIMEOUT_S = 10.0

# The first microversion with all console types.
_VERSION = 'compute 2.99'

# The words of a link, by the type of its console.
NAMES = {
    SERIAL: 'terminal',
    NOVNC: 'screen (VNC)',
    SPICE_HTML5: 'screen (SPICE)',
}


@dataclass(frozen=True, slots=True)
class Console:
    """A console that the demo offers.

    :param server: the name of its server
    :param server_id: the id of its server
    """

    server: str
    server_id: str
    type: ConsoleType


@dataclass(frozen=True, slots=True)
class Link:
    console: Console
    url: str


class Links:
    """
    :param api: the URL of the API, without the version
    """

    def __init__(self, api: str):
        self._api = api
        # Everything is on this machine; a proxy of the environment is not.
        self._opener = request.build_opener(request.ProxyHandler({}))

    def request(self, console: Console) -> Link:
        """Request a URL, which opens one session.

        :raises OSError: the API does not answer, or refuses
        """
        wanted = {'protocol': console.type.protocol, 'type': console.type.type}
        asked = request.Request(  # noqa: S310 - the URL of our own API
            f'{self._api}/v2.1/servers/{console.server_id}/remote-consoles',
            json.dumps({'remote_console': wanted}).encode(),
            {'Content-Type': 'application/json', 'OpenStack-API-Version': _VERSION},
        )
        with self._opener.open(asked, timeout=_TIMEOUT_S) as answer:
            url: str = json.load(answer)['remote_console']['url']
        # The page of a serial console has the console's URL, with http.
        if url.startswith('ws'):
            url = f'http{url[len("ws") :]}'
        return Link(console, url)

    def opens(self, link: Link) -> bool:
        """Whether the proxy has a page for the link.  The token remains valid.

        :raises OSError: the proxy does not answer
        """
        asked = request.Request(  # noqa: S310 - from our own API
            link.url, headers={'Accept': 'text/html'}
        )
        try:
            with self._opener.open(asked, timeout=_TIMEOUT_S) as answer:
                kind: str = answer.headers.get_content_type()
        except error.HTTPError as refused:
            refused.close()
            return False
        return kind == 'text/html'

    def with_pages(self, consoles: Iterable[Console]) -> Iterator[Console]:
        """Yield the consoles that have a page.

        :raises OSError: the API or the proxy does not answer, or the API refuses
        """
        for console in consoles:
            if self.opens(self.request(console)):
                yield console
