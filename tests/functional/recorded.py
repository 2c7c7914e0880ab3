# SPDX-License-Identifier: Apache-2.0
"""The requests that a real Nova's answers were recorded for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.deployment import PROJECT_A, server_id
from tests.functional.client import SERIAL, SPICE

CASES = yaml.safe_load(Path(__file__).with_name('recorded_nova.yaml').read_text())


def send(client: Any, case: dict[str, Any]) -> Any:
    """
    :param client: of an API in this process, or of one that runs by itself
    """
    method = case.get('method', 'POST')
    headers = dict(case.get('headers', {}))
    if 'at' in case:
        headers['OpenStack-API-Version'] = f'compute {case["at"]}'
    body = None
    if method in ('POST', 'PUT'):
        text = case.get('send', 'serial')
        known = {'serial': SERIAL, 'spice': SPICE}
        text = json.dumps(known[text]) if text in known else text
        body = text.encode('latin-1').ljust(case.get('pad', 0))
        content_type = case.get('type', 'application/json')
        if content_type != 'none':
            headers['Content-Type'] = content_type
    return client.request(
        method,
        case.get('path', '/v2.1/servers/{server}/action').format(
            server=server_id(case.get('server', '01')), project=PROJECT_A
        ),
        by=case.get('as', 'alice'),
        body=body,
        headers=headers,
        chunked=case.get('chunked', False),
    )
