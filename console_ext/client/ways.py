# SPDX-License-Identifier: Apache-2.0
"""Decides how a console is opened again after its connection was lost."""

from __future__ import annotations

from dataclasses import dataclass

from console_ext.client.connection import Rejoin
from console_ext.client.endings import NotOpened

# The server is stopped, for example while it reboots.
_CONFLICT = 409


@dataclass(slots=True)
class Ways:
    """The ways to open a console again: the same session, and then a new URL.

    :param rejoin: opens the same session; None if that is not possible
    :param has_urls: whether the client can request new URLs
    :param lost: when the connection was lost, by the event loop's clock
    """

    rejoin: Rejoin | None
    has_urls: bool
    lost: float

    def __bool__(self) -> bool:
        """Whether there is a way."""
        return self.has_urls or self.rejoin is not None

    def failed(self, error: NotOpened, now: float) -> bool:
        """Note that an attempt has failed.

        :returns: whether to try again; the next attempt may use another way
        """
        if self.rejoin is None:
            return error.again
        useless = not error.again and error.status != _CONFLICT
        if not self.has_urls:
            # Only the proxy knows whether it is too late.
            return not useless
        if useless or now >= self.lost + self.rejoin.within_s:
            self.rejoin = None
        return True
