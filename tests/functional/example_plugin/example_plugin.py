# SPDX-License-Identifier: Apache-2.0
from oslo_policy import policy

from console_ext import wsgi
from console_ext.wsgi import validation

RULE = 'example:greet'
SCHEMA = {
    'type': 'object',
    'properties': {'greet': {'type': 'object', 'required': ['name']}},
}


class GreetingController:
    @wsgi.action('greet')
    @wsgi.api_version('2.1')
    @wsgi.authorize(RULE)
    @validation.schema(SCHEMA)
    def greet(self, request, server, body):
        return {'greeting': f'{server.name} greets {body["greet"]["name"]}'}


class GreetingsController:
    @wsgi.api_version('2.3')
    @wsgi.authorize(RULE)
    def show(self, request, server, name):
        return {'greeting': f'{server.name} greets {name}'}


class Greeting(wsgi.V21APIExtensionBase):
    """Servers that greet."""

    name = 'Greeting'
    alias = 'example-greeting'

    def get_controller_extensions(self):
        return [wsgi.ControllerExtension(self, 'servers', GreetingController())]

    def get_resources(self):
        return [
            wsgi.ResourceExtension(
                'greetings',
                GreetingsController(),
                parent=('servers', 'server'),
                id_name='name',
            )
        ]

    def get_policies(self):
        return [policy.RuleDefault(RULE, 'rule:project_member_or_admin')]
