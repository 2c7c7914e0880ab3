# SPDX-License-Identifier: Apache-2.0
"""The store of authorizations, as the event loop sees it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from typing import Any

from console_ext import exceptions
from console_ext.proxy.authority import Authority
from console_ext.proxy.calls import Calls
from console_ext.tokens.authorization import Grant

LOG = logging.getLogger(__name__)


# Sessions that end within this time are told to the store together.
_GATHERING_S = 0.1


class Grants:
    """
    :param timeout_s: how long the store is waited for
    """

    def __init__(self, authority: Authority, calls: Calls, timeout_s: float):
        self._authority = authority
        self._calls = calls
        self._timeout_s = timeout_s
        self._live: dict[Grant, Callable[[], None] | None] = {}
        self._ended: list[Grant] = []
        self._releasing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._withdrawing: set[asyncio.Task[None]] = set()

    async def redeem(self, token: str, console_type: str, client: str) -> Grant:
        """
        :raises TokenRefused, StoreUnavailable, ProxyBusy:
        """
        call = self._calls.submit(self._authority.redeem, token, console_type, client)
        try:
            # Not wait_for: it forgets a cancellation that comes with the answer.
            async with asyncio.timeout(self._timeout_s):
                grant = await asyncio.shield(call)
        except TimeoutError:
            call.add_done_callback(self._came_late)
            raise exceptions.StoreUnavailable from None
        except asyncio.CancelledError:
            call.add_done_callback(self._came_late)
            raise
        self._live[grant] = None
        return grant

    def _came_late(self, call: asyncio.Future[Grant]) -> None:
        """Nobody waits for this grant any more."""
        if not call.cancelled() and call.exception() is None:
            self.withdraw(call.result())

    def hold(self, grant: Grant, revoked: Callable[[], None]) -> None:
        """
        :param revoked: called when the store says that the grant's session is to end
        """
        self._live[grant] = revoked

    def withdraw(self, grant: Grant) -> asyncio.Task[None]:
        """Tell the store that nothing was opened with a grant.

        :returns: what may be waited for, and goes on if it is not
        """
        self._live.pop(grant, None)
        task = asyncio.get_running_loop().create_task(
            self._tell(self._authority.withdraw, grant)
        )
        self._withdrawing.add(task)
        task.add_done_callback(self._withdrawing.discard)
        return task

    def release(self, grant: Grant) -> None:
        """End the heartbeats of a grant, which began when it was redeemed, and tell the
        store, soon, that its session has ended.

        A store that cannot be told finds out by the missing heartbeat.
        """
        self._live.pop(grant, None)
        self._ended.append(grant)
        if self._releasing is None:
            self._releasing = asyncio.get_running_loop().create_task(
                self._release_all()
            )

    async def _release_all(self) -> None:
        try:
            while self._ended:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_GATHERING_S):
                        await self._hurry.wait()
                ended, self._ended = self._ended, []
                await self._tell(self._authority.release, ended)
        finally:
            self._releasing = None

    async def _tell(self, tell: Callable[[Any], None], what: Any) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._calls.submit(tell, what)
        except (TimeoutError, exceptions.ConsoleExtError):
            LOG.warning('The store was not told of the end of a session')
        except Exception as error:
            LOG.error('The store failed: %s', type(error).__name__)

    async def told(self, timeout_s: float) -> None:
        """Wait until the store knows of every end, but not longer than that."""
        self._hurry.set()
        telling = set(self._withdrawing)
        if self._releasing is not None:
            telling.add(self._releasing)
        if telling:
            await asyncio.wait(telling, timeout=timeout_s)

    async def beat(self, interval_s: float) -> None:
        """Report the live sessions, for ever.

        While the store is away the sessions go on: its restart is no reason to cut
        thousands of consoles.
        """
        while True:
            await asyncio.sleep(interval_s)
            if self._live:
                await self._beat_once()

    async def sweep(self, interval_s: float) -> None:
        """Have the store forget what nobody needs any more, for ever."""
        while True:
            # Not every proxy at once.
            await asyncio.sleep(interval_s * random.uniform(0.5, 1))  # noqa: S311
            try:
                purged = await self._calls.submit(self._authority.purge)
            except exceptions.ConsoleExtError as error:
                LOG.warning('The store was not purged: %s', error)
            except Exception as error:
                LOG.error('The store failed: %s', type(error).__name__)
            else:
                LOG.info('Purged %d authorizations', purged)

    async def _beat_once(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                gone = await self._calls.submit(
                    self._authority.keep, frozenset(self._live)
                )
        except (TimeoutError, exceptions.ConsoleExtError) as error:
            LOG.warning('No heartbeat: %s', error or 'the store does not answer')
            return
        except Exception as error:
            LOG.error('No heartbeat: the store failed: %s', type(error).__name__)
            return
        for grant in gone:
            revoked = self._live.get(grant)
            if revoked is not None:
                # Whatever comes of one, the others are told, and the next beat comes.
                asyncio.get_running_loop().call_soon(revoked)
