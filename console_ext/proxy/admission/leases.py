# SPDX-License-Identifier: Apache-2.0
"""Asynchronous access to the store of authorizations."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Callable, Coroutine
from concurrent import futures
from functools import partial
from typing import Any

from oslo_config import cfg

from console_ext import exceptions
from console_ext.executor import BoundedExecutor, Busy
from console_ext.lanes import Lanes
from console_ext.proxy.admission.interfaces import Store
from console_ext.proxy.admission.limits import client_key
from console_ext.store.authorization import Lease, Loss

LOG = logging.getLogger(__name__)

# The minimum length of a lease in heartbeats, so that one may be lost or late.
_HEARTBEATS_PER_LEASE = 3

# Sessions that end within this time are released in a single call.
_GATHERING_S = 0.1

# A client may use a quarter of the threads that redeem tokens.
_CLIENTS_PART = 4
_MAX_WAITING_PER_CLIENT = 256
_MAX_WAITING = 4096

# Threads for releases and withdrawals, so that attempts with tokens do not delay them.
OWN_THREADS = 4
_MAX_OWN_WAITING = 16384


def heartbeat_s(conf: cfg.ConfigOpts) -> float:
    """
    :returns: ``[console_proxy] heartbeat_interval``
    :raises ConfigurationError: it is too long for ``[console_tokens] lease``
    """
    interval_s: float = conf.console_proxy.heartbeat_interval
    lease_s: float = conf.console_tokens.lease
    if interval_s * _HEARTBEATS_PER_LEASE > lease_s:
        # Rounded down, so that the recommended value is valid.
        longest_s = math.floor(100 * lease_s / _HEARTBEATS_PER_LEASE) / 100
        raise exceptions.ConfigurationError(
            f'[console_proxy] heartbeat_interval is {interval_s:g} s, more than a '
            f'third of [console_tokens] lease, {lease_s:g} s: one lost heartbeat could '
            'make open sessions count as closed; set heartbeat_interval to at most '
            f'{longest_s:g} or raise lease'
        )
    return interval_s


class Leases:
    """
    :param threads: the number of threads that redeem tokens
    :param timeout_s: how long to wait for the store; for a redeem this includes the
        wait for a thread
    """

    def __init__(self, store: Store, threads: int, timeout_s: float):
        self._store = store
        self._timeout_s = timeout_s
        self._redeeming = BoundedExecutor(threads, 'console-redeem', _MAX_WAITING)
        self._clients = Lanes(
            self._redeeming,
            max(1, threads // _CLIENTS_PART),
            _MAX_WAITING_PER_CLIENT,
        )
        self._telling = BoundedExecutor(OWN_THREADS, 'console-store', _MAX_OWN_WAITING)
        # Separate, so that no number of refused clients delays the heartbeats.
        self._beating = BoundedExecutor(1, 'console-beat')
        self._purging = BoundedExecutor(1, 'console-purge')
        self._live: dict[Lease, Callable[[Loss], None] | None] = {}
        # The open leases with a rejoin key, by session.
        self._rejoinable: dict[str, Lease] = {}
        self._ended: list[Lease] = []
        self._releasing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._withdrawing: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Let the threads end after their current calls, without waiting for them."""
        for executor in (
            self._redeeming,
            self._telling,
            self._beating,
            self._purging,
        ):
            executor.shutdown(wait=False)

    async def redeem(
        self, token: str, console_type: str, client: str, *, rejoinable: bool = False
    ) -> Lease:
        """
        :raises TokenRefused, StoreUnavailable, ProxyBusy:
        """
        return await self._take(
            client,
            partial(
                self._store.redeem, token, console_type, client, rejoinable=rejoinable
            ),
        )

    async def rejoin(self, key: str, console_type: str, client: str) -> Lease:
        """
        :raises RejoinRefused, StoreUnavailable, ProxyBusy:
        """
        return await self._take(
            client, partial(self._store.rejoin, key, console_type, client)
        )

    def end_replaced(self, lease: Lease) -> None:
        """End the session that a rejoin has replaced, if this process has it.

        Other processes learn it with their next heartbeat.
        """
        replaced = self._rejoinable.pop(lease.session_id, None)
        lost = None if replaced is None else self._live.get(replaced)
        if lost is not None:
            lost(Loss.REPLACED)

    async def _take(self, client: str, take: Callable[[], Lease]) -> Lease:
        try:
            call = self._clients.submit(client_key(client), take)
        except Busy:
            raise exceptions.ProxyBusy from None
        try:
            # Not wait_for(), which loses a cancellation that coincides with the result.
            async with asyncio.timeout(self._timeout_s):
                lease = await asyncio.wrap_future(call)
        except TimeoutError:
            self._give_up(call)
            raise exceptions.StoreUnavailable from None
        except asyncio.CancelledError:
            self._give_up(call)
            raise
        self._live[lease] = None
        return lease

    def _give_up(self, call: futures.Future[Lease]) -> None:
        """Stop waiting for the store, and withdraw its lease if it succeeds later."""
        if not call.cancel():
            self._keep_withdrawing(self._withdraw_late(call))

    async def _withdraw_late(self, call: futures.Future[Lease]) -> None:
        # The store refuses, or fails: nothing is to be withdrawn.
        with contextlib.suppress(Exception):
            lease = await asyncio.wrap_future(call)
            await self.withdraw(lease)

    def _keep_withdrawing(
        self, withdrawing: Coroutine[Any, Any, None]
    ) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(withdrawing)
        self._withdrawing.add(task)
        task.add_done_callback(self._withdrawing.discard)
        return task

    def hold(self, lease: Lease, lost: Callable[[Loss], None]) -> None:
        """Renew a lease with each heartbeat.

        :param lost: called when the lease is lost; it ends the session
        """
        self._live[lease] = lost
        if lease.rejoin_key is not None:
            self._rejoinable[lease.session_id] = lease

    def withdraw(self, lease: Lease) -> asyncio.Task[None]:
        """Withdraw a lease whose session was not opened.

        :returns: the task; the caller may wait for it
        """
        self._drop(lease)
        return self._keep_withdrawing(
            self._tell('withdraw a lease', partial(self._store.withdraw, lease))
        )

    def release(self, lease: Lease) -> None:
        """Stop the heartbeats of a lease, and release it in the store soon.

        If the store is unavailable, the lease expires without heartbeats.
        """
        self._drop(lease)
        self._ended.append(lease)
        if self._releasing is None:
            self._releasing = asyncio.get_running_loop().create_task(
                self._release_all()
            )

    def _drop(self, lease: Lease) -> None:
        self._live.pop(lease, None)
        if self._rejoinable.get(lease.session_id) is lease:
            del self._rejoinable[lease.session_id]

    async def _release_all(self) -> None:
        try:
            while self._ended:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_GATHERING_S):
                        await self._hurry.wait()
                ended, self._ended = self._ended, []
                release = partial(self._store.release, ended)
                await self._tell('end sessions', release)
        finally:
            self._releasing = None

    async def _tell(self, what: str, tell: Callable[[], None]) -> None:
        """
        :param what: for the log
        """
        try:
            await self._ask(self._telling, tell)
        except (TimeoutError, Busy, exceptions.ConsoleExtError):
            LOG.warning('Could not %s in the store; the leases will expire', what)
        except Exception as error:
            LOG.error('The store failed to %s: %s', what, type(error).__name__)

    async def _ask(self, executor: BoundedExecutor, call: Callable[[], Any]) -> Any:
        """
        :raises TimeoutError, Busy:
        """
        async with asyncio.timeout(self._timeout_s):
            return await asyncio.wrap_future(executor.submit(call))

    async def told(self, timeout_s: float) -> None:
        """Wait until the store knows of all ends, for at most ``timeout_s``.

        These are ended sessions, and leases of clients that have left.
        """
        self._hurry.set()
        telling = set(self._withdrawing)
        if self._releasing is not None:
            telling.add(self._releasing)
        if telling:
            await asyncio.wait(telling, timeout=timeout_s)

    async def beat(self, interval_s: float) -> None:
        """Renew the leases at an interval, forever.

        While the store is unavailable the sessions continue, so that its restart does
        not close thousands of consoles.
        """
        while True:
            await asyncio.sleep(interval_s)
            if self._live:
                await self._beat_once()

    async def sweep(self, interval_s: float) -> None:
        """Purge the store at an interval, forever.

        A purge that takes longer than the interval continues, and no other starts.
        """
        while True:
            # A random delay, so that not all proxies purge at the same time.
            await asyncio.sleep(interval_s * random.uniform(0.5, 1))  # noqa: S311
            try:
                async with asyncio.timeout(interval_s):
                    purged = await asyncio.wrap_future(
                        self._purging.submit(self._store.purge)
                    )
            except (TimeoutError, Busy):
                LOG.warning('The purge of the store takes longer than %g s', interval_s)
            except exceptions.ConsoleExtError as error:
                LOG.warning('The store was not purged: %s', error)
            except Exception as error:
                LOG.error('The store failed to purge: %s', type(error).__name__)
            else:
                LOG.info('Purged %d authorizations', purged)

    async def _beat_once(self) -> None:
        try:
            keep = partial(self._store.keep, frozenset(self._live))
            gone = await self._ask(self._beating, keep)
        except (TimeoutError, Busy, exceptions.ConsoleExtError) as error:
            LOG.warning(
                'Leases were not renewed: %s', str(error) or 'the store does not answer'
            )
            return
        except Exception as error:
            LOG.error('Leases were not renewed: %s in the store', type(error).__name__)
            return
        for lease, loss in gone.items():
            lost = self._live.get(lease)
            if lost is not None:
                # Not called directly, so that an exception affects no other session and
                # no later heartbeat.
                asyncio.get_running_loop().call_soon(lost, loss)
