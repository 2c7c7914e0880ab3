# SPDX-License-Identifier: Apache-2.0
"""The requests for which answers of a real Nova were recorded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from tests.parts.api_client import SERIAL, SPICE, VNC
from tests.parts.deployment import PROJECT_A, server_id

# Bodies of actions, which cases refer to by protocol.
ACTIONS = {'serial': SERIAL, 'spice': SPICE, 'vnc': VNC}

# A protocol and a type, such as "vnc/novnc".
PAIR = re.compile('([^/{]+)/([^/}]+)')

# The first microversion with every pair.
EVERY_PAIR = '2.99'

_HERE = Path(__file__).parent


def _load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((_HERE / name).read_text())
    return cases


CASES = _load('recorded_nova.yaml')
CONSOLE_CASES = _load('recorded_consoles.yaml')


def send(client: Any, case: dict[str, Any]) -> Any:
    """
    :param client: of an API in this process, or of one that runs by itself
    """
    of_token = 'token' in case
    method = case.get('method', 'GET' if of_token else 'POST')
    headers = dict(case.get('headers', {}))
    if 'at' in case:
        headers['OpenStack-API-Version'] = f'compute {case["at"]}'
    text = case.get('send', 'serial')
    body = None
    if method in ('POST', 'PUT'):
        body = _body(text).encode('latin-1').ljust(case.get('pad', 0))
        content_type = case.get('type', 'application/json')
        if content_type != 'none':
            headers['Content-Type'] = content_type
    to = case.get('to', 'remote-consoles' if PAIR.fullmatch(text) else 'action')
    default = f'/v2.1/servers/{{server}}/{to}'
    if of_token:
        default = '/v2.1/os-console-auth-tokens/{token}'
    return client.request(
        method,
        case.get('path', default).format(
            server=server_id(case.get('server', '01')),
            project=PROJECT_A,
            token=granted(client, case['token']) if of_token else None,
        ),
        by=case.get('as', 'alice'),
        body=body,
        headers=headers,
        chunked=case.get('chunked', False),
    )


def _body(text: str) -> str:
    if text in ACTIONS:
        return json.dumps(ACTIONS[text])
    if pair := PAIR.fullmatch(text):
        protocol, console_type = pair.groups()
        console = {'protocol': protocol, 'type': console_type}
        return json.dumps({'remote_console': console})
    return text


def granted(client: Any, console: str) -> str:
    """The token of a new URL for server 01.

    :param console: a name of ACTIONS, or a pair
    """
    version = {'at': EVERY_PAIR} if PAIR.fullmatch(console) else {}
    response = send(client, {'send': console, **version})
    (answer,) = json.loads(response.text).values()
    return re.split('token(?:=|%3D)', answer['url'])[1]
