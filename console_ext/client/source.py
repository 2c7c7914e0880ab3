# SPDX-License-Identifier: Apache-2.0
"""The sources of console URLs."""

from __future__ import annotations

from typing import Protocol


class Source(Protocol):
    """A source of URLs of a console.

    :ivar name: the server's name, for messages
    :ivar again: whether the source can return more than one URL
    """

    name: str
    again: bool

    def url(self) -> str:
        """Return an unused URL; the call may block.

        :raises NotOpened: there is no URL
        """


class GivenURL:
    """A URL that the user has specified; it works once.

    :param name: the server's name, for messages
    """

    again = False

    def __init__(self, url: str, name: str):
        self.name = name
        self._url = url

    def url(self) -> str:
        return self._url
