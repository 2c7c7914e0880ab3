# SPDX-License-Identifier: Apache-2.0
"""Where the URL of a console comes from."""

from __future__ import annotations

from typing import Protocol


class Source(Protocol):
    """What knows the URL of a console.

    :ivar name: of the server, for the user
    :ivar again: whether there is another URL after the first
    """

    name: str
    again: bool

    def url(self) -> str:
        """A URL that has not been opened; the call may block.

        :raises NotOpened: there is none
        """


class GivenURL:
    """The URL that a user already has; it opens once.

    :param name: what to call the server
    """

    again = False

    def __init__(self, url: str, name: str):
        self.name = name
        self._url = url

    def url(self) -> str:
        return self._url
