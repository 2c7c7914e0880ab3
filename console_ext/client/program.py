# SPDX-License-Identifier: Apache-2.0
"""console-ext: opens consoles of servers, without the openstack program."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from console_ext.client import commands
from console_ext.client.endings import Status, sentence_of
from console_ext.client.urls import InvalidURL

if TYPE_CHECKING:
    from openstack.config.cloud_region import CloudRegion
    from openstack.connection import Connection

_INTERRUPTED = 130

_CREDENTIALS = (
    'Credentials come from clouds.yaml, from the variables OS_*, or from the options '
    'of all OpenStack clients, such as --os-cloud.'
)


def main(argv: Sequence[str] | None = None) -> int:
    """
    :param argv: None for the arguments of the process
    :returns: the exit status
    """
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:
        return _INTERRUPTED


def _run(argv: list[str]) -> int:
    try:
        if not _needs_cloud(argv):
            args = _parser().parse_args(argv)
            verify = False if args.insecure else args.os_cacert or True
            return commands.attach_url(args, verify)
        region, rest = _openstack(argv)
        args = _parser().parse_args(rest)
        return int(args.run(args, _cloud(region)))
    except (_Usage, InvalidURL, OSError) as error:
        return _say(str(error))
    except ImportError as error:
        return _say(
            f'{error.name or "a package"} is not installed: run '
            "pip install 'console-ext[client]'"
        )


class _Usage(Exception):
    """The arguments or the configuration are invalid."""


def _needs_cloud(argv: Sequence[str]) -> bool:
    """Whether openstacksdk is needed, which takes a second to import."""
    return bool(argv) and not any(
        one in ('-h', '--help', '--url') or one.startswith('--url=') for one in argv
    )


def _openstack(argv: list[str]) -> tuple[Callable[[], CloudRegion], list[str]]:
    """Parse the options of all OpenStack clients.

    :returns: a function that returns the selected cloud, and the other arguments
    :raises _Usage: the options are invalid
    """
    from openstack.config import OpenStackConfig

    parser = argparse.ArgumentParser(
        prog='console-ext', add_help=False, allow_abbrev=False
    )
    with _configuration():
        config = OpenStackConfig()
        config.register_argparse_arguments(parser, argv, service_keys=['compute'])
        known, rest = parser.parse_known_args(argv)
    return lambda: config.get_one(argparse=known), rest


def _cloud(region: Callable[[], CloudRegion]) -> Connection:
    """
    :raises _Usage: the options, the variables and clouds.yaml do not select a cloud
    """
    from openstack.connection import Connection

    with _configuration():
        return Connection(config=region())


@contextlib.contextmanager
def _configuration() -> Iterator[None]:
    from keystoneauth1 import exceptions as keystone
    from openstack import exceptions as sdk

    try:
        yield
    except (sdk.SDKException, keystone.ClientException) as error:
        raise _Usage(sentence_of(str(error))) from None
    except (AttributeError, KeyError, TypeError, ValueError):
        # openstacksdk does not check the structure.
        raise _Usage(
            'A value in clouds.yaml or in secure.yaml has the wrong type.'
        ) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='console-ext', description='Open consoles of servers.', epilog=_CREDENTIALS
    )
    subparsers = parser.add_subparsers(required=True, metavar='command')

    attach = subparsers.add_parser(
        'attach', help=commands.ATTACH, description=commands.ATTACH, epilog=_CREDENTIALS
    )
    which = attach.add_mutually_exclusive_group(required=True)
    which.add_argument('server', metavar='SERVER', nargs='?', help='its name or id')
    which.add_argument(
        '--url', help='the URL of a console, instead of a server: ws://... or wss://...'
    )
    commands.add_attach(attach)
    attach.add_argument(
        '--insecure', action='store_true', help='do not verify certificates'
    )
    attach.add_argument(
        '--os-cacert',
        metavar='FILE',
        default=os.environ.get('OS_CACERT'),
        help='a file with trusted certificate authorities',
    )
    attach.set_defaults(run=commands.attach)

    page = subparsers.add_parser(
        'open', help=commands.OPEN, description=commands.OPEN, epilog=_CREDENTIALS
    )
    page.add_argument('server', metavar='SERVER', help='its name or id')
    commands.add_open(page)
    page.set_defaults(run=commands.open_page)
    return parser


def _say(sentence: str) -> int:
    sys.stderr.write(f'console-ext: {sentence}\n')
    return Status.USAGE


if __name__ == '__main__':
    sys.exit(main())
