# SPDX-License-Identifier: Apache-2.0
"""What every program does around its own work."""

from __future__ import annotations

import contextlib
import logging as standard_logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from oslo_config import cfg
from oslo_log import log as logging

from console_ext import conf as config
from console_ext import exceptions
from console_ext.cmd.lines import PrintableLines
from console_ext.signals import Signals

LOG = logging.getLogger(__name__)


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


def main(
    program: Callable[[Signals], None], signals: Signals | None = None
) -> NoReturn:
    """Run a program that serves, and end the process.

    :param signals: those that are taken already; None to take them now
    """
    with contextlib.ExitStack() as stack:
        taken = signals or stack.enter_context(Signals())
        end(run(lambda: program(taken)))


def end(status: int) -> NoReturn:
    """End the process at once.

    The interpreter would first wait for threads of libraries, which may hang for as
    long as a broker does.
    """
    standard_logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def reload(conf: cfg.ConfigOpts) -> None:
    """Read the configuration files again, for the options that may change.

    Those are oslo.log's, ``debug`` among them; each other that has changed is named in
    the log.
    """
    try:
        conf.mutate_config_files()
    except (cfg.Error, OSError, UnicodeDecodeError) as error:
        failure = type(error).__name__
    else:
        LOG.info('Read the configuration again')
        return
    # The error quotes a line of the file, which may hold a password; oslo.log would add
    # it to whatever is logged while it is handled.
    LOG.error(
        'The previous configuration stays in force, because the new one cannot be read '
        '(%s); "console-ext-manage check" says why',
        failure,
    )
