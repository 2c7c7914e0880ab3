# SPDX-License-Identifier: Apache-2.0
"""Identity without keystone."""

import pytest
from oslo_context.context import _ENVIRON_HEADERS

from console_ext import context as contexts
from console_ext.policy import Policy
from console_ext.standalone.middleware import noauth
from console_ext.wsgi.responses import json_response
from tests.parts.deployment import PROJECT_A
from tests.parts.wsgi_client import ask, fault

IDENTITY = {
    'HTTP_X_IDENTITY_STATUS',
    'HTTP_X_USER_ID',
    'HTTP_X_ROLES',
    'HTTP_X_PROJECT_ID',
    'HTTP_OPENSTACK_SYSTEM_SCOPE',
}


@pytest.fixture
def identify(deployment):
    """Return the identity headers after the filter, for a client's headers."""

    def identify(headers=None, environ=None, **options):
        deployment.configure(api=options)
        seen = {}

        def behind(environ, start_response):
            seen.update(environ)
            return json_response(200, {})(environ, start_response)

        factory = noauth.filter_factory({}, config_files=str(deployment.config_file))
        response = ask(factory(behind), '/', headers=headers, environ=environ)
        if response.status_int != 200:
            return response
        return {name: seen[name] for name in sorted(IDENTITY & set(seen))}

    return identify


DEFAULT = {
    'HTTP_X_IDENTITY_STATUS': 'Confirmed',
    'HTTP_X_PROJECT_ID': PROJECT_A,
    'HTTP_X_ROLES': 'member,reader',
    'HTTP_X_USER_ID': 'demo',
}


@pytest.mark.parametrize(
    ('token', 'user_id', 'project_id', 'roles'),
    [
        ('bob:b-1:reader', 'bob', 'b-1', 'reader'),
        ('bob:b-1:admin,member', 'bob', 'b-1', 'admin,member'),
        ('bob:b-1:', 'bob', 'b-1', ''),
    ],
)
def test_token_that_says_who(identify, token, user_id, project_id, roles):
    """A token with user, project and roles."""
    assert identify({'X-Auth-Token': token}) == {
        'HTTP_X_IDENTITY_STATUS': 'Confirmed',
        'HTTP_X_PROJECT_ID': project_id,
        'HTTP_X_ROLES': roles,
        'HTTP_X_USER_ID': user_id,
    }


@pytest.mark.parametrize(
    'token', [None, '', 'x', 'a:b', ':b:c', 'a::c', '::', 'a:b:c:d', '\xff']
)
def test_any_other_token(identify, token):
    """The configured identity is used, so clients without authentication work."""
    environ = {} if token is None else {'HTTP_X_AUTH_TOKEN': token}
    assert identify(environ=environ) == DEFAULT


def test_configured_identity(identify):
    """Each part has an option."""
    assert identify(
        noauth_user_id='u', noauth_project_id='c-1', noauth_roles='admin,x'
    ) == {
        'HTTP_X_IDENTITY_STATUS': 'Confirmed',
        'HTTP_X_PROJECT_ID': 'c-1',
        'HTTP_X_ROLES': 'admin,x',
        'HTTP_X_USER_ID': 'u',
    }


def test_system_scope(identify):
    """A reserved project name gives a system-scoped identity."""
    assert identify({'X-Auth-Token': 'sys:system:admin'}) == {
        'HTTP_OPENSTACK_SYSTEM_SCOPE': 'all',
        'HTTP_X_IDENTITY_STATUS': 'Confirmed',
        'HTTP_X_ROLES': 'admin',
        'HTTP_X_USER_ID': 'sys',
    }


def test_identity_headers_of_clients_are_dropped(deployment):
    """The identity headers of a client are dropped."""
    conf = deployment.conf()
    seen = []

    def behind(environ, start_response):
        seen.append(contexts.from_environ(environ, Policy(conf)))
        assert 'HTTP_X_AUTH_TOKEN' not in environ
        return json_response(200, {})(environ, start_response)

    headers = {one for some in _ENVIRON_HEADERS.values() for one in some}
    headers = {one for one in headers if one.startswith('HTTP_')}
    headers |= {'HTTP_X_ROLES', 'HTTP_X_ROLE', 'HTTP_X_SERVICE_ROLES'}
    headers |= {'HTTP_X_IS_ADMIN_PROJECT'}
    forged = dict.fromkeys(headers - {'HTTP_X_AUTH_TOKEN'}, 'forged')
    ask(noauth.NoAuth(behind, conf), '/', environ=forged)
    assert 'forged' not in repr(seen[0].to_policy_values())
    assert 'forged' not in repr(seen[0].to_dict())
    assert seen[0].system_scope is None


@pytest.mark.parametrize(
    ('address', 'served'),
    [
        ('127.0.0.1', True),
        ('127.9.9.9', True),
        ('::1', True),
        ('localhost', True),
        ('192.0.2.1', False),
        ('10.0.0.1', False),
        ('0.0.0.0', False),
        ('2001:db8::1', False),
        ('127.0.0.1.evil.example', False),
        ('', False),
        ('unix', False),
        ('127.0.0.1, 192.0.2.1', False),
        (None, False),
    ],
)
def test_only_this_machine_is_served(identify, address, served):
    """Unless an option allows other machines."""
    found = identify(environ={'REMOTE_ADDR': address})
    if served:
        assert found == DEFAULT
    else:
        assert found.status_int == 403
        assert fault(found)[0] == 'forbidden'
    allowed = identify(environ={'REMOTE_ADDR': address}, noauth_allow_remote=True)
    assert allowed == DEFAULT


@pytest.mark.parametrize('header', ['FORWARDED', 'X_FORWARDED_FOR', 'X_REAL_IP'])
def test_proxied_requests_are_not_of_this_machine(identify, header):
    """A proxy on loopback forwards requests of other machines."""
    environ = {'REMOTE_ADDR': '127.0.0.1', f'HTTP_{header}': '127.0.0.1'}
    assert identify(environ=environ).status_int == 403
    assert identify(environ=environ, noauth_allow_remote=True) == DEFAULT
