# SPDX-License-Identifier: Apache-2.0
"""What all programs share: configuration, logging, errors and the exit status."""

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
    """Read the configuration and set up logging.

    :param cli_opts: additional options of this program's command line
    """
    conf = cfg.ConfigOpts()
    conf.register_cli_opts(cli_opts)
    logging.register_options(conf)
    config.read(conf, config_files, args)
    try:
        logging.setup(conf, config.PROJECT)
    except Exception as error:
        # Handlers may raise any exception, and so may the expressions in the file that
        # log_config_append names.
        raise exceptions.ConfigurationError(
            f'the log cannot be set up: {type(error).__name__}: {error}'
        ) from None
    _escape_lines()
    return conf


def _escape_lines() -> None:
    root = standard_logging.getLogger()
    for logger in (root, *list(root.manager.loggerDict.values())):
        for handler in getattr(logger, 'handlers', ()):
            if not isinstance(handler.formatter, PrintableLines):
                handler.setFormatter(PrintableLines(handler.formatter))


def run(program: Callable[[], None]) -> int:
    """Run a program and report its errors.

    :returns: the exit status: 1, after one line on stderr, for an error of the
        configuration, the operating system or the database
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
    """Run a service, and end the process.

    :param signals: the signals, if they are already caught; None to catch them now
    """
    with contextlib.ExitStack() as stack:
        taken = signals or stack.enter_context(Signals())
        end(run(lambda: program(taken)))


def end(status: int) -> NoReturn:
    """End the process immediately.

    A normal exit would wait for threads of libraries, which may hang as long as a
    broker does not answer.
    """
    standard_logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def reload(conf: cfg.ConfigOpts) -> None:
    """Reload the configuration files.

    Only oslo.log's options, such as ``debug``, change at runtime.  The log lists other
    changed options, which need a restart.
    """
    try:
        conf.mutate_config_files()
    except (cfg.Error, OSError, UnicodeDecodeError) as error:
        message = (
            'The previous configuration stays in force, because the new one cannot be '
            'read (%s); run "console-ext-manage check" for the reason'
        )
        failure = type(error).__name__
    except Exception as error:
        # oslo.log raises it after the other options have been reloaded.
        message = 'The file that log_config_append names cannot be loaded (%s)'
        failure = type(error).__name__
    else:
        # oslo.log may have created new handlers.
        _escape_lines()
        LOG.info('Read the configuration again')
        return
    # Logged outside the except blocks, because oslo.log would add the error's text,
    # which may quote a password from the file.
    LOG.error(message, failure)
