# SPDX-License-Identifier: Apache-2.0
"""A resource, and a controller that behaves as a test sets."""

from oslo_policy import policy as oslo_policy

from console_ext import wsgi
from console_ext.policy import Policy
from console_ext.servers.inventory import InventoryLookUp
from console_ext.wsgi import microversions, validation
from console_ext.wsgi.operation import Operation
from console_ext.wsgi.request import Request
from console_ext.wsgi.resource import Resource
from tests.parts.deployment import server_id
from tests.parts.wsgi_client import ALICE, build

ACTION_SCHEMA = {
    'type': 'object',
    'properties': {'os-act': {'type': 'object', 'additionalProperties': False}},
    'required': ['os-act'],
    'additionalProperties': False,
}


class Controller:
    """Behaves as the test sets."""

    def __init__(self):
        self.seen = None
        self.do = lambda: {'done': True}

    @wsgi.action('os-act')
    @wsgi.api_version('2.1', '2.5')
    @wsgi.authorize('test:members')
    @wsgi.expected_errors(409, 503)
    @validation.schema(ACTION_SCHEMA)
    @validation.response_body_schema({'required': ['done']})
    def act(self, request, server, body):
        self.seen = (request, server, body)
        return self.do()

    @wsgi.authorize('test:members')
    @wsgi.response(202)
    def index(self, request):
        return self.do()

    @wsgi.authorize('test:owner')
    def delete(self, request, thing_id):
        self.seen = thing_id

    @wsgi.authorize('test:members')
    def create(self, request, body):
        self.seen = body
        return self.do()


RULES = [
    oslo_policy.RuleDefault(
        'test:members', 'rule:project_member_or_admin', scope_types=['project']
    ),
    oslo_policy.RuleDefault('test:owner', 'user_id:%(user_id)s'),
]


# Not up to the newest, so that requests can exceed the supported range.
SUPPORTED = microversions.Range.parse('2.1', '2.5')


class Host:
    """A resource with the controller's operations, and a method to send requests."""

    def __init__(self, conf, supported=SUPPORTED):
        self.controller = Controller()
        self.resource = Resource(Policy(conf, RULES), InventoryLookUp(conf), supported)

    def operation(self, name):
        method = getattr(self.controller, name)
        return Operation.compile('test', method, names_server=name == 'act')

    def ask(self, name='act', body=None, *, number='01', args=None, **how):
        if name == 'act':
            operations = {'os-act': self.operation('act')}
            args = {'server_id': server_id(number), **(args or {})}
            body = {'os-act': {}} if body is None else body
        else:
            operations = self.operation(name)
        environ = build('/x', body, **{'token': ALICE, **how}).environ
        return self.resource.handle(Request(environ), operations, args or {})
