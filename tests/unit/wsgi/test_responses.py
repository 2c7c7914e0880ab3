# SPDX-License-Identifier: Apache-2.0
"""JSON responses."""

import pytest

from console_ext.wsgi.responses import json_response


def test_response():
    """JSON in ASCII, with its length and its type."""
    response = json_response(202, {'a': 'ж\ud800'})
    assert response.status_int == 202
    assert response.body == b'{"a": "\\u0436\\ud800"}'
    assert dict(response.headers) == {
        'Content-Type': 'application/json',
        'Content-Length': str(len(response.body)),
    }


def test_content_type_is_kept_whole():
    """WebOb would take the charset away."""
    content_type = 'application/json; charset=UTF-8'
    response = json_response(400, {}, content_type)
    assert response.headers['Content-Type'] == content_type


def test_what_is_no_json():
    """That is the caller's mistake."""
    with pytest.raises(TypeError):
        json_response(200, {'a': object()})
