# SPDX-License-Identifier: Apache-2.0
"""console-ext-manage: what an operator looks at."""

from __future__ import annotations

import sys
from typing import Any

from oslo_config import cfg

from console_ext import conf as config
from console_ext.cmd import service
from console_ext.policy import Policy
from console_ext.wsgi import loader
from console_ext.wsgi.router import Row


def routes(conf: cfg.ConfigOpts) -> None:
    """Print the final table of what the extensions answer."""
    extensions = loader.load_extensions(conf)
    rules = loader.policies_of(extensions)
    router = loader.build_router(extensions, Policy(conf, rules))
    lines = [tuple(field.upper() for field in Row._fields)]
    lines += [tuple(value or '-' for value in row) for row in router.rows()]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (value.ljust(width) for value, width in zip(line, widths, strict=True))
        print('  '.join(padded).rstrip())


_COMMANDS = {'routes': routes}


def _add_commands(subparsers: Any) -> None:
    for name, command in _COMMANDS.items():
        subparsers.add_parser(name, help=command.__doc__)


def manage() -> None:
    conf = cfg.ConfigOpts()
    conf.register_cli_opt(
        cfg.SubCommandOpt('command', title='commands', handler=_add_commands)
    )
    config.read(conf, None, sys.argv[1:])
    if conf.command.name is None:
        conf.print_help()
    else:
        _COMMANDS[conf.command.name](conf)


def main() -> int:
    return service.run(manage)


if __name__ == '__main__':
    sys.exit(main())
