# SPDX-License-Identifier: Apache-2.0
"""JSON responses."""

from __future__ import annotations

import json
from typing import Any

import webob


def json_response(
    status: int, body: Any, content_type: str = 'application/json'
) -> webob.Response:
    """
    :param content_type: the value of the header; set directly, because WebOb would
        remove its charset
    """
    response = webob.Response(status=status, body=json.dumps(body).encode('ascii'))
    response.headers['Content-Type'] = content_type
    return response
