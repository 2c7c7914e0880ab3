# SPDX-License-Identifier: Apache-2.0
"""console-ext-proxy: lets the bearers of console URLs through to the guests."""

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
        help='Processes that share the ports. Each counts its own sessions.',
    ),
]

# What the end of a process may take besides [console_proxy] drain_timeout.
_END_S = 4.0

# By how much a worker's end may be late before it is killed.
_LATE_S = 0.5

LoadAuthority = Callable[[cfg.ConfigOpts], Store]


def required_store(conf: cfg.ConfigOpts) -> Store:
    """
    :raises ConfigurationError: no database of authorizations is named
    """
    store = load_store(conf)
    if store is None:
        raise exceptions.ConfigurationError(
            'the proxy needs the database of authorizations: [database] connection'
        )
    return store


def serve(signals: Signals, args: Sequence[str], load_authority: LoadAuthority) -> None:
    conf = service.configure(args, cli_opts=_CLI_OPTS)
    open_files.raise_limit()
    notifier = Notifier.of_environment()
    if conf.workers == 1:
        compute = ComputeClient(conf)
        proxy = Proxy(conf, load_authority(conf), compute)
        _attend(conf, proxy, compute, signals, notifier)
    else:
        _serve_together(conf, load_authority, signals, notifier)


def _serve_together(
    conf: cfg.ConfigOpts,
    load_authority: LoadAuthority,
    signals: Signals,
    notifier: Notifier,
) -> None:
    # Whatever is wrong with the configuration is said once, before anything is forked.
    heartbeat_s(conf)
    tls.context(conf)
    bound = {one.name: sockets.bind(one, conf.workers) for one in listeners(conf)}

    def close(but: int | None = None) -> None:
        """A socket listens until the last process that has it closes it."""
        for each in bound.values():
            for number, one in enumerate(each):
                if number != but:
                    one.close()

    def work(number: int, signals: Signals, beat: Callable[[], None]) -> int:
        close(but=number)
        sockets = {name: each[number] for name, each in bound.items()}

        def program() -> None:
            compute = ComputeClient(conf)
            proxy = Proxy(conf, load_authority(conf), compute, sockets, beat)
            # systemd listens to the parent only.
            _attend(conf, proxy, compute, signals, Notifier(None))

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


def _attend(
    conf: cfg.ConfigOpts,
    proxy: Proxy,
    compute: ComputeClient,
    signals: Signals,
    notifier: Notifier,
) -> None:
    """
    :raises ConfigurationError: the event loop has ended by itself
    """

    def stop() -> None:
        proxy.stop()
        compute.close()

    def reload() -> None:
        service.reload(conf)
        proxy.reload()

    def check() -> None:
        if not proxy.alive():
            raise exceptions.ConfigurationError('the proxy has failed')

    lifecycle.attend(
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
