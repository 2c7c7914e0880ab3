# SPDX-License-Identifier: Apache-2.0
"""A blocking WebSocket client over TLS.

That of websockets writes in one thread and reads in another.  Before Python 3.13, they
use OpenSSL's state of the connection at the same time, and an answer is lost now and
then: in one of 200 connections while the machine is busy.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

from websockets.asyncio.client import connect

_T = TypeVar('_T')

TIMEOUT_S = 30.0


class TLSClient:
    """
    :param options: those of websockets
    :raises websockets.exceptions.InvalidStatus: the server refuses
    """

    def __init__(self, url: str, context: ssl.SSLContext, **options: Any):
        self._runner = asyncio.Runner()

        async def opened() -> Any:
            return await connect(url, ssl=context, proxy=None, max_size=None, **options)

        try:
            self._wire = self._run(opened())
        except BaseException:
            self._runner.close()
            raise

    def __enter__(self) -> TLSClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self._run(self._wire.send(data))

    def recv(self, timeout: float = TIMEOUT_S) -> Any:
        return self._run(self._wire.recv(), timeout)

    def close(self) -> None:
        try:
            self._run(self._wire.close())
        finally:
            self._runner.close()

    def _run(self, work: Coroutine[Any, Any, _T], timeout: float = TIMEOUT_S) -> _T:
        async def in_time() -> _T:
            async with asyncio.timeout(timeout):
                return await work

        return self._runner.run(in_time())
