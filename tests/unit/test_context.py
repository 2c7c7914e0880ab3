# SPDX-License-Identifier: Apache-2.0
"""The identity of the caller."""

import threading
import types

import pytest
from oslo_context import context as oslo_context

from console_ext import context as contexts
from console_ext import exceptions
from console_ext.policy import Policy
from tests.parts.deployment import PROJECT_A, PROJECT_B

KEYSTONE = {
    'HTTP_X_USER_ID': 'alice',
    'HTTP_X_USER_NAME': 'Alice',
    'HTTP_X_PROJECT_ID': PROJECT_A,
    'HTTP_X_PROJECT_NAME': 'a',
    'HTTP_X_USER_DOMAIN_ID': 'default',
    'HTTP_X_PROJECT_DOMAIN_ID': 'default',
    'HTTP_X_ROLES': 'member,reader',
    'HTTP_X_AUTH_TOKEN': 'a-secret',
    'HTTP_X_SERVICE_TOKEN': 'a-secret-too',
    'HTTP_X_SERVICE_USER_ID': 'nova',
    'HTTP_X_SERVICE_PROJECT_ID': 'service',
    'HTTP_X_SERVICE_ROLES': 'service',
    'keystone.token_auth': object(),
    'openstack.request_id': 'req-11111111-2222-4333-8444-555555555555',
    'openstack.global_request_id': 'req-99999999-2222-4333-8444-555555555555',
}


@pytest.fixture(autouse=True)
def _no_current_context():
    """A thread keeps the last context that was created in it."""
    yield
    vars(oslo_context._request_store).clear()


@pytest.fixture
def policy(deployment):
    return Policy(deployment.conf())


def nova_context(**changes):
    """The attributes of nova-api's context that are used."""
    values = {
        'user_id': 'alice',
        'project_id': PROJECT_A,
        'roles': ['member', 'reader'],
        'system_scope': None,
        'is_admin': False,
        'is_admin_project': True,
        'user_domain_id': 'default',
        'request_id': 'req-11111111-2222-4333-8444-555555555555',
        'global_request_id': None,
        'auth_token': 'a-secret',
        **changes,
    }
    return types.SimpleNamespace(**values)


def test_keystone_s_headers(policy):
    """Headers of keystonemiddleware, and the id from the request id filter."""
    context = contexts.from_environ(KEYSTONE, policy)
    assert context.user_id == 'alice'
    assert context.project_id == PROJECT_A
    assert context.roles == ['member', 'reader']
    assert context.user_domain_id == 'default'
    assert context.service_user_id == 'nova'
    assert context.service_roles == ['service']
    assert context.request_id == KEYSTONE['openstack.request_id']
    assert context.global_request_id == KEYSTONE['openstack.global_request_id']
    assert context.is_admin is False


def test_no_token_is_kept(policy):
    """A token that is not stored cannot leak."""
    for environ in (KEYSTONE, {'nova.context': nova_context()}):
        context = contexts.from_environ(environ, policy)
        assert context.auth_token is None
        assert 'a-secret' not in repr(context)
        assert 'a-secret' not in repr(context.to_dict())
        assert 'a-secret' not in repr(context.get_logging_values())
        assert 'a-secret' not in repr(context.to_policy_values())


def test_nova_s_context(policy):
    """Nova's context has precedence over headers, which nova-api has read."""
    environ = {**KEYSTONE, 'HTTP_X_USER_ID': 'mallory', 'nova.context': nova_context()}
    context = contexts.from_environ(environ, policy)
    assert context.user_id == 'alice'
    assert context.project_id == PROJECT_A
    assert context.roles == ['member', 'reader']
    assert context.request_id == nova_context().request_id


def test_nova_s_context_is_kept_for_nova(policy):
    """It is kept, but never logged or sent."""
    nova = nova_context()
    assert contexts.from_environ({'nova.context': nova}, policy).nova is nova
    assert contexts.from_environ(KEYSTONE, policy).nova is None


def test_nova_s_word_for_an_administrator_is_not_taken(policy):
    """Our policy decides; the rule and its file are the same as Nova's."""
    boss = nova_context(is_admin=True)
    assert not contexts.from_environ({'nova.context': boss}, policy).is_admin
    root = nova_context(roles=['admin'])
    assert contexts.from_environ({'nova.context': root}, policy).is_admin


def test_nova_s_context_without_an_attribute(policy):
    """Other releases may have fewer attributes."""
    least = types.SimpleNamespace(user_id='alice', project_id=PROJECT_A)
    context = contexts.from_environ({'nova.context': least}, policy)
    assert context.roles == []
    assert context.request_id.startswith('req-')


@pytest.mark.parametrize(
    'environ',
    [
        {'keystone.token_auth': object()},
        {'keystone.token_auth': object(), 'HTTP_X_AUTH_TOKEN': 'a-secret'},
        {
            'keystone.token_auth': object(),
            'HTTP_X_PROJECT_ID': PROJECT_A,
            'HTTP_X_ROLES': 'admin',
        },
        {'nova.context': nova_context(user_id=None)},
    ],
)
def test_nobody(policy, environ):
    """Without a user, the caller is not authenticated, despite other headers."""
    with pytest.raises(exceptions.NotAuthenticated):
        contexts.from_environ(environ, policy)


CLAIMED = {
    **{key: KEYSTONE[key] for key in KEYSTONE if key.startswith('HTTP_')},
    'HTTP_X_ROLES': 'admin',
    'HTTP_X_IDENTITY_STATUS': 'Confirmed',
}


@pytest.mark.parametrize(
    'more',
    [
        {},
        {'HTTP_KEYSTONE.TOKEN_AUTH': '1', 'HTTP_NOVA.CONTEXT': '1'},
        {'keystone.token_info': None, 'openstack.request_id': 'req-1'},
        {'nova.context': None},
    ],
)
def test_client_s_own_headers(policy, more):
    """Servers put client headers under HTTP_, so they prove nothing."""
    with pytest.raises(exceptions.NoAuthenticationFilter):
        contexts.from_environ({**CLAIMED, **more}, policy)


@pytest.mark.parametrize('key', ['keystone.token_auth', 'console_ext.authenticated'])
def test_trusted_headers(policy, key):
    """Headers only count after a filter that sets them itself."""
    assert contexts.from_environ({**CLAIMED, key: True}, policy).is_admin


def test_system_scope(policy):
    """A system-scoped token has no project."""
    environ = {
        'HTTP_X_USER_ID': 'sys',
        'HTTP_X_ROLES': 'reader',
        'HTTP_OPENSTACK_SYSTEM_SCOPE': 'all',
        'keystone.token_auth': object(),
    }
    context = contexts.from_environ(environ, policy)
    assert (context.system_scope, context.project_id) == ('all', None)


def test_nova_s_current_context_stays(policy):
    """oslo.log uses it for Nova's log lines, so it is not replaced."""
    current = oslo_context.RequestContext(user_id='nova')
    contexts.from_environ({'nova.context': nova_context()}, policy)
    assert oslo_context.get_current() is current


def test_our_context_is_current_where_there_is_no_nova(policy):
    """Our log lines have the request id, only in this thread."""
    context = contexts.from_environ(KEYSTONE, policy)
    assert oslo_context.get_current() is context
    elsewhere = []
    thread = threading.Thread(
        target=lambda: elsewhere.append(oslo_context.get_current())
    )
    thread.start()
    thread.join()
    assert elsewhere == [None]


@pytest.mark.parametrize(
    ('who', 'sees'),
    [
        ({'project_id': PROJECT_A}, True),
        ({'project_id': PROJECT_B}, False),
        ({'project_id': None}, False),
        ({'project_id': PROJECT_B, 'is_admin': True}, True),
        ({'project_id': None, 'system_scope': 'all'}, True),
    ],
)
def test_what_is_seen(who, sees):
    """The own project, or all projects for administrators and system scope."""
    context = contexts.RequestContext(user_id='x', overwrite=False, **who)
    assert context.sees(PROJECT_A) is sees


def test_credentials_for_policy(policy):
    """Every name that rules of Nova may use."""
    values = contexts.from_environ(KEYSTONE, policy).to_policy_values()
    assert values == {
        'user_id': 'alice',
        'user_domain_id': 'default',
        'system_scope': None,
        'domain_id': None,
        'project_id': PROJECT_A,
        'project_domain_id': 'default',
        'roles': ['member', 'reader'],
        'is_admin': False,
        'is_admin_project': True,
        'service_user_id': 'nova',
        'service_user_domain_id': None,
        'service_project_id': 'service',
        'service_project_domain_id': None,
        'service_roles': ['service'],
    }
