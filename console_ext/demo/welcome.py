# SPDX-License-Identifier: Apache-2.0
"""The text that the demo prints."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console_ext.demo.links import NAMES, Link
from console_ext.demo.style import Style

_WIDTH = 88

# The last line: what waits for the demo waits for this.
READY = 'Ctrl-C here stops the demo and removes its files.'

_COMMANDS = """\
  {client} --os-auth-type none --os-endpoint {api}/v2.1 \\
    attach web-1

  openstack --os-auth-type none --os-endpoint {api}/v2.1 \\
    console url show --serial web-1

  curl -s {api}/v2.1/servers/{server_id}/remote-consoles \\
    -H 'Content-Type: application/json' -H 'OpenStack-API-Version: compute 2.99' \\
    -d '{{"remote_console": {{"protocol": "serial", "type": "serial"}}}}'"""


@dataclass(frozen=True, slots=True)
class Welcome:
    """
    :param api: the URL of the API
    :param server_id: the id of web-1
    :param client: the command of the terminal client
    :param missing: sentences about what is missing and what to install
    :param log_in: how to log in, in sentences
    :param enter: whether Enter prints new links
    """

    api: str
    server_id: str
    client: str
    log: Path
    missing: Sequence[str]
    log_in: str
    enter: bool
    style: Style

    def links(self, links: Sequence[Link]) -> str:
        """Return a line for each link."""
        return '\n'.join(
            f'  {link.console.server:5}  {NAMES[link.console.type]:14}  '
            f'{self.style.link(link.url)}'
            for link in links
        )

    def text(self, links: Sequence[Link]) -> str:
        heading = self.style.heading
        parts = []
        if links:
            parts += [heading('Open in a browser:'), self.links(links), self._note()]
        parts += map(_wrapped, self.missing)
        parts += [
            heading('Or paste into another terminal (^] leaves the first):'),
            _COMMANDS.format(
                client=self.client, api=self.api, server_id=self.server_id
            ),
            _wrapped(
                'The last two print a ws:// URL; in a browser, it opens with http:// '
                'instead. db-1 is powered off: its consoles are refused.'
            ),
            f'The API listens on {self.api}, the log is in\n{self.log}.\n{READY}',
        ]
        return '\n\n'.join(parts)

    def _note(self) -> str:
        another = (
            'Press Enter here for new links.'
            if self.enter
            else 'For another one, paste the curl command below, or restart the demo.'
        )
        sentences = (
            self.log_in,
            'A link opens one session, once, within ten minutes.',
            another,
        )
        return '\n'.join(self.style.note(_wrapped(one)) for one in sentences)


def _wrapped(sentence: str) -> str:
    return textwrap.fill(sentence, _WIDTH, break_on_hyphens=False)
