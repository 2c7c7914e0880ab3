# SPDX-License-Identifier: Apache-2.0
"""console-ext-proxy: lets the bearers of console URLs through to the guests."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence

from oslo_config import cfg
from oslo_log import log as logging

from console_ext import exceptions, tokens
from console_ext.cmd import service
from console_ext.rpc.client import ComputeClient

try:
    from console_ext.proxy import listener as listeners
    from console_ext.proxy import tls
    from console_ext.proxy.authority import Authority
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

# What the end of a worker may take besides [console_proxy] drain_timeout.
_END_S = 20.0

LoadAuthority = Callable[[cfg.ConfigOpts], Authority]


def load_store(conf: cfg.ConfigOpts) -> Authority:
    """
    :raises ConfigurationError: no database of authorizations is named
    """
    store = tokens.load(conf)
    if store is None:
        raise exceptions.ConfigurationError(
            'the proxy needs the database of authorizations: [database] connection'
        )
    return store


def serve(args: Sequence[str], load_authority: LoadAuthority) -> None:
    conf = service.configure(args, cli_opts=_CLI_OPTS)
    _raise_file_limit()
    if conf.workers == 1:
        _serve_alone(conf, load_authority)
    else:
        _serve_together(conf, load_authority)


def _serve_alone(conf: cfg.ConfigOpts, load_authority: LoadAuthority) -> None:
    compute = ComputeClient(conf)
    _serve_until_signalled(Proxy(conf, load_authority(conf), compute))
    compute.close()


def _serve_together(conf: cfg.ConfigOpts, load_authority: LoadAuthority) -> None:
    # Whatever is wrong with the configuration is said once, before anything is forked.
    tls.context(conf)
    bound = {
        one.name: listeners.bind(one, conf.workers) for one in listeners.from_conf(conf)
    }

    def close(but: int | None = None) -> None:
        """A socket listens until the last process that has it closes it."""
        for each in bound.values():
            for number, one in enumerate(each):
                if number != but:
                    one.close()

    def work(number: int) -> int:
        close(but=number)
        sockets = {name: each[number] for name, each in bound.items()}

        def program() -> None:
            compute = ComputeClient(conf)
            _serve_until_signalled(Proxy(conf, load_authority(conf), compute, sockets))
            compute.close()

        return service.run(program)

    patience_s = conf.console_proxy.drain_timeout + _END_S
    Workers(conf.workers, work, patience_s, close).run()


def _serve_until_signalled(proxy: Proxy) -> None:
    """
    :raises ConfigurationError: the event loop has ended by itself
    """
    with service.until_signalled() as stop, _at_hangup(proxy.reload):
        proxy.start()
        while not stop.wait(1.0):
            if not proxy.alive():
                raise exceptions.ConfigurationError('the proxy has failed')
        LOG.info('Stopping')
        proxy.stop()


@contextlib.contextmanager
def _at_hangup(reload: Callable[[], None]) -> Iterator[None]:
    former = signal.signal(signal.SIGHUP, lambda *_: reload())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, former)


def _raise_file_limit() -> None:
    """Let the process open as many files as it may: a session takes two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main() -> int:
    return service.run(lambda: serve(sys.argv[1:], load_store))


if __name__ == '__main__':
    sys.exit(main())
