# SPDX-License-Identifier: Apache-2.0
"""console-ext-proxy: connects users with a console URL to the guest's console."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from oslo_config import cfg
from oslo_log import log as logging

from console_ext import exceptions, open_files
from console_ext.cmd import lifecycle, service
from console_ext.cmd.systemd import Notifier
from console_ext.rpc.client import ComputeClient
from console_ext.signals import Signals
from console_ext.store import load_store

try:
    from console_ext.proxy import tls
    from console_ext.proxy.admission.interfaces import Store
    from console_ext.proxy.admission.leases import heartbeat_s
    from console_ext.proxy.consoles import listeners, sockets
    from console_ext.proxy.server import Proxy
    from console_ext.proxy.workers import Workers
except ModuleNotFoundError as error:
    raise SystemExit(
        f"console-ext-proxy needs 'console-ext[proxy,sql]': {error}"
    ) from None

LOG = logging.getLogger(__name__)

_CLI_OPTS = [
    cfg.IntOpt(
        'workers',
        default=1,
        min=1,
        max=256,
        help='Number of processes that share the ports. Session limits apply to each '
        'process.',
    ),
]

# The time to stop a process, in addition to [console_proxy] drain_timeout.
_END_S = 4.0

# How late a worker may end before it is killed.
_LATE_S = 0.5

StoreFactory = Callable[[cfg.ConfigOpts], Store]


def required_store(conf: cfg.ConfigOpts) -> Store:
    """
    :raises ConfigurationError: no database is configured
    """
    store = load_store(conf)
    if store is None:
        raise exceptions.ConfigurationError(
            '[database] connection is not set; the proxy needs the database of '
            'authorizations'
        )
    return store


def serve(signals: Signals, args: Sequence[str], make_store: StoreFactory) -> None:
    conf = service.configure(args, cli_opts=_CLI_OPTS)
    open_files.raise_limit()
    notifier = Notifier.of_environment()
    if conf.workers == 1:
        compute = ComputeClient(conf)
        proxy = Proxy(conf, make_store(conf), compute)
        _run(conf, proxy, compute, signals, notifier)
    else:
        _serve_together(conf, make_store, signals, notifier)


def _serve_together(
    conf: cfg.ConfigOpts,
    make_store: StoreFactory,
    signals: Signals,
    notifier: Notifier,
) -> None:
    # Checked before the fork, so that an error is reported once.
    heartbeat_s(conf)
    tls.context(conf)
    bound = {one.name: sockets.bind(one, conf.workers) for one in listeners(conf)}

    def close(keep: int | None = None) -> None:
        """Close the listening sockets, except those of the worker ``keep``.

        A socket keeps listening until all processes have closed it.
        """
        for of_listener in bound.values():
            for number, listening in enumerate(of_listener):
                if number != keep:
                    listening.close()

    def work(number: int, signals: Signals, beat: Callable[[], None]) -> int:
        close(keep=number)
        sockets = {name: of_listener[number] for name, of_listener in bound.items()}

        def program() -> None:
            compute = ComputeClient(conf)
            proxy = Proxy(conf, make_store(conf), compute, sockets, beat)
            # systemd only accepts messages from the parent process.
            _run(conf, proxy, compute, signals, Notifier(None))

        return service.run(program)

    options = conf.console_proxy
    stop_s = options.drain_timeout + _END_S + _LATE_S

    def stopping() -> None:
        notifier.stopping(stop_s)
        close()

    def reload() -> None:
        with notifier.reloading():
            service.reload(conf)

    Workers(
        conf.workers,
        work,
        stop_s=stop_s,
        silence_s=options.worker_timeout,
        ready=notifier.ready,
        close=stopping,
        reload=reload,
    ).run(signals)


def _run(
    conf: cfg.ConfigOpts,
    proxy: Proxy,
    compute: ComputeClient,
    signals: Signals,
    notifier: Notifier,
) -> None:
    """
    :raises ConfigurationError: the event loop has failed
    """

    def stop() -> None:
        proxy.stop()
        compute.close()

    def reload() -> None:
        service.reload(conf)
        proxy.reload()

    def check() -> None:
        if not proxy.alive():
            raise exceptions.ConfigurationError('the proxy has failed; see the log')

    lifecycle.run(
        lifecycle.Service(
            proxy.start,
            stop,
            conf.console_proxy.drain_timeout + _END_S,
            reload=reload,
            check=check,
            hasten=proxy.hasten,
        ),
        signals,
        notifier,
    )


def main(signals: Signals | None = None) -> NoReturn:
    service.main(lambda taken: serve(taken, sys.argv[1:], required_store), signals)


if __name__ == '__main__':
    main()
