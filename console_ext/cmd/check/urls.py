# SPDX-License-Identifier: Apache-2.0
"""The public URLs of consoles: who sets them, and what answers there."""

from __future__ import annotations

import http.client
import posixpath
import urllib.error
import urllib.request
from collections.abc import Iterable
from urllib import parse

from oslo_config import cfg

from console_ext import conf as config
from console_ext.cmd.check.report import Wrong
from console_ext.consoles import TYPES, ConsoleType
from console_ext.proxy import consoles
from console_ext.proxy.consoles.pages import HEALTH
from console_ext.wsgi.extensions import V21APIExtensionBase

_ALIAS = 'os-remote-consoles'

_SCHEMES = {'ws': 'http', 'wss': 'https'}

# To connect, and for each read.
_TIMEOUT_S = 2.0

_MAX_BYTES = 100

# A load balancer answers these if it has no console-ext-proxy, and an HTTP proxy of the
# environment if it does not reach the URL.
_OF_GATEWAYS = frozenset({407, 502, 503, 504})


def served(conf: cfg.ConfigOpts) -> list[ConsoleType]:
    """Return the console types that the extension serves."""
    return [one for one in TYPES if one.type in conf.api.console_types]


def clients(conf: cfg.ConfigOpts, extensions: Iterable[V21APIExtensionBase]) -> str:
    """Return which requests of clients reach the extension.

    :raises Wrong: no request reaches it
    """
    if _ALIAS not in {one.alias for one in extensions}:
        raise Wrong(
            f'{_ALIAS} is disabled, so the API behind the filter answers all console '
            'requests, without the rules and tokens of this package'
        )
    ours = served(conf)
    if not ours:
        raise Wrong('[api] console_types is empty, so no console request is served')
    others = [one.type for one in TYPES if one not in ours]
    text = (
        'remote-consoles (2.6 and later, which clients use by default) and actions '
        f'(2.1 to 2.5) for {", ".join(one.type for one in ours)}'
    )
    if others:
        text += f'; the API behind the filter answers for {", ".join(others)}'
    return text


def describe(conf: cfg.ConfigOpts, console_type: ConsoleType) -> str:
    """Return the public URL of a console type, its file, and what answers there.

    :raises Wrong: the URL does not lead to a proxy of this package
    """
    option = f'[{console_type.group}] {console_type.base_url}'
    where = conf.get_location(console_type.base_url, console_type.group)
    if where is None or not config.is_set(
        conf, console_type.base_url, console_type.group
    ):
        text = f"the compute host's {option}, with a token of this package"
        if console_type not in consoles.SERVED:
            return text
        return f'{text}: it must be a URL of console-ext-proxy, or set the option here'
    url = conf[console_type.group][console_type.base_url]
    text = f'{url}, by {option} in {where.detail}'
    if console_type not in consoles.SERVED:
        return text
    fault = consoles.faults_of_pages(conf).get(console_type.type)
    if fault is not None:
        raise Wrong(fault)
    return f'{text}; {_answer(url)}'


def _answer(base_url: str) -> str:
    """Request the health check below a public URL, and return the result.

    :raises Wrong: the server there is not console-ext-proxy
    """
    parts = parse.urlsplit(base_url)
    directory = posixpath.dirname(parts.path).rstrip('/')
    url = parse.urlunsplit(
        (
            _SCHEMES.get(parts.scheme, parts.scheme),
            parts.netloc,
            f'{directory}{HEALTH}',
            '',
            '',
        )
    )
    try:
        # The option allows these schemes only.
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:  # noqa: S310
            is_ours = response.read(_MAX_BYTES).strip() == b'OK'
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in _OF_GATEWAYS:
            return f'it cannot be reached from here (status {error.code})'
        is_ours = False
    except (OSError, http.client.HTTPException, ValueError) as error:
        # A firewall, or a certificate of which this machine does not know the issuer.
        reason = getattr(error, 'reason', error)
        return f'it cannot be reached from here ({reason})'
    if not is_ours:
        raise Wrong(
            f'{base_url}: another server than console-ext-proxy answers there, and it '
            'does not know the tokens of these URLs'
        )
    return 'console-ext-proxy answers there'
