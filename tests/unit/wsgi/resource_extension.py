# SPDX-License-Identifier: Apache-2.0
"""An extension with resources, and a compute API behind it."""

from oslo_policy import policy as oslo_policy

from console_ext import exceptions, wsgi
from console_ext.policy import Policy
from console_ext.servers.inventory import InventoryLookUp
from console_ext.wsgi import loader, validation
from console_ext.wsgi.filter import Filter
from console_ext.wsgi.loader import Loaded
from console_ext.wsgi.responses import json_response

MAX_BODY_BYTES = 1000

DOCUMENT = {'version': {'id': 'v2.1', 'version': '2.104', 'min_version': '2.1'}}


def screens_schema(*kinds):
    return {
        'type': 'object',
        'properties': {
            'screen': {
                'type': 'object',
                'properties': {'kind': {'type': 'string', 'enum': list(kinds)}},
                'required': ['kind'],
                'additionalProperties': False,
            }
        },
        'required': ['screen'],
        'additionalProperties': False,
    }


def rule_of(body):
    return f'test:screens:{body["screen"]["kind"]}'


class ScreensController:
    """Accepts every screen, except those of another kind."""

    def __init__(self):
        self.seen = []
        self.do = lambda: {'screen': 'ours'}

    def _takes(self, body):
        try:
            return body['screen']['kind'] != 'theirs'
        except (KeyError, TypeError):
            return True

    @wsgi.api_version('2.6')
    @wsgi.serves(_takes)
    @wsgi.authorize(
        rule_of,
        rules=['test:screens:small', 'test:screens:large', 'test:screens:theirs'],
    )
    @wsgi.expected_errors(404, 409)
    @validation.schema(screens_schema('small', 'theirs'), '2.6', '2.8')
    @validation.schema(screens_schema('small', 'large', 'odd', 'theirs'), '2.9')
    @validation.response_body_schema({'required': ['screen']}, '2.6', '2.8')
    def create(self, request, server, body):
        self.seen.append((request, server, body))
        return self.do()


class KeysController(wsgi.Controller):
    """Knows one key, and leaves others to the wrapped API."""

    KNOWN = 'k' * 43

    @wsgi.api_version('2.31', '2.98')
    @wsgi.authorize('test:keys')
    def show(self, request, key):
        return self._show(key, 'old')

    @wsgi.api_version('2.99')
    @wsgi.authorize('test:keys')
    @validation.query_schema({'type': 'object', 'additionalProperties': False})
    def show(self, request, key):  # noqa: F811
        return self._show(key, 'new')

    def _show(self, key, how):
        if key.startswith('fail'):
            raise KeyError(key)
        if key != self.KNOWN:
            raise wsgi.Declined(exceptions.ServerNotFound('x'))
        return {'key': how}


class Resources(wsgi.V21APIExtensionBase):
    """Screens of servers, and keys."""

    name = 'Resources'
    alias = 'test-resources'

    def __init__(self, conf):
        super().__init__(conf)
        self.screens = ScreensController()

    def get_resources(self):
        return [
            wsgi.ResourceExtension('screens', self.screens, ('servers', 'server')),
            wsgi.ResourceExtension('keys', KeysController(), id_name='key'),
        ]

    def get_policies(self):
        return [
            oslo_policy.RuleDefault('test:screens:small', 'user_id:%(user_id)s'),
            oslo_policy.RuleDefault('test:screens:large', 'role:admin'),
            oslo_policy.RuleDefault('test:screens:theirs', '@'),
            oslo_policy.RuleDefault('test:keys', 'role:admin'),
        ]


def load(conf):
    """Load the extension only."""
    extension = Resources(conf)
    policy = Policy(conf, extension.get_policies())
    return extension, Loaded(
        [extension], policy, loader.build_router([extension], policy)
    )


class Behind:
    """The wrapped API: answers with its versions, and records other requests."""

    def __init__(self):
        self.document = (200, DOCUMENT)
        self.asked = 0
        self.environs = []
        self.bodies = []

    def __call__(self, environ, start_response):
        if (environ['SCRIPT_NAME'], environ['PATH_INFO']) == ('/v2.1', '/'):
            self.asked += 1
            answer = json_response(*self.document)
        else:
            self.environs.append(environ)
            self.bodies.append(environ['wsgi.input'].read())
            answer = json_response(299, {'behind': True})
        return answer(environ, start_response)


class Wrapped:
    """The extension in front of the API."""

    def __init__(self, conf, supported=None):
        self.behind = Behind()
        self.extension, loaded = load(conf)
        self.screens = self.extension.screens
        self.filter = Filter(
            self.behind, loaded, InventoryLookUp(conf), supported, MAX_BODY_BYTES, False
        )
