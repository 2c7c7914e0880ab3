# SPDX-License-Identifier: Apache-2.0
"""console-ext-manage: the operator's commands."""

from __future__ import annotations

import io
import sys
from typing import Any

from oslo_config import cfg

from console_ext import conf as config
from console_ext import exceptions
from console_ext.cmd import check, service
from console_ext.store import load_store
from console_ext.wsgi import loader
from console_ext.wsgi.router import Row


def routes(conf: cfg.ConfigOpts) -> None:
    """Print the routes of the extensions."""
    rows = loader.load(conf).router.rows()
    lines = [tuple(field.upper() for field in Row._fields)]
    lines += [tuple(value or '-' for value in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (value.ljust(width) for value, width in zip(line, widths, strict=True))
        print('  '.join(padded).rstrip())


def db_sync(conf: cfg.ConfigOpts) -> None:
    """Create the tables of the store, or upgrade them."""
    _migration().sync(conf)


def db_version(conf: cfg.ConfigOpts) -> None:
    """Print the version of the tables of the store."""
    print(
        _migration().version(conf)
        or 'none: run "console-ext-manage db sync" to create the tables'
    )


def revoke(conf: cfg.ConfigOpts) -> None:
    """Revoke all tokens of a server and close its open consoles."""
    store = load_store(conf)
    if store is None:
        raise exceptions.ConfigurationError(
            '[database] connection is not set; revoke needs the database of '
            'authorizations'
        )
    # Nova's ids are in lower case, but it accepts them in upper case too.
    ids = {conf.command.server, conf.command.server.lower()}
    print(f'Revoked {sum(map(store.revoke, ids))} authorizations.')
    store.close()


def _migration() -> Any:
    try:
        from console_ext.store import migration
    except ImportError as error:
        raise exceptions.ConfigurationError(
            f"a package is missing ({error}): pip install 'console-ext[sql]'"
        ) from None
    return migration


def check_all(conf: cfg.ConfigOpts) -> None:
    """Check the configuration and every service that the API depends on."""
    command = conf.command
    check.check(conf, command.paste, command.server, command.project)


_COMMANDS = {
    'check': check_all,
    'db sync': db_sync,
    'db version': db_version,
    'revoke': revoke,
    'routes': routes,
}

_OPTIONS = {
    'check': {
        '--paste': 'The PasteDeploy file with the filter in its pipelines. Default: '
        'api-paste.ini in the directory of the first configuration file.',
        '--server': 'The id of a server to look up.',
        '--project': 'Look the server up as a member of this project, not as an '
        'administrator.',
    },
    'revoke': {'server': "The server's id."},
}


def _add_commands(subparsers: Any) -> None:
    groups: dict[str, Any] = {}
    for name, command in _COMMANDS.items():
        group, _, last = name.rpartition(' ')
        if group and group not in groups:
            parser = subparsers.add_parser(group, help='The store of authorizations.')
            groups[group] = parser.add_subparsers(required=True, metavar='command')
        parser = groups.get(group, subparsers).add_parser(last, help=command.__doc__)
        for option, about in _OPTIONS.get(name, {}).items():
            parser.add_argument(option, help=about)
        parser.set_defaults(run=command)


def manage() -> None:
    conf = cfg.ConfigOpts()
    conf.register_cli_opt(
        cfg.SubCommandOpt('command', title='commands', handler=_add_commands)
    )
    config.read(conf, None, sys.argv[1:])
    if conf.command.name is None:
        conf.print_help()
    else:
        conf.command.run(conf)


def main() -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The encoding of the locale may lack a character.
        sys.stdout.reconfigure(errors='backslashreplace')
    return service.run(manage)


if __name__ == '__main__':
    sys.exit(main())
