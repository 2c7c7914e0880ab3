# SPDX-License-Identifier: Apache-2.0
"""What every program does around its own work."""

from __future__ import annotations

import contextlib
import logging as standard_logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

from oslo_config import cfg
from oslo_log import log as logging

from console_ext import conf as config
from console_ext import exceptions
from console_ext.cmd.lines import PrintableLines


def configure(
    args: Sequence[str],
    config_files: Sequence[str] | None = None,
    cli_opts: Sequence[cfg.Opt] = (),
) -> cfg.ConfigOpts:
    """Read the configuration and set logging up by it.

    :param cli_opts: options of this program's command line only
    """
    conf = cfg.ConfigOpts()
    conf.register_cli_opts(cli_opts)
    logging.register_options(conf)
    config.read(conf, config_files, args)
    logging.setup(conf, config.PROJECT)
    for handler in standard_logging.getLogger().handlers:
        handler.setFormatter(PrintableLines(handler.formatter))
    return conf


def run(program: Callable[[], None]) -> int:
    """Run a program to its end.

    :returns: an exit status: 1, after one line on stderr, where the configuration,
        the machine or the database is in the way
    """
    try:
        program()
    except (
        exceptions.ConfigurationError,
        exceptions.StoreUnavailable,
        cfg.Error,
        OSError,
    ) as error:
        print(f'{sys.argv[0].rpartition("/")[2]}: {error}', file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def until_signalled() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, while the block lasts."""
    stop = threading.Event()
    former = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
