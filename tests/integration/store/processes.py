# SPDX-License-Identifier: Apache-2.0
"""Several proxies: processes that use the same store at the same moment."""

from __future__ import annotations

import multiprocessing

from console_ext.store.store import Store
from tests.parts.stores import contract, factories

# Spawned, not forked: proxies do not share memory.
_SPAWN = multiprocessing.get_context('spawn')
_READY_S = 60


def redeem_at_once(
    connection, processes, threads, *what, method='redeem'
) -> list[list]:
    """What each process got from that many redeems: grants and refusals.

    :param what: the arguments of :meth:`Store.redeem`, or of the other method
    """
    barrier = _SPAWN.Barrier(processes)
    pipes, children = [], []
    for _ in range(processes):
        ours, theirs = _SPAWN.Pipe(duplex=False)
        child = _SPAWN.Process(
            target=_redeem,
            args=(connection, barrier, threads, method, what, theirs),
        )
        child.start()
        theirs.close()
        pipes.append(ours)
        children.append(child)
    results = [pipe.recv() for pipe in pipes]
    for child in children:
        child.join(_READY_S)
        assert child.exitcode == 0
    return results


def _redeem(connection, barrier, threads, method, what, pipe) -> None:
    store = Store(factories.configuration(connection, console_tokens={'timeout': 20}))
    barrier.wait(_READY_S)
    take = getattr(store, method)
    results = contract.run_at_once(threads, lambda: take(*what))
    pipe.send([getattr(result, 'reason', result) for result in results])
    store.close()
