# SPDX-License-Identifier: Apache-2.0
"""The event loop of the client."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from console_ext.executor import BoundedExecutor

# Concurrent look-ups of host names.
_LOOK_UPS = 4


class Loop(asyncio.SelectorEventLoop):
    """An event loop that does not wait for name servers when it ends.

    asyncio looks up host names in threads that the process waits for at its end.  A
    user who leaves because the network is down would have to wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self._look_ups = BoundedExecutor(_LOOK_UPS, 'look-up', max_waiting=_LOOK_UPS)

    async def getaddrinfo(
        self, host: Any, port: Any, *, family: int = 0, type: int = 0, **more: int
    ) -> Any:
        return await self.run_in_executor(
            self._look_ups,
            lambda: socket.getaddrinfo(host, port, family, type, **more),
        )

    def close(self) -> None:
        self._look_ups.shutdown(wait=False)
        super().close()
