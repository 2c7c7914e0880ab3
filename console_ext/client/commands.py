# SPDX-License-Identifier: Apache-2.0
"""The commands of both programs, console-ext and openstack.

Libraries are imported when they are used: openstacksdk alone takes a second.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import webbrowser
from typing import TYPE_CHECKING

from console_ext.client import urls
from console_ext.client.keys import EscapeKey, InvalidKey
from console_ext.client.source import GivenURL, Source

if TYPE_CHECKING:
    from openstack.connection import Connection

ATTACH = 'Connect this terminal to the serial console of a server.'
OPEN = 'Open the page of a console of a server in a browser.'

_TYPES = {'vnc': 'novnc', 'spice': 'spice-html5', 'serial': 'serial'}


def add_attach(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`attach`, except the server."""
    parser.add_argument(
        '--escape',
        metavar='KEY',
        type=_escape,
        default='^]',
        help="the key that disconnects, such as '^]' (the default) or '^A', or 'none'; "
        'pressed twice, it is sent to the guest once',
    )
    parser.add_argument(
        '--linger',
        metavar='SECONDS',
        type=_seconds,
        default=2.0,
        help='if the input is not a terminal: after the end of the input, leave when '
        'the guest has been silent for this time (default: 2); "inf" for never',
    )
    parser.add_argument(
        '--reconnect',
        action=argparse.BooleanOptionalAction,
        default=None,
        help='reconnect after a failure; the default if the input is a terminal',
    )


def add_open(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of :func:`open_page`, except the server."""
    types = parser.add_mutually_exclusive_group()
    for name, title in (
        ('vnc', 'the screen, with VNC (the default)'),
        ('spice', 'the screen, with SPICE'),
        ('serial', 'the serial console'),
    ):
        types.add_argument(
            f'--{name}',
            dest='console',
            action='store_const',
            const=name,
            default='vnc',
            help=title,
        )
    parser.add_argument(
        '--no-browser', action='store_true', help='only print the URL of the page'
    )


def attach(args: argparse.Namespace, cloud: Connection) -> int:
    """
    :param args: the arguments of :func:`add_attach`, and the server
    :returns: the exit status
    """
    from console_ext.client.cloud import Console

    source = Console(cloud, args.server, _TYPES['serial'])
    verify, _ = cloud.config.get_requests_verify_args()
    return _attach(args, source, True if verify is None else verify)


def attach_url(args: argparse.Namespace, verify: bool | str) -> int:
    """
    :param args: the arguments of :func:`add_attach`, and the URL
    :param verify: as in requests
    :returns: the exit status
    :raises InvalidURL: the URL is not the URL of a WebSocket
    """
    url = urls.websocket(args.url)
    return _attach(args, GivenURL(url, urls.place(url)), verify)


def _attach(args: argparse.Namespace, source: Source, verify: bool | str) -> int:
    from console_ext.client import certificates
    from console_ext.client.attach import Options, attach
    from console_ext.client.terminal import Terminal

    sys.stdout.flush()
    tls = certificates.context(verify)
    terminal = Terminal(term=os.environ.get('TERM', ''))
    options = Options(args.escape, args.linger, args.reconnect)
    return attach(source, tls, terminal, options)


def open_page(args: argparse.Namespace, cloud: Connection) -> int:
    """
    :param args: the arguments of :func:`add_open`, and the server
    :returns: the exit status
    """
    from console_ext.client.cloud import Console
    from console_ext.client.open import open_page

    source = Console(cloud, args.server, _TYPES[args.console])
    browser = None if args.no_browser else webbrowser.open
    return open_page(source, sys.stdout, sys.stderr, browser)


def _escape(text: str) -> EscapeKey | None:
    try:
        return EscapeKey.parse(text)
    except InvalidKey as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    seconds = float(text)
    if math.isnan(seconds) or seconds < 0:
        raise ValueError(text)
    return seconds
