# SPDX-License-Identifier: Apache-2.0
"""JSON responses."""

import pytest

from console_ext.wsgi.responses import json_response


def test_response():
    """JSON in ASCII, with length and type."""
    response = json_response(202, {'a': 'ж\ud800'})
    assert response.status_int == 202
    assert response.body == b'{"a": "\\u0436\\ud800"}'
    assert dict(response.headers) == {
        'Content-Type': 'application/json',
        'Content-Length': str(len(response.body)),
    }


def test_content_type_is_kept_whole():
    """WebOb would remove the charset."""
    content_type = 'application/json; charset=UTF-8'
    response = json_response(400, {}, content_type)
    assert response.headers['Content-Type'] == content_type


def test_what_is_no_json():
    """It is a bug of the caller."""
    with pytest.raises(TypeError):
        json_response(200, {'a': object()})
