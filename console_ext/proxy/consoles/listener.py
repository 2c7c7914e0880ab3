# SPDX-License-Identifier: Apache-2.0
"""What a port serves."""

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
    :param consoles: how the consoles of its type are opened
    :param cookie_paths: the paths that open a console, and whether a token in a cookie
        opens it there
    :param hint: for whoever opens such a path with something else than a WebSocket
    :param text: whether text frames are taken, as their UTF-8 bytes
    :param refusals_have_text: whether the sentence of a refusal is sent to a client
        that asked for a WebSocket
    :param documents: by the paths that open a console, what a browser gets there
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
    """What is wrong with the public URL of a page: every URL of a console begins so.

    :param option: of the URL, with its group
    :param pages: the paths of the page, the usual one first
    """
    if f'/{posixpath.basename(parse.urlsplit(base_url).path)}' in pages:
        return None
    return (
        f'{option} = {base_url}: it does not end in {next(iter(pages))}, the page of '
        'the proxy, so that the URLs of these consoles are answered 404 where no '
        'reverse proxy rewrites them'
    )


def also_below(base_url: str, table: Mapping[str, _Entry]) -> Mapping[str, _Entry]:
    """A table by path, and the same where the base URL is.

    Some reverse proxies take the prefix of a path off, and others leave it on.
    """
    directory = posixpath.dirname(parse.urlsplit(base_url).path).rstrip('/')
    return {**table, **{f'{directory}{path}': entry for path, entry in table.items()}}
