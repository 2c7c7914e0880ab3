# SPDX-License-Identifier: Apache-2.0
"""Describes what a port of the proxy serves."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib import parse

from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles.pages import Page
from console_ext.proxy.relay.consoles import Consoles

_Entry = TypeVar('_Entry')


@dataclass(frozen=True, slots=True)
class Listener:
    """
    :param consoles: opens the consoles of this type
    :param cookie_paths: the paths that open a console, and whether each accepts a
        token in a cookie
    :param hint: message for a client that opens such a path without a WebSocket
    :param text: whether text frames are accepted; their UTF-8 bytes go to the guest
    :param refusals_have_text: whether a client that asked for a WebSocket gets the
        message of a refusal
    :param documents: the pages for browsers at paths that open a console
    """

    name: str
    host: str
    port: int
    console_type: str
    consoles: Consoles
    origins: AllowedOrigins
    cookie_paths: Mapping[str, bool]
    pages: Mapping[str, Page]
    hint: str
    text: bool
    refusals_have_text: bool = True
    documents: Mapping[str, Page] = field(default_factory=dict)


def fault_of_url(option: str, base_url: str, pages: Collection[str]) -> str | None:
    """The error in the base URL of a page, if there is one.

    :param option: of the base URL, with its group
    :param pages: the paths of the page, the usual path first
    """
    if f'/{posixpath.basename(parse.urlsplit(base_url).path)}' in pages:
        return None
    return (
        f'{option} = {base_url}: the URL does not end in {next(iter(pages))}, the path '
        "of the proxy's page, so the URLs of these consoles lead to status 404 unless "
        'a reverse proxy rewrites them'
    )


def also_below(base_url: str, table: Mapping[str, _Entry]) -> Mapping[str, _Entry]:
    """A table by path, with each entry also below the directory of the base URL.

    Some reverse proxies remove the prefix of a path, and others keep it.
    """
    directory = posixpath.dirname(parse.urlsplit(base_url).path).rstrip('/')
    return {**table, **{f'{directory}{path}': entry for path, entry in table.items()}}
