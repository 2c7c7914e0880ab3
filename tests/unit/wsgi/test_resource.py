# SPDX-License-Identifier: Apache-2.0
"""One request, from its headers to its response."""

import io

import pytest

from console_ext import exceptions
from console_ext.wsgi import resource
from tests.wsgi_client import build


def test_body_that_ends_early_is_malformed():
    """A client that goes away while it sends is no unexpected error of ours."""
    environ = build('/', {'os-stop': {}}).environ
    environ['CONTENT_LENGTH'] = '1000'
    environ['wsgi.input'] = io.BytesIO(b'{"os-stop": {}}')
    with pytest.raises(exceptions.MalformedBody):
        resource.select(resource.Request(environ), {}, None)
