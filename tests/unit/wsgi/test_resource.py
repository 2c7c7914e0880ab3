# SPDX-License-Identifier: Apache-2.0
"""One request, from its headers to its response."""

import io

import pytest

from console_ext import exceptions, wsgi
from console_ext.policy import Policy
from console_ext.servers.inventory import InventoryLookUp
from console_ext.wsgi import resource
from tests.deployment import PROJECT_A
from tests.wsgi_client import build, fault


def test_body_that_ends_early_is_malformed():
    """A client that goes away while it sends is no unexpected error of ours."""
    environ = build('/', {'os-stop': {}}).environ
    environ['CONTENT_LENGTH'] = '1000'
    environ['wsgi.input'] = io.BytesIO(b'{"os-stop": {}}')
    with pytest.raises(exceptions.MalformedBody):
        resource.select(resource.Request(environ), {}, None)


class Unserializable:
    """A plugin that answers with what is no JSON."""

    @wsgi.authorize('context_is_admin')
    def index(self, request):
        return {'answer': object()}


def test_answer_that_is_no_json_is_a_500(deployment):
    """What a plugin returns is as little to be trusted as what it raises."""
    conf = deployment.conf()
    handler = resource.Resource(Policy(conf), InventoryLookUp(conf), None)
    operation = resource.Operation.compile(
        'a', Unserializable().index, names_server=False
    )
    request = build('/', token=f'root:{PROJECT_A}:admin')
    response = handler.handle(resource.Request(request.environ), operation, {})
    assert response.status_int == 500
    assert 'object' not in fault(response)[1]
